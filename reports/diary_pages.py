"""A pupil's week on paper: one A4 page per pupil, one document per class.

The only report that names people: it is written by ``pipeline.paper.printouts`` into the private
folder of their school, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from reports import words
from reports.page import environment
from schemas.codes import AttendanceStatus

ATTENDANCE = {
    AttendanceStatus.PRESENT: "",
    AttendanceStatus.ABSENT: "пропуск",
    AttendanceStatus.UNEXCUSED: "без уважит. причины",
    AttendanceStatus.EXCUSED: "по уважит. причине",
    AttendanceStatus.ILL: "по болезни",
    AttendanceStatus.LATE: "опоздание",
    AttendanceStatus.EXEMPT: "освобождение",
}


@dataclass(frozen=True)
class Week:
    """First and last day of a school week, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class LessonLine:
    """A lesson; ``marks`` in words, ``attendance``: a value of ``AttendanceStatus``, or empty."""

    number: int
    subject: str
    topic: str
    homework: str
    homework_not_set: bool
    marks: list[str]
    attendance: str

    @property
    def absence(self) -> str:
        """What is said of the pupil's absence, in words; nothing where there was none."""
        return ATTENDANCE[AttendanceStatus(self.attendance)] if self.attendance else ""


@dataclass(frozen=True)
class DayLines:
    day: date
    lessons: list[LessonLine]


@dataclass(frozen=True)
class MarkLine:
    """A mark that stands beside no lesson of the week."""

    day: date
    subject: str
    said: str


@dataclass(frozen=True)
class DiaryPage:
    """``pupil``, ``guardians``: full names."""

    pupil: str = field(repr=False)
    guardians: list[str] = field(repr=False)
    class_name: str
    days: list[DayLines] = field(repr=False)
    other: list[MarkLine] = field(repr=False)


def render_pages(week: Week, pages: Sequence[DiaryPage]) -> str:
    """An HTML document to be printed, a page for each of ``pages``."""
    template = environment().get_template("diary_pages.html.j2")
    return template.render(
        week=week,
        pages=pages,
        long_date=words.long_date,
        short_date=words.short_date,
        weekdays=words.WEEKDAY_NAMES,
    )
