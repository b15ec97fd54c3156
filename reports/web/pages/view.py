"""What pages share: templates, the range of days in the address, figures in words."""

from __future__ import annotations

import zlib
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.measuring.measured import counted_at, last_measured
from pipeline.school_years import SchoolYear, school_year_of
from quality.profiles import Profile, load_profile
from quality.uploads import Cause
from reports import words
from reports.web.kept import HOUR
from reports.web.naming import shortened
from reports.web.pages.opened import Span, cause_at, counter_at, coverage_at, opened_at
from reports.web.visit import Visit, Visiting

TEMPLATES = Path(__file__).parents[1] / "templates"


@cache
def environment() -> Environment:
    """Templates of the pages; what is put into them is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "causes": words.CAUSES,
        "Cause": Cause,
        "cause_at": cause_at,
        "counter_at": counter_at,
        "coverage_at": coverage_at,
        "grouped": words.grouped,
        "long_date": words.long_date,
        "opened_at": opened_at,
        "plural": words.plural,
        "short_date": words.short_date,
        "shortened": shortened,
        "sources": words.SOURCES,
        "weekdays": words.WEEKDAYS,
        "with_query": with_query,
    }
    made.filters["capitalize_first"] = lambda said: said[:1].upper() + said[1:]
    return made


def page(visit: Visit, template: str, *, status: int = 200, **shown: Any) -> Response:
    """The page that ``template`` makes of ``shown`` for who is signed in."""
    return plain_page(
        visit.request, template, status=status, visit=visit, account=visit.account, **shown
    )


def drawn(visit: Visit, template: str, key: Hashable, **shown: Any) -> Markup:
    """A part of a page that is the same for all who may see it: drawn once for ``key``, packed.

    It knows neither the request nor the account: a template that names them raises.
    """

    def draw() -> bytes:
        return zlib.compress(environment().get_template(template).render(shown).encode(), 1)

    packed = visit.kept((template, key), draw, HOUR).what
    return Markup(zlib.decompress(packed).decode())  # noqa: S704  escaped as it was drawn


def plain_page(request: Request, template: str, *, status: int = 200, **shown: Any) -> Response:
    """The page that ``template`` makes of ``shown``."""
    shown = {"request": request, "visit": None, "account": None} | shown
    return HTMLResponse(environment().get_template(template).render(shown), status)


@dataclass(frozen=True)
class Days:
    """The range of days of a page, from its address; ``as_of``: the last day that was measured.

    ``year``: the school year; None, and all days today, where nothing was measured yet.
    ``ended``: the last of the days that was measured, None if none was. ``counted_at``: when
    anything was measured last: what was found for equal days stays true.
    """

    first: date
    last: date
    as_of: date
    year: SchoolYear | None
    ended: date | None = None
    counted_at: datetime | None = None

    @property
    def measured(self) -> bool:
        """Whether there is anything to show."""
        return self.year is not None

    @property
    def span(self) -> Span:
        """The days, for the addresses of their figures."""
        return Span(self.first, self.last, self.as_of, self.ended)

    @property
    def words(self) -> str:
        """``01.09.2026 – 18.09.2026``."""
        return f"{words.short_date(self.first)} – {words.short_date(self.last)}"

    @property
    def query(self) -> str:
        """As a part of an address."""
        return urlencode({"from": self.first.isoformat(), "to": self.last.isoformat()})


def days_of(request: Request, visiting: Visiting) -> Days:
    """The days between ``from`` and ``to`` of the address; by default the month that is measured
    last, until its last measured day. What is no day, or lies outside the school year, is as if it
    was not said."""
    with visiting.reading() as connection:
        as_of = last_measured(connection)
        if as_of is None:
            today = visiting.dashboard.clock().date()
            return Days(today, today, today, None)
        year = school_year_of(connection, as_of)
        said = _day(request, "from") or max(as_of.replace(day=1), year.start)
        until = _day(request, "to") or as_of
        first, last = sorted(min(max(day, year.start), as_of) for day in (said, until))
        ended = last_measured(connection, last)
        at = counted_at(connection)
    return Days(first, last, as_of, year, None if ended is None or ended < first else ended, at)


Range = Annotated[Days, Depends(days_of)]


def definitions() -> Profile:
    """The measures in words."""
    return load_profile("common")


def with_query(request: Request, **changed: str | None) -> str:
    """The address of ``request`` with these parameters; None takes one away."""
    kept = dict(request.query_params) | changed
    said = urlencode({name: value for name, value in kept.items() if value})
    return f"{request.url.path}?{said}" if said else request.url.path


def _day(request: Request, name: str) -> date | None:
    try:
        return date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        return None
