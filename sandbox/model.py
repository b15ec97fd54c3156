"""The pretend region as it really is, before any journal system writes it down.

Numbers (``code``) are unique within a school and kind of thing. Instants are naive and in the
region's zone. ``flaw`` on an object is the defect planted in the row that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

from sandbox.members import Class, Flaw, Guardian, Movement, Pupil, Stranger, Teacher


@dataclass
class Subject:
    code: int
    name: str


@dataclass
class Hours:
    class_: Class
    subject: Subject
    per_week: int

    @property
    def planned(self) -> float:
        """Hours a week in the curriculum: half an hour more where one lesson is timetabled."""
        return 1.5 if self.per_week == 1 else self.per_week


@dataclass
class Group:
    code: int
    class_: Class
    subject: Subject
    name: str
    pupils: list[Pupil] = field(default_factory=list)


@dataclass
class Load:
    """Lessons a week that a teacher was given for the year."""

    teacher: Teacher
    class_: Class
    group: Group | None
    subject: Subject
    per_week: int


@dataclass
class Slot:
    code: int
    class_: Class
    group: Group | None
    subject: Subject
    teacher: Teacher
    weekday: int
    number: int
    valid_from: date
    valid_to: date


@dataclass
class Mark:
    """A mark; ``earlier_value`` was shown until the day of ``corrected``, and it stood at
    ``earlier_lesson`` until the day of ``moved``."""

    code: int
    pupil: Pupil
    lesson: Lesson
    scale: str
    value: str
    work: str
    given: date
    entered: datetime
    earlier_value: str | None = None
    corrected: date | None = None
    earlier_lesson: Lesson | None = None
    moved: date | None = None
    flaw: Flaw | None = None
    twin: str | None = None  # "same" or the other value of a second row under this mark's key
    twin_flaw: Flaw | None = None

    def value_on(self, day: date) -> str:
        if self.corrected is not None and day < self.corrected and self.earlier_value:
            return self.earlier_value
        return self.value

    def lesson_on(self, day: date) -> Lesson:
        if self.moved is not None and day < self.moved and self.earlier_lesson:
            return self.earlier_lesson
        return self.lesson


@dataclass
class Absence:
    pupil: Pupil
    lesson: Lesson
    status: str
    entered: datetime
    flaw: Flaw | None = None


@dataclass
class Lesson:
    """One lesson. ``entered`` is None for a lesson nobody filled; ``shown_empty`` tells whether
    the system shows such a lesson as an empty row or not at all."""

    code: int
    slot: Slot
    day: date
    status: str = ""  # "", "cancelled" or "merged"
    substitute: Teacher | None = None
    held: bool = False
    topic: str | None = None
    homework: str | None = None
    not_set: bool = False
    attendance_taken: bool = False
    attachment: str | None = None
    entered: datetime | None = None
    changed: datetime | None = None
    shown_empty: bool = True
    marks: list[Mark] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    flaw: Flaw | None = None
    named: Flaw | None = None  # a person's name stands in the topic or homework


@dataclass
class TermMark:
    """``earlier_value`` was shown until the day of ``corrected``."""

    pupil: Pupil
    subject: Subject
    term: Term
    scale: str
    value: str
    entered: datetime
    earlier_value: str | None = None
    corrected: date | None = None

    def value_on(self, day: date) -> str:
        if self.corrected is not None and day < self.corrected and self.earlier_value:
            return self.earlier_value
        return self.value


@dataclass(frozen=True)
class Term:
    code: int
    name: str
    number: int
    start: date
    finish: date


@dataclass(frozen=True)
class Holiday:
    code: int
    name: str
    kind: str  # Каникулы, Праздник or Карантин
    start: date
    finish: date


@dataclass(frozen=True)
class Bell:
    """When lesson ``number`` begins and ends."""

    number: int
    start: time
    finish: time


@dataclass
class School:
    """A school with its people, timetable and journal. ``number`` counts from 0 in the region."""

    number: int
    code: str
    name: str
    district: str
    system: str
    format: str
    saturday: bool
    list_format: str
    profile: str = "spb"
    terms: list[Term] = field(default_factory=list)
    holidays: list[Holiday] = field(default_factory=list)
    bells: list[Bell] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    hours: list[Hours] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)
    pupils: list[Pupil] = field(default_factory=list)
    guardians: list[Guardian] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)
    term_marks: list[TermMark] = field(default_factory=list)
    missing_uploads: list[date] = field(default_factory=list)
    unreadable_uploads: list[date] = field(default_factory=list)
    lists_holidays: bool = True  # whether the office has typed them into the journal
    extra_column: Flaw | None = None
    doubled_pupil: Pupil | None = None
    doubled_flaws: list[Flaw] = field(default_factory=list)
    unknown_uid: Stranger | None = None
    unknown_applicant: Stranger | None = None

    def __post_init__(self) -> None:
        self._by_class: dict[int, list[Pupil]] = {}

    def index_pupils(self) -> None:
        """Group pupils by class; called once when all of them are known."""
        self._by_class = {c.code: [] for c in self.classes}
        for pupil in self.pupils:
            self._by_class[pupil.class_.code].append(pupil)

    @property
    def listed_holidays(self) -> list[Holiday]:
        """The holidays as the journal system shows them; everybody keeps them all the same."""
        return self.holidays if self.lists_holidays and self.system != "dnevnik_ru" else []

    def class_pupils(self, class_: Class) -> list[Pupil]:
        return self._by_class[class_.code]

    def lesson_pupils(self, lesson: Lesson) -> list[Pupil]:
        """The pupils the lesson is given to, on its day."""
        slot = lesson.slot
        invited = slot.group.pupils if slot.group else self.class_pupils(slot.class_)
        return [pupil for pupil in invited if pupil.attends(lesson.day)]

    def is_school_day(self, day: date) -> bool:
        if day.isoweekday() > (6 if self.saturday else 5):
            return False
        return not any(h.start <= day <= h.finish for h in self.holidays)
