"""Dnevnik.ru: what is asked, how answers become tables, and what its errors mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from connectors.base import Parsed, RawDocument
from connectors.dnevnik_ru.answers import read_answer, rows_of
from connectors.dnevnik_ru.plan import MOVING, STAGES, Ask, Heard, Scope
from connectors.errors import AccessDenied, Misconfigured, RateLimited, Unavailable
from connectors.http import Question

BIG = 1_000_000_000_000_000_000
GROUP = f"/edu-groups/{BIG + 1}"


@pytest.fixture
def case(make_case: Callable[[str], Any]) -> Any:
    return make_case("dnevnik_ru")


def fetch(case: Any) -> list[RawDocument]:
    [upload] = case.source.pending(case.until)
    return list(case.source.fetch(upload))


def parse(case: Any, documents: list[RawDocument]) -> Parsed:
    [upload] = case.source.pending(case.until)
    return case.source.parse(upload, documents)


def frame(parsed: Parsed, name: str) -> pl.DataFrame:
    return next(table.frame for table in parsed.tables if table.name == name)


def answer(table: str, *rows: Any, **asked: str) -> pl.DataFrame:
    ask = Ask(table, "GET /x", Question("GET", "/x"), **asked)
    content = json.dumps(rows).encode()
    return read_answer(RawDocument("GET /x", content, ""), ask, rows_of(content)).frame


def test_pending_asks_nothing(case: Any, server: Any) -> None:
    [upload] = case.source.pending(date(2026, 10, 5))
    assert upload.ref == "2026-10-05"
    assert upload.taken_at.isoformat() == "2026-10-05T20:00:00+03:00"
    assert upload.covers == (date(2026, 9, 1), date(2026, 10, 5))
    assert server.heard == []


@pytest.mark.parametrize(
    ("last", "windows"),
    [
        (date(2026, 9, 1), [("2026-09-01", "2026-09-01")]),
        (date(2026, 9, 30), [("2026-09-01", "2026-09-30")]),
        (date(2026, 10, 1), [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-01")]),
    ],
)
def test_windows_are_thirty_days_at_most(last: date, windows: list[tuple[str, str]]) -> None:
    assert Scope("42", date(2026, 9, 1), last).windows() == windows


@pytest.mark.parametrize(
    ("last", "lessons", "first_reading", "again"),
    [(date(2026, 9, 18), 2_500, 611, 116), (date(2027, 5, 31), 31_000, 5_055, 638)],
)
def test_what_a_school_of_seven_hundred_pupils_costs(
    last: date, lessons: int, first_reading: int, again: int
) -> None:
    """The figures of docs/source-formats.md section 3."""
    classes = [str(number) for number in range(28)]
    heard = Heard(
        classes=classes,
        subgroups={str(100 + n): str(n % 28) for n in range(30)},
        subjects=[(class_, str(subject)) for class_ in classes for subject in range(14)],
        lessons={str(number): None for number in range(lessons)},
    )
    scope = Scope("42", date(2026, 9, 1), last)
    asks = [ask for stage in STAGES for ask in stage(scope, heard)]
    assert len(asks) + 1 == first_reading  # and the context
    assert sum(ask.table in MOVING for ask in asks) == again


def test_twins_are_known_in_both_spellings() -> None:
    row = {"id": 1, "idStr": "11", "teachers": [2], "teachersStr": ["22"], "Id": 3, "title": "x"}
    assert answer("lessons", row).drop("_document", "_line").to_dicts() == [
        {
            "id_str": "11",
            "teachers_str.0": "22",
            "teachers_str.1": None,
            "Id_str": "3",
            "title": "x",
        }
    ]


def test_bells_know_their_timetable_and_their_own_name(case: Any) -> None:
    bells = frame(parse(case, fetch(case)), "timetables")
    columns = ("Name", "Items.Id_str", "Items.Start", "Items.DaysOfWeek", "Items.LessonNumber")
    assert bells.select(columns).rows() == [
        ("Основное", "1", "2026-09-01T08:30:00", "Monday,Tuesday", "1")
    ]


def test_members_of_the_staff_are_seen_once_and_told_from_teachers(case: Any) -> None:
    members = frame(parse(case, fetch(case)), "membership")
    assert members.select("id_str", "teacher").rows() == [
        (str(BIG + 31), "true"),
        (str(BIG + 32), "false"),
    ]


def test_documents_are_named_by_what_was_asked(case: Any) -> None:
    names = [document.name for document in fetch(case)]
    assert f"GET {GROUP}/marks/2026-09-01/2026-09-30" in names
    assert f"GET {GROUP}/persons?includeArchive=true" in names
    assert (
        f"GET /lesson-log-entries/group/{BIG + 1}?subject={BIG + 3}&from=2026-10-01&to=2026-10-05"
        in names
    )
    assert "POST /works/many#1" in names
    assert not any("context" in name for name in names)


def test_the_key_goes_with_every_request_and_nowhere_else(case: Any, server: Any) -> None:
    documents = fetch(case)
    assert {heard.headers["Access-Token"] for heard in server.heard} == {"key-of-781001"}
    assert "key-of-781001" not in repr(documents)


def test_ids_keep_all_their_digits(case: Any) -> None:
    parsed = parse(case, fetch(case))
    assert frame(parsed, "marks")["person_str"].to_list() == [str(BIG + 21)]
    assert "person" not in frame(parsed, "marks").columns
    assert frame(parsed, "teachers")["Id_str"].to_list() == [str(BIG + 31)]


def test_a_lesson_seen_twice_is_one_row(case: Any) -> None:
    lessons = frame(parse(case, fetch(case)), "lessons")
    assert lessons.select("id_str", "_document", "_line").rows() == [
        (str(BIG + 10), f"GET {GROUP}/lessons/2026-09-01/2026-09-30", 1),
        (str(BIG + 11), f"GET {GROUP}/lessons/2026-09-01/2026-09-30", 2),
    ]


def test_a_row_twice_in_one_answer_stays_twice(case: Any) -> None:
    documents = fetch(case)
    place = next(i for i, d in enumerate(documents) if "/marks/2026-09-01" in d.name)
    marks = json.loads(documents[place].content)
    documents[place] = replace(documents[place], content=json.dumps(marks * 2).encode())
    assert frame(parse(case, documents), "marks")["_line"].to_list() == [1, 2]


def test_homework_and_kind_of_work_are_joined(case: Any) -> None:
    parsed = parse(case, fetch(case))
    assert frame(parsed, "lessons")["homework_text"].to_list() == ["№ 5", None]
    assert frame(parsed, "marks")["workType.kind"].to_list() == ["ControlWork"]


def test_teachers_have_places(case: Any) -> None:
    lessons = frame(parse(case, fetch(case)), "lessons")
    assert lessons.select("teachers_str.0", "teachers_str.1").rows() == [
        (str(BIG + 31), str(BIG + 32)),
        (str(BIG + 31), None),
    ]
    assert not {"teachers", "teachers_str"} & set(lessons.columns)


def test_inner_lists_become_rows_at_their_place(case: Any) -> None:
    parsed = parse(case, fetch(case))
    final = frame(parsed, "final_marks")
    columns = ("subject_str", "final-mark.value", "reportingPeriod_str", "_line")
    assert final.select(columns).rows() == [
        (str(BIG + 3), "5", str(BIG + 60), 1),
        (str(BIG + 4), "4", str(BIG + 60), 1),
    ]  # fmt: skip
    students = frame(parsed, "students")
    assert students.select("group.id_str", "person.id_str", "membershipstatus").rows() == [
        (str(BIG + 1), str(BIG + 21), "Active")
    ]


def test_what_was_asked_stands_where_the_answer_does_not_say(case: Any) -> None:
    parsed = parse(case, fetch(case))
    assert frame(parsed, "subjects")["_group"].to_list() == [str(BIG + 1)]
    log = frame(parsed, "log_entries")
    assert log.select("_group", "_subject").rows() == [(str(BIG + 1), str(BIG + 3))]
    assert "_group" not in frame(parsed, "lessons").columns


def test_values_are_text_as_written() -> None:
    row = {"a": 1.50, "big": BIG + 7, "yes": True, "none": None, "blank": " ", "text": " x "}
    assert answer("marks", row).drop("_document", "_line").row(0) == (
        "1.5", str(BIG + 7), "true", None, None, "x",
    )  # fmt: skip


def test_lists_and_objects() -> None:
    row = {"ids_str": ["1", "2"], "none": [], "things": [{"a": 1}], "one": {"two": {"three": "x"}}}
    assert answer("classes", row).drop("_document", "_line").to_dicts() == [
        {"ids_str": "1,2", "none": None, "things": '[{"a": "1"}]', "one.two.three": "x"}
    ]


def test_an_object_that_is_null_leaves_no_column() -> None:
    rows = [{"subject": None, "n": 1}, {"subject": {"id_str": "3"}, "n": 2}]
    assert answer("lessons", *rows).drop("_document", "_line").to_dicts() == [
        {"n": "1", "subject.id_str": None},
        {"n": "2", "subject.id_str": "3"},
    ]


@pytest.mark.parametrize("content", [b"{}", b"null", b"[NaN]", b"[1", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        rows_of(content)


def test_an_element_that_is_no_object_is_told() -> None:
    ask = Ask("marks", "GET /x", Question("GET", "/x"))
    reading = read_answer(RawDocument("GET /x", b"", ""), ask, [{"a": "1"}, 7, {"a": "2"}])
    assert reading.frame["_line"].to_list() == [1, 3]
    assert [(p.rule, p.line) for p in reading.problems] == [("broken_document", 2)]


def test_half_a_surrogate_pair_is_a_broken_answer() -> None:
    content = b'[{"title": "\\ud83d"}]'
    ask = Ask("lessons", "GET /x", Question("GET", "/x"))
    reading = read_answer(RawDocument("GET /x", content, ""), ask, rows_of(content))
    assert [problem.rule for problem in reading.problems] == ["broken_document"]


def test_a_school_without_classes_is_a_failed_answer(case: Any) -> None:
    documents = fetch(case)
    emptied = [
        replace(d, content=b"[]") if d.name.endswith("/edu-groups") else d for d in documents
    ]
    parsed = parse(case, emptied)
    assert ("GET /schools/42/edu-groups", "empty_document") in {
        (problem.document, problem.rule) for problem in parsed.problems
    }
    whole = {table.name for table in parsed.tables if table.complete}
    assert whole == {"teachers", "membership", "timetables", "work_types"}


@pytest.mark.parametrize(
    ("lost", "tables"),
    [
        ("POST /works/many#1", {"works", "lessons"}),
        ("GET /work-types/42", {"work_types", "marks"}),
        ("GET /schools/42/teachers", {"teachers", "membership"}),
        ("GET /schools/42/timetables", {"timetables"}),
        (f"GET {GROUP}/subjects", {"subjects", "log_entries"}),
        (f"GET {GROUP}/marks/2026-10-01/2026-10-05", {"marks"}),
    ],
)
def test_what_rests_on_a_lost_answer_is_incomplete(case: Any, lost: str, tables: set[str]) -> None:
    parsed = parse(case, [document for document in fetch(case) if document.name != lost])
    assert {table.name for table in parsed.tables if not table.complete} == tables
    assert (lost, "missing_document") in {(p.document, p.rule) for p in parsed.problems}


def test_ids_that_are_none_are_not_asked_about(case: Any, server: Any, reply: Any) -> None:
    server.replies["GET /v2/schools/42/edu-groups"] = reply.json(
        [{"id": 1, "id_str": "../../users/me", "type": "Group"}]
    )
    with pytest.raises(Unavailable):
        fetch(case)
    assert not any(
        "users/me/" in heard.name and "context" not in heard.name for heard in server.heard
    )


def error(kind: str, status: int = 200) -> Callable[[Any], Any]:
    return lambda reply: reply.json({"type": kind, "description": "Жмелеватов"}, status)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (error("authorizationInvalidToken"), AccessDenied),
        (error("authorizationOutOfScope", 403), AccessDenied),
        (error("parameterInvalid"), Misconfigured),
        (error("apiRequestLimit"), RateLimited),
        (error("apiServerError"), Unavailable),
        (error("somethingNew"), Unavailable),
    ],
)
def test_errors_in_the_body(
    case: Any, server: Any, reply: Any, fault: Any, raised: type[Exception]
) -> None:
    server.faults = [fault(reply)] * 50
    with pytest.raises(raised) as caught:
        fetch(case)
    assert "Жмелеватов" not in repr(caught.value)


def test_anothers_key_is_refused(case: Any, server: Any, reply: Any) -> None:
    server.replies["GET /v2/users/me/context"] = reply.json({"schoolIds_str": ["43"]})
    with pytest.raises(AccessDenied):
        fetch(case)
    assert len(server.heard) == 1


def test_many_lessons_are_asked_about_in_parts(case: Any, server: Any, reply: Any) -> None:
    lessons = [{"id_str": str(number), "works_str": []} for number in range(450)]
    server.replies[f"GET /v2{GROUP}/lessons/2026-09-01/2026-09-30"] = reply.json(lessons)
    documents = fetch(case)
    parts = [json.loads(h.body) for h in server.heard if h.name == "POST /v2/works/many"]
    assert sorted(len(part) for part in parts) == [51, 200, 200]  # and one of the subgroup
    assert [d.name for d in documents][-3:] == [f"POST /works/many#{n}" for n in (1, 2, 3)]
