"""Figures week by week since the school year began: a table, which a script draws as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup
from sqlalchemy import text

from pipeline.measuring.figures_by import Each, Level
from quality.profiles import MeasureDefinition
from reports.book_of_tables import Column, TableSheet, measure_columns, measure_values
from reports.compliance import Figure
from reports.figure_words import bucket_words
from reports.web.kept import HOUR
from reports.web.pages.opened import Span
from reports.web.pages.tables import asked_figures, figures_by_place
from reports.web.pages.view import Days, drawn
from reports.web.visit import Unit, Visit

_ENDS = """
SELECT monday, (SELECT max(as_of) FROM quality.measures
  WHERE as_of BETWEEN monday AND monday + 6) AS measured
FROM unnest(CAST(:mondays AS date[])) AS monday"""


@dataclass(frozen=True)
class Week:
    """A week's figures by measure, and its days of the school year."""

    words: str
    span: Span
    figures: Mapping[str, Figure]

    def figure(self, measure: str) -> Figure:
        """Zero of zero where it was not measured."""
        return self.figures.get(measure, Figure())


def weeks_of(visit: Visit, unit: Unit, days: Days) -> list[Week]:
    """The weeks of ``unit`` until the last measured day, in order, whatever the range."""
    key = ("weeks", unit.level, unit.code, days.as_of, days.counted_at)
    return visit.kept(key, lambda: _found(visit, unit, days), HOUR).what


def _found(visit: Visit, unit: Unit, days: Days) -> list[Week]:
    if days.year is None:
        return []
    start = days.year.start
    asked = (Level(unit.level.value), unit.scope, (start, days.as_of))
    with visit.reading() as connection:
        told = asked_figures(connection, *asked, each=Each.WEEK)
        figures = {key: one for (key,), one in figures_by_place(told, ["bucket"]).items()}
        mondays = sorted(date.fromisoformat(key) for key in figures if key)
        rows = connection.execute(text(_ENDS), {"mondays": mondays})
        ends: dict[date, date | None] = {row.monday: row.measured for row in rows}
    return [
        Week(
            bucket_words("week", monday.isoformat()),
            Span(
                max(monday, start),
                min(monday + timedelta(days=6), days.as_of),
                days.as_of,
                ends[monday],
            ),
            figures[monday.isoformat()],
        )
        for monday in mondays
    ]


def trend(visit: Visit, unit: Unit, days: Days, measures: list[MeasureDefinition]) -> Markup:
    """The weeks of ``unit`` as a part of its page, in the words of ``measures``."""
    titles = tuple(one.title for one in measures)
    key = (unit.level, unit.code, days.as_of, days.counted_at, titles)
    shown = {"unit": unit, "weeks": weeks_of(visit, unit, days), "measures": measures}
    return drawn(visit, "trend.html.j2", key, **shown)


def week_sheet(weeks: Sequence[Week], title: str, measures: list[MeasureDefinition]) -> TableSheet:
    """The same as a sheet."""
    columns = [Column("Неделя", 26), *measure_columns(measures)]
    rows = [[week.words, *measure_values(week.figures, measures)] for week in weeks]
    return TableSheet("По неделям", title, columns, rows)
