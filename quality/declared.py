"""What the hub measures beside what a school declares, and where the two differ, in words.

St Petersburg, annex 3 (form 2). A declared rhythm differs from the measured one where, rounded to
times a week, or a month of four weeks, they are not the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quality.forms import FormRow
from quality.passports import NO, NO_DATA, YES, PassportField, Value, passport_fields
from quality.uploads import frequency_words

NOT_DECLARED = "не заявлено"
Ratio = tuple[int, int]  # what is there, of what is due

# The measure that stands beside a declared «да» or «нет».
_MEASURES = {
    "topic": "topic",
    "lesson_marks": "marks",
    "absences": "attendance",
    "homework": "homework",
}


@dataclass(frozen=True)
class Facts:
    """What is measured of a school. ``measures``: by code; ``in_time``: lessons entered on their
    day, of those of which that can be said; ``uploads``: days; ``week``: school days a week;
    ``registration_days``: the longest of the period, None where nothing was registered."""

    measures: Mapping[str, Ratio] = field(default_factory=dict)
    in_time: Ratio = (0, 0)
    uploads: Ratio = (0, 0)
    week: int = 5
    registration_days: int | None = None


@dataclass(frozen=True)
class Beside:
    """``measured`` in words; ``difference`` is empty where the two agree or one is not known."""

    measured: str
    difference: str = ""


def beside(row: FormRow, values: Mapping[str, Value], facts: Facts) -> Beside:
    """What is measured of ``row``, and how it differs from what ``values`` declare."""
    code = row.measured
    known: PassportField = next(one for one in passport_fields().fields if one.code == code)
    if code == "registration_days":
        return _registration(facts.registration_days, values.get(code))
    if code == "entry_frequency":
        return _rhythm(known, values.get(code), facts.in_time, facts.week, "уроков")
    if code == "upload_frequency":
        return _rhythm(known, values.get(code), facts.uploads, facts.week, "учебных дней")
    return _share(row, values.get(code), facts.measures.get(_MEASURES[code], (0, 0)))


def percent(ratio: Ratio) -> str:
    """``94,1 %``, parted by a space that does not break; never rounded up to a full hundred."""
    part, whole = ratio
    tenths = round(1000 * part / whole)
    if tenths == 1000 and part < whole:
        tenths = 999
    return f"{tenths // 10},{tenths % 10}\u00a0%"


def _registration(longest: int | None, declared: Value | None) -> Beside:
    if longest is None:
        return Beside(NO_DATA, _declared(declared))
    measured = f"дольше всего {longest} дн."
    if declared is not None and longest > int(declared):
        return Beside(measured, f"заявлено {declared} дн., измерено {longest} дн.")
    return Beside(measured, _declared(declared))


def _rhythm(known: PassportField, declared: Value | None, is_: Ratio, week: int, of: str) -> Beside:
    """A rhythm as the documents say it: ``known.daily`` stands for what is done every time."""
    part, whole = is_
    if not whole:
        return Beside(NO_DATA, _declared(declared))
    said = f"{percent(is_)} {of} ({part} из {whole})"
    if not part:
        words = f"не {known.daily}"
    else:
        words = frequency_words(part, whole, week).replace("ежедневно", known.daily)
    measured = f"{words}: {said}"
    if declared is not None and known.words(declared) != words:
        return Beside(measured, f"заявлено «{known.words(declared)}», измерено «{words}»")
    return Beside(measured, _declared(declared))


def _share(row: FormRow, declared: Value | None, is_: Ratio) -> Beside:
    part, whole = is_
    if not whole or row.confirmed_from is None:
        return Beside(NO_DATA, _declared(declared))
    measured = f"{percent(is_)} уроков ({part} из {whole})"
    enough = 100 * part >= row.confirmed_from * whole
    if declared == YES and not enough:
        return Beside(measured, f"заявлено «да», не внесено в {whole - part} из {whole} уроков")
    if declared == NO and enough:
        return Beside(measured, f"заявлено «нет», внесено в {part} из {whole} уроков")
    return Beside(measured, _declared(declared))


def _declared(declared: Value | None) -> str:
    return NOT_DECLARED if declared is None else ""
