"""What is counted on a card, line by line, each with the lines it was read from.

Offices are told what the card tells them, and see the lines of remarks, on which people are
pseudonyms; refused records and late consents may be persons, and few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Annotated

import polars as pl
from fastapi import Query
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from pipeline.cards import text as card_text
from pipeline.cards.drafts import DUE, FIXED, WAIVED
from pipeline.cards.for_offices import Guarded, guarded
from pipeline.cards.line_text import RULE, amount, line_words
from pipeline.delivery.consent_dues import DUES
from pipeline.explain.addresses import CardAddress
from pipeline.explain.card import ExplainedCard, dues_for, explain_card, places_of_lines
from quality.cards import Share
from reports.book_of_tables import Column, TableSheet
from reports.portal_words import TARGETS
from reports.remarks import shown_as
from reports.web.naming import FIGURES, Names, names_of
from reports.web.pages.downloads import MOST_ROWS, download
from reports.web.pages.guarding import sees_persons_counted, threshold
from reports.web.pages.opened import Span, path_of
from reports.web.pages.paging import SIZE, PageNumber, Paging
from reports.web.pages.view import page
from reports.web.visit import Unit, Visit, school_in_scope
from reports.words import SOURCES

_WIDTHS = {RULE: 44, "учитель": 34, "ученик": 34, "подробности": 40, "откуда": 60}


class Standing(StrEnum):
    """How the lines stand that are shown."""

    DUE = DUE
    NEW = "new"
    WAIVED = WAIVED
    FIXED = FIXED


_TITLES = {
    Standing.DUE: "Не исправлено",
    Standing.NEW: "из них новое",
    Standing.WAIVED: "Отсрочено",
    Standing.FIXED: "Исправлено",
}


@dataclass(frozen=True)
class Chosen:
    """Which lines of a card are shown; ``part``, ``share``: numbers of the card's, ``waiver``: of
    the waiver; None: of any."""

    standing: Standing | None = None
    part: int | None = None
    share: int | None = None
    waiver: int | None = None

    @property
    def query(self) -> str:
        """As it stands in the address of the page."""
        said = {
            "state": self.standing,
            "part": self.part,
            "share": self.share,
            "waiver": self.waiver,
        }
        return "&".join(f"{name}={value}" for name, value in said.items() if value is not None)

    def of(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Those of ``lines`` (``explain.card.NAMED``)."""
        for name in ("part", "share", "waiver"):
            if (wanted := getattr(self, name)) is not None:
                lines = lines.filter(pl.col(name) == wanted)
        match self.standing:
            case None:
                return lines
            case Standing.NEW:
                return lines.filter(pl.col("new") & (pl.col("state") == DUE))
        return lines.filter(state=self.standing.value)


_Number = Annotated[int | None, Query(ge=0, le=2**31)]


def chosen(
    state: Standing | None = None, part: _Number = None, share: _Number = None,
    waiver: _Number = None,
) -> Chosen:  # fmt: skip
    """The lines that the address of the page asks for."""
    return Chosen(state, part, share, waiver)


@dataclass(frozen=True)
class View:
    """A choice of lines with how much it is; ``path``: where it is seen."""

    title: str
    amount: str
    path: str
    current: bool


def card_page(
    visit: Visit, address: CardAddress, asked: Chosen, number: PageNumber, *, as_file: bool
) -> Response:
    """The page, or file, of a card. Raises ``AddressError``, and 404 for a school that the account
    does not see, or a file of lines that it does not."""
    unit = school_in_scope(visit, address.school)
    whole = sees_persons_counted(visit)
    dues = dues_for(visit.dashboard.hub) if whole else _no_dues
    with visit.reading() as connection:
        found = explain_card(connection, address, dues)
        least = threshold(connection, unit)
    ours = whole or not found.of_persons
    if as_file and not ours:
        raise HTTPException(404)
    asked = asked if asked.standing else replace(asked, standing=_usual(found.lines))
    told = Guarded(found.card, hidden=False) if ours else guarded(found.card, least)
    lines = asked.of(found.lines) if ours else found.lines.clear()
    paging = Paging(number, lines.height)
    shown = lines.slice(0, MOST_ROWS) if as_file else lines.slice(paging.offset, SIZE)
    share = _chosen_share(found, asked)
    people = [*shown["teacher"], *shown["pupil"], *([share.teacher] if share else [])]
    names = names_of(visit, unit, people, FIGURES, f"card/{address.rule}")
    with visit.reading() as connection:
        words = _words(connection, address, shown, names)
    headings = _used(words, lines)
    if as_file:
        sheet = _sheet(found, unit, headings, words, lines.height)
        span = Span(address.day, address.day, address.day, None)
        return download(visit, f"card-{address.rule}", span, [sheet], school=unit.code)
    return page(
        visit,
        "explained_card.html.j2",
        address=address,
        unit=unit,
        card=told.card,
        hidden=told.hidden,
        source=SOURCES.get(found.card.source) or TARGETS.get(found.card.source),
        ours=ours,
        narrowed=_narrowed(found, asked, share, names),
        views=_views(found, asked, path_of(address)) if ours else [],
        headings=headings,
        lines=words,
        paging=paging,
        query=asked.query,
        names=names,
        path=path_of(address),
        held=card_text.held_words,
        state=card_text.state_words,
    )


def _no_dues(_school: str, _on: date) -> pl.DataFrame:
    """Nothing of persons for offices."""
    return pl.DataFrame(schema=DUES)


def _usual(lines: pl.DataFrame) -> Standing:
    """What is due; where nothing is, what is waived, or mended."""
    states = set(lines["state"])
    return next((one for one in Standing if one.value in states), Standing.DUE)


def _words(
    connection: Connection, address: CardAddress, shown: pl.DataFrame, names: Names
) -> list[dict[str, str]]:
    places = places_of_lines(connection, address, shown)
    return [
        line_words(row, places.get(row["row"], []), names.called)
        for row in shown.iter_rows(named=True)
    ]


def _used(words: Sequence[Mapping[str, str]], lines: pl.DataFrame) -> list[str]:
    """The headings that any of the lines fills; a rule that all of them share the title says."""
    named = [name for name in (words[0] if words else ()) if any(one[name] for one in words)]
    return [name for name in named if name != RULE or lines["rule"].n_unique() > 1]


def _views(found: ExplainedCard, asked: Chosen, path: str) -> Iterator[View]:
    """Each standing of which there is something; a waiver is of what is waived alone."""
    for standing in Standing:
        current = asked.standing is standing
        one = asked if current else replace(asked, standing=standing, waiver=None)
        lines = one.of(found.lines)
        if not lines.is_empty():
            yield View(_TITLES[standing], amount(lines), f"{path}?{one.query}", current)


def _chosen_share(found: ExplainedCard, asked: Chosen) -> Share | None:
    shares = found.card.shares
    return shares[asked.share] if asked.share is not None and asked.share < len(shares) else None


def _narrowed(found: ExplainedCard, asked: Chosen, share: Share | None, names: Names) -> list[str]:
    """In words, what part of the card, whose, and by which waiver is shown."""
    card, told = found.card, []
    if asked.part is not None and asked.part < len(card.parts):
        told.append(card.parts[asked.part].title)
    if share is not None:
        codes = shown_as((one.teacher for one in card.shares if one.teacher), names.known)
        told.append(card_text.whose(share, codes))
    reasons = [one.waived.reason for one in card.waived if one.waived.waiver == asked.waiver]
    return told + [f"отсрочка: {reason}" for reason in reasons]


def _sheet(
    found: ExplainedCard,
    unit: Unit,
    headings: Sequence[str],
    words: Sequence[Mapping[str, str]],
    height: int,
) -> TableSheet:
    columns = [Column(name, _WIDTHS.get(name, 16)) for name in headings]
    rows = [[one[name] for name in headings] for one in words]
    notes = [f"Адрес числа: {found.address}"]
    if height > len(rows):
        notes.append(f"Здесь первые {len(rows)} из {height}.")
    return TableSheet("Строки", f"{found.card.title}: {unit.name}", columns, rows, notes)
