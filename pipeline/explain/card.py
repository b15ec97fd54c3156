"""Explain a card: the lines that are counted on it, and where each of them was read.

A refused record and a finding tell their place themselves; a remark is shown by the lesson, or the
mark, that it is about. Of consents that are late the pupils are told as they stand now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection

from pipeline.cards.drafts import DUE, LINES, Draft, card_lines
from pipeline.cards.of_school import card_of, drafts_of, names_of_things
from pipeline.cards.words import Names
from pipeline.delivery.consent_dues import RULES, dues_on
from pipeline.explain.addresses import AddressError, CardAddress
from pipeline.explain.counted_remarks import OF_MARKS
from pipeline.explain.lookup import school_year
from pipeline.explain.origins import ORIGINS, WANTED, by_row, origins
from pipeline.hub import Hub
from pipeline.measuring.school_facts import end_of
from quality.cards import Card
from quality.journal_frames import Known
from quality.kinds import DAY, REMARK

# Lines of a card, numbered, with the names that their journal has for class and subject.
NAMED: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    **LINES,
    "class_name": pl.String(),
    "subject_name": pl.String(),
}
# Things of the journal that remarks are about, and days.
_OF_JOURNAL = frozenset({"lesson", "mark", REMARK, DAY})
_THINGS = (("class_", "class_key", "class_name"), ("subject", "subject_key", "subject_name"))


@dataclass(frozen=True)
class ExplainedCard:
    """``card`` with the ``lines`` (``NAMED``) that are counted on it, what is new first."""

    address: CardAddress
    card: Card
    lines: pl.DataFrame

    @property
    def of_persons(self) -> bool:
        """Whether refused records, or consents, are on it: some of them are persons, and few."""
        late = {part.rule for part in self.card.parts} & {*RULES.values()}
        return bool(late) or not set(self.lines["kind"]) <= _OF_JOURNAL or self._is_refused

    @property
    def _is_refused(self) -> bool:
        return self.lines["document"].is_not_null().any()


Dues = Callable[[str, date], pl.DataFrame]  # what is due of a school on a day: consent_dues.DUES


def dues_for(hub: Hub) -> Dues:
    """What is due by the books of the outbox, which tell of persons: for the hub's own eyes, and
    for whoever may see all persons of the school."""

    def dues(school: str, on: date) -> pl.DataFrame:
        with hub.engine.connect() as connection:
            return dues_on(connection, hub.keys, school, on)

    return dues


def explain_card(connection: Connection, address: CardAddress, dues: Dues) -> ExplainedCard:
    """The card that has this address. Raises ``AddressError`` where there is none such."""
    names = names_of_things(connection, address.school)
    for draft in drafts_of(connection, address.school, address.day):
        card = card_of(address.school, draft, names)
        if (card.rule, card.ref) == (address.rule, address.ref):
            lines = _with_late_pupils(address, _lines_of(draft), dues)
            order = [pl.col("state") != DUE, "new", "part", "day", "document", "line"]
            descending = [False, True, False, True, False, False]
            ordered = lines.sort(order, descending=descending, nulls_last=True, maintain_order=True)
            return ExplainedCard(address, card, _named(ordered, names).with_row_index("row"))
    raise AddressError(f"{address}: в этот день такой карточки у школы нет")


def places_of_lines(
    connection: Connection, address: CardAddress, lines: pl.DataFrame
) -> dict[int, list[dict[str, Any]]]:
    """Where lessons and marks of ``lines`` (``NAMED``) were read: ``origins.by_row``."""
    year = school_year(connection, address.day)
    found = [pl.DataFrame(schema=ORIGINS)]
    for (source,), own in lines.group_by("source", maintain_order=True):
        as_of = end_of(address.day, year.zone)
        journal = Known(address.school, str(source), year.year, as_of)
        lessons = own.select("row", entity=pl.lit("lesson"), key="lesson_key")
        of_marks = own.filter(pl.col("rule").is_in(OF_MARKS))
        marks = of_marks.select("row", entity=pl.lit("mark"), key="key")
        wanted = pl.concat([lessons, marks]).drop_nulls("key")
        found.append(origins(connection, journal, wanted.select(*WANTED)))
    return by_row(pl.concat(found))


def _lines_of(draft: Draft) -> pl.DataFrame:
    """``LINES`` of all that is counted on the card of ``draft``; those of causes get the part that
    tells them, and are new with their cause."""
    if draft.rules:
        return draft.lines
    told = draft.gathered or [draft]
    parts = [_of_cause(cause, part) for part, cause in enumerate(told)]
    return pl.concat([*parts, *(_of_cause(cause, None) for cause in draft.beside)])


def _of_cause(cause: Draft, part: int | None) -> pl.DataFrame:
    fresh = (pl.col("state") == DUE) & cause.fresh
    return cause.lines.with_columns(new=fresh, part=pl.lit(part, pl.Int64))


def _with_late_pupils(address: CardAddress, lines: pl.DataFrame, dues: Dues) -> pl.DataFrame:
    """``lines`` with the pupils in the place of a finding that says how many consents are late."""
    late = pl.col("rule").is_in(list(RULES.values()))
    told = lines.filter(late)
    if told.is_empty():
        return lines
    are_late = dues(address.school, address.day).filter(pl.col("days_late") > 0)
    due = pl.format("срок прошёл {}", pl.col("due_on").dt.to_string("%d.%m.%Y"))
    pupils = are_late.select("pupil", detail=due, rule=pl.col("action").replace_strict(RULES))
    standing = told.select("source", "state", "waiver", "new", "part", "rule")
    each = standing.join(pupils, on="rule").with_columns(kind=pl.lit("pupil"), thing="pupil")
    return pl.concat([lines.filter(~late), card_lines(each)])


def _named(lines: pl.DataFrame, names: Names) -> pl.DataFrame:
    for entity, key, name in _THINGS:
        told = [(of[0], of[2], said) for of, said in names.items() if of[1] == entity]
        frame = pl.DataFrame(told, dict.fromkeys(("source", key, name), pl.String), orient="row")
        lines = lines.join(frame, on=["source", key], how="left", maintain_order="left")
    return lines
