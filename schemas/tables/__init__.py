"""The tables of the hub, one module per database schema.

==========  ==================================================================
schema      what lives there
==========  ==================================================================
registry    districts, schools, their sources and regulation profile, days off
journal     facts by pseudonym, one table per canonical entity, and their history
vault       identities, encrypted; no other room of the hub may read it
ops         runs, uploads, landing, ledger, quarantine, findings, action log
outbox      desired and delivered state per target, batches, receipts, the pace of portals
quality     cells, measures, form figures and remarks
==========  ==================================================================
"""

from schemas.tables.base import metadata
from schemas.tables.journal import FACTS, content_columns, history, journal_table
from schemas.tables.ops import (
    action_log,
    consent_entries,
    findings,
    landing,
    ledger,
    quarantine,
    runs,
    school_runs,
    uploads,
)
from schemas.tables.outbox import batches, desired, portals, receipts
from schemas.tables.quality import (
    cell_states,
    day_cells,
    form_figures,
    lesson_cells,
    measures,
    pair_cells,
    remarks,
)
from schemas.tables.registry import days_off, districts, school_years, schools, sources, targets
from schemas.tables.vault import local_keys, people, uids

__all__ = [
    "FACTS",
    "action_log",
    "batches",
    "cell_states",
    "consent_entries",
    "content_columns",
    "day_cells",
    "days_off",
    "desired",
    "districts",
    "findings",
    "form_figures",
    "history",
    "journal_table",
    "landing",
    "ledger",
    "lesson_cells",
    "local_keys",
    "measures",
    "metadata",
    "pair_cells",
    "people",
    "portals",
    "quarantine",
    "receipts",
    "remarks",
    "runs",
    "school_runs",
    "school_years",
    "schools",
    "sources",
    "targets",
    "uids",
    "uploads",
]
