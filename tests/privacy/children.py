"""Invented children in several schools, filed into a real vault, for tests of matching."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Engine, text

from privacy.actions import Action
from privacy.departures import MOVES
from privacy.keys import KeyRing
from privacy.people import people_of
from privacy.persons import Matched
from privacy.pseudonyms import pseudonym
from privacy.uids import Filing
from privacy.vault import Vault
from tests.privacy.samples import canonical

BORN = date(2013, 4, 2)
NAME = "Брянчихина Алёна Петровна"
TWIN = "Брянчихина Лев Петровна"
SNILS = "101-000-037 29"
SNILS_OF_ANOTHER = "101-000-074 34"
A, B, C = "781001", "781002", "781003"

Move = tuple[str, str, date, str | None]  # pseudonym, direction, day, code of the other school


@dataclass
class Region:
    """A vault, and what tests do to it; ``actions`` is the action log."""

    vault: Vault
    keys: KeyRing
    engine: Engine
    moves: list[Move]
    actions: list[Action]

    def pupil(self, school: str, local_key: str = "1", **fields: Any) -> str:
        """Collect one pupil of ``school``; the pseudonym."""
        return self.pupils(school, {"person": local_key, **fields})[0]

    def pupils(self, school: str, *rows: dict[str, Any], role: str = "pupil") -> list[str]:
        """Collect several people of one upload; their pseudonyms."""
        known = {"full_name": NAME} | ({"birth_date": BORN} if role == "pupil" else {})
        entity = {"pupil": "pupil", "staff": "staff_member", "guardian": "guardian"}[role]
        frame = canonical(entity, *({"person": "1"} | known | row for row in rows))
        self.vault.store_people(school, people_of(school, "journal", {entity: frame}, self.keys))
        return [self.name_of(school, str(row.get("person", "1")), role) for row in rows]

    def name_of(self, school: str, local_key: str, role: str = "pupil") -> str:
        expression = pseudonym(
            self.keys, role=role, school=school, source="journal", local_key=pl.lit(local_key)
        )
        return str(pl.select(expression).item())

    def uids(self, school: str, *claims: tuple[str, str]) -> Filing:
        """File UIDs (pseudonym, UID) of ``school``."""
        schema = {"pseudonym": pl.String, "uid": pl.String}
        frame = pl.DataFrame(claims, schema=schema, orient="row").with_row_index("_row")
        placed = frame.with_columns(_document=pl.lit("uid.csv"), _line=pl.lit(2))
        return self.vault.store_uids(school, "lists", placed, self.actions.append)

    def went(self, who: str, to: str | None = None, day: date = date(2026, 10, 1)) -> None:
        self.moves.append((who, "out", day, to))

    def came(self, who: str, of: str | None = None, day: date = date(2026, 10, 5)) -> None:
        self.moves.append((who, "in", day, of))

    def moved(self, one: str, other: str) -> None:
        """``one`` left near the day on which ``other`` came; no school is named."""
        self.went(one)
        self.came(other)

    def match(self, *, everybody: bool = False) -> Matched:
        return self.vault.persons.match(self.moves_of, self.actions.append, everybody=everybody)

    def moves_of(self, names: list[str]) -> pl.DataFrame:
        rows = [(*move[:3], move[3] is not None, move[3]) for move in self.moves]
        return pl.DataFrame(rows, schema=MOVES, orient="row").filter(
            pl.col("pseudonym").is_in(names)
        )

    def merge(self, one: str, other: str) -> int | None:
        return self.vault.persons.merge(one, other, "operator", "сверено", self.actions.append)

    def differ(self, one: str, other: str) -> None:
        self.vault.persons.differ(one, other, "operator", "сверено", self.actions.append)

    def undo(self, merge: int) -> bool:
        return self.vault.persons.undo(merge, "operator", "ошибка", self.actions.append)

    def together(self) -> set[frozenset[str]]:
        """Persons of several pseudonyms."""
        rows = self.rows("persons", "person, pseudonym")
        names: dict[str, set[str]] = {}
        for person, name in rows:
            names.setdefault(person, set()).add(name)
        return {frozenset(group) for group in names.values()}

    def doubts(self) -> dict[frozenset[str], tuple[str, str]]:
        """Basis and rule by pair."""
        return {
            frozenset((row["one"], row["other"])): (row["basis"], row["rule"])
            for row in self.vault.persons.doubts().to_dicts()
        }

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            found = connection.execute(text(f"SELECT {columns} FROM vault.{table}")).all()
        return sorted((tuple(row) for row in found), key=repr)

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that says who is who, without the history and the lists of work."""
        return {name: self.rows(name) for name in ("people", "local_keys", "uids", "persons")}


def one_person(*names: str) -> set[frozenset[str]]:
    return {frozenset(names)}


def pairs(names: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in names}
