"""``svod figures``: measures of any level and range of days, as known on any measured day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, text

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.hub import Hub
from pipeline.measuring.figures_by import Each, Level, Question, figures_by
from pipeline.profiles import schedule_basis
from pipeline.scope import Scope
from quality.profiles import load_profile
from reports.compliance import Figure
from reports.figure_words import BUCKETS, LEVELS, NOT_TOLD, bucket_words
from reports.words import short_date

_NAMES = {
    Level.CLASS: "SELECT source, source_key, name FROM journal.class_ WHERE school = :school",
    Level.SUBJECT: "SELECT source, source_key, name FROM journal.subject WHERE school = :school",
    Level.SCHOOL: "SELECT NULL, code, name FROM registry.schools",
    Level.DISTRICT: "SELECT NULL, code, name FROM registry.districts",
}


def register(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command("figures")(figures)


def figures(
    date_from: Annotated[datetime, day("--from", "First day.")],
    date_to: Annotated[datetime, day("--to", "Last day.")],
    by: Annotated[Level, typer.Option("--by", help="Whose figures.")] = Level.SCHOOL,
    school: Annotated[str, typer.Option("--school", help="Of this school.")] = "",
    district: Annotated[str, typer.Option("--district", help="Of this district's schools.")] = "",
    each: Annotated[Each | None, typer.Option("--each", help="Part by part of the range.")] = None,
    as_of: Annotated[datetime | None, day("--as-of", "As known on this day.")] = None,
    measure: Annotated[
        list[str] | None, typer.Option("--measure", help="Only this one; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measures by lesson, class, subject, teacher, parallel, school, district or region."""
    asked = Question(
        level=by,
        within=_scope(school, district),
        date_from=date_from.date(),
        date_to=date_to.date(),
        each=each,
        as_of=as_of.date() if as_of else None,
        measures=measure or (),
    )
    hub = Hub.open()
    with hub.engine.begin() as connection:
        found = figures_by(connection, asked, schedule_basis).to_dicts()
        named = _names(connection, by, school)
    if as_json:
        show(found, as_json=True)
        return
    show(_table(found, asked, named), as_json=False, title=_title(asked))


def _scope(school: str, district: str) -> Scope:
    if school:
        return Scope.of_schools(school)
    return Scope.of_district(district) if district else Scope.of_region()


Named = Callable[[str | None, str | None], str]


def _names(connection: Connection, level: Level, school: str) -> Named:
    """How a source's unit is called; people have their code only, names take the privacy room."""

    def told(of: Level) -> dict[tuple[str | None, str], str]:
        rows = connection.execute(text(_NAMES[of]), {"school": school}) if of in _NAMES else ()
        return {(source, key): name for source, key, name in rows}

    def lesson(source: str | None, unit: str) -> str:
        day, number, class_key, _, subject_key = unit.split("|", 4)
        class_ = classes.get((source, class_key), class_key)
        subject = subjects.get((source, subject_key), subject_key)
        return f"{short_date(date.fromisoformat(day))}, урок {number}, {class_}, {subject}"

    if level is Level.LESSON:
        classes, subjects = told(Level.CLASS), told(Level.SUBJECT)
        return lambda source, unit: lesson(source, unit or "")
    names = told(level)
    return lambda source, unit: NOT_TOLD if unit is None else names.get((source, unit), unit)


def _table(found: list[dict[str, Any]], asked: Question, named: Named) -> list[dict[str, Any]]:
    """A line for each unit and part of the range, a column for each measure."""
    titles = {one.code: one.title for one in load_profile("common").measures}
    measures = list(dict.fromkeys(row["measure"] for row in found))
    lines = []
    for (source, unit, bucket), rows in groupby(found, _place):
        line = {LEVELS[asked.level.value]: named(source, unit)}
        if asked.each:
            line[BUCKETS[asked.each.value]] = bucket_words(asked.each.value, bucket)
        told = {row["measure"]: Figure(row["numerator"], row["denominator"]) for row in rows}
        lines.append(line | {titles[m]: _words(told.get(m, Figure())) for m in measures})
    return lines


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["source"], row["unit"], row["bucket"]


def _words(figure: Figure) -> str:
    if not figure.denominator:
        return figure.percent
    return f"{figure.percent} ({figure.numerator} из {figure.denominator})"


def _title(asked: Question) -> str:
    known = f", как было известно {short_date(asked.as_of)}" if asked.as_of else ""
    return f"{short_date(asked.date_from)} – {short_date(asked.date_to)}{known}"
