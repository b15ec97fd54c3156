"""The school year: quarters, holidays and the days a region has off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sandbox.model import Bell, Holiday, Term

TERMS = (
    Term(1, "1 четверть", 1, date(2026, 9, 1), date(2026, 10, 25)),
    Term(2, "2 четверть", 2, date(2026, 11, 3), date(2026, 12, 29)),
    Term(3, "3 четверть", 3, date(2027, 1, 11), date(2027, 3, 21)),
    Term(4, "4 четверть", 4, date(2027, 3, 30), date(2027, 5, 31)),
)

# Days without lessons in every school of the region (region.yml).
DAYS_OFF = (
    (date(2026, 11, 4), "День народного единства"),
    (date(2027, 2, 23), "День защитника Отечества"),
    (date(2027, 3, 8), "Международный женский день"),
    (date(2027, 5, 3), "Праздник Весны и Труда"),
    (date(2027, 5, 10), "День Победы"),
)

_VACATIONS = (
    ("Осенние каникулы", date(2026, 10, 26), date(2026, 11, 2)),
    ("Зимние каникулы", date(2026, 12, 30), date(2027, 1, 10)),
    ("Весенние каникулы", date(2027, 3, 22), date(2027, 3, 29)),
)

QUARANTINE = ("Карантин по ОРВИ", date(2026, 9, 10), date(2026, 9, 11))


BELL_TIMETABLE = "Основное"
_FIRST_BELL = datetime.combine(TERMS[0].start, time(8, 30))
_LESSON, _LESSON_AND_BREAK = timedelta(minutes=45), timedelta(minutes=55)


def bells(count: int) -> list[Bell]:
    """The bell timetable of a school day of ``count`` lessons."""
    starts = [_FIRST_BELL + _LESSON_AND_BREAK * place for place in range(count)]
    return [
        Bell(number, start.time(), (start + _LESSON).time())
        for number, start in enumerate(starts, start=1)
    ]


def holidays(*, quarantine: bool) -> list[Holiday]:
    """Holidays of a school; ``quarantine`` closes it for two days of September as well."""
    rows = [(name, "Каникулы", start, finish) for name, start, finish in _VACATIONS]
    rows += [(name, "Праздник", day, day) for day, name in DAYS_OFF]
    if quarantine:
        rows.append((QUARANTINE[0], "Карантин", QUARANTINE[1], QUARANTINE[2]))
    return [Holiday(code, *row) for code, row in enumerate(rows, start=1)]


def days(start: date, finish: date) -> Iterator[date]:
    """Every day from ``start`` to ``finish``, both included."""
    for offset in range((finish - start).days + 1):
        yield start + timedelta(days=offset)


def business_dates(start: date, finish: date) -> list[date]:
    """The evenings on which the hub runs: Monday to Saturday, without the region's days off."""
    off = {day for day, _ in DAYS_OFF}
    return [day for day in days(start, finish) if day.isoweekday() < 7 and day not in off]
