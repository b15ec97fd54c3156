"""Explain: from a figure to the rows it counts, and to the file and line each of them came from.

A figure is counted again as it was known at the end of its day (``school_facts``); the rows must
add up to it, and it must equal the figure that was kept then. School by school: a region's rows are
never held together. Pseudonyms and counts only: no text, no value of a mark is read for a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.explain.addresses import AddressError, Figure, Kind, Level
from pipeline.explain.counted import ROWS, Counted, count_form1, count_rows
from pipeline.explain.counted_days import count_days
from pipeline.explain.counted_remarks import count_remarks
from pipeline.explain.lookup import school_year
from pipeline.explain.origins import ORIGINS, WANTED, by_row, origins
from pipeline.measuring.school_facts import SchoolPlace, end_of, journal_facts, places
from quality.journal_frames import Known, known_rows
from quality.journal_outline import pupils_with_data
from quality.profiles import Profile

# Rows with the names that the journal has for their classes and subjects.
NAMED = ROWS | {"class_name": pl.String(), "subject_name": pl.String()}
ScheduleBasis = Callable[[str], str]  # the basis by the name of a mapping: school_facts


class RowsDifferError(Exception):
    """The rows do not add up to the figure: a fault of the hub; give a developer its address."""

    def __init__(self, figure: Figure, rows: tuple[int, int], added_up: tuple[int, int]) -> None:
        super().__init__(
            f"{figure}: строки дают {rows[0]} из {rows[1]},"
            f" а число — {added_up[0]} из {added_up[1]}"
        )


@dataclass(frozen=True)
class Explained:
    """One school's part of a figure: its ``rows`` (``NAMED``).

    ``wanted``: the records that show each row (``origins.WANTED`` and ``source``); ``uploads``: of
    days, the whole uploads that do (``origins.ORIGINS``). ``origins_of`` says where these stand.
    """

    figure: Figure
    regulation: Profile
    numerator: int
    denominator: int
    rows: pl.DataFrame
    wanted: pl.DataFrame
    uploads: pl.DataFrame
    school_year: int
    as_of: datetime


def explain(
    connection: Connection, figure: Figure, schedule_basis: ScheduleBasis
) -> Iterator[Explained]:
    """Each school's part of ``figure``, by code.

    Raises ``AddressError`` where the registry has no such school, district or school year,
    ``RowsDifferError``, ``quality.profiles.UnknownProfileError``.
    """
    chosen = _schools(connection, figure)
    as_of = end_of(figure.as_of, school_year(connection, figure.first).zone)
    for school in chosen:
        own = figure.of_school(school.code)
        yield _explain_school(connection, school, own, as_of, schedule_basis)


def origins_of(connection: Connection, explained: Explained, rows: pl.DataFrame) -> pl.DataFrame:
    """The origins of those ``rows`` of ``explained``: ``origins.ORIGINS``."""
    wanted = explained.wanted.join(rows, on="row", how="semi")
    found = [explained.uploads.join(rows, on="row", how="semi")]
    for (source,), of_source in wanted.group_by("source", maintain_order=True):
        journal = Known(explained.figure.unit, str(source), explained.school_year, explained.as_of)
        found.append(origins(connection, journal, of_source))
    return pl.concat(found)


def origins_by_row(
    connection: Connection, explained: Explained, rows: pl.DataFrame
) -> dict[int, list[dict[str, Any]]]:
    """The same by the number of the row; a row without origins is not there."""
    return by_row(origins_of(connection, explained, rows))


def kept(connection: Connection, figure: Figure) -> tuple[int, int | None] | None:
    """Numerator and denominator as they were kept at the end of the figure's day; None if nothing
    was kept for this period. A cell of form 1 is kept without what it is part of."""
    statement = _KEPT.get(figure.kind)
    if statement is None or (figure.within and figure.kind is not Kind.FORM1):
        return None
    values = {
        "code": figure.code,
        "level": figure.level,
        "unit": figure.unit,
        "first": figure.first,
        "last": figure.last,
        "as_of": figure.as_of,
        "row": figure.within[0][1] if figure.within else "",
    }
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    row = connection.execute(text(statement), named).one_or_none()
    return None if row is None else (row[0], row[1])


_KEPT = {
    Kind.MEASURE: """
SELECT numerator, denominator FROM quality.measures WHERE as_of = :as_of
  AND date_from = :first AND date_to = :last AND level = :level AND unit = :unit
  AND measure = :code""",
    Kind.FORM1: """
SELECT value, NULL FROM quality.form_figures WHERE as_of = :as_of
  AND form = 'form1' AND school = :unit AND row = :row AND "column" = :code
  AND EXISTS (SELECT 1 FROM quality.measures m WHERE m.as_of = :as_of
    AND m.date_from = :first AND m.date_to = :last)""",
    # The calendar of a day is kept for all days that were measured; any of them can be asked for.
    Kind.CAUSE: """
SELECT count(*) FILTER (WHERE f."column" = :code), count(*)
FROM quality.form_figures f JOIN registry.schools s ON s.code = f.school
WHERE f.as_of = :as_of AND f.form = 'uploads'
  AND CASE :level WHEN 'school' THEN s.code WHEN 'district' THEN s.district
    ELSE 'region' END = :unit
  AND f.row BETWEEN CAST(:first AS date)::text AND CAST(:last AS date)::text
  AND EXISTS (SELECT 1 FROM quality.measures m WHERE m.as_of = :as_of
    AND m.date_from <= :first AND m.date_to >= :last)
HAVING count(*) > 0""",
}


def _explain_school(
    connection: Connection,
    school: SchoolPlace,
    figure: Figure,
    as_of: datetime,
    schedule_basis: ScheduleBasis,
) -> Explained:
    parts: list[tuple[str, Counted]] = []
    uploads = pl.DataFrame(schema=ORIGINS)
    if figure.kind is Kind.REMARK:
        found = count_remarks(connection, school.code, school.school_year, figure)
        parts += found.items()
    elif figure.kind is Kind.CAUSE or figure.code == "upload_frequency":
        # A later reading settles what an earlier day is due to, so the calendar runs to the end.
        period = (figure.first, school.until(figure.as_of))
        journals = list(journal_facts(connection, school, period, as_of, schedule_basis))
        days = count_days(connection, school.code, journals, figure, as_of)
        parts.append(("", days.counted))
        uploads = days.origins
    else:
        period = (figure.first, school.until(figure.last))
        for facts in journal_facts(connection, school, period, as_of, schedule_basis):
            if figure.kind is Kind.FORM1:
                journal = Known(school.code, facts.source, school.school_year, as_of)
                seen = pupils_with_data(connection, journal, period)
                counted = count_form1(facts, figure, period, seen)
            else:
                counted = count_rows(facts, figure, period[1])
            parts.append((facts.source, counted))
    return _put_together(connection, school, figure, as_of, parts, uploads)


def _put_together(
    connection: Connection,
    school: SchoolPlace,
    figure: Figure,
    as_of: datetime,
    parts: list[tuple[str, Counted]],
    uploads: pl.DataFrame,
) -> Explained:
    """The rows of all journals, numbered through; checked against the figure."""
    rows = [pl.DataFrame(schema=NAMED)]
    wanted = [pl.DataFrame(schema=WANTED | {"source": pl.String()})]
    at = 0
    for source, counted in parts:
        journal = Known(school.code, source, school.school_year, as_of)
        number = (pl.col("row") + at).cast(pl.UInt32)
        wanted.append(counted.wanted.with_columns(number, source=pl.lit(source)))
        rows.append(_named(connection, journal, counted.rows.with_columns(number)))
        at += counted.rows.height
    everything = pl.concat(rows)
    counts = (int(everything["counted"].sum()), everything.height)
    added_up = (sum(c.figure[0] for _, c in parts), sum(c.figure[1] for _, c in parts))
    if counts != added_up:
        raise RowsDifferError(figure, counts, added_up)
    return Explained(
        figure=figure,
        regulation=school.regulation,
        numerator=counts[0],
        denominator=counts[1],
        rows=everything,
        wanted=pl.concat(wanted),
        uploads=uploads,
        school_year=school.school_year,
        as_of=as_of,
    )


def _named(connection: Connection, journal: Known, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the names of their classes and subjects, as the journal has them."""
    for entity, key, name in _NAMES:
        known = known_rows(connection, entity, ["key", "name"], journal)
        names = known.select(pl.col("key").alias(key), pl.col("name").alias(name))
        rows = rows.join(names, on=key, how="left", maintain_order="left")
    return rows


_NAMES = (("class_", "class_key", "class_name"), ("subject", "subject_key", "subject_name"))


def _schools(connection: Connection, figure: Figure) -> list[SchoolPlace]:
    """The schools of the figure's unit that were open on a day of it."""
    there = places(connection, figure.first)
    match figure.level:
        case Level.SCHOOL:
            chosen = [school for school in there if school.code == figure.unit]
        case Level.DISTRICT:
            chosen = [school for school in there if school.district == figure.unit]
        case Level.REGION:
            return there
    if not chosen:
        raise AddressError(f"{figure.level}/{figure.unit}: в эти дни такого в реестре нет")
    return chosen
