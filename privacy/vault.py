"""The vault: who hides behind a pseudonym, and the UID the portal knows that person by.

Rows are sealed one by one and bound to their pseudonym; they are found by pseudonym, school or
keyed hash, never by content. The engine's connections act as ``svod_vault``, the only role
that may use the schema. Rows that did not change are not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Table, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from privacy.keys import KeyRing
from privacy.people import DOSSIER
from privacy.pseudonyms import lookup
from privacy.sealing import seal_column, unseal_column
from privacy.uids import Filing, file_uids
from schemas.tables.vault import local_keys, people, uids

# UIDs are unique in the region: filings of two schools take turns. Any constant will do.
_FILING_LOCK = 7_310_552


class Vault:
    """The vault tables behind ``engine``; raises ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    def store_people(self, school: str, found: pl.DataFrame) -> int:
        """Keep the people of ``found`` (``people.people_of``); the number of rows written.

        Nobody is removed: a person who is missing from a source may be in its next upload.
        """
        dossier = pl.struct(DOSSIER).struct.json_encode()
        rows = found.with_columns(dossier=dossier).with_columns(
            content_hash=lookup(self._keys, "dossier", pl.col("dossier"))
        )
        with self._engine.begin() as connection:
            known = self._rows(connection, people, school, ["pseudonym", "content_hash"])
            fresh = rows.join(known, on=["pseudonym", "content_hash"], how="anti")
            if not fresh.is_empty():
                self._write_people(connection, school, fresh)
        return fresh.height

    def identities(self, school: str) -> pl.DataFrame:
        """``pseudonym``, ``role`` and ``people.DOSSIER`` of everybody in the school; String."""
        with self._engine.connect() as connection:
            rows = self._rows(connection, people, school, ["pseudonym", "role", "sealed"])
        dossiers = self._unsealed(people, rows).str.json_decode(
            pl.Struct(dict.fromkeys(DOSSIER, pl.String()))
        )
        named = rows.select("pseudonym", "role", dossier=dossiers)
        return named.unnest("dossier")

    def store_uids(self, school: str, source: str, claims: pl.DataFrame) -> Filing:
        """File the UIDs of ``claims``: ``pseudonym``, ``uid``, ``_row``, ``_document``, ``_line``.

        What is refused and why: see ``privacy.uids``. A person's former UID is replaced.
        """
        rows = claims.with_columns(lookup=lookup(self._keys, "uid", pl.col("uid")))
        with self._engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_FILING_LOCK)))
            filing = file_uids(rows, self._holders(connection, rows))
            if not filing.to_write.is_empty():
                self._write_uids(connection, school, source, filing.to_write)
        return filing

    def uids_of(self, school: str) -> pl.DataFrame:
        """``pseudonym`` and ``uid`` (String) of everybody in the school who has one."""
        with self._engine.connect() as connection:
            rows = self._rows(connection, uids, school, ["pseudonym", "sealed"])
        return rows.select("pseudonym", uid=self._unsealed(uids, rows))

    def reseal(self, school: str) -> int:
        """Seal with the active key what another key sealed; the number of rows resealed."""
        with self._engine.begin() as connection:
            return sum(self._reseal(connection, table, school) for table in (people, uids))

    def _reseal(self, connection: Connection, table: Table, school: str) -> int:
        stale = self._rows(connection, table, school, ["pseudonym", "key_id", "sealed"]).filter(
            pl.col("key_id") != self._keys.active
        )
        sealed = self._sealed(table, stale["pseudonym"], self._unsealed(table, stale))
        for name, envelope in zip(stale["pseudonym"], sealed, strict=True):
            connection.execute(
                update(table)
                .where(table.c.pseudonym == name)
                .values(sealed=envelope, key_id=self._keys.active)
            )
        return stale.height

    def _write_people(self, connection: Connection, school: str, fresh: pl.DataFrame) -> None:
        sealed = self._sealed(people, fresh["pseudonym"], fresh["dossier"])
        rows = [
            {"school": school, "key_id": self._keys.active, "sealed": envelope} | row
            for row, envelope in zip(
                fresh.select("pseudonym", "role", "content_hash").to_dicts(), sealed, strict=True
            )
        ]
        new = insert(people)
        replaced = {name: new.excluded[name] for name in ("key_id", "sealed", "content_hash")}
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["pseudonym"],
                set_=replaced | {"updated_at": func.now()},
                where=people.c.content_hash != new.excluded.content_hash,
            ),
            rows,
        )
        names = fresh.select("lookup", "pseudonym").to_dicts()
        connection.execute(insert(local_keys).on_conflict_do_nothing(), names)

    def _write_uids(
        self, connection: Connection, school: str, source: str, fresh: pl.DataFrame
    ) -> None:
        # Two people may swap UIDs: both rows go before either comes back.
        connection.execute(delete(uids).where(uids.c.pseudonym.in_(fresh["pseudonym"].to_list())))
        sealed = self._sealed(uids, fresh["pseudonym"], fresh["uid"])
        rows = fresh.select(
            "pseudonym",
            "lookup",
            origin_document="_document",
            origin_line=pl.col("_line").cast(pl.String),
        ).to_dicts()
        fixed = {"school": school, "source": source, "key_id": self._keys.active}
        connection.execute(
            insert(uids),
            [fixed | row | {"sealed": box} for row, box in zip(rows, sealed, strict=True)],
        )

    def _holders(self, connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
        """``pseudonym`` and ``lookup`` of the UIDs in the vault that ``rows`` may touch."""
        touched = or_(
            uids.c.pseudonym.in_(rows["pseudonym"].to_list()),
            uids.c.lookup.in_(rows["lookup"].to_list()),
        )
        found = connection.execute(select(uids.c.pseudonym, uids.c.lookup).where(touched))
        return _frame(found.all(), ["pseudonym", "lookup"])

    def _rows(
        self, connection: Connection, table: Table, school: str, names: list[str]
    ) -> pl.DataFrame:
        query = select(*(table.c[name] for name in names)).where(table.c.school == school)
        return _frame(connection.execute(query.order_by(table.c.pseudonym)).all(), names)

    def _sealed(self, table: Table, names: pl.Series, contents: pl.Series) -> list[bytes]:
        plain = (str(content).encode() for content in contents)
        return seal_column(self._keys, plain, _places(table, names))

    def _unsealed(self, table: Table, rows: pl.DataFrame) -> pl.Series:
        opened = unseal_column(self._keys, rows["sealed"], _places(table, rows["pseudonym"]))
        return pl.Series([content.decode() for content in opened], dtype=pl.String)


def holds_people(engine: Engine) -> bool:
    """Whether the vault behind ``engine`` holds anybody: a new key file would lock them in."""
    with engine.connect() as connection:
        return connection.execute(select(people.c.pseudonym).limit(1)).first() is not None


def _places(table: Table, names: pl.Series) -> list[bytes]:
    """Associated data: a sealed value opens only in its own row of its own table."""
    return [f"{table.name}|{name}".encode() for name in names]


def _frame(rows: Sequence[Any], names: list[str]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.Binary if name == "sealed" else pl.String)
            for name, values in zip(names, columns, strict=True)
        }
    )
