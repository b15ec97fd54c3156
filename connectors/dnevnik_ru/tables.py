"""Answers of one kind put together: one row once, and the two columns that other answers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from connectors.base import SourceTable
from connectors.formats.reading import DOCUMENT, ORIGIN, Reading, stacked, with_columns

# Columns that an empty answer would have had; an answer with rows names its columns itself.
COLUMNS: dict[str, tuple[str, ...]] = {
    table: tuple(columns.split())
    for table, columns in {
        "classes": (
            "id_str parentIds_str type name fullName parallel timetable status studyyear "
            "subjects journalType"
        ),
        "subjects": "id_str name knowledgeArea _group",
        "reporting_periods": "id_str start finish number type name year _group",
        "persons": "id_str userId_str firstName lastName middleName shortName sex _group",
        "students": "group.id_str person.id_str membershipstatus",
        "teachers": (
            "Id_str UserId FirstName LastName MiddleName ShortName Sex DateBirth Email Subjects "
            "NameTeacherPosition"
        ),
        "membership": "id_str userId_str firstName lastName middleName shortName sex",
        "timetables": (
            "Name Start FirstLessonNumber Items.Id_str Items.Start Items.Finish Items.Name "
            "Items.Type Items.DaysOfWeek Items.LessonNumber"
        ),
        "lessons": (
            "id_str title date number subject.id_str subject.name group_str works_str "
            "teachers_str.0 teachers_str.1 status"
        ),
        "works": "id_str type workType lesson_str text",
        "work_types": "id_str kindId kind title abbr weight",
        "marks": (
            "id_str type value textValue person_str work_str lesson_str number date workType_str "
            "mood use_avg_calc _group"
        ),
        "log_entries": "person_str lesson_str comment status createdDate _group _subject",
        "final_marks": (
            "person_str group_str reportingPeriod_str subject_str final-mark.type "
            "final-mark.value final-mark.date"
        ),
    }.items()
}

# A table is whole when the answers to its own questions are, and those that told what to ask.
RESTS_ON: dict[str, tuple[str, ...]] = {
    "membership": ("teachers",),
    "subjects": ("classes",),
    "reporting_periods": ("classes",),
    "persons": ("classes",),
    "students": ("classes",),
    "final_marks": ("classes",),
    "lessons": ("classes", "works"),
    "works": ("classes", "lessons"),
    "marks": ("classes", "work_types"),
    "log_entries": ("classes", "subjects"),
}

HOMEWORK = "Homework"
YES, NO = "true", "false"


def build_tables(readings: Mapping[str, Sequence[Reading]]) -> list[SourceTable]:
    """Every table of ``COLUMNS`` from the readings of its answers, in the order of asking."""
    frames = {table: _put_together(table, readings.get(table, [])) for table in COLUMNS}
    frames["lessons"] = _with_homework(frames["lessons"], frames["works"])
    frames["marks"] = _with_kind(frames["marks"], frames["work_types"])
    frames["membership"] = _with_teacher(frames["membership"], frames["teachers"])
    whole = {table: all(r.complete for r in readings.get(table, [])) for table in COLUMNS}
    return [
        SourceTable(table, frame, all(whole[t] for t in (table, *RESTS_ON.get(table, ()))))
        for table, frame in frames.items()
    ]


def _put_together(table: str, readings: Sequence[Reading]) -> pl.DataFrame:
    frame = stacked([reading.frame for reading in readings])
    if not frame.height:
        return with_columns(frame, COLUMNS[table])
    return _once(frame)


def _once(frame: pl.DataFrame) -> pl.DataFrame:
    """Without rows that an earlier answer holds already: a subgroup's lesson is seen through its
    class too. Twins within one answer stay, since there the journal itself says it twice."""
    content = [name for name in frame.columns if name not in ORIGIN]
    if not content:
        return frame
    return frame.filter(pl.col(DOCUMENT) == pl.col(DOCUMENT).first().over(content))


def _with_homework(lessons: pl.DataFrame, works: pl.DataFrame) -> pl.DataFrame:
    """``homework_text``: what the lesson's works of type Homework say."""
    works = with_columns(works, ("type", "lesson_str", "text"))
    texts = (
        works.filter((pl.col("type") == HOMEWORK) & pl.col("text").is_not_null())
        .group_by("lesson_str", maintain_order=True)
        .agg(pl.col("text").unique(maintain_order=True).str.join("; ").alias("homework_text"))
    )
    return _joined(lessons, texts, on="id_str", key="lesson_str", column="homework_text")


def _with_kind(marks: pl.DataFrame, work_types: pl.DataFrame) -> pl.DataFrame:
    """``workType.kind``: the kind of the mark's work type."""
    kinds = (
        with_columns(work_types, ("id_str", "kind"))
        .select("id_str", pl.col("kind").alias("workType.kind"))
        .unique("id_str", keep="first", maintain_order=True)
    )
    return _joined(marks, kinds, on="workType_str", key="id_str", column="workType.kind")


def _with_teacher(members: pl.DataFrame, teachers: pl.DataFrame) -> pl.DataFrame:
    """``teacher``: does the list of teachers, which knows more, hold this person too?"""
    known = teachers.get_column("Id_str", default=pl.Series([], dtype=pl.String)).drop_nulls()
    is_known = with_columns(members, ("id_str",))["id_str"].is_in(known.implode())
    said = pl.select(pl.when(is_known).then(pl.lit(YES)).otherwise(pl.lit(NO)).alias("teacher"))
    return members.with_columns(said.to_series()).select(pl.exclude(ORIGIN), *ORIGIN)


def _joined(
    left: pl.DataFrame, right: pl.DataFrame, *, on: str, key: str, column: str
) -> pl.DataFrame:
    if on not in left.columns:
        return with_columns(left, (column,))
    found = left.join(right, left_on=on, right_on=key, how="left", maintain_order="left")
    return found.select(pl.exclude(ORIGIN), *ORIGIN)
