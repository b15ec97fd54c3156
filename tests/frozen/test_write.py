"""The command that freezes: what it keeps, and what it refuses to overwrite."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from connectors.base import RawDocument
from tests.frozen.cases import (
    CANONICAL,
    Case,
    Setup,
    cases,
    read_seals,
    read_setup,
    write_setup,
)
from tests.frozen.outcome import as_text, differences
from tests.frozen.write import CannotFreezeError, again, new, put_answers, record

DAY, LATER = date(2026, 11, 23), date(2026, 12, 1)
SETUP = Setup(
    about="one UID",
    mapping="lists/1",
    school="781001",
    zone="Europe/Moscow",
    year_start=date(2026, 9, 1),
    until=date(2026, 9, 18),
)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft" / "documents" / "781001" / "lists"
    folder.mkdir(parents=True)
    typed = "Роль;ФИО;Класс;UID\r\nученик;Жмелеватов Пётр;7а;12345678\r\n"
    (folder / "uid_2026-09-10.csv").write_bytes(typed.encode("cp1251"))
    write_setup(tmp_path / "draft", SETUP)
    return tmp_path / "draft"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "frozen").mkdir()
    return tmp_path / "frozen"


@pytest.fixture
def kept(draft: Path, root: Path) -> Case:
    return new(draft, "lists/1/csv", DAY, root)


def test_a_draft_is_kept_with_what_was_made_of_it(kept: Case, root: Path) -> None:
    assert [case.name for case in cases(root)] == ["lists/1/2026-11-23/csv"]
    assert (kept.kind, kept.setup) == ("lists", SETUP)
    frozen = json.loads((kept.folder / CANONICAL).read_text("utf-8"))
    [uid] = frozen["records"]["uid"]
    assert (uid["full_name"], uid["uid"]) == ("Жмелеватов Пётр", "12345678")
    assert frozen["tables"]["uid"] == {"rows": 1, "whole": True}
    assert read_seals(root) == {kept.name: kept.seal()}


def test_the_seal_breaks_with_any_byte(kept: Case, root: Path) -> None:
    for name in ("case.yml", CANONICAL, "documents/781001/lists/uid_2026-09-10.csv"):
        path = kept.folder / name
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        assert kept.seal() != read_seals(root)[kept.name]
        path.write_bytes(before)
    assert kept.seal() == read_seals(root)[kept.name]


def test_a_frozen_case_is_never_overwritten(draft: Path, kept: Case, root: Path) -> None:
    before = kept.seal()
    with pytest.raises(CannotFreezeError):
        new(draft, "lists/1/csv", DAY, root)
    with pytest.raises(CannotFreezeError):
        again(kept.name, DAY, root)
    assert kept.seal() == before


def test_a_draft_says_how_its_source_was_set_up(draft: Path, root: Path) -> None:
    (draft / "case.yml").write_text("about: a mapping is not named\n", "utf-8")
    with pytest.raises(CannotFreezeError, match="mapping"):
        new(draft, "lists/1/csv", DAY, root)
    (draft / "case.yml").unlink()
    with pytest.raises(CannotFreezeError, match="is no draft"):
        new(draft, "lists/1/csv", DAY, root)
    assert cases(root) == []


def test_again_supersedes_and_keeps_the_documents(kept: Case, root: Path) -> None:
    later = again(kept.name, LATER, root)
    assert later.name == "lists/1/2026-12-01/csv"
    assert later.superseded == kept.name
    assert later.files() == kept.files()
    assert read_seals(root).keys() == {kept.name, later.name}


def test_there_must_be_a_case_to_read_again(root: Path) -> None:
    with pytest.raises(CannotFreezeError, match=r"lists/1/2026-11-23/xlsx"):
        again("lists/1/2026-11-23/xlsx", LATER, root)


def test_recording_asks_the_source_and_keeps_no_settings_of_it(draft: Path, tmp_path: Path) -> None:
    made_up = SETUP.model_copy(update={"settings": {"root": "/made-up"}})
    folder = tmp_path / "recorded"
    folder.mkdir()
    write_setup(folder, made_up)
    record(folder, "lists", {"root": str(draft / "documents")})
    kept = read_setup(folder)
    [answer] = kept.answers
    assert (answer.name, kept.settings) == ("uid_2026-09-10.csv", {"root": "/made-up"})
    typed = (draft / "documents" / "781001" / "lists" / answer.name).read_bytes()
    assert (folder / "documents" / answer.file).read_bytes() == typed


def test_answers_keep_their_requests(tmp_path: Path) -> None:
    asked = RawDocument("GET /users/me/context?a=/..", b"[]", "application/json")
    put_answers(tmp_path, SETUP, [asked])
    [answer] = Case(tmp_path.parent, tmp_path).setup.answers
    assert (answer.name, answer.file) == (asked.name, "001.json")
    assert (tmp_path / "documents" / "001.json").read_bytes() == b"[]"


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"records": {"mark": [{"value": "5"}, {"value": "4"}]}}, []),
        ({"records": {"mark": [{"value": "5"}]}}, ['frozen records mark: {"value": "4"}']),
        (
            {"records": {"mark": [{"value": "4"}, {"value": "5"}]}},
            ["the same lines in another order"],
        ),
        (
            {"records": {"mark": [{"value": "5"}, {"value": "4"}, {"value": "4"}]}},
            ['now records mark: {"value": "4"}'],
        ),
    ],
)
def test_a_difference_is_told_by_its_lines(now: dict[str, object], told: list[str]) -> None:
    frozen = {"records": {"mark": [{"value": "5"}, {"value": "4"}]}}
    assert differences(frozen, now) == told


def test_the_text_is_the_outcome_with_a_line_for_each_record() -> None:
    outcome = {
        "upload": {"ref": "2026-09-18", "covers": ["2026-09-01", "2026-09-18"]},
        "problems": [],
        "read": {"mark": 2},
        "records": {"mark": [{"value": "5"}, {"value": "зачёт"}], "pupil": []},
    }
    text = as_text(outcome)
    assert json.loads(text) == outcome
    assert '{"value": "5"},\n{"value": "зачёт"}\n' in text
