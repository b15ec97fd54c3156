"""What each database role may do with each table: as docs/roles.md says, and as the server does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"
ROLES = (
    "svod_hub",
    "svod_vault",
    "svod_web",
    "svod_web_region",
    "svod_access",
    "svod_service",
    "svod_auditor",
)
PARTITION = re.compile(r"(journal\.\w+)_\d{4}")
_ROW = re.compile(r"(?m)^\| `(\w+\.\w+)` \|(.*)\|$")

_TRIES = {
    "insert": "INSERT INTO {table} DEFAULT VALUES",
    "update": 'UPDATE {table} SET "{column}" = NULL WHERE false',
    "delete": "DELETE FROM {table} WHERE false",
    "truncate": "TRUNCATE {table}",
}


@dataclass(frozen=True)
class Table:
    """A table of the hub: ``name`` with its schema, quoted as SQL wants it; its columns."""

    name: str
    columns: tuple[str, ...]

    @property
    def plain(self) -> str:
        return self.name.replace('"', "")


def written() -> dict[str, tuple[str, ...]]:
    """The page's table: by table, what each of ``ROLES`` may do."""
    found = {}
    for name, cells in _ROW.findall(PAGE.read_text("utf-8")):
        found[name] = tuple(cell.strip() for cell in cells.split("|"))
    return found


def tables(connection: Connection) -> list[Table]:
    """Every table, partition and view of every schema that is not the server's own."""
    rows = connection.execute(
        text(
            "SELECT format('%I.%I', n.nspname, c.relname), array_agg(a.attname ORDER BY attnum)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped"
            " WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_'"
            " AND nspname <> 'information_schema' GROUP BY 1 ORDER BY 1"
        )
    )
    return [Table(name, tuple(columns)) for name, columns in rows]


def seen(connection: Connection, table: Table, role: str) -> str:
    """What the server lets ``role`` do with ``table``, each statement tried: ``SIUD``, one letter
    each, ``T`` for truncate; ``S(a, b)``: only these columns; ``–``: nothing."""
    connection.execute(text(f"SET LOCAL ROLE {role}"))
    if allowed(connection, f"SELECT * FROM {table.name} LIMIT 0"):
        done = "S"
    elif allowed(connection, f"SELECT FROM {table.name} LIMIT 0"):  # asks for a right to any column
        tries = {c: f'SELECT "{c}" FROM {table.name} LIMIT 0' for c in table.columns}
        readable = [column for column, tried in tries.items() if allowed(connection, tried)]
        done = f"S({', '.join(readable)})"
    else:
        done = ""
    for verb, statement in _TRIES.items():
        # The last column: a first one that numbers itself is refused before any right is asked.
        tried = statement.format(table=table.name, column=table.columns[-1])
        done += verb[0].upper() if allowed(connection, tried) else ""
    connection.execute(text("RESET ROLE"))
    return done or "–"


def allowed(connection: Connection, statement: str) -> bool:
    """Whether it fails for want of a right; that it fails otherwise says that the right was there.

    What it did is undone.
    """
    attempt = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", "") != "42501"
    else:
        return True
    finally:
        attempt.rollback()


def page_rows(server: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """The lines of the page that say what ``server`` does."""
    for name, rights in server.items():
        yield f"| `{name}` | {' | '.join(rights)} |"
