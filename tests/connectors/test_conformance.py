"""What every source promises, whatever the system: see connectors/base.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import yaml

from connectors.base import Parsed, RawDocument, Upload
from connectors.errors import Fatal, Retriable

RULES = yaml.safe_load((Path(__file__).parents[2] / "schemas" / "rules.yml").read_text("utf-8"))


@pytest.fixture
def case(case_name: str, make_case: Callable[[str], Any]) -> Any:
    return make_case(case_name)


@pytest.fixture
def upload(case: Any) -> Upload:
    [upload] = case.source.pending(case.until)
    return upload


@pytest.fixture
def documents(case: Any, upload: Upload) -> list[RawDocument]:
    return list(case.source.fetch(upload))


def rows(parsed: Parsed) -> dict[str, int]:
    return {table.name: table.frame.height for table in parsed.tables}


def whole(parsed: Parsed) -> set[str]:
    return {table.name for table in parsed.tables if table.complete}


def test_pending_says_the_same_again(case: Any) -> None:
    first = case.source.pending(case.until)
    assert first == case.source.pending(case.until)
    assert [upload.ref for upload in first] == sorted(upload.ref for upload in first)


def test_an_upload_knows_its_school_moment_and_days(case: Any, upload: Upload) -> None:
    first, last = upload.covers
    assert upload.school == "781001"
    assert upload.taken_at.tzinfo == ZoneInfo("Europe/Moscow")
    assert first <= last <= case.until
    assert upload.taken_at.date() <= case.until


def test_nothing_is_pending_before_it_exists(case: Any) -> None:
    assert case.source.pending(date(2026, 8, 1)) == []


def test_fetch_brings_the_same_bytes_in_the_same_order(
    case: Any, upload: Upload, documents: list[RawDocument]
) -> None:
    assert documents == list(case.source.fetch(upload))
    names = [document.name for document in documents]
    assert names
    assert len(set(names)) == len(names)


def test_a_healthy_upload_is_complete_and_without_problems(
    case: Any, upload: Upload, documents: list[RawDocument]
) -> None:
    parsed = case.source.parse(upload, documents)
    assert parsed.problems == []
    assert all(table.complete for table in parsed.tables)
    assert {name for name, count in rows(parsed).items() if count} == case.filled


def test_parse_is_pure(case: Any, upload: Upload, documents: list[RawDocument]) -> None:
    first = case.source.parse(upload, documents)
    again = case.source.parse(upload, list(documents))
    assert first.problems == again.problems
    for one, other in zip(first.tables, again.tables, strict=True):
        assert (one.name, one.complete) == (other.name, other.complete)
        assert one.frame.equals(other.frame)


def test_columns_are_text_and_rows_know_their_place(
    case: Any, upload: Upload, documents: list[RawDocument]
) -> None:
    parsed = case.source.parse(upload, documents)
    assert len({table.name for table in parsed.tables}) == len(parsed.tables)
    for table in parsed.tables:
        types = dict(table.frame.schema)
        assert types.pop("_document") == pl.String
        assert types.pop("_line") == pl.Int64
        assert types, table.name
        assert set(types.values()) == {pl.String}
        read_in = {
            str(name).replace(".zip/", ".zip\0").partition("\0")[0]
            for name in table.frame["_document"]
        }
        assert read_in <= {document.name for document in documents}
        assert all(line >= 1 for line in table.frame["_line"])
        for column in types:
            values = table.frame[column].drop_nulls()
            assert all(value == value.strip() != "" for value in values), (table.name, column)


def test_a_missing_document_is_a_problem_and_never_a_deletion(
    case: Any, upload: Upload, documents: list[RawDocument]
) -> None:
    healthy = case.source.parse(upload, documents)
    for missing in documents:
        left = [document for document in documents if document is not missing]
        parsed = case.source.parse(upload, left)
        lost = {name for name, count in rows(healthy).items() if rows(parsed).get(name) != count}
        # NetSchool lists no files, and term marks come only once a term is over: their absence
        # proves nothing, and a mass withdrawal is stopped further on (design decision 7).
        assert not (lost - {"totals"}) & whole(parsed), missing.name
        assert {problem.rule for problem in parsed.problems} <= RULES.keys()


def test_a_document_cut_short_never_counts_as_whole(
    case: Any, upload: Upload, documents: list[RawDocument]
) -> None:
    for place, document in enumerate(documents):
        size = len(document.content.rstrip().rstrip(b"\x1a"))  # DBF's end of file may be left out
        for keep in (0, size // 3, size - 1):
            cut = replace(document, content=document.content[:keep])
            parsed = case.source.parse(upload, [*documents[:place], cut, *documents[place + 1 :]])
            about = [problem for problem in parsed.problems if problem.document == cut.name]
            assert about, (cut.name, keep)
            assert {problem.rule for problem in parsed.problems} <= RULES.keys()
            assert len(whole(parsed)) < len(parsed.tables), (cut.name, keep)


@pytest.mark.parametrize("junk", [b"\0\0\0\0", b"\xff\xfe\x00\x41", b"<html>down</html>", b"[1,"])
def test_junk_is_a_problem_and_never_an_exception(
    case: Any, upload: Upload, documents: list[RawDocument], junk: bytes
) -> None:
    for place, document in enumerate(documents):
        spoilt = [*documents[:place], replace(document, content=junk), *documents[place + 1 :]]
        parsed = case.source.parse(upload, spoilt)
        assert parsed.problems, document.name
        assert len(whole(parsed)) < len(parsed.tables), document.name


def test_a_stranger_among_the_documents_is_told(
    case: Any, upload: Upload, documents: list[RawDocument]
) -> None:
    stranger = RawDocument("notes.docx", b"...", "application/octet-stream")
    parsed = case.source.parse(upload, [*documents, stranger])
    assert [(p.document, p.rule) for p in parsed.problems] == [("notes.docx", "unknown_document")]
    assert whole(parsed) == set(rows(parsed))


def test_problems_hold_no_names(case: Any, upload: Upload, documents: list[RawDocument]) -> None:
    for document in documents:
        cut = replace(document, content=document.content[: len(document.content) // 2])
        others = [other for other in documents if other is not document]
        for problem in case.source.parse(upload, [*others, cut]).problems:
            assert not any(name in repr(problem) for name in ("Жмелеватов", "Брянчихин", "Пётр"))


# --- sources that answer over the network --------------------------------------------------------

NETWORK = ["dnevnik_ru"]
PASSING = {
    "429": lambda reply: reply(b"", 429, {"Retry-After": "1"}),
    "433": lambda reply: reply(b"", 433),
    "503": lambda reply: reply(b"<html>maintenance</html>", 503),
    "html": lambda reply: reply(b"<html>maintenance</html>", 200),
    "error200": lambda reply: reply.json({"type": "apiServerError", "description": "x"}),
    "cut": lambda reply: reply(b"[{", cut=True),
    "empty": lambda reply: reply(b""),
}


@pytest.mark.parametrize("kind", NETWORK)
@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_changes_nothing(
    make_case: Callable[[str], Any], server: Any, reply: Any, kind: str, fault: str
) -> None:
    case = make_case(kind)
    [upload] = case.source.pending(case.until)
    healthy = list(case.source.fetch(upload))
    server.faults = [PASSING[fault](reply) for _ in range(4)]
    assert list(case.source.fetch(upload)) == healthy
    assert server.faults == []


@pytest.mark.parametrize("kind", NETWORK)
@pytest.mark.parametrize("fault", PASSING)
def test_a_lasting_fault_is_retriable_and_bounded_and_gives_no_part(
    make_case: Callable[[str], Any], server: Any, reply: Any, kind: str, fault: str
) -> None:
    case = make_case(kind)
    [upload] = case.source.pending(case.until)
    server.faults = [PASSING[fault](reply) for _ in range(1000)]
    with pytest.raises(Retriable):
        case.source.fetch(upload)
    assert len(server.heard) == 5


@pytest.mark.parametrize("kind", NETWORK)
@pytest.mark.parametrize("nth", [1, 2, 10])
def test_one_lost_answer_loses_the_whole_fetch(
    make_case: Callable[[str], Any], server: Any, reply: Any, kind: str, nth: int
) -> None:
    case = make_case(kind)
    [upload] = case.source.pending(case.until)
    case.source.fetch(upload)
    victim = sorted({heard.name for heard in server.heard})[nth]
    server.replies[victim] = reply(b"", 503)
    with pytest.raises(Retriable):
        case.source.fetch(upload)


@pytest.mark.parametrize("kind", NETWORK)
def test_a_refused_key_is_fatal_at_once(
    make_case: Callable[[str], Any], server: Any, reply: Any, kind: str
) -> None:
    case = make_case(kind)
    [upload] = case.source.pending(case.until)
    refused = {"type": "authorizationInvalidToken", "description": "x"}
    for status in (200, 401, 403):
        server.heard.clear()
        server.faults = [reply.json(refused, status)]
        with pytest.raises(Fatal):
            case.source.fetch(upload)
        assert len(server.heard) == 1


def test_a_drop_root_that_is_gone_is_fatal(
    make_case: Callable[[str], Any], tmp_path: Path, drop_name: str
) -> None:
    case = make_case(drop_name)
    [upload] = case.source.pending(case.until)
    (tmp_path / "781001").rename(tmp_path.parent / f"{tmp_path.name}-away")
    assert case.source.pending(case.until) == []
    with pytest.raises(Retriable):
        case.source.fetch(upload)
    tmp_path.rmdir()
    with pytest.raises(Fatal):
        case.source.pending(case.until)
    tmp_path.mkdir()
