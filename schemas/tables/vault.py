"""Identities, encrypted (AES-GCM, key id per row) and found by keyed hash only."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, UniqueConstraint, func

from schemas.tables.base import metadata

people = Table(
    "people",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("school", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("key_id", Text, nullable=False, comment="which key of the ring sealed the row"),
    Column("sealed", LargeBinary, nullable=False, comment="JSON of the identity fields"),
    Column("content_hash", Text, nullable=False, comment="keyed hash of the identity fields"),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "school", "role"),
    schema="vault",
)

# A person may be known to several sources of a school (the journal and a typed list).
local_keys = Table(
    "local_keys",
    metadata,
    Column(
        "lookup", Text, primary_key=True, comment="keyed hash of role, school, source, local key"
    ),
    Column("pseudonym", Text, nullable=False, index=True),
    schema="vault",
)

uids = Table(
    "uids",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("school", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("lookup", Text, nullable=False, comment="keyed hash of the UID"),
    Column("origin_document", Text),
    Column("origin_line", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("lookup"),
    Index(None, "school"),
    schema="vault",
)
