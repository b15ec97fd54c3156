"""A school with a few invented people, as canonical frames."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from schemas.catalogue import fields_of
from schemas.fields import CalendarDate, DecimalNumber, Flag, Instant, WholeNumber

SCHOOL = "781001"

PEOPLE = [
    {
        "surname": "Брянчихина",
        "given": "Алёна",
        "patronymic": "Петровна",
        "snils": "101-000-037 29",
        "phone": "+7 900 000-00-01",
        "email": "bryanchihina.1@example.ru",
    },
    {
        "surname": "Жмелеватов",
        "given": "Лев",
        "patronymic": "Олегович",
        "snils": "101-000-074 34",
        "phone": "+7 900 000-00-02",
        "email": "zhmelevatov.2@example.ru",
    },
    {
        "surname": "Аргуняхина",
        "given": "Зоя",
        "patronymic": "Юрьевна",
        "snils": "101-000-111 22",
        "phone": "+7 900 000-00-03",
        "email": "argunyahina.3@example.ru",
    },
    {
        "surname": "Багрячинский",
        "given": "Иван",
        "patronymic": "Павлович",
        "snils": None,
        "phone": "+7 900 000-00-04",
        "email": None,
    },
]


def full_name(number: int) -> str:
    person = PEOPLE[number]
    return f"{person['surname']} {person['given']} {person['patronymic']}"


def identity(number: int) -> dict[str, Any]:
    person = PEOPLE[number]
    return {name: person[name] for name in ("snils", "phone", "email")} | {
        "full_name": full_name(number)
    }


def canonical(entity: str, *rows: dict[str, Any], document: str = "d.xml") -> pl.DataFrame:
    """A typed canonical frame of ``entity``; fields that a row does not name are null."""
    schema = {field.name: _dtype(field.kind) for field in fields_of(entity)}
    frame = pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)
    return frame.with_row_index("_row").with_columns(
        _document=pl.lit(document), _line=pl.col("_row").cast(pl.Int64) + 2
    )


def _dtype(kind: object) -> Any:
    match kind:
        case WholeNumber():
            return pl.Int64
        case DecimalNumber():
            return pl.Float64
        case CalendarDate():
            return pl.Date
        case Instant():
            return pl.Datetime("us", "UTC")
        case Flag():
            return pl.Boolean
    return pl.String


def journal() -> dict[str, pl.DataFrame]:
    """An upload of a journal: two pupils of 7а, a guardian of both, a teacher, two lessons."""
    lesson = {
        "date": date(2026, 9, 5),
        "number": 1,
        "class_key": "c7",
        "subject_key": "s1",
        "teacher": "T1",
        "homework_not_set": False,
        "held": True,
        "status": "scheduled",
    }
    return {
        "class_": canonical("class_", {"source_key": "c7", "name": "7 а", "grade_level": 7}),
        "subject": canonical("subject", {"source_key": "s1", "name": "Алгебра"}),
        "staff_member": canonical(
            "staff_member", {"person": "T1", "position": "учитель", **identity(3)}
        ),
        "pupil": canonical(
            "pupil",
            {"person": "P1", "birth_date": date(2013, 4, 2), **identity(0)},
            {"person": "P2", **identity(1)},
        ),
        "guardian": canonical(
            "guardian",
            *(
                {
                    "person": "G1",
                    "pupil": pupil,
                    "relation": "мать",
                    "full_name": full_name(2),
                    "phone": PEOPLE[2]["phone"],
                }
                for pupil in ("P1", "P2")
            ),
        ),
        "enrolment": canonical(
            "enrolment",
            {"pupil": "P1", "class_key": "c7", "start": date(2026, 9, 1)},
            {"pupil": "P2", "class_key": "c7"},
        ),
        "lesson": canonical(
            "lesson",
            {"source_key": "L1", "topic": "Дроби", "homework": "№ 12", **lesson},
            {"source_key": "L2", "topic": "Опрос Жмелеватова", "homework": "§ 3", **lesson},
        ),
        "mark": canonical(
            "mark",
            {
                "source_key": "M1",
                "pupil": "P1",
                "lesson_key": "L1",
                "subject_key": "s1",
                "date": date(2026, 9, 5),
                "value": "5",
                "scale": "5",
                "work_type": "lesson_work",
            },
        ),
    }
