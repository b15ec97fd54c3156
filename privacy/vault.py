"""The vault: who hides behind a pseudonym, and the UID the portal knows that person by.

Rows are sealed one by one and bound to their pseudonym; they are found by pseudonym, school or
keyed hash, never by content. The engine's connections act as ``svod_vault``, the only role
that may use the schema. Rows that did not change are not written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Table, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from privacy import merges
from privacy.actions import ActionLog
from privacy.candidates import queue_for_matching
from privacy.departures import no_moves
from privacy.dossiers import (
    among,
    borne_names,
    dossiers,
    frame_of,
    names_of,
    place,
    rows_of,
    sealed,
    unsealed,
)
from privacy.freetext import scan
from privacy.keys import KeyRing
from privacy.lexicon import Lexicon
from privacy.likeness import index_columns, index_key
from privacy.matching import Judged
from privacy.people import BETWEEN_NAMES, DOSSIER, FORMER_NAMES
from privacy.persons import MACHINE, Persons, log_merges
from privacy.pseudonyms import lookup, lookup_of
from privacy.resealing import SealedTable
from privacy.sealing import key_id_of, reseal
from privacy.uids import Filing, file_uids, refused_in_doubt, rival_pairs
from schemas.tables.vault import local_keys, people, uids


class Vault:
    """The vault tables behind ``engine``; raises ``sqlalchemy.exc.SQLAlchemyError``.

    ``persons``: who is one person under several pseudonyms.
    """

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys
        self.persons = Persons(engine, keys)

    def store_people(self, school: str, found: pl.DataFrame) -> int:
        """Keep the people of ``found`` (``people.people_of``); the number of rows written.

        Nobody is removed: a person who is missing from a source may be in its next upload. Who is
        written is matched with other schools' people in the next matching.
        """
        dossier = pl.struct(DOSSIER).struct.json_encode()
        rows = found.with_columns(dossier=dossier).with_columns(
            content_hash=lookup(self._keys, "dossier", pl.col("dossier"))
        )
        with self._engine.begin() as connection:
            known = rows_of(
                connection, people, ["pseudonym", "content_hash"], people.c.school == school
            )
            fresh = rows.join(known, on=["pseudonym", "content_hash"], how="anti")
            if not fresh.is_empty():
                self._write_people(connection, school, fresh)
        return fresh.height

    def identities(self, school: str) -> pl.DataFrame:
        """``pseudonym``, ``role`` and ``people.DOSSIER`` of everybody in the school; String."""
        with self._engine.connect() as connection:
            return dossiers(connection, self._keys, people.c.school == school).drop("school")

    def names(self, school: str) -> pl.Series:
        """The full names that people of the school bear, and those they bore before; String."""
        with self._engine.connect() as connection:
            return names_of(connection, self._keys, people.c.school == school)

    def names_somebody(self, school: str, words: str) -> bool:
        """Whether ``words`` name one of the school's people (``freetext``, with its limits)."""
        return bool(self.naming(school, [words]))

    def naming(self, school: str, texts: Sequence[str]) -> set[str]:
        """Those of ``texts`` that name somebody, as ``names_somebody``."""
        lexicon = Lexicon.of(self.names(school))
        return set(scan(pl.Series(texts, dtype=pl.String), lexicon)["text"])

    def store_uids(
        self, school: str, source: str, claims: pl.DataFrame, log: ActionLog | None = None
    ) -> Filing:
        """File the UIDs of ``claims``: ``pseudonym``, ``uid``, ``_row``, ``_document``, ``_line``.

        What is refused and why: see ``privacy.uids``. A person's former UID is replaced. Who claims
        the UID of somebody who agrees with them in name and birth date is that person: the two
        are merged first, which ``log`` is told.
        """
        rows = claims.with_columns(lookup=lookup(self._keys, "uid", pl.col("uid")))
        with self._engine.begin() as connection:
            merges.take_turns(connection)
            holders = self._holders(connection, rows)
            judged = self._recognise(connection, rows, holders, log)
            filing = file_uids(_with_persons(connection, rows), _with_persons(connection, holders))
            if not filing.to_write.is_empty():
                self._write_uids(connection, school, source, filing.to_write)
            merges.keep_uid_doubts(
                connection, rows["pseudonym"].to_list(), refused_in_doubt(rows, filing, judged)
            )
        return filing

    def uids_of(self, school: str) -> pl.DataFrame:
        """``pseudonym`` and ``uid`` (String) of everybody in the school who has one."""
        with self._engine.connect() as connection:
            rows = rows_of(connection, uids, ["pseudonym", "sealed"], uids.c.school == school)
        return rows.select("pseudonym", uid=unsealed(self._keys, uids, rows))

    def who_has_uid(self, school: str) -> frozenset[str]:
        """Pseudonyms of everybody in the school who has a UID; no UID is opened."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(uids.c.pseudonym).where(uids.c.school == school))
            return frozenset(rows.scalars())

    def sealed_places(self) -> list[SealedTable]:
        """What the vault holds sealed, to be counted and resealed."""
        return [
            SealedTable(self._engine, table, "sealed", "SELECT t.sealed", partial(_renewed, table))
            for table in (people, uids)
        ]

    def holders_of(self, uid: str) -> pl.DataFrame:
        """``pseudonym`` and ``school`` (String) of whoever holds ``uid``: a child of two schools
        twice, mostly nobody or one."""
        held = uids.c.lookup == lookup_of(self._keys, "uid", uid)
        with self._engine.connect() as connection:
            return rows_of(connection, uids, ["pseudonym", "school"], held)

    def _write_people(self, connection: Connection, school: str, fresh: pl.DataFrame) -> None:
        indexed = fresh.with_columns(
            *index_columns(self._keys), index_key=pl.lit(index_key(self._keys))
        )
        whole = _with_former_names(fresh, self._borne(connection, fresh)).select(
            pl.struct(*DOSSIER, FORMER_NAMES).struct.json_encode().alias("dossier")
        )
        envelopes = sealed(self._keys, people, fresh["pseudonym"], whole["dossier"])
        columns = ["content_hash", "snils_lookup", "name_lookup", "index_key"]
        rows = [
            {"school": school, "key_id": key_id_of(envelope), "sealed": envelope} | row
            for row, envelope in zip(
                indexed.select("pseudonym", "role", *columns).to_dicts(), envelopes, strict=True
            )
        ]
        new = insert(people)
        replaced = {name: new.excluded[name] for name in ("key_id", "sealed", *columns)}
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
        queue_for_matching(connection, fresh["pseudonym"].to_list())

    def _borne(self, connection: Connection, fresh: pl.DataFrame) -> pl.DataFrame:
        return borne_names(
            connection, self._keys, people.c.pseudonym == among(fresh["pseudonym"].to_list())
        )

    def _recognise(
        self,
        connection: Connection,
        claims: pl.DataFrame,
        holders: pl.DataFrame,
        log: ActionLog | None,
    ) -> Judged:
        """Merge those who claim a UID with those who hold it, where they are one person."""
        pairs, claimed = rival_pairs(claims, holders)
        compared = self.persons.agreeing(connection, pairs.with_columns(basis=pl.lit("uid")))
        judged = self.persons.judge_pairs(connection, compared, no_moves(), claimed)
        made = merges.add_merges(connection, judged.links, MACHINE)
        if log is not None:
            log_merges(connection, made, log)
        return judged

    def _write_uids(
        self, connection: Connection, school: str, source: str, fresh: pl.DataFrame
    ) -> None:
        # Two people may swap UIDs: both rows go before either comes back.
        connection.execute(delete(uids).where(uids.c.pseudonym.in_(fresh["pseudonym"].to_list())))
        envelopes = sealed(self._keys, uids, fresh["pseudonym"], fresh["uid"])
        rows = fresh.select(
            "pseudonym",
            "lookup",
            origin_document="_document",
            origin_line=pl.col("_line").cast(pl.String),
        ).to_dicts()
        fixed = {"school": school, "source": source}
        connection.execute(
            insert(uids),
            [
                fixed | row | {"sealed": envelope, "key_id": key_id_of(envelope)}
                for row, envelope in zip(rows, envelopes, strict=True)
            ],
        )

    def _holders(self, connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
        """``pseudonym`` and ``lookup`` of the UIDs in the vault that ``rows`` may touch."""
        touched = or_(
            uids.c.pseudonym == among(rows["pseudonym"].to_list()),
            uids.c.lookup == among(rows["lookup"].to_list()),
        )
        found = connection.execute(select(uids.c.pseudonym, uids.c.lookup).where(touched))
        return frame_of(found.all(), ["pseudonym", "lookup"])


def holds_people(engine: Engine) -> bool:
    """Whether the vault behind ``engine`` holds anybody: a new key file would lock them in."""
    with engine.connect() as connection:
        return connection.execute(select(people.c.pseudonym).limit(1)).first() is not None


def _with_former_names(fresh: pl.DataFrame, borne: pl.DataFrame) -> pl.DataFrame:
    """``fresh`` with ``people.FORMER_NAMES``: those kept, and the name that is replaced now."""
    before = borne.select("pseudonym", FORMER_NAMES, was="full_name")
    both = fresh.join(before, on="pseudonym", how="left", maintain_order="left")
    replaced = pl.when(pl.col("was") != pl.col("full_name")).then("was")
    return both.with_columns(
        pl.concat_list(pl.col(FORMER_NAMES).str.split(BETWEEN_NAMES).fill_null([]), replaced)
        .list.drop_nulls()
        .list.unique(maintain_order=True)
        .list.join(BETWEEN_NAMES)
        .alias(FORMER_NAMES)
    ).with_columns(pl.col(FORMER_NAMES).replace("", None))


def _with_persons(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    known = merges.persons_of(connection, rows["pseudonym"].to_list())
    return rows.join(known, on="pseudonym", how="left", maintain_order="left")


def _renewed(table: Table, keys: KeyRing, row: Mapping[str, Any]) -> dict[str, Any]:
    envelope = reseal(keys, row["sealed"], place(table, row["pseudonym"]))
    return {"sealed": envelope, "key_id": key_id_of(envelope)}
