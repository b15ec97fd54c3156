"""What was done: runs, uploads, landed documents, the ledger, what was refused and why."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("verb", Text, primary_key=True, comment="collect, deliver, measure or report"),
    Column("business_date", Date, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("finished_at", DateTime(timezone=True)),
    Column("state", Text, nullable=False, comment="running, closed, partly or failed"),
    Column("mode", Text, comment="of a delivery: a value of pipeline.delivery.deliver.Mode"),
    schema="ops",
)

# One verdict per school and source of a run; ``rule`` (schemas/rules.yml) says what stopped it.
school_runs = Table(
    "school_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("verb", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("state", Text, nullable=False, comment="done, nothing_new, partly or failed"),
    Column("rule", Text),
    Column("detail", Text, nullable=False, server_default=""),
    Column("finished_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "school", "business_date"),
    schema="ops",
)

uploads = Table(
    "uploads",
    metadata,
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("upload_date", Date, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("covers_from", Date),
    Column("covers_to", Date),
    Column(
        "documents",
        ARRAY(BigInteger),
        comment="ids of the landed documents it was read from, in order",
    ),
    schema="ops",
)

landing = Table(
    "landing",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("school", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("upload_ref", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False, comment="bytes before sealing"),
    Column("media_type", Text, nullable=False),
    Column("landed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("school", "source", "upload_ref", "name", "sha256"),
    schema="ops",
)

# Counts only ever added within a run; ``reason`` refines a counter (withheld: no_uid, ...).
ledger = Table(
    "ledger",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True, comment="a source kind, or a target for delivery"),
    Column("entity", Text, primary_key=True),
    Column("counter", Text, primary_key=True, comment="a value of pipeline.ledger.Counter"),
    Column("reason", Text, primary_key=True, server_default=""),
    Column("count", BigInteger, nullable=False),
    schema="ops",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("school", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("upload_ref", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="a key of schemas/rules.yml"),
    Column("record_lookup", Text, nullable=False, comment="keyed hash of the refused record"),
    Column("sealed", LargeBinary, nullable=False, comment="the refused record, encrypted"),
    Column("first_run", Text, nullable=False),
    Column("last_run", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open", comment="open or gone"),
    # schemas.frames.WAITS; empty where there is nothing to tell
    Column(
        "source_column",
        Text,
        nullable=False,
        server_default="",
        comment="behind the field; of a cell, the column it stands in",
    ),
    Column(
        "record_key",
        Text,
        nullable=False,
        server_default="",
        comment="what others refer to the record by; a pseudonym of a person",
    ),
    Column(
        "missing_entity",
        Text,
        nullable=False,
        server_default="",
        comment="what a dangling record refers to",
    ),
    Column(
        "missing_key",
        Text,
        nullable=False,
        server_default="",
        comment="its key; of an unknown code, the code",
    ),
    Column(
        "missing_in",
        Text,
        nullable=False,
        server_default="",
        comment="the unread document that may hold it",
    ),
    UniqueConstraint("school", "source", "entity", "field", "rule", "record_lookup"),
    schema="ops",
)

findings = Table(
    "findings",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("school", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("entity", Text, nullable=False, server_default=""),
    Column("upload_ref", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("line", BigInteger),
    Column("field", Text, nullable=False, server_default=""),
    Column("rule", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("run_id", Text, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "run_id", "school"),
    schema="ops",
)

# Applications and refusals that a person of the hub entered; none is deleted, one may be undone.
consent_entries = Table(
    "consent_entries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("school", Text, nullable=False),
    Column("pupil", Text, nullable=False, comment="pseudonym"),
    Column("applied_on", Date, comment="of an application"),
    Column("registered_on", Date),
    Column("refused_on", Date, comment="of a refusal"),
    Column("paper", Text, nullable=False, server_default="", comment="its number and date"),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Column("undone_at", DateTime(timezone=True)),
    CheckConstraint("(applied_on IS NULL) <> (refused_on IS NULL)", name="one_kind"),
    CheckConstraint("registered_on >= applied_on", name="registered_later"),
    Index(None, "school", "pupil"),
    schema="ops",
)

# Who did what to personal data, when and on what ground; no names in it (design decision 10).
action_log = Table(
    "action_log",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("school", Text),
    Column("ground", Text, nullable=False, comment="legal ground or policy clause"),
    Column("count", Integer, nullable=False),
    Column("details", JSONB, nullable=False, server_default="{}"),
    schema="ops",
)
