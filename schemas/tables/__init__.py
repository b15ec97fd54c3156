"""The tables of the hub, one module per database schema.

==========  ==================================================================
schema      what lives there
==========  ==================================================================
registry    districts, schools, their sources, regulation profile and mailboxes, days off
journal     facts by pseudonym, one table per canonical entity, and their history
vault       identities, encrypted; no other room of the hub may read it
ops         runs, uploads, landing, ledger, quarantine, findings, action log, letters, paper
outbox      desired and delivered state per target, batches, receipts, the pace of portals
access      accounts of the dashboard, their sessions, who came in and took what away
quality     cells, measures, form figures, remarks, waivers, judged batches, people's checks
==========  ==================================================================
"""

from schemas.tables.access import accounts, events, sessions
from schemas.tables.base import metadata
from schemas.tables.journal import FACTS, content_columns, history, journal_table
from schemas.tables.mail import contacts, letters, paper_diaries
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
    batch_results,
    cell_states,
    checks,
    day_cells,
    form_figures,
    lesson_cells,
    measures,
    pair_cells,
    paper_counts,
    remarks,
    waiver_requests,
    waivers,
)
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
    "accounts",
    "action_log",
    "batch_results",
    "batches",
    "cell_states",
    "checks",
    "consent_entries",
    "contacts",
    "content_columns",
    "day_cells",
    "days_off",
    "desired",
    "districts",
    "events",
    "findings",
    "form_figures",
    "history",
    "journal_table",
    "landing",
    "ledger",
    "lesson_cells",
    "letters",
    "local_keys",
    "measures",
    "metadata",
    "pair_cells",
    "paper_counts",
    "paper_diaries",
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
    "sessions",
    "sources",
    "targets",
    "uids",
    "uploads",
    "waiver_requests",
    "waivers",
]
