"""What is done every month, and the paper journal: entered by command, missed as a remark."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from pipeline import batches
from pipeline.cli import app
from pipeline.delivery.deliver import Mode
from pipeline.delivery.destinations import DIARY
from pipeline.entries import EntryRefusedError
from pipeline.intake.collect import Run
from pipeline.measuring.check import check_school
from pipeline.measuring.school_facts import places
from pipeline.paper.file import PaperFileError
from pipeline.profiles import load_profile
from pipeline.registry import UnknownSchoolError
from pipeline.runs import RunState
from tests.pipeline.test_paper_file import fill
from tests.pipeline.village import SCHOOL, Village, village

__all__ = ["village"]

FIRST = date(2026, 9, 1)


def remarks(village: Village, rule: str, on: str) -> dict[str, str]:
    """Detail of each remark of ``rule`` as known on a day, by key."""
    period = (FIRST, date.fromisoformat(on))
    with village.hub.engine.begin() as connection:
        (place,) = places(connection, FIRST)
        found = check_school(
            village.hub, connection, place, period, "Europe/Moscow",
            lambda mapping: load_profile(mapping).schedule_basis,
        )  # fmt: skip
        rows = [row for told in found for row in told.remarks.to_dicts() if row["rule"] == rule]
    return {row["key"]: row["detail"] for row in rows}


def deliver(village: Village, day: str, mode: Mode) -> RunState:
    run = Run(f"{mode}-{day}", date.fromisoformat(day))
    act = partial(batches.deliver_batch, destination=DIARY, mode=mode)
    for batch in batches.open_run(village.hub, DIARY.verb, run):
        try:
            act(village.hub, batch, run)
        except batches.SchoolsWaitingError:
            village.wake()
    return batches.close_run(village.hub, DIARY.verb, run)


def test_a_month_without_a_full_delivery_that_came_to_its_end(village: Village) -> None:
    missing = {"2026-09-01": "09.2026"}
    assert remarks(village, "full_upload", "2026-09-30") == {}
    assert remarks(village, "full_upload", "2026-10-01") == missing
    assert deliver(village, "2026-09-29", Mode.DAILY) is RunState.CLOSED
    assert remarks(village, "full_upload", "2026-10-01") == missing
    with village.down("diary"):
        assert deliver(village, "2026-09-29", Mode.FULL) is RunState.PARTLY
    assert remarks(village, "full_upload", "2026-10-01") == missing
    assert deliver(village, "2026-10-01", Mode.FULL) is RunState.CLOSED
    assert remarks(village, "full_upload", "2026-10-01") == missing  # of October
    assert deliver(village, "2026-09-30", Mode.FULL) is RunState.CLOSED
    assert remarks(village, "full_upload", "2026-10-01") == {}
    assert village.rows("SELECT DISTINCT mode FROM ops.runs WHERE verb = 'deliver' ORDER BY 1") == [
        ("daily",), ("full",)
    ]  # fmt: skip


def enter(village: Village, **changed: str) -> int:
    said = {
        "--school": SCHOOL, "--kind": "journal_check", "--month": "2026-09",
        "--done-on": "2026-09-29", "--author": "заместитель директора", "--remarks": "12",
        "--by": "оператор",
    } | changed  # fmt: skip
    [row] = village.svod("checks", "enter", *(word for pair in said.items() for word in pair))
    return int(row["check"])


def test_the_deputys_check_settles_its_month_until_it_is_undone(village: Village) -> None:
    missing = {"2026-09-01": "09.2026"}
    assert remarks(village, "journal_check", "2026-09-30") == {}
    assert remarks(village, "journal_check", "2026-10-01") == missing
    entry = enter(village)
    assert enter(village) == entry  # the same check said again
    assert remarks(village, "journal_check", "2026-10-01") == {}
    assert remarks(village, "diary_check", "2026-10-01") == missing
    assert remarks(village, "journal_check", "2026-11-01") == {"2026-10-01": "10.2026"}
    late = enter(village, **{"--kind": "diary_check", "--done-on": "2026-10-02"})
    assert remarks(village, "diary_check", "2026-10-01") == missing  # not done yet
    assert remarks(village, "diary_check", "2026-10-02") == {}
    undone = ("checks", "undo", str(entry), "--by", "оператор", "--reason", "не тот месяц")
    assert village.svod(*undone) == [{"check": entry, "undone": True}]
    assert village.svod(*undone) == [{"check": entry, "undone": False}]
    assert remarks(village, "journal_check", "2026-10-01") == missing
    told = village.svod("checks", "list", "--school", SCHOOL)
    assert [(row["id"], row["kind"], row["undone_reason"]) for row in told] == [
        (late, "diary_check", None), (entry, "journal_check", "не тот месяц")
    ]  # fmt: skip
    assert (told[0]["remarks_count"], told[0]["month"]) == (12, "2026-09-01")


NONSENSE = [
    ({"--done-on": "2026-08-31"}, "cannot have been done before"),
    ({"--month": "2026-08"}, "not of the school year 2026-09 to 2027-08"),
    ({"--remarks": "-1"}, "below zero"),
    ({"--author": " "}, "say who checked"),
    ({"--by": " "}, "say who enters it"),
    ({"--note": "у Жмелеватова Льва нет отметок"}, "note: must name nobody"),
    ({"--author": "Брянчихина Алёна"}, "author: must name nobody"),
]


def test_a_check_that_makes_no_sense_is_not_kept(village: Village) -> None:
    for changed, said in NONSENSE:
        with pytest.raises(EntryRefusedError, match=said):
            enter(village, **changed)
    assert village.svod("checks", "list", "--school", SCHOOL) == []
    with pytest.raises(UnknownSchoolError):
        enter(village, **{"--school": "999"})
    with pytest.raises(EntryRefusedError, match="there is no entry 7"):
        village.svod("checks", "undo", "7", "--by", "оператор", "--reason", "ошибка")


# --- the paper journal


def count(village: Village, path: Path, *rows: tuple[Any, ...], on: str = "2026-09-30") -> Any:
    """Fill the school's template with rows, and import it."""
    if path.exists():
        path.unlink()
    made = CliRunner(env={"SVOD_HOME": str(village.hub.settings.home)}).invoke(
        app, ["paper", "template", str(path), "--school", SCHOOL], catch_exceptions=False
    )
    assert made.exit_code == 0
    fill(path, *rows)
    return village.svod(
        "paper", "import", str(path), "--school", SCHOOL, "--counted-on", on, "--by", "оператор"
    )


def test_sheets_are_compared_with_the_journal(village: Village, tmp_path: Path) -> None:
    path = tmp_path / "paper.xlsx"
    # A lesson and a mark of each pupil on the 16th: two of 7а, one of 7б.
    rows = (("7а", "Алгебра", "09.2026", 1, 2), ("7 Б", "алгебра", date(2026, 9, 1), 2, 1))
    kept = count(village, path, *rows)
    assert kept == [{"school": SCHOOL, "source": "paragraf", "sheets": 2}]
    assert remarks(village, "paper_equals", "2026-09-29") == {}  # not counted yet
    assert remarks(village, "paper_equals", "2026-09-30") == {
        "11|20|2026-09-01": "уроков в бумажном 2, в электронном 1; отметок 1 и 1"
    }
    count(village, path, ("7б", "Алгебра", "09.2026", 1, 1))  # counted wrong: said again
    assert remarks(village, "paper_equals", "2026-09-30") == {}
    count(village, path, ("7а", "Алгебра", "09.2026", 1, 3), on="2026-10-05")
    assert remarks(village, "paper_equals", "2026-09-30") == {}
    assert list(remarks(village, "paper_equals", "2026-10-05")) == ["10|20|2026-09-01"]


def test_a_workbook_is_taken_whole_or_not_at_all(village: Village, tmp_path: Path) -> None:
    village.say("subjects", Код="21", Название="АЛГЕБРА")
    village.export("2026-09-17")
    village.evening("2026-09-17")
    path = tmp_path / "paper.xlsx"
    with pytest.raises(PaperFileError, match="нет ни одной строки"):
        count(village, path)
    names = load_workbook(path)["Названия"].iter_rows(min_row=2, values_only=True)
    assert list(names) == [("7а", "АЛГЕБРА"), ("7б", "Алгебра")]
    with pytest.raises(PaperFileError, match="B2: так в журнале школы названо несколько"):
        count(village, path, ("7а", "Алгебра", "09.2026", 1, 2))
    assert village.rows("SELECT count(*) FROM quality.paper_counts") == [(0,)]
    words = ("paper", "import", str(path), "--school", SCHOOL, "--counted-on", "2026-09-30")
    with pytest.raises(EntryRefusedError, match="paragraf: say which is meant"):
        village.svod(*words, "--by", "оператор", "--source", "eljur")
