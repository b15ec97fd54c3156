"""The operator guide's worked example, from the blocks of the guide itself: a system that no file
of the product knows is drafted, checked and read without a line of Python."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.registry import make_source
from mappings import MappingError, load, translate
from pipeline.cli import app
from pipeline.exits import Exit
from pipeline.profiles import load_profile

ROOT = Path(__file__).parents[2]
ROOMS = ("connectors", "dags", "mappings", "pipeline", "privacy", "quality", "reports", "schemas")
NAME = "zvonnica/1"
BLOCK = re.compile(r"(?ms)^```\w+ file=(\S+)\n(.*?)^```$")
SCHOOL, DAY = "781001", "2026-09-18"


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    guide = (ROOT / "docs/operator-guide.md").read_text(encoding="utf-8")
    return dict(BLOCK.findall(guide))


@pytest.fixture
def sample(blocks, tmp_path) -> Path:
    folder = tmp_path / "drops" / SCHOOL / DAY
    folder.mkdir(parents=True)
    for name, text in blocks.items():
        if name != f"{NAME}.yml":
            (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def site(blocks, tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "profiles"
    path = folder / f"{NAME}.yml"
    path.parent.mkdir(parents=True)
    path.write_text(blocks[f"{NAME}.yml"], encoding="utf-8")
    monkeypatch.setenv("SVOD_MAPPINGS", str(folder))
    return folder


def _run(*arguments: str):
    return CliRunner().invoke(app, ["mappings", *arguments], catch_exceptions=False)


def test_no_file_of_the_product_knows_the_system():
    known = [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".yml", ".json"}
        and re.search("звонниц|zvonnic", path.read_text(encoding="utf-8").lower())
    ]
    assert known == []


def test_the_draft_tells_what_it_can_and_is_refused(sample, tmp_path):
    out = tmp_path / "drafts" / f"{NAME}.yml"

    done = _run("new", str(sample), "--system", "zvonnica", "--out", str(out))

    assert done.exit_code == 0
    text = out.read_text(encoding="utf-8")
    for told in (
        "delimiter: '|'",
        "file: звон.txt",
        "header_row: 4",
        "years: [Дата]",
        "отл: TODO 2",
    ):
        assert told in text
    for name in ("Лепестков", "Ягодкина", "Громов", "Дроби", "шахматы", "2013"):
        assert name not in text
    with pytest.raises(MappingError, match="TODO"):
        load(NAME, tmp_path / "drafts")


def test_the_profile_reads_the_whole_sample(site, sample):
    done = _run("check", NAME, str(sample), "--school-year", "2026", "--json")

    answer = json.loads(done.stdout)
    assert answer["losses"] == []
    assert {one["entity"]: one["accepted"] for one in answer["entities"]} == {
        "term": 1,
        "class_": 1,
        "subject": 1,
        "curriculum_hours": 1,
        "staff_member": 1,
        "pupil": 2,
        "enrolment": 2,
        "lesson": 3,
        "mark": 4,
        "attendance": 2,
        "access_account": 1,
    }
    assert done.exit_code == Exit.DONE


def test_an_unknown_mark_is_told_with_its_place(site, sample):
    journal = sample / "журнал_01.csv"
    text = journal.read_text(encoding="utf-8")
    journal.write_text(text.replace("|отл|болел|", "|отл|осв|"), encoding="utf-8")

    done = _run("check", NAME, str(sample), "--json")

    answer = json.loads(done.stdout)
    assert [
        (one["rule"], one["document"], one["line"], one["field"]) for one in answer["losses"]
    ] == [("unknown_code", "журнал_01.csv", 5, "08.09-3")]
    assert answer["losses"][0]["fix"]
    assert done.exit_code == Exit.MISCONFIGURED


def test_the_upload_becomes_the_expected_records(site, sample):
    mapping = load_profile(NAME, 2026)
    source = make_source(
        "zvonnica",
        SCHOOL,
        {"root": str(sample.parents[1])},
        zone="Europe/Moscow",
        year_start=date(2026, 9, 1),
        layout=mapping.documents,
    )
    [upload] = source.pending(date(2026, 9, 18))
    parsed = source.parse(upload, list(source.fetch(upload)))

    translated = translate(mapping, parsed.tables, zone="Europe/Moscow")

    assert parsed.problems == []
    assert translated.refusals.is_empty()
    assert translated.findings == []
    assert translated.incomplete == set()
    frames = translated.frames
    first, second = "7а|лепестков олег петрович", "7а|ягодкина анна львовна"
    lessons = [f"7а|Алгебра|2026-09-{day}" for day in ("07|2", "08|3", "18|2")]
    assert frames["lesson"].select("source_key", "homework", "homework_not_set", "held").rows() == [
        (lessons[0], "№ 5", "false", "true"),
        (lessons[1], None, "true", "true"),
        (lessons[2], None, "true", "false"),
    ]
    assert frames["mark"].select(
        "source_key", "pupil", "lesson_key", "date", "value", "scale", "work_type"
    ).rows() == [
        (f"{lessons[0]}||1", first, lessons[0], "2026-09-07", "5", "5", "lesson_work"),
        (f"{lessons[0]}||1", second, lessons[0], "2026-09-07", "4", "5", "lesson_work"),
        (f"{lessons[1]}||1", second, lessons[1], "2026-09-08", "5", "5", "lesson_work"),
        (f"{lessons[1]}|к|1", second, lessons[1], "2026-09-08", "3", "5", "control"),
    ]
    assert frames["attendance"].select("pupil", "lesson_key", "status").rows() == [
        (first, lessons[1], "ill"),
        (second, lessons[0], "late"),
    ]
    assert frames["pupil"].select("person", "full_name", "birth_date").row(0) == (
        first,
        "Лепестков Олег Петрович",
        "2013-02-28",
    )
    assert frames["term"].select("kind", "number", "finish").row(0) == (
        "quarter",
        "1",
        "2026-10-25",
    )
    assert frames["curriculum_hours"]["hours_per_week"].to_list() == ["3.5"]
    assert frames["access_account"]["active"].to_list() == ["true"]


def test_a_school_year_of_another_profile_is_refused(site):
    with pytest.raises(MappingError, match="not for 2025"):
        load_profile(NAME, 2025)
