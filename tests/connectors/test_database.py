"""A school's database on a real Firebird server: one snapshot, and clear words when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from connectors.base import RawDocument, Upload
from connectors.database import DatabaseSource
from connectors.database.answers import write_answer
from connectors.database.source import Bounds
from connectors.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from connectors.registry import make_source
from mappings import load, translate
from tests.connectors.firebird import Firebird, running
from tests.connectors.samples.database import NAME, QUERIES, SCHEMA

UNTIL = date(2026, 9, 18)


@pytest.fixture(scope="module")
def firebird() -> Iterator[Firebird]:
    with TemporaryDirectory(prefix="svod-firebird-") as folder, running(Path(folder)) as server:
        server.create(NAME, SCHEMA)
        yield server


def source(url: str, queries: dict[str, str] | None = None, **more: Any) -> DatabaseSource:
    zone = ZoneInfo("Europe/Moscow")
    return DatabaseSource("781001", url, queries or QUERIES, zone, date(2026, 9, 1), **more)


def upload_of(made: DatabaseSource) -> Upload:
    [upload] = made.pending(UNTIL)
    return upload


def fetched(made: DatabaseSource) -> list[RawDocument]:
    return list(made.fetch(upload_of(made)))


def test_every_kind_of_value_is_spelt_as_in_the_files(firebird: Firebird) -> None:
    made = source(firebird.url(NAME))
    parsed = made.parse(upload_of(made), fetched(made))
    assert parsed.problems == []
    assert all(table.complete for table in parsed.tables)
    rows = {table.name: table.frame.drop("_document").rows() for table in parsed.tables}
    assert rows == {
        "classes": [("10", "7а", "7", 1)],
        "pupils": [
            ("100", "Жмелеватов", "Пётр", "01.02.2013", "10", "01.09.2026", "12345678", 1),
            ("101", "Брянчихина", None, None, "10", "01.09.2026", None, 2),
        ],
        "lessons": [("17", "05.09.2026", "2", "Дроби; части", "да", "05.09.2026 13:40:00", 1)],
        "marks": [("1", "1.50", "4.25", 1)],
    }


def test_the_same_mapping_reads_it_as_reads_the_files(firebird: Firebird) -> None:
    made = source(firebird.url(NAME), {name: QUERIES[name] for name in ("classes", "pupils")})
    parsed = made.parse(upload_of(made), fetched(made))
    translated = translate(load("paragraf/3.21"), parsed.tables, zone="Europe/Moscow")
    assert translated.refusals.is_empty()
    assert translated.findings == []
    pupil = translated.frames["pupil"].sort("person").row(0, named=True)
    assert (pupil["person"], pupil["birth_date"]) == ("100", "2013-02-01")
    assert translated.frames["enrolment"].height == 2
    assert "mark" in translated.incomplete  # no query, no proof that there are no marks


def test_all_queries_see_one_state(firebird: Firebird) -> None:
    """Another writer commits between the first query and the second."""
    other = create_engine(firebird.url(NAME))
    made = source(firebird.url(NAME), {name: QUERIES[name] for name in ("classes", "pupils")})
    answer = made._answer

    def meddled(connection: Any, table: str, query: str, upload: Upload) -> RawDocument:
        document = answer(connection, table, query, upload)
        if table == "classes":
            with other.begin() as writer:
                writer.execute(text("INSERT INTO UCHENIK (ID, FAM) VALUES (999, 'Новый')"))
        return document

    made._answer = meddled  # type: ignore[method-assign]
    documents = fetched(made)
    assert "999" not in documents[1].content.decode()
    made._answer = answer  # type: ignore[method-assign]
    assert "999" in fetched(made)[1].content.decode()
    with other.begin() as writer:
        writer.execute(text("DELETE FROM UCHENIK WHERE ID = 999"))
    other.dispose()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("SELECT NOPE FROM KLASS", Misconfigured),
        ("SELECT 1 FROM NOPE", Misconfigured),
        ("SELEC 1", Misconfigured),
        ("SELECT FOTO FROM UCHENIK", Misconfigured),
        ("SELECT 1 FROM KLASS WHERE NAZV = :other", Misconfigured),
        ("UPDATE KLASS SET NAZV = 'x'", Misconfigured),
    ],
)
def test_a_wrong_query_is_named_by_its_table(
    firebird: Firebird, wrong: str, error: type[ConnectorError]
) -> None:
    with pytest.raises(error) as caught:
        fetched(source(firebird.url(NAME), {"classes": QUERIES["classes"], "marks": wrong}))
    assert caught.value.where == "marks"
    assert caught.value.fix
    [classes] = fetched(source(firebird.url(NAME), {"classes": QUERIES["classes"]}))
    assert "7а" in classes.content.decode()  # what a query changed was never committed


def test_a_wrong_password_and_a_missing_database_are_told_apart(firebird: Firebird) -> None:
    with pytest.raises(AccessDenied) as caught:
        fetched(source(firebird.url(NAME, password="wrong-word")))
    assert "wrong-word" not in f"{caught.value} {caught.value.fix}"
    with pytest.raises(Unavailable):
        fetched(source(firebird.url("nowhere.fdb")))


def test_a_server_that_dies_in_the_middle_gives_no_part(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.create(NAME, SCHEMA)
        made = source(server.url(NAME))
        answer = made._answer

        def fatal(connection: Any, table: str, query: str, upload: Upload) -> RawDocument:
            if table == "lessons":
                server.kill()
            return answer(connection, table, query, upload)

        made._answer = fatal  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            fetched(made)


def test_too_many_rows_and_too_long_a_query_are_stopped(firebird: Firebird) -> None:
    url = firebird.url(NAME)
    with pytest.raises(Misconfigured, match="more than 1 rows"):
        fetched(source(url, {"pupils": QUERIES["pupils"]}, bounds=Bounds(rows=1)))
    ticks = iter(range(0, 1000, 100))
    with pytest.raises(Unavailable):
        fetched(source(url, bounds=Bounds(seconds=50), clock=lambda: float(next(ticks))))


GOOD = b'["A"]\n["1"]\n["2"]\n{"rows": 2}'


@pytest.mark.parametrize(
    "content",
    [
        b"", b" ", b"[", b"{}", GOOD[:-1], GOOD.replace(b"2}", b"3}"), b'["A"]\n["1"]',
        GOOD.replace(b'["2"]', b"[2]"), GOOD.replace(b'["2"]', b'["2", "3"]'),
        GOOD.replace(b'"A"', b'"_line"'), GOOD.replace(b'["A"]', b"[1]"), b"[" * 100_000,
        GOOD.replace(b'"1"', b'"\\ud800"'), b"\xff\xfe",
    ],
)  # fmt: skip
def test_a_damaged_answer_is_a_problem_and_never_an_exception(
    doc: Callable[[str, bytes], RawDocument], content: bytes
) -> None:
    made = source("sqlite://", {"a": "SELECT 1"})
    parsed = made.parse(upload_of(made), [doc("a.jsonl", content)])
    assert [problem.document for problem in parsed.problems] == ["a.jsonl"]
    assert not parsed.tables[0].complete
    assert made.parse(upload_of(made), [doc("a.jsonl", GOOD)]).tables[0].complete


def test_odd_line_breaks_inside_a_text_and_moments_with_an_offset() -> None:
    zone = ZoneInfo("Europe/Moscow")
    moment = datetime(2026, 9, 5, 22, 30, tzinfo=UTC)
    document = write_answer("a", ["Т", "М"], [["x\u2028y\u0085z\n", moment]], zone)
    made = source("sqlite://", {"a": "SELECT 1"})
    [table] = made.parse(upload_of(made), [document]).tables
    assert table.complete
    assert table.frame.rows() == [("x\u2028y\u0085z", "06.09.2026 01:30:00", "a.jsonl", 1)]


def test_settings(tmp_path: Path) -> None:
    def make(**settings: Any) -> Any:
        zone, start = "Europe/Moscow", date(2026, 9, 1)
        return make_source("database", "781001", settings, zone=zone, year_start=start)

    file = tmp_path / "queries.yml"
    file.write_text(json.dumps(QUERIES), "utf-8")
    assert make(url="sqlite://", queries=str(file)).kind == "database"
    assert make(url="sqlite://", queries={"a": "SELECT 1"}).pending(date(2026, 8, 31)) == []
    for wrong in (
        {"queries": {}},
        {"queries": str(tmp_path / "none.yml")},
        {"url": "nonsense"},
        {"url": "nonsense://user:secret-word@host/base"},
    ):
        with pytest.raises(Misconfigured) as caught:
            make(**({"url": "sqlite://", "queries": QUERIES} | wrong))
        assert "secret-word" not in f"{caught.value} {caught.value.where} {caught.value.fix}"
