"""Alembic's entry: the caller hands over an open connection (``pipeline.migrate``)."""

from __future__ import annotations

from alembic import context

from schemas.tables import metadata
from schemas.tables.base import SCHEMAS

connection = context.config.attributes["connection"]


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return name in SCHEMAS if kind == "schema" else True


def _not_a_partition(
    table: object, name: str | None, kind: str, reflected: bool, _compare_to: object
) -> bool:
    """Partitions are opened per school year at run time and belong to no migration."""
    schema = getattr(table, "schema", None)
    return not (kind == "table" and reflected and f"{schema}.{name}" not in metadata.tables)


context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    include_name=_ours,
    include_object=_not_a_partition,
    version_table_schema="ops",
    version_table="schema_version",
)
with context.begin_transaction():
    context.run_migrations()
