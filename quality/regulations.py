"""What a regulation asks, as values that a check can count with.

A rule of a profile has a code of ``Asked``; the code says which values it must hold. Times are
those of the region's zone. Each rule keeps the words and the place of its document, and the days
on which it is in force.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """Base of what a profile holds: nothing unknown, no guessing of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Citation(Strict):
    """The place in a document that a value or a definition rests on."""

    document: str = Field(min_length=1)
    clause: str = Field(min_length=1)


class Asked(StrEnum):
    """What a document can ask for."""

    LESSON_ENTERED = "lesson_entered"  # topic, held sign and teacher are in the journal
    ATTENDANCE_ENTERED = "attendance_entered"
    SUBSTITUTION_ENTERED = "substitution_entered"
    HOMEWORK_ENTERED = "homework_entered"
    LESSON_MARKS = "lesson_marks"
    CONTROL_MARKS = "control_marks"
    WRITTEN_MARKS = "written_marks"
    TERM_MARKS = "term_marks"
    MARKS_TO_GRADE = "marks_to_grade"
    ACCUMULATION = "accumulation"
    MARK_AFTER_LESSONS = "mark_after_lessons"
    NO_BACKDATING = "no_backdating"
    STRUCTURE_FILLED = "structure_filled"
    PAPER_EQUALS = "paper_equals"
    JOURNAL_CHECK = "journal_check"
    DIARY_CHECK = "diary_check"
    DAILY_UPLOAD = "daily_upload"
    FULL_UPLOAD = "full_upload"
    ACTIVATION = "activation"


class SameDay(Strict):
    """Until midnight of the day it is about."""

    until: Literal["same_day"]


class WithinDays(Strict):
    """Until midnight of the day that comes ``days`` calendar days later."""

    until: Literal["days"]
    days: int = Field(ge=1, le=60)


class AfterLastLesson(Strict):
    """``minutes`` after the bell that ends the day's last lesson of the ``teacher`` or ``class``.

    Where the journal has no bells, until midnight of the day: what a clock nobody knows would
    say is no ground to blame anybody.
    """

    until: Literal["after_last_lesson"]
    of: Literal["teacher", "class"]
    minutes: int = Field(ge=0, le=600)


Deadline = Annotated[SameDay | WithinDays | AfterLastLesson, Field(discriminator="until")]


class Step(Strict):
    """What holds for subjects of up to ``hours_up_to`` hours a week (None: of any more)."""

    hours_up_to: float | None = None
    value: int = Field(ge=0)


Steps = Annotated[list[Step], Field(min_length=1)]


class MarksByWeek(Strict):
    """After ``weeks`` full weeks of the term a pupil has at least these marks."""

    weeks: int = Field(ge=1)
    marks: Steps


class Share(Strict):
    """From ``day`` on the share is at least ``least`` per cent."""

    day: date
    least: int = Field(ge=0, le=100)


class Rule(Strict):
    """A rule in words, its source, and the days on which it is in force (both included)."""

    code: Asked
    title: str = Field(min_length=1)
    words: str = Field(min_length=1)  # the document's own value
    citation: Citation
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on ``day``."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


class EnteredInTime(Rule):
    """Something of a lesson is entered by its deadline."""

    code: Literal[
        Asked.LESSON_ENTERED,
        Asked.ATTENDANCE_ENTERED,
        Asked.SUBSTITUTION_ENTERED,
        Asked.HOMEWORK_ENTERED,
        Asked.LESSON_MARKS,
        Asked.CONTROL_MARKS,
        Asked.WRITTEN_MARKS,
    ]
    deadline: Deadline


class TermMarksInTime(Rule):
    """Every pupil has a term mark, given within the last ``days`` days of the term."""

    code: Literal[Asked.TERM_MARKS]
    days: int = Field(ge=1, le=31)


class MarksToGrade(Rule):
    """How many marks a pupil needs to be graded at the end of a term, by hours a week."""

    code: Literal[Asked.MARKS_TO_GRADE]
    least: Steps


class Accumulation(Rule):
    """How many marks a pupil has in the course of a term.

    ``free_weeks``: how long nothing is asked; ``marks``: what is asked after which week. Pupils who
    did not attend are not counted.
    """

    code: Literal[Asked.ACCUMULATION]
    free_weeks: Steps
    marks: Annotated[list[MarksByWeek], Field(min_length=1)]


class MarkAfterLessons(Rule):
    """Who attended ``lessons`` lessons of a subject in a row has a mark of them.

    The first ``free_after_holidays`` lessons after holidays are not counted.
    """

    code: Literal[Asked.MARK_AFTER_LESSONS]
    lessons: int = Field(ge=1)
    free_after_holidays: int = Field(ge=0)


class Forbidden(Rule):
    """No mark appears or changes after its deadline, nor after its term is closed."""

    code: Literal[Asked.NO_BACKDATING]


class ByDate(Rule):
    """Done by this day of each school year: ``month`` and ``day`` of its first calendar year."""

    code: Literal[Asked.STRUCTURE_FILLED]
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)


class Repeated(Rule):
    """Done again and again; ``after_rollover``: once more when the school year is closed."""

    code: Literal[Asked.JOURNAL_CHECK, Asked.DIARY_CHECK, Asked.DAILY_UPLOAD, Asked.FULL_UPLOAD]
    every: Literal["school_day", "week", "month"]
    after_rollover: bool = False


class Equality(Rule):
    """The electronic journal says what the paper one says."""

    code: Literal[Asked.PAPER_EQUALS]


class Growing(Rule):
    """A share that grows by dates."""

    code: Literal[Asked.ACTIVATION]
    shares: Annotated[list[Share], Field(min_length=1)]


AnyRule = Annotated[
    EnteredInTime
    | TermMarksInTime
    | MarksToGrade
    | Accumulation
    | MarkAfterLessons
    | Forbidden
    | ByDate
    | Repeated
    | Equality
    | Growing,
    Field(discriminator="code"),
]


def least_of(steps: list[Step], hours: float) -> int:
    """The value of the first step that ``hours`` a week fits; ``ValueError`` if none does."""
    for step in steps:
        if step.hours_up_to is None or hours <= step.hours_up_to:
            return step.value
    raise ValueError(f"no step for {hours} hours a week")
