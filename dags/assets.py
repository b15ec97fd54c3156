"""What the DAGs hand to one another; the run and its business date travel in the event."""

from __future__ import annotations

from airflow.sdk import Asset

JOURNAL = Asset(name="journal", uri="svod://journal")
DELIVERED = Asset(name="diary_delivered", uri="svod://diary/delivered")
COMPARED = Asset(name="diary_compared", uri="svod://diary/compared")
CONTINGENT_DELIVERED = Asset(name="contingent_delivered", uri="svod://contingent/delivered")
MEASURES = Asset(name="measures", uri="svod://measures")
REPORTS = Asset(name="reports", uri="svod://reports")
