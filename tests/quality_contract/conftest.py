from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
import pytest

from schemas.catalogue import field_names

Row = dict[str, str | None]
Canonical = Callable[[str, Sequence[Row]], pl.DataFrame]

# One acceptable record of every entity; only the fields that must be given, and a few more.
GOOD: dict[str, Row] = {
    "term": {
        "source_key": "t1",
        "name": "1 четверть",
        "kind": "quarter",
        "number": "1",
        "start": "2026-09-01",
        "finish": "2026-10-25",
    },
    "holiday": {
        "source_key": "h1",
        "name": "Осенние",
        "kind": "vacation",
        "start": "2026-10-26",
        "finish": "2026-11-03",
    },
    "class_": {"source_key": "c1", "name": "7а", "grade_level": "7", "letter": "а"},
    "subject": {"source_key": "s1", "name": "Алгебра"},
    "group": {"source_key": "g1", "class_key": "c1", "name": "1 гр."},
    "curriculum_hours": {"class_key": "c1", "subject_key": "s1", "hours_per_week": "2.5"},
    "bell": {
        "source_key": "b1",
        "timetable": "Основное",
        "number": "1",
        "start": "08:30",
        "finish": "09:15",
    },
    "staff_member": {"person": "p1", "full_name": "Жмелеватова Анна Петровна"},
    "pupil": {
        "person": "1",
        "full_name": "Брянчихин-Ёлкин Олег",
        "birth_date": "2013-02-28",
        "snils": "112-233-445 95",
        "phone": "+7 (900) 000-00-00",
        "email": "a@b.example",
    },
    "guardian": {"person": "9", "pupil": "1", "full_name": "Брянчихина Анна", "relation": "мать"},
    "enrolment": {"pupil": "1", "class_key": "c1", "start": "2026-09-01"},
    "movement": {
        "source_key": "m1",
        "pupil": "1",
        "kind": "transfer",
        "date": "2026-09-10",
        "order_number": "12-к",
        "order_date": "2026-09-09",
        "from_class_key": "c1",
    },
    "teaching_load": {
        "teacher": "p1",
        "class_key": "c1",
        "subject_key": "s1",
        "hours_per_week": "4",
    },
    "timetable_slot": {
        "source_key": "t",
        "class_key": "c1",
        "subject_key": "s1",
        "weekday": "1",
        "number": "0",
        "valid_from": "2026-09-01",
        "valid_to": "2027-05-31",
    },
    "lesson": {
        "source_key": "l1",
        "date": "2026-09-05",
        "number": "3",
        "class_key": "c1",
        "subject_key": "s1",
        "topic": "Дроби",
        "homework_not_set": "false",
        "held": "true",
        "status": "scheduled",
        "attendance_taken": "true",
        "entered_at": "2026-09-05T14:00:00+03:00",
    },
    "mark": {
        "source_key": "m1",
        "pupil": "1",
        "lesson_key": "l1",
        "subject_key": "s1",
        "date": "2026-09-05",
        "value": "5",
        "scale": "5",
        "work_type": "control",
    },
    "attendance": {"pupil": "1", "lesson_key": "l1", "status": "ill"},
    "term_mark": {
        "pupil": "1",
        "subject_key": "s1",
        "term_key": "t1",
        "value": "pass",
        "scale": "pass_fail",
    },
    "access_account": {"person": "p1", "active": "true"},
    "uid": {"role": "pupil", "person": "1", "uid": "123456789"},
    "consent": {"source_key": "77", "pupil": "1", "applied_on": "2026-09-01"},
}


def _canonical(entity: str, rows: Sequence[Row]) -> pl.DataFrame:
    fields = dict.fromkeys(field_names(entity), pl.String())
    complete = [{name: row.get(name) for name in fields} for row in rows]
    return pl.DataFrame(complete, schema=fields, orient="row").with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("_row"),
        pl.lit("marks.xml").alias("_document"),
        (pl.int_range(pl.len(), dtype=pl.Int64) + 2).alias("_line"),
    )


@pytest.fixture(scope="session")
def canonical() -> Canonical:
    """Canonical frame of an entity out of partial rows: String fields and the origin columns."""
    return _canonical


@pytest.fixture(scope="session")
def good() -> dict[str, Row]:
    """One acceptable record of every entity."""
    return GOOD
