"""Which parts of a lesson were written down in time, part by part.

One row per part that is due, so that the figure can be opened down to the lesson. What is due:

=============  ========================================  =======================================
part           due for                                   there, when
=============  ========================================  =======================================
lesson         every scheduled lesson                    held sign and topic stand
attendance     held lessons                              the sign stands, or any record
substitution   lessons with a substitute                 the substitute stands
homework       held lessons whose teacher did not say    homework stands
               that none is set
marks          each mark of a held lesson                the mark stands
=============  ========================================  =======================================

A part counts only if the school's regulation asks for it on the day of the lesson. The figure is
``in_time`` of ``in_time + late + missing``; what nobody can know is told apart (``entry_times``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl

from quality.deadlines import last_moments
from quality.entry_times import Outcome, first_written, outcomes
from quality.mark_deadlines import in_force, kinds_of_work
from quality.profiles import Profile
from quality.regulations import Asked
from schemas.frames import INSTANT

JUDGED = (Outcome.IN_TIME, Outcome.LATE, Outcome.MISSING)


class Part(StrEnum):
    """What of a lesson is written down at its own time."""

    LESSON = "lesson"
    ATTENDANCE = "attendance"
    SUBSTITUTION = "substitution"
    HOMEWORK = "homework"
    MARKS = "marks"


# Row per part: where it belongs, until when, what became of it, by whose clock.
PARTS: dict[str, pl.DataType] = {
    "lesson_key": pl.String(),
    "date": pl.Date(),
    "number": pl.Int64(),
    "class_key": pl.String(),
    "group_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),
    "part": pl.String(),
    "record": pl.String(),  # key of the mark; null for the lesson's own parts
    "asked": pl.String(),  # the rule that asks for it
    "due_at": INSTANT,
    "outcome": pl.String(),
    "clock": pl.String(),
    "not_before": INSTANT,  # entry_times.WRITTEN
    "not_after": INSTANT,
}


@dataclass(frozen=True)
class Observed:
    """What the hub saw of one journal.

    ``lessons``: scheduled lessons with ``number``, ``teacher``, ``substitute`` and the columns of
    ``measures.lesson_facts``; all lessons of a day, since the last one may set the deadline.
    ``versions``: every content of every lesson row (``versions.lesson_versions``); ``marks`` and
    ``attendance``: ``key``, ``lesson_key``, ``seen_at``, ``entered_at``, marks also ``work_type``;
    ``bells``: ``number``, ``finish``; ``looks``: instants of readings of the whole journal.
    """

    lessons: pl.DataFrame
    versions: pl.DataFrame
    marks: pl.DataFrame
    attendance: pl.DataFrame
    bells: pl.DataFrame
    looks: Sequence[datetime]


def timeliness(observed: Observed, profile: Profile, zone: str) -> pl.DataFrame:
    """Every part that the profile asks for, and what became of it: ``PARTS``."""
    work = _Work(observed, profile, zone)
    held, replaced = pl.col("held"), pl.col("substitute").is_not_null()
    entry, everyone = held & _words("topic"), pl.col("key").is_not_null()
    parts = [
        work.part(Part.LESSON, Asked.LESSON_ENTERED, everyone, work.seen(entry)),
        work.part(Part.ATTENDANCE, Asked.ATTENDANCE_ENTERED, held, work.attendance_taken()),
        work.part(
            Part.SUBSTITUTION, Asked.SUBSTITUTION_ENTERED, held & replaced, work.seen(replaced)
        ),
        work.part(
            Part.HOMEWORK,
            Asked.HOMEWORK_ENTERED,
            pl.col("homework_due"),
            work.seen(_words("homework")),
        ),
        work.marks(),
    ]
    return pl.concat(parts).sort("date", "class_key", "subject_key", "part", "lesson_key", "record")


class _Work:
    """One journal under one profile."""

    def __init__(self, observed: Observed, profile: Profile, zone: str) -> None:
        self._observed = observed
        self._profile = profile
        self._zone = zone
        # A slot without a lesson row has no key: its parts are known by its row.
        self._lessons = observed.lessons.with_row_index("_row").with_columns(
            key=pl.coalesce("lesson_key", pl.format("slot {}", "_row")),
            given_by=pl.coalesce("substitute", "teacher"),
        )
        self._looked_at = max(observed.looks, default=None)

    def part(
        self, part: Part, asked: Asked, due_for: pl.Expr, written: pl.DataFrame
    ) -> pl.DataFrame:
        """The rows of one part: due for the lessons of ``due_for``, there as ``written`` says."""
        due = self._lessons.filter(due_for).join(self._due_at((asked,)), on="_row")
        return self._judged(part, due.with_columns(record=pl.lit(None, pl.String)), written)

    def marks(self) -> pl.DataFrame:
        """The rows of the marks: each has the deadline of its kind of work."""
        marks = self._observed.marks
        of_lessons = marks.select("lesson_key", "work_type", record="key", key="key")
        held = self._lessons.filter("held").drop("key")
        due = []
        for asked, works in kinds_of_work().items():
            rows = of_lessons.filter(pl.col("work_type").is_in(works)).drop("work_type")
            due.append(rows.join(held, on="lesson_key").join(self._due_at(asked), on="_row"))
        columns = [*held.columns, "key", "record", "asked", "due_at"]
        everything = pl.concat([frame.select(columns) for frame in due])
        return self._judged(Part.MARKS, everything, self._recorded(marks))

    def seen(self, there: pl.Expr) -> pl.DataFrame:
        """When the lesson rows first had what ``there`` asks for: ``entry_times.WRITTEN``."""
        return first_written(self._observed.versions, there, self._observed.looks)

    def attendance_taken(self) -> pl.DataFrame:
        """The sign of the journal or the first record, whichever came first."""
        records = self._recorded(self._observed.attendance.with_columns(key="lesson_key"))
        both = pl.concat([self.seen(pl.col("attendance_taken")), records])
        return both.sort("key", "not_after").unique("key", keep="first", maintain_order=True)

    def _recorded(self, records: pl.DataFrame) -> pl.DataFrame:
        """Records are there as soon as they are seen: when each was written."""
        shown = records.with_columns(changed_at=pl.lit(None, INSTANT)).drop_nulls("key")
        return first_written(shown, pl.col("key").is_not_null(), self._observed.looks)

    def _judged(self, part: Part, due: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
        rows = outcomes(due, written, self._looked_at)
        return rows.with_columns(teacher="given_by", part=pl.lit(part.value)).select(*PARTS)

    def _due_at(self, asked: Sequence[Asked]) -> pl.DataFrame:
        """``_row``, ``asked`` and ``due_at`` of the lessons on whose day the first of ``asked``
        that the profile has is in force."""
        days = self._lessons["date"].unique().to_list()
        parts = [
            self._lessons.with_columns(
                asked=pl.lit(rule.code.value),
                due_at=last_moments(rule.deadline, self._lessons, self._observed.bells, self._zone),
            )
            .filter(pl.col("date").is_in(on))
            .select("_row", "asked", "due_at")
            for rule, on in in_force(self._profile, asked, days).items()
        ]
        nothing = pl.DataFrame(
            schema={"_row": pl.UInt32(), "asked": pl.String(), "due_at": INSTANT}
        )
        return pl.concat([nothing, *parts])


def _words(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars() != ""
