"""``svod bench measure``: what it costs to measure a school again, and to read figures of a region.

The rows are invented by the database: a school of 40 classes with six lessons a day, and days of a
region, each known in three versions. Nothing of it is a record that a journal could hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection, insert, text

from pipeline.hub import Hub
from pipeline.measuring.figures_by import Each, Level, Question, figures_by
from pipeline.measuring.measure import measure
from pipeline.scope import Scope
from schemas.tables import districts, school_years, schools, sources

SCHOOL, YEAR, ZONE = "780000", 2026, "Europe/Moscow"
FIRST, LAST = date(2026, 9, 1), date(2027, 5, 31)
DISTRICTS = 18

_OWN = f"{YEAR}, '{SCHOOL}', 'paragraf'"
_KNOWN = "'', 'bench', (:day + time '17:00') AT TIME ZONE 'Europe/Moscow'"
_ROW = f"{_KNOWN}, (:day + time '17:00') AT TIME ZONE 'Europe/Moscow'"
_COLUMNS = "content_hash, recorded_run, recorded_at, first_seen_at"
_PLACE = "school_year, school, source, key"
_DAY = "to_char(CAST(:day AS date), 'MMDD') || '-'"

_STRUCTURE = [
    f"""INSERT INTO journal.class_ ({_PLACE}, source_key, name, grade_level, {_COLUMNS})
SELECT {_OWN}, 'c' || c, 'c' || c, 'c' || c, 1 + c % 11, {_ROW} FROM generate_series(1, 40) c""",
    f"""INSERT INTO journal.timetable_slot ({_PLACE}, source_key, class_key, subject_key, teacher,
  weekday, number, valid_from, valid_to, {_COLUMNS})
SELECT {_OWN}, concat_ws('-', c, w, n), concat_ws('-', c, w, n), 'c' || c, 's' || (c + w + n) % 14,
  't' || (c * 7 + n) % 60, w, n, '{FIRST}', '{LAST}', {_ROW}
FROM generate_series(1, 40) c, generate_series(1, 6) w, generate_series(1, 6) n""",
]
_EVENING = [
    f"""INSERT INTO journal.lesson ({_PLACE}, source_key, date, number, class_key, subject_key,
  topic, homework_not_set, held, status, attendance_taken, {_COLUMNS})
SELECT {_OWN}, {_DAY} || c || '-' || n, {_DAY} || c || '-' || n, :day, n, 'c' || c,
  's' || (c + extract(isodow FROM CAST(:day AS date))::int + n) % 14, 'Дроби', true, true,
  'scheduled', true, {_ROW}
FROM generate_series(1, 40) c, generate_series(1, 6) n""",
    f"""INSERT INTO journal.mark ({_PLACE}, source_key, pupil, lesson_key, subject_key, date, value,
  scale, work_type, {_COLUMNS})
SELECT {_OWN}, {_DAY} || p || '-' || n, {_DAY} || p || '-' || n, 'p' || p,
  {_DAY} || 1 + p % 40 || '-' || n, 's', :day, '5', '5', 'oral', {_ROW}
FROM generate_series(0, 999) p, generate_series(1, 6) n WHERE (p + n) % 4 = 0""",
    f"""INSERT INTO ops.uploads (school, source, ref, upload_date, taken_at, accepted, run_id)
SELECT '{SCHOOL}', 'paragraf', CAST(:day AS date)::text, :day,
  (:day + time '17:00') AT TIME ZONE 'Europe/Moscow', true, 'bench'""",
]
_REGION = f"""
INSERT INTO quality.day_cells (school, day, as_of, until, cause, lessons, held, topic, homework_due,
  homework, attendance, marks, filled, parts_in_time, parts_judged, uploads_due, uploaded)
SELECT ({SCHOOL} + s)::text, d.day, d.day + v.since, d.day + v.until, 'uploaded', 240, 220, 210,
  180, 150, 200, 180, 100, 700, 900, 1, 1
FROM generate_series(1, :schools - 1) s,
  (SELECT CAST('{FIRST}' AS date) + n + n / 5 * 2 AS day FROM generate_series(0, :days - 1) n) d,
  (VALUES (0, 1), (1, 3), (3, NULL)) v(since, until)"""


@dataclass(frozen=True)
class Took:
    """What was done, and milliseconds; ``rows`` that it read or gave."""

    what: str
    rows: int
    ms: int


def measuring(hub: Hub, days: int) -> list[Took]:
    """A school of ``days`` days measured from scratch, then after one more evening."""
    with hub.engine.begin() as connection:
        _open_school(connection)
        for n in range(days):
            _evening(connection, FIRST + timedelta(days=n))
        connection.execute(text("UPDATE journal.lesson SET topic = NULL WHERE number = 6"))
    last = FIRST + timedelta(days=days - 1)
    took = [_timed(f"school, {days} days, from scratch", partial(_measure, hub, last))]
    with hub.engine.begin() as connection:
        _evening(connection, last + timedelta(days=1))
    again = partial(_measure, hub, last + timedelta(days=1))
    took.append(_timed("the same after one more day", again))
    return took


def reading(hub: Hub, schools_: int, days: int) -> list[Took]:
    """Figures of the measured school and of a region of ``schools_`` with ``days`` school days."""
    with hub.engine.begin() as connection:
        _fill(connection, schools_, days)
        connection.execute(text("UPDATE quality.measures SET as_of = :last"), {"last": LAST})
    own, whole = Scope.of_schools(SCHOOL), Scope.of_region()
    asked = [
        *(Question(level, own, FIRST, LAST) for level in (Level.CLASS, Level.TEACHER)),
        *(Question(level, whole, FIRST, LAST) for level in (Level.REGION, Level.DISTRICT)),
        Question(Level.REGION, whole, FIRST, LAST, Each.WEEK),
    ]
    return [_timed(_words(one), partial(_read, hub, one)) for one in asked]


def fill_region(hub: Hub, schools_: int, days: int) -> None:
    """The registry and the days of a region, without a journal to measure."""
    with hub.engine.begin() as connection:
        _open_school(connection)
        _fill(connection, schools_, days)


def _fill(connection: Connection, schools_: int, days: int) -> None:
    """The other schools of a region, and their days."""
    rows = [
        {"code": str(int(SCHOOL) + n), "name": f"Школа {n}", "district": f"d{n % DISTRICTS}",
         "profile": "spb", "school_year": YEAR, "connected_on": FIRST}
        for n in range(1, schools_)
    ]  # fmt: skip
    connection.execute(insert(schools), rows)
    connection.execute(text(_REGION), {"schools": schools_, "days": days})


def _open_school(connection: Connection) -> None:
    connection.execute(
        insert(school_years),
        {"school_year": YEAR, "zone": ZONE, "start": FIRST, "finish": LAST},
    )
    rows = [{"code": f"d{n}", "name": f"Район {n}"} for n in range(DISTRICTS)]
    connection.execute(insert(districts), rows)
    connection.execute(
        insert(schools),
        {"code": SCHOOL, "name": "Школа", "district": "d0", "profile": "spb",
         "school_year": YEAR, "connected_on": FIRST},
    )  # fmt: skip
    journal = {"school": SCHOOL, "kind": "paragraf", "mapping": "timetable", "settings": {}}
    connection.execute(insert(sources), journal)
    for statement in _STRUCTURE:
        connection.execute(text(statement), {"day": FIRST})


def _evening(connection: Connection, day: date) -> None:
    for statement in _EVENING:
        connection.execute(text(statement), {"day": day})


def _measure(hub: Hub, on: date) -> int:
    summary = measure(
        hub.engine,
        run_id="bench",
        business_date=on,
        date_from=FIRST,
        zone=ZONE,
        schedule_basis=lambda mapping: mapping,
    )
    return summary.region["held"][1]


def _read(hub: Hub, asked: Question) -> int:
    with hub.engine.begin() as connection:
        return figures_by(connection, asked, lambda mapping: mapping).height


def _words(asked: Question) -> str:
    each = f", each {asked.each.value}" if asked.each else ""
    return f"figures by {asked.level.value} of the year{each}"


def _timed(what: str, act: Callable[[], int]) -> Took:
    started = time.perf_counter()
    rows = act()
    return Took(what, rows, round((time.perf_counter() - started) * 1000))
