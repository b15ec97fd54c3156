"""What one key sealed is sealed anew by the active one, in batches, while the hub works.

A batch is one transaction. Its rows are locked, so that nothing written meanwhile is lost; rows
that somebody else has locked are passed over, so that nobody waits for anybody in a circle. Killed
in the midst, it goes on with what is left: the envelope itself says which key sealed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Table, text

from privacy.keys import KeyRing, UnknownKeyError
from privacy.sealing import SealBrokenError

Renew = Callable[[KeyRing, Mapping[str, Any]], dict[str, Any]]
Tell = Callable[[int], None]  # how many rows were looked at since it was told last

# The id of the key in the envelope ``e``, as bytes; empty for what is no envelope.
_KEY_ID = (
    "CASE WHEN octet_length(e) > 2 AND get_byte(e, 0) = 1"
    " THEN substr(e, 3, get_byte(e, 1)) ELSE '' END"
)


@dataclass(frozen=True)
class SealedTable:
    """A column of a table that holds sealed contents.

    ``envelopes``: SQL, the envelopes of its row ``t``, bytea or null. ``renew``: what to write to a
    row (its primary key and ``column``) of which some envelope is stale; JSON as text. ``size``:
    rows in a transaction.
    """

    engine: Engine
    table: Table
    column: str
    envelopes: str
    renew: Renew
    size: int = 1000

    @property
    def name(self) -> str:
        return f"{self.table.fullname}.{self.column}"

    def counts(self) -> dict[str, int]:
        """How many envelopes each key sealed; ``""``: what is no envelope."""
        query = (
            f"SELECT {_KEY_ID}, count(*) FROM {self.table} t, LATERAL ({self.envelopes}) s(e)"
            " WHERE e IS NOT NULL GROUP BY 1"
        )
        with self.engine.connect() as connection:
            rows = connection.execute(text(query)).all()
        return {bytes(key_id).decode(errors="replace"): count for key_id, count in rows}

    def reseal(self, keys: KeyRing, tell: Tell) -> int:
        """Seal by the active key what another one sealed; how many rows were written.

        What does not open, or whose key is lost, stays as it is.
        """
        done, after = 0, None
        while True:
            with self.engine.begin() as connection:
                rows = self._stale(connection, keys.current().active, after)
                fresh = [values for row in rows if (values := self._renewed(keys, row))]
                self._write(connection, fresh)
            if not rows:
                return done
            done += len(fresh)
            after = [rows[-1][name] for name in self._identity]
            tell(len(rows))

    @property
    def _identity(self) -> list[str]:
        return [column.name for column in self.table.primary_key]

    def _stale(
        self, connection: Connection, active: str, after: list[Any] | None
    ) -> list[RowMapping]:
        place = ", ".join(f"t.{name}" for name in self._identity)
        bound = ", ".join(f":{name}" for name in self._identity)
        beyond = f"({place}) > ({bound}) AND" if after else ""
        query = text(
            f"SELECT {place}, t.{self.column} FROM {self.table} t WHERE {beyond}"
            f" EXISTS (SELECT FROM ({self.envelopes}) s(e)"
            f" WHERE e IS NOT NULL AND {_KEY_ID} <> :active)"
            f" ORDER BY {place} LIMIT :size FOR UPDATE OF t SKIP LOCKED"
        )
        values = dict(zip(self._identity, after or (), strict=False))
        values |= {"active": active.encode(), "size": self.size}
        return list(connection.execute(query, values).mappings())

    def _renewed(self, keys: KeyRing, row: RowMapping) -> dict[str, Any] | None:
        try:
            values = self.renew(keys, dict(row))
        except (SealBrokenError, UnknownKeyError):
            return None
        return values | {f"of_{name}": row[name] for name in self._identity}

    def _write(self, connection: Connection, fresh: list[dict[str, Any]]) -> None:
        """One statement for all rows; ``v`` holds their identity (``of_…``) and what is new."""
        if not fresh:
            return
        names = list(fresh[0])
        columns = [(name, self.table.c[name.removeprefix("of_")]) for name in names]
        arrays = (f"CAST(:{n} AS {c.type.compile(connection.dialect)}[])" for n, c in columns)
        new = (f"{name} = v.{name}" for name in names if not name.startswith("of_"))
        same = (f"t.{name} = v.of_{name}" for name in self._identity)
        statement = text(
            f"UPDATE {self.table} t SET {', '.join(new)}"
            f" FROM unnest({', '.join(arrays)}) AS v({', '.join(names)})"
            f" WHERE {' AND '.join(same)}"
        )
        connection.execute(statement, {name: [row[name] for row in fresh] for name in names})
