"""The counters of a delivery open by record: which run's account counts a batch's answers, and by
which opaque names the dashboard tells the records apart. No content, no person, no message.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SEEN = {"outbox.batches": "counted_by", "outbox.desired": "key", "outbox.receipts": "key"}


def upgrade() -> None:
    counted_by = sa.Column(
        "counted_by", sa.Text(), comment="the run whose account counts the answers as delivered"
    )
    op.add_column("batches", counted_by, schema="outbox")
    # Nobody wrote it down until now; nearly always it was the run that wrote the batch. What is
    # opened is held against the ledger, so where it was another one the page says so.
    op.execute("UPDATE outbox.batches SET counted_by = run_id WHERE state = 'settled'")
    for table, column in SEEN.items():
        op.execute(f"GRANT SELECT ({column}) ON {table} TO svod_web")


def downgrade() -> None:
    for table, column in SEEN.items():
        op.execute(f"REVOKE SELECT ({column}) ON {table} FROM svod_web")
    op.drop_column("batches", "counted_by", schema="outbox")
