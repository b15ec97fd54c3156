"""Closed lists of the domain, with the words they stand for in the documents."""

from __future__ import annotations

from enum import StrEnum


class PersonRole(StrEnum):
    PUPIL = "pupil"
    STAFF = "staff"
    GUARDIAN = "guardian"


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"


class Citizenship(StrEnum):
    RUSSIAN = "russian"  # гражданин РФ
    DUAL = "dual"  # гражданин РФ и иностранного государства
    FOREIGN = "foreign"
    STATELESS = "stateless"  # лицо без гражданства


class IdentityDocument(StrEnum):
    """What a pupil is identified by; military papers are not among them."""

    BIRTH_CERTIFICATE = "birth_certificate"
    FOREIGN_BIRTH_CERTIFICATE = "foreign_birth_certificate"
    PASSPORT = "passport"  # паспорт гражданина РФ
    TRAVEL_PASSPORT = "travel_passport"  # загранпаспорт гражданина РФ
    TEMPORARY_CARD = "temporary_card"  # временное удостоверение личности гражданина РФ
    FOREIGN_PASSPORT = "foreign_passport"
    RESIDENCE_PERMIT = "residence_permit"  # вид на жительство
    TEMPORARY_RESIDENCE = "temporary_residence"  # разрешение на временное проживание
    STATELESS_CARD = "stateless_card"  # удостоверение лица без гражданства
    REFUGEE_CARD = "refugee_card"
    REFUGEE_APPLICANT_CARD = "refugee_applicant_card"
    REFUGEE_APPLICATION = "refugee_application"  # свидетельство о рассмотрении ходатайства
    ASYLUM_CARD = "asylum_card"  # удостоверение получившего временное убежище
    ASYLUM_CERTIFICATE = "asylum_certificate"
    OTHER = "other"


class TermKind(StrEnum):
    QUARTER = "quarter"  # четверть
    TRIMESTER = "trimester"
    HALF_YEAR = "half_year"  # полугодие
    MODULE = "module"
    YEAR = "year"


class HolidayKind(StrEnum):
    VACATION = "vacation"  # каникулы
    PUBLIC_HOLIDAY = "public_holiday"
    QUARANTINE = "quarantine"


class MovementKind(StrEnum):
    ENROLMENT = "enrolment"  # зачисление
    TRANSFER = "transfer"  # перевод
    WITHDRAWAL = "withdrawal"  # выбытие


class LessonStatus(StrEnum):
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    MERGED = "merged"  # joined to another lesson, which carries the record


class Scale(StrEnum):
    FIVE = "5"
    TEN = "10"
    HUNDRED = "100"
    PASS_FAIL = "pass_fail"
    LEVELS = "levels"
    CRITERIA = "criteria"
    CODE = "code"  # said in words: debt, exempt, not assessed, taught without marks


# The values a scale knows, as anchored patterns (regulations.md section 2, last paragraph).
# FIVE keeps 1: the scale has it, though the documents name only 2-5.
# CODE: Д долг, осв, н/а, безотм.
SCALE_VALUES: dict[Scale, str] = {
    Scale.FIVE: r"^[1-5]$",
    Scale.TEN: r"^([1-9]|10)$",
    Scale.HUNDRED: r"^([0-9]|[1-9][0-9]|100)$",
    Scale.PASS_FAIL: r"^(pass|fail)$",
    Scale.LEVELS: r"^(high|above_middle|middle|below_middle|low)$",
    Scale.CRITERIA: r"^[A-D][0-8]$",
    Scale.CODE: r"^(debt|exempt|not_assessed|no_marks)$",
}


class WorkType(StrEnum):
    LESSON_WORK = "lesson_work"  # работа на уроке
    ORAL = "oral"
    HOMEWORK = "homework"
    INDEPENDENT = "independent"  # самостоятельная
    WRITTEN = "written"
    CONTROL = "control"  # контрольная
    TEST = "test"
    PROJECT = "project"
    OTHER = "other"


class AttendanceStatus(StrEnum):
    PRESENT = "present"  # explicit sign; proves that attendance was taken; never delivered
    ABSENT = "absent"  # reason not given
    UNEXCUSED = "unexcused"
    EXCUSED = "excused"  # Н/у
    ILL = "ill"  # Н/б
    LATE = "late"  # Опз
    EXEMPT = "exempt"  # осв
