"""What was read put together: tables in the service's words, and what one answer knows of another.

Pupils stand in the reports by name, lessons by day and number: here they get their ids. Whoever
cannot be told apart gets none, and the record is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from connectors.base import SourceTable
from connectors.formats.reading import ORIGIN, Reading, stacked
from connectors.netschool_web.diaries import KEY, Diaries
from connectors.netschool_web.reports import (
    ATTENDANCE_COLUMNS,
    DAY,
    LESSON,
    NAME,
    TAUGHT_COLUMNS,
    TOTALS_COLUMNS,
)

# Columns that an empty answer would have had; an answer with rows names its columns itself.
COLUMNS: dict[str, tuple[str, ...]] = {
    "classes": ("id", "name", "letter", "grade.name"),
    "students": ("id", "fullName", "_class"),
    "subjects": ("id", "name", "shortName"),
    "terms": ("id", "termName", "termTypeId", "startDate", "endDate", "schoolYearId"),
    "vacations": ("id", "name", "startTime", "endTime"),
    "staff": ("id", "fio", "gender", "staffPosition", "staffRoles"),
    "assignment_types": ("id", "name", "abbr", "order"),
    "attendance": ATTENDANCE_COLUMNS,
    "totals": TOTALS_COLUMNS,
    "taught": TAUGHT_COLUMNS,
}

# What a table is made of: whole when the answers to these questions are.
RESTS_ON: dict[str, tuple[str, ...]] = {
    "students": ("classes",),
    "subject_names": ("subjects",),
    "lessons": ("classes", "students", "year", "entrusted", "diary", "attendance"),
    "marks": ("classes", "students", "year", "entrusted", "diary"),
    "attendance": ("classes", "students", "year", "entrusted", "diary"),
    "totals": ("classes", "students", "terms"),
    "taught": ("classes", "terms"),
}
# Tables of the journal itself, which a reading of the last weeks alone does not exhaust.
JOURNAL = frozenset({"lessons", "marks", "attendance"})


def build_tables(
    readings: Mapping[str, Sequence[Reading]], diaries: Diaries, *, recent: bool
) -> list[SourceTable]:
    """Every table from the readings of its answers. ``recent``: older weeks were not asked for,
    so that nothing may be taken for deleted."""
    frames = {
        table: stacked([reading.frame for reading in readings.get(table, [])], columns)
        for table, columns in COLUMNS.items()
    }
    lessons = diaries.lessons()
    frames["attendance"] = _with_lesson(
        _with_pupil(frames["attendance"], frames["students"]), lessons, diaries.seats()
    )
    frames["totals"] = _with_pupil(frames["totals"], frames["students"])
    frames["subject_names"] = _subject_names(frames["subjects"])
    frames["lessons"] = _with_written(lessons, diaries.written(), frames["attendance"])
    frames["marks"] = diaries.marks()
    whole = {table: all(reading.complete for reading in found) for table, found in readings.items()}
    return [
        SourceTable(
            table,
            frame,
            all(whole.get(part, True) for part in (table, *RESTS_ON.get(table, ())))
            and not (recent and table in JOURNAL),
        )
        for table, frame in frames.items()
    ]


def _with_pupil(report: pl.DataFrame, students: pl.DataFrame) -> pl.DataFrame:
    """``pupil``: the id of the one pupil of the class who bears the name; else empty."""
    known = (
        students.select("_class", "id", _key=_name_key("fullName"))
        .unique()
        .group_by("_class", "_key")
        .agg(pl.col("id").first().alias("pupil"), pl.len().alias("_bearers"))
        .filter(pl.col("_bearers") == 1)
        .drop("_bearers")
    )
    found = report.with_columns(_key=_name_key(NAME)).join(
        known, on=["_class", "_key"], how="left", maintain_order="left"
    )
    return found.drop("_key").select(pl.exclude(ORIGIN), *ORIGIN)


def _name_key(column: str) -> pl.Expr:
    """A name without the differences of case, ``ё`` and blanks."""
    name = pl.col(column).str.to_lowercase().str.replace_all("ё", "е", literal=True)
    return name.str.replace_all(r"\s+", " ").str.strip_chars()


def _with_lesson(report: pl.DataFrame, lessons: pl.DataFrame, seats: pl.DataFrame) -> pl.DataFrame:
    """``classmeetingId`` of the lesson that the pupil had then: of the part of the class in which
    the pupil sits, else of the whole class; empty where that is not one lesson."""
    own = _one_each(
        seats.rename({"_pupil": "pupil", "day": DAY, "number": LESSON}), ["pupil", DAY, LESSON]
    ).rename({"classmeetingId": "_own"})
    whole = lessons.filter(pl.col("group").is_null()).select(
        "_class",
        pl.col("day").str.slice(0, 10).alias(DAY),
        pl.col("number").alias(LESSON),
        "classmeetingId",
    )
    common = _one_each(whole.unique(), ["_class", DAY, LESSON]).rename(
        {"classmeetingId": "_common"}
    )
    found = report.join(own, on=["pupil", DAY, LESSON], how="left", maintain_order="left").join(
        common, on=["_class", DAY, LESSON], how="left", maintain_order="left"
    )
    return found.with_columns(classmeetingId=pl.coalesce("_own", "_common")).select(
        pl.exclude("_own", "_common", *ORIGIN), *ORIGIN
    )


def _one_each(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The rows that are alone under their key."""
    return frame.filter(pl.struct(by).is_unique())


def _with_written(
    lessons: pl.DataFrame, written: pl.DataFrame, attendance: pl.DataFrame
) -> pl.DataFrame:
    """``written``: does anything stand in the journal for the lesson, a work or an absence?"""
    absences = attendance.select(KEY).drop_nulls()
    known = pl.concat([written, absences]).unique().with_columns(written=pl.lit("true"))
    found = lessons.join(known, on=KEY, how="left", maintain_order="left")
    return found.with_columns(pl.col("written").fill_null("false")).select(
        pl.exclude(ORIGIN), *ORIGIN
    )


def _subject_names(subjects: pl.DataFrame) -> pl.DataFrame:
    """``name`` and ``id`` for every full and short name that belongs to one subject alone; a full
    name goes before another subject's short one."""
    full = _one_each(
        subjects.select("name", "id", *ORIGIN).filter(pl.col("name").is_not_null()), ["name"]
    )
    short = subjects.select(pl.col("shortName").alias("name"), "id", *ORIGIN)
    short = _one_each(short.filter(pl.col("name").is_not_null()), ["name"])
    return pl.concat([full, short.join(subjects.select("name"), on="name", how="anti")])
