"""A pupil's week as the journal was known at the end of a day: lessons, marks, absences.

The few pupils whose families asked for paper, one by one: nothing here is done for a whole school.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from pipeline.delivery.diary_records import diary_codes
from pipeline.measuring.school_facts import LISTS, end_of
from pipeline.registry import SchoolSource, school_sources
from quality.journal_frames import JournalFrames, read_frame, read_journal
from reports.diary_pages import DayLines, LessonLine, MarkLine, Week
from schemas.codes import LessonStatus, WorkType
from schemas.tables import journal_table

# A mark may be entered long after its lesson; one that is older still is no news of this week.
LATE_BY = timedelta(days=60)

_Lesson = dict[str, Any]  # a row of journal.lesson


@dataclass(frozen=True)
class PupilWeek:
    """``pupil``, ``guardians``: pseudonyms; ``other``: marks of the week beside its lessons, and of
    earlier weeks that the hub first saw in this one."""

    pupil: str
    class_name: str
    guardians: list[str]
    days: list[DayLines] = field(repr=False)
    other: list[MarkLine] = field(repr=False)


def weeks_of(
    connection: Connection, school: str, pupils: Sequence[str], week: Week, on: date
) -> list[PupilWeek]:
    """The week of each of ``pupils`` who was in a class of ``school`` then, in their order; what is
    known at the end of ``on``."""
    found: dict[str, PupilWeek] = {}
    for source in school_sources(connection, school):
        if source.kind == LISTS:
            continue
        as_of = end_of(on, source.zone)
        frames = read_journal(connection, school, source.kind, source.school_year, as_of)
        journal = _Journal(connection, source, frames, week)
        for pupil in pupils:
            if (one := journal.week_of(pupil)) is not None:
                found[pupil] = one
    return [found[pupil] for pupil in pupils if pupil in found]


class _Journal:
    """One journal of a school, asked for the week of one pupil after the other."""

    def __init__(
        self, connection: Connection, source: SchoolSource, frames: JournalFrames, week: Week
    ) -> None:
        self._frames, self._week = frames, week
        monday = datetime.combine(week.first, datetime.min.time(), ZoneInfo(source.zone))
        self._monday = monday.astimezone(UTC)

        def rows(entity: str, *names: str) -> pl.DataFrame:
            table = journal_table(entity)
            here = (
                (table.c.school == source.school)
                & (table.c.source == source.kind)
                & (table.c.school_year == source.school_year)
                & table.c.vanished_at.is_(None)
            )
            return read_frame(connection, table, names, here)

        self._classes = dict(rows("class_", "source_key", "name").iter_rows())
        self._subjects = dict(rows("subject", "source_key", "name").iter_rows())
        self._guardians = rows("guardian", "person", "pupil")

    def week_of(self, pupil: str) -> PupilWeek | None:
        """None for a pupil who is in no class of this journal."""
        class_key = self._class_of(pupil)
        if class_key is None:
            return None
        marks = self._frames.mark.filter(pupil=pupil).with_columns(said=_said())
        absences = self._frames.attendance.filter(pupil=pupil)
        lessons = self._lessons(class_key, marks, absences).to_dicts()
        beside = _beside_lessons(marks, lessons)
        return PupilWeek(
            pupil=pupil,
            class_name=self._classes.get(class_key, class_key),
            guardians=sorted(set(self._guardians.filter(pupil=pupil)["person"])),
            days=self._days(lessons, beside, absences),
            other=self._other(marks, beside),
        )

    def _class_of(self, pupil: str) -> str | None:
        """The class that the pupil came to last, of those of the week."""
        stays = self._frames.enrolment.filter(
            pl.col("pupil") == pupil,
            pl.col("start").is_null() | (pl.col("start") <= self._week.last),
            pl.col("finish").is_null() | (pl.col("finish") > self._week.first),
        ).sort("start", nulls_last=False)
        return stays["class_key"].to_list()[-1] if stays.height else None

    def _lessons(self, class_key: str, marks: pl.DataFrame, absences: pl.DataFrame) -> pl.DataFrame:
        """The week's lessons of the class without a group, of the groups that the pupil was ever
        seen in, and whatever else the pupil was seen in, as before a change of class."""
        lessons = self._frames.lesson
        keys = pl.concat([marks["lesson_key"], absences["lesson_key"]]).drop_nulls()
        seen = pl.col("source_key").is_in(keys.implode())
        own = lessons.filter(seen)["group_key"].drop_nulls()
        of_class = pl.col("group_key").is_null() | pl.col("group_key").is_in(own.implode())
        return lessons.filter(
            pl.col("date").is_between(self._week.first, self._week.last),
            pl.col("status") == LessonStatus.SCHEDULED.value,
            seen | ((pl.col("class_key") == class_key) & of_class),
        ).sort("date", "number", "subject_key")

    def _days(
        self, lessons: list[_Lesson], beside: dict[str, pl.DataFrame], absences: pl.DataFrame
    ) -> list[DayLines]:
        away = dict(absences.select("lesson_key", "status").iter_rows())
        days: dict[date, list[LessonLine]] = {}
        for lesson in lessons:
            line = LessonLine(
                number=lesson["number"],
                subject=self._subject(lesson["subject_key"]),
                topic=lesson["topic"] or "",
                homework=lesson["homework"] or "",
                homework_not_set=bool(lesson["homework_not_set"]),
                marks=beside[lesson["source_key"]]["said"].to_list(),
                attendance=away.get(lesson["source_key"], ""),
            )
            days.setdefault(lesson["date"], []).append(line)
        return [DayLines(day, lines) for day, lines in days.items()]

    def _other(self, marks: pl.DataFrame, beside: dict[str, pl.DataFrame]) -> list[MarkLine]:
        shown = [key for placed in beside.values() for key in placed["key"]]
        first = self._week.first
        news = marks.filter(
            ~pl.col("key").is_in(shown),
            pl.col("date") <= self._week.last,
            (pl.col("date") >= first)
            | ((pl.col("date") >= first - LATE_BY) & (pl.col("first_seen_at") >= self._monday)),
        ).sort("date", "subject_key", "key")
        return [
            MarkLine(day, self._subject(subject), said)
            for day, subject, said in news.select("date", "subject_key", "said").iter_rows()
        ]

    def _subject(self, key: str) -> str:
        return str(self._subjects.get(key, key))


def _beside_lessons(marks: pl.DataFrame, lessons: Sequence[_Lesson]) -> dict[str, pl.DataFrame]:
    """The marks to be shown beside each lesson, each once: those that name it, and those that name
    none, beside the first lesson of their subject and day. By the lesson's key."""
    left, beside = marks.sort("key"), {}
    for lesson in lessons:
        nameless = (
            pl.col("lesson_key").is_null()
            & (pl.col("subject_key") == lesson["subject_key"])
            & (pl.col("date") == lesson["date"])
        )
        ours = (pl.col("lesson_key") == lesson["source_key"]).fill_null(value=False) | nameless
        beside[lesson["source_key"]] = left.filter(ours)
        left = left.filter(~ours)
    return beside


def _said() -> pl.Expr:
    """A mark as the diary words it, with its kind of work where that is no lesson's work."""
    codes = diary_codes()
    value = pl.concat_str("scale", "value", separator="/").replace_strict(
        codes["value_names"], default=pl.col("value"), return_dtype=pl.String
    )
    kinds = {work: name.lower() for work, (_, name) in codes["mark_types"].items()}
    kind = pl.col("work_type").replace_strict(kinds, return_dtype=pl.String)
    ordinary = pl.col("work_type") == WorkType.LESSON_WORK.value
    return pl.when(ordinary).then(value).otherwise(pl.concat_str(value, pl.lit(" – "), kind))
