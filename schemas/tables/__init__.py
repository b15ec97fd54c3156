"""The tables of the hub, one module per database schema.

==========  ==================================================================
schema      what lives there
==========  ==================================================================
registry    districts, schools, their sources and regulation profile, days off
journal     facts by pseudonym, one table per canonical entity, and their history
vault       identities, encrypted; no other room of the hub may read it
ops         runs, uploads, landing, ledger, quarantine, findings, action log
outbox      desired and delivered state per target, batches, receipts, the pace of portals
quality     measures, form figures and remarks
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
from schemas.tables.quality import form_figures, measures, remarks
from schemas.tables.registry import (
    days_off,
    districts,
    passports,
    school_years,
    schools,
    sources,
    targets,
)
from schemas.tables.vault import local_keys, people, uids

__all__ = [
    "FACTS",
    "action_log",
    "batches",
    "consent_entries",
    "content_columns",
    "days_off",
    "desired",
    "districts",
    "findings",
    "form_figures",
    "history",
    "journal_table",
    "landing",
    "ledger",
    "local_keys",
    "measures",
    "metadata",
    "passports",
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
