"""Identities, encrypted (AES-GCM, key id per row) and found by keyed hash only; who is who.

A pseudonym belongs to a school. Pseudonyms joined by ``merges`` that nobody has undone are one
person; ``persons`` is drawn from them and holds nothing that ``merges`` does not say.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)

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
    Column("snils_lookup", Text, comment="keyed hash of a SNILS whose control number holds"),
    Column("name_lookup", Text, comment="keyed hash of a pupil's folded name and birth date"),
    Column("index_key", Text, comment="what made the two lookups; another one makes them anew"),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "school", "role"),
    Index("ix_people_snils_lookup", "snils_lookup", postgresql_where=text("snils_lookup <> ''")),
    Index("ix_people_name_lookup", "name_lookup", postgresql_where=text("name_lookup <> ''")),
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

# What a school says of its own pupil: two schools of one person may say the same UID.
uids = Table(
    "uids",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("school", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("lookup", Text, nullable=False, index=True, comment="keyed hash of the UID"),
    Column("origin_document", Text),
    Column("origin_line", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "school"),
    schema="vault",
)

# Only those who are known by several pseudonyms; everybody else is a person alone.
persons = Table(
    "persons",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True, comment="the least of its pseudonyms"),
    schema="vault",
)

# Each joins two persons, never one with itself: so taking one back always parts them.
merges = Table(
    "merges",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("one", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("basis", Text, nullable=False, comment="uid, snils, name or decision"),
    Column("made_by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Column("undone_at", DateTime(timezone=True)),
    CheckConstraint("one < other", name="ordered"),
    Index(
        "ix_merges_live_one",
        "one",
        "other",
        unique=True,
        postgresql_where=text("undone_at IS NULL"),
    ),
    Index("ix_merges_live_other", "other", postgresql_where=text("undone_at IS NULL")),
    schema="vault",
)

# What a person has decided about two pseudonyms; the latest one is in force, none is deleted.
decisions = Table(
    "decisions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("one", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("one < other", name="ordered"),
    Index(None, "one", "other"),
    schema="vault",
)

# Pairs that may be one person and wait for somebody to say so.
doubts = Table(
    "doubts",
    metadata,
    Column("one", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("basis", Text, nullable=False, comment="uid, snils or name"),
    Column("rule", Text, nullable=False, comment="a key of schemas/rules.yml"),
    Column("claimant", Text, index=True, comment="whose claim to the UID was refused"),
    Column("found_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("one < other", name="ordered"),
    schema="vault",
)

# Whose identity is new or has changed since the last matching.
to_match = Table("to_match", metadata, Column("pseudonym", Text, primary_key=True), schema="vault")
