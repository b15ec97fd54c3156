"""Facts by pseudonym: one table per canonical entity, derived from the contract.

Each row: ``school_year``, ``school``, ``source`` and ``key`` identify it; ``content_hash`` tells
a change; ``origin_document`` (``ops.landing.id``) and ``origin_line`` say where it was read;
``recorded_at``/``recorded_run`` when it got its present content; ``first_seen_at`` when the hub
first saw the key; ``vanished_at`` when a complete read no longer held it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from schemas.catalogue import Field, fields_of
from schemas.fields import CalendarDate, DecimalNumber, Flag, Instant, WholeNumber
from schemas.records import ENTITIES
from schemas.tables.base import metadata

# Half a million children make these four grow; each school year is a partition of its own.
FACTS = frozenset({"lesson", "mark", "attendance", "term_mark"})

# Claims and codes live in the vault only.
VAULT_ONLY = frozenset({"uid"})


def content_columns(entity: str) -> list[str]:
    """Content columns of ``entity`` in the journal: its fields without the personal ones."""
    return [field.name for field in _kept(entity)]


def _kept(entity: str) -> list[Field]:
    claims = {"class_name"} if entity == "consent" else set()
    return [f for f in fields_of(entity) if not f.identity and f.name not in claims]


def _type(field: Field) -> TypeEngine[Any]:
    match field.kind:
        case WholeNumber():
            return Integer()
        case DecimalNumber():
            return Float()
        case CalendarDate():
            return Date()
        case Instant():
            return DateTime(timezone=True)
        case Flag():
            return Boolean()
        case _:
            return Text()


def _table(entity: str) -> Table:
    content = [
        Column(f.name, _type(f), nullable=f.optional or f.person is not None) for f in _kept(entity)
    ]
    if entity == "lesson":
        content.append(Column("text_blocked", Boolean, nullable=False, server_default="false"))
    options: dict[str, Any] = {"schema": "journal"}
    if entity in FACTS:
        options["postgresql_partition_by"] = "LIST (school_year)"
    return Table(
        entity,
        metadata,
        Column("school_year", Integer, primary_key=True),
        Column("school", Text, primary_key=True),
        Column("source", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        *content,
        Column("content_hash", Text, nullable=False),
        Column("origin_document", BigInteger),
        Column("origin_line", BigInteger),
        Column("recorded_run", Text, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("first_seen_at", DateTime(timezone=True), nullable=False),
        Column("vanished_at", DateTime(timezone=True)),
        **options,
    )


_TABLES = {entity: _table(entity) for entity in ENTITIES if entity not in VAULT_ONLY}


def journal_table(entity: str) -> Table:
    """The table of ``entity``. Raises ``KeyError`` for entities kept in the vault only."""
    return _TABLES[entity]


history = Table(
    "history",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("school", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("change", Text, nullable=False, comment="changed, vanished or returned"),
    Column("run_id", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("before", JSONB, nullable=False, comment="the whole row as it was"),
    Index(None, "school", "entity", "key"),
    schema="journal",
)
