"""The contract: one pydantic model per canonical entity.

A model says what a record must hold, whatever the journal system it came from. Its
``NATURAL_KEY`` fields identify it within (school, source); ``RULES`` are conditions between
fields. Person fields hold the source's local key before ``privacy`` and a pseudonym after;
``Identity`` fields exist only before. ``ENTITIES`` lists the models in the order in which
records may refer to one another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from schemas.codes import (
    SCALE_VALUES,
    AttendanceStatus,
    Citizenship,
    Gender,
    HolidayKind,
    IdentityDocument,
    LessonStatus,
    MovementKind,
    PersonRole,
    Scale,
    TermKind,
    WorkType,
)
from schemas.fields import (
    CalendarDate,
    Code,
    DecimalNumber,
    Flag,
    FreeText,
    Identity,
    Instant,
    PersonRef,
    Ref,
    Text,
    WholeNumber,
)


@dataclass(frozen=True)
class Rule:
    """A condition between fields; ``name`` is the rule a refused record reports."""

    name: str
    field: str  # the field the message points at


@dataclass(frozen=True)
class NotBefore(Rule):
    """``field`` is not earlier than ``earlier``, where both are given."""

    earlier: str


@dataclass(frozen=True)
class OnScale(Rule):
    """``field`` is a value of the scale named by ``scale`` (``codes.SCALE_VALUES``)."""

    scale: str


@dataclass(frozen=True)
class AtLeastOne(Rule):
    """``field`` or one of ``others`` is given."""

    others: tuple[str, ...]


class Record(BaseModel):
    """Base of the canonical records: text in, typed values out, nothing unknown let through."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    NATURAL_KEY: ClassVar[tuple[str, ...]] = ("source_key",)
    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        for rule in self.RULES:
            if not _holds(rule, self):
                raise PydanticCustomError(rule.name, rule.field)
        return self


def _holds(rule: Rule, record: Record) -> bool:
    value = getattr(record, rule.field)
    match rule:
        case NotBefore(earlier=earlier):
            start = getattr(record, earlier)
            return value is None or start is None or value >= start
        case OnScale(scale=scale):
            pattern = SCALE_VALUES[getattr(record, scale)].replace("$", r"\Z")
            return re.search(pattern, value) is not None
        case AtLeastOne(others=others):
            return any(getattr(record, name) is not None for name in (rule.field, *others))
    raise TypeError(f"no reading for {type(rule).__name__}")


Key = Annotated[str, Text(longest=200)]
Name = Annotated[str, Text(longest=300)]
Day = Annotated[date, CalendarDate()]
Moment = Annotated[datetime, Instant()]
YesNo = Annotated[bool, Flag()]
GradeLevel = Annotated[int, WholeNumber(1, 12)]
LessonNumber = Annotated[int, WholeNumber(0, 15)]  # 0: a lesson before the first bell exists

Pupil_ = Annotated[str, Text(longest=300), PersonRef(PersonRole.PUPIL)]
Staff_ = Annotated[str, Text(longest=300), PersonRef(PersonRole.STAFF)]
Guardian_ = Annotated[str, Text(longest=300), PersonRef(PersonRole.GUARDIAN)]

# Validators of the contingent's clients (interfaces.md section 7.4); the SNILS checksum is
# the vault's business, since it never reaches a frame check's message.
FullName = Annotated[
    str, Text(longest=200, pattern=r"^[а-яА-ЯёЁa-zA-Z][а-яА-ЯёЁa-zA-Z .'-]*$"), Identity()
]
BirthDate = Annotated[date, CalendarDate(), Identity()]
Snils = Annotated[str, Text(pattern=r"^[0-9]{3}-[0-9]{3}-[0-9]{3} [0-9]{2}$"), Identity()]
Phone = Annotated[str, Text(longest=40, pattern=r"^[0-9+() -]+$"), Identity()]
Email = Annotated[str, Text(longest=200, pattern=r"^[^@ ]+@[^@ ]+$"), Identity()]

GenderOf = Annotated[Gender, Code(Gender), Identity()]
CitizenOf = Annotated[Citizenship, Code(Citizenship), Identity()]
DocumentKind = Annotated[IdentityDocument, Code(IdentityDocument), Identity()]
DocumentText = Annotated[str, Text(longest=30, pattern=r"^[0-9a-zA-Zа-яА-ЯёЁ №/.-]+$"), Identity()]
IssueDate = Annotated[date, CalendarDate(), Identity()]

ClassKey = Annotated[str, Text(), Ref("class_")]
GroupKey = Annotated[str, Text(), Ref("group")]
SubjectKey = Annotated[str, Text(), Ref("subject")]
LessonKey = Annotated[str, Text(), Ref("lesson")]
TermKey = Annotated[str, Text(), Ref("term")]

ClockTime = Annotated[str, Text(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
MarkValue = Annotated[str, Text(longest=20)]


class District(Record):
    source_key: Key
    name: Name


class School(Record):
    source_key: Key
    district_key: Key
    short_name: Name


class Term(Record):
    source_key: Key
    name: Name
    kind: Annotated[TermKind, Code(TermKind)]
    number: Annotated[int, WholeNumber(1, 12)]
    start: Day
    finish: Day
    RULES = (NotBefore("dates_reversed", "finish", "start"),)


class Holiday(Record):
    source_key: Key
    name: Name
    kind: Annotated[HolidayKind, Code(HolidayKind)]
    start: Day
    finish: Day
    RULES = (NotBefore("dates_reversed", "finish", "start"),)


class Class_(Record):
    source_key: Key
    name: Name
    grade_level: GradeLevel
    letter: Annotated[str, Text(longest=10)] | None = None


class Subject(Record):
    source_key: Key
    name: Name


class Group(Record):
    source_key: Key
    class_key: ClassKey
    subject_key: SubjectKey | None = None
    name: Name


class CurriculumHours(Record):
    """A subject of a class's curriculum; hours stay empty where the source has none."""

    class_key: ClassKey
    subject_key: SubjectKey
    hours_per_week: Annotated[Decimal, DecimalNumber(0, 40)] | None = None
    NATURAL_KEY = ("class_key", "subject_key")


class Bell(Record):
    """When a lesson of this number begins and ends, in one of the school's bell timetables."""

    source_key: Key
    timetable: Name
    number: LessonNumber
    start: ClockTime
    finish: ClockTime


class StaffMember(Record):
    person: Staff_
    full_name: FullName
    birth_date: BirthDate | None = None
    snils: Snils | None = None
    phone: Phone | None = None
    email: Email | None = None
    position: Name | None = None
    NATURAL_KEY = ("person",)


class Pupil(Record):
    """A child of the school; what is not known of the child stays empty, the gender too.

    Kind, series, number and day of issue are those of one document, for the contingent registry.
    Nothing is kept of health, disability or nationality (152-ФЗ, ст. 10).
    """

    person: Pupil_
    full_name: FullName
    birth_date: BirthDate | None = None
    snils: Snils | None = None
    phone: Phone | None = None
    email: Email | None = None
    gender: GenderOf | None = None
    citizenship: CitizenOf | None = None
    document_kind: DocumentKind | None = None
    document_series: DocumentText | None = None
    document_number: DocumentText | None = None
    document_issued: IssueDate | None = None
    NATURAL_KEY = ("person",)


class Guardian(Record):
    person: Guardian_
    pupil: Pupil_
    full_name: FullName
    phone: Phone | None = None
    email: Email | None = None
    relation: Name | None = None
    NATURAL_KEY = ("person", "pupil")


class Enrolment(Record):
    """A pupil in a class; open while ``finish`` is empty."""

    pupil: Pupil_
    class_key: ClassKey
    start: Day | None = None
    finish: Day | None = None
    NATURAL_KEY = ("pupil", "class_key")
    RULES = (NotBefore("dates_reversed", "finish", "start"),)


class Movement(Record):
    source_key: Key
    pupil: Pupil_
    kind: Annotated[MovementKind, Code(MovementKind)]
    date: Day
    order_number: Annotated[str, Text(longest=50)]
    order_date: Day
    from_class_key: ClassKey | None = None
    to_class_key: ClassKey | None = None
    other_school: Name | None = None  # whence a pupil is enrolled, whither withdrawn
    RULES = (AtLeastOne("missing_value", "from_class_key", ("to_class_key",)),)


class TeachingLoad(Record):
    """Hours a week that a teacher gives a class, or one group of it, in a subject."""

    teacher: Staff_
    class_key: ClassKey
    group_key: GroupKey | None = None
    subject_key: SubjectKey
    hours_per_week: Annotated[Decimal, DecimalNumber(0, 40)]
    NATURAL_KEY = ("teacher", "class_key", "group_key", "subject_key")


class TimetableSlot(Record):
    source_key: Key
    class_key: ClassKey
    group_key: GroupKey | None = None
    subject_key: SubjectKey
    teacher: Staff_ | None = None
    weekday: Annotated[int, WholeNumber(1, 7)]
    number: LessonNumber
    valid_from: Day
    valid_to: Day
    RULES = (NotBefore("dates_reversed", "valid_to", "valid_from"),)


class Lesson(Record):
    """One lesson of the journal (regulations.md section 1).

    ``homework_not_set`` is the teacher's own sign that nothing was set; ``attendance_taken``
    is the source's own sign, empty where it has none (then any attendance record proves it).
    """

    source_key: Key
    date: Day
    number: LessonNumber
    class_key: ClassKey
    group_key: GroupKey | None = None
    subject_key: SubjectKey
    teacher: Staff_ | None = None
    substitute: Staff_ | None = None
    topic: Annotated[str, Text(longest=2000), FreeText()] | None = None
    homework: Annotated[str, Text(longest=4000), FreeText()] | None = None
    homework_not_set: YesNo
    held: YesNo
    status: Annotated[LessonStatus, Code(LessonStatus)]
    attendance_taken: YesNo | None = None
    attachment: Annotated[str, Text(longest=500), FreeText()] | None = None
    entered_at: Moment | None = None
    changed_at: Moment | None = None


class Mark(Record):
    source_key: Key
    pupil: Pupil_
    lesson_key: LessonKey | None = None
    subject_key: SubjectKey
    date: Day
    value: MarkValue
    scale: Annotated[Scale, Code(Scale)]
    work_type: Annotated[WorkType, Code(WorkType)]
    given_on: Day | None = None
    entered_at: Moment | None = None
    NATURAL_KEY = ("source_key", "pupil")
    RULES = (OnScale("off_scale", "value", "scale"),)


class Attendance(Record):
    pupil: Pupil_
    lesson_key: LessonKey
    status: Annotated[AttendanceStatus, Code(AttendanceStatus)]
    entered_at: Moment | None = None
    NATURAL_KEY = ("lesson_key", "pupil")


class TermMark(Record):
    pupil: Pupil_
    subject_key: SubjectKey
    term_key: TermKey
    value: MarkValue
    scale: Annotated[Scale, Code(Scale)]
    entered_at: Moment | None = None
    NATURAL_KEY = ("term_key", "subject_key", "pupil")
    RULES = (OnScale("off_scale", "value", "scale"),)


class AccessAccount(Record):
    """A teacher's right to open the journal (SPB annex 4, last column)."""

    person: Staff_
    active: YesNo
    NATURAL_KEY = ("person",)


class Uid(Record):
    """The portal's numeric code of a person (SPB), by local key or by a claim to be matched."""

    role: Annotated[PersonRole, Code(PersonRole)]
    person: Key | None = None  # a PersonRef whose role stands in ``role``
    full_name: FullName | None = None
    class_name: Name | None = None
    uid: Annotated[str, Text(pattern=r"^[0-9]{6,12}$"), Identity()]
    NATURAL_KEY = ("person",)
    RULES = (AtLeastOne("missing_value", "person", ("full_name",)),)


class Consent(Record):
    """A guardian's application for the diary service, and its end (VLK 3.1, KGL annex 4)."""

    source_key: Key
    pupil: Pupil_ | None = None
    full_name: FullName | None = None  # the child's, where the list knows no local key
    class_name: Name | None = None
    applicant_name: FullName | None = None
    applied_on: Day
    registered_on: Day | None = None
    refused_on: Day | None = None
    NATURAL_KEY = ("source_key", "pupil")
    RULES = (
        AtLeastOne("missing_value", "pupil", ("full_name",)),
        NotBefore("dates_reversed", "registered_on", "applied_on"),
        NotBefore("dates_reversed", "refused_on", "applied_on"),
    )


# Order matters: a record may refer only to entities above it.
ENTITIES: dict[str, type[Record]] = {
    "term": Term,
    "holiday": Holiday,
    "class_": Class_,
    "subject": Subject,
    "group": Group,
    "curriculum_hours": CurriculumHours,
    "bell": Bell,
    "staff_member": StaffMember,
    "pupil": Pupil,
    "guardian": Guardian,
    "enrolment": Enrolment,
    "movement": Movement,
    "teaching_load": TeachingLoad,
    "timetable_slot": TimetableSlot,
    "lesson": Lesson,
    "mark": Mark,
    "attendance": Attendance,
    "term_mark": TermMark,
    "access_account": AccessAccount,
    "uid": Uid,
    "consent": Consent,
}
