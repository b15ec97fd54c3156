"""The last upload, read again from landing after a mapping was corrected: no source is asked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mappings.loader import PROFILES
from pipeline.ledger import open_rows
from pipeline.reread import RereadRefusedError
from privacy.masks import HIDDEN_NAME
from tests.pipeline.one_school import SCHOOL, School, generated, school

__all__ = ["generated", "school"]  # fixtures
PLAY = ("replay", "--school", SCHOOL)


@pytest.fixture
def own_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site's own folder of mappings, with Paragraf's as it comes."""
    folder = tmp_path / "mappings"
    (folder / "paragraf").mkdir(parents=True)
    shutil.copy(PROFILES / "paragraf" / "3.21.yml", folder / "paragraf" / "3.21.yml")
    monkeypatch.setenv("SVOD_MAPPINGS", str(folder))
    return folder


def correct(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator adds the code; a new process reads the new folder."""
    after = tmp_path / "corrected"
    shutil.copytree(folder, after)
    path = after / "paragraf" / "3.21.yml"
    path.write_text(
        path.read_text("utf-8").replace(
            "    Урок: lesson_work\n", "    Урок: lesson_work\n    Эссе: written\n"
        ),
        "utf-8",
    )
    monkeypatch.setenv("SVOD_MAPPINGS", str(after))


def facts(school: School) -> dict[str, list[tuple[Any, ...]]]:
    """Every live row and its content, by entity."""
    entities = ("class_", "lesson", "mark", "attendance", "enrolment", "timetable_slot")
    with school.hub.engine.begin() as connection:
        return {
            entity: [
                tuple(row)
                for row in connection.execute(
                    text(
                        f"SELECT key, content_hash FROM journal.{entity}"
                        " WHERE vanished_at IS NULL ORDER BY key"
                    )
                )
            ]
            for entity in entities
        }


def uploads(school: School) -> list[tuple[Any, ...]]:
    query = "SELECT source, ref, taken_at, accepted FROM ops.uploads ORDER BY ref"
    with school.hub.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_records_arrive_once_the_code_is_known(
    school: School, own_profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = school.today.change(
        "marks", lambda row: row["ВидРаботы"] == "Контрольная", ВидРаботы="Эссе"
    )
    school.collect()
    (card,) = [card for card in school.cards() if card.where.key == "Эссе"]
    assert card.held == {"mark": many}
    before, taken = facts(school), uploads(school)
    shutil.rmtree(school.today.folder.parents[1])  # the source has nothing any more
    correct(own_profiles, tmp_path, monkeypatch)

    rows = school.svod("quarantine", *PLAY, "--rule", "unknown_code", "--run-id", "again")

    told = {row["entity"]: (row["accepted"], row["waiting"]) for row in rows}
    assert told == {"mark": (many, 1), "attendance": (0, 1)}
    now = facts(school)
    was = set(before["mark"])
    assert len(set(now["mark"]) - was) == many
    assert was - set(now["mark"]) <= {row for row in was if row[0] in dict(now["mark"])}
    assert {e: rows for e, rows in now.items() if e != "mark"} == {
        e: rows for e, rows in before.items() if e != "mark"
    }
    assert uploads(school) == taken
    with school.hub.engine.begin() as connection:
        assert open_rows(connection, "again") == []
    assert not [
        card for card in school.cards() if card.where.key == "Эссе" and card.state != "fixed"
    ]


def test_without_a_correction_nothing_changes(school: School) -> None:
    school.collect()
    before = facts(school)
    rows = school.svod("quarantine", *PLAY)
    assert {row["accepted"] for row in rows} == {0}
    assert facts(school) == before


def test_what_landed_is_read_and_not_what_lies_there_now(school: School) -> None:
    """The version that was read last, though an earlier one of the same file was landed too."""
    school.collect()
    first = facts(school)
    path = school.today.folder / "lessons.csv"
    content = path.read_bytes()
    school.today.change("lessons", lambda row: row["Тема"] != "", Тема="Повторение")
    school.collect(run_id="changed")
    path.write_bytes(content)
    school.collect(run_id="back")
    school.today.change("lessons", lambda row: row["Тема"] != "", Тема="Контроль")
    school.svod("quarantine", *PLAY)
    assert facts(school) == first


def test_who_was_never_collected_is_told_so(school: School) -> None:
    with pytest.raises(RereadRefusedError, match="nothing of 781001 was collected yet"):
        school.svod("quarantine", "replay", "--school", "781001")


def test_an_upload_of_an_older_hub_is_not_guessed(school: School) -> None:
    with school.hub.engine.begin() as connection:
        connection.execute(text("UPDATE ops.uploads SET documents = NULL"))
    before = facts(school)
    with pytest.raises(RereadRefusedError, match="older version of the hub"):
        school.svod("quarantine", *PLAY)
    assert facts(school) == before


def test_a_file_whose_name_was_not_kept_is_not_guessed(school: School) -> None:
    renamed = "UPDATE ops.landing SET name = :alias WHERE name = 'marks.csv'"
    with school.hub.engine.begin() as connection:
        connection.execute(text(renamed), {"alias": f"{HIDDEN_NAME} 0a.csv"})
    with pytest.raises(RereadRefusedError, match="named after somebody"):
        school.svod("quarantine", *PLAY)
