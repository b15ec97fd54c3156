"""Delivery as desired state (design decision 6): see docs/outbox.md for the state diagram."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

desired = Table(
    "desired",
    metadata,
    Column("target", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("key", Text, primary_key=True, comment="the record's opaque name at the portal"),
    Column("entity", Text, nullable=False),
    Column("desired_hash", Text, comment="null: the portal must not hold the record"),
    Column("payload", JSONB, comment="what to send; null for a withdrawal; sealed if it names"),
    Column("delivered_hash", Text, comment="what the portal last confirmed; null: nothing"),
    Column("delivered_payload", JSONB, comment="what was confirmed, where it is not ``payload``"),
    Column("remote_id", Text),
    Column("school_year", Integer, nullable=False, comment="facts of a closed year stay as sent"),
    Column("person", Text, comment="opaque name of the pupil it is about: consent may end"),
    Column("priority", SmallInteger, nullable=False, comment="pipeline.delivery.outbox.Priority"),
    Column("state", Text, nullable=False, comment="a value of pipeline.delivery.outbox.State"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("batch", Text, comment="the batch that carries the record now"),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_desired_open", "target", "school", postgresql_where=text("state <> 'delivered'")),
    # A person looks at them, and each look would read all that is not delivered.
    Index("ix_desired_held", "target", "school", postgresql_where=text("state = 'held'")),
    schema="outbox",
)

batches = Table(
    "batches",
    metadata,
    Column("batch", Text, primary_key=True, comment="the idempotency key"),
    Column("target", Text, nullable=False),
    Column("school", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("records", JSONB, nullable=False, comment="the body exactly as sent"),
    Column(
        "state", Text, nullable=False, comment="a value of pipeline.delivery.sending.BatchState"
    ),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("written_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settled_at", DateTime(timezone=True)),
    Column("counted_by", Text, comment="the run whose account counts the answers as delivered"),
    Index(
        "ix_batches_open",
        "target",
        "school",
        postgresql_where=text("state IN ('written', 'unknown')"),
    ),
    Index(None, "school", "run_id"),
    schema="outbox",
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("batch", Text, nullable=False, index=True),
    Column("key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("remote_id", Text),
    Column("code", Text, nullable=False, server_default=""),
    Column("message", Text, nullable=False, server_default=""),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Refusals are few, and each day's cause asks for them.
    Index("ix_receipts_rejected", "batch", postgresql_where=text("status = 'rejected'")),
    schema="outbox",
)

# One row a portal, shared by all processes that deliver to it: pipeline/delivery/pace.py.
portals = Table(
    "portals",
    metadata,
    Column("target", Text, primary_key=True),
    Column("tokens", Float, nullable=False, comment="requests that may be made at once"),
    Column("filled_at", DateTime(timezone=True), nullable=False),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("rests_until", DateTime(timezone=True), comment="nothing is sent before"),
    schema="outbox",
)
