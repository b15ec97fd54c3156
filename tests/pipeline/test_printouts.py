"""The week on paper: for who asked, of that child alone, in that school's private folder alone.

Monday is 2026-09-14; the village's first evening is Wednesday the 16th.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.database import connect
from pipeline.entries import EntryRefusedError
from pipeline.forms.hand_out import files_of
from pipeline.hub import Hub
from pipeline.paper.printouts import PrintoutsRefusedError, print_diaries
from pipeline.runs import RunState
from tests.pipeline import village as made_by_hand
from tests.pipeline.town import run_of, school
from tests.pipeline.village import PUPILS, SCHOOL, Village, lesson, mark, ru, settle_in

BY = ("--school", SCHOOL, "--by", "operator-7")
WEEK = "2026-09-19"
SATURDAY = date.fromisoformat(WEEK)
SURNAMES = [who[0] for who in PUPILS]  # of the pupils 100, 101 and 102
GUARDIAN = "Жмелеватова"


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal knows homework too."""
    more = dict(made_by_hand.COLUMNS)
    more["lessons"] += ";ДомашнееЗадание"
    monkeypatch.setattr(made_by_hand, "COLUMNS", more)


@pytest.fixture
def asked(hub: Hub, tmp_path: Path) -> Iterator[Village]:
    """The village after its first evening; the family of the pupil 100 asked for paper on the
    15th."""
    shutil.rmtree(hub.settings.reports, ignore_errors=True)
    village = Village(hub, tmp_path)
    settle_in(village)
    village.say("guardians", Код="200", КодУченика="100", Фамилия=GUARDIAN)
    village.say("guardians", Код="201", КодУченика="101", Фамилия="Брянчихин")
    village.open()
    collected(village, "2026-09-16")
    ask(village, "100")
    yield village
    village.close()


def ask(village: Village, pupil: str, day: str = "2026-09-15") -> Any:
    (row,) = village.svod("paper-diary", "ask", *BY, "--local-key", pupil, "--asked-on", day)
    return row["entered"]


def collected(village: Village, day: str = WEEK) -> None:
    village.export(day)
    assert village.collect(day) is RunState.CLOSED


def printed(village: Village, day: str = WEEK) -> dict[str, str]:
    """The pages by the name of their file."""
    (counts,) = village.svod("paper-diary", "print", "--on", day)
    files = {path.name: path.read_text("utf-8") for path in pages_of(village, day)}
    assert counts["files"] == len(files)
    return files


def pages_of(village: Village, day: str = WEEK) -> list[Path]:
    folder = village.hub.settings.reports / day / "schools" / SCHOOL / "private"
    return sorted(folder.iterdir()) if folder.exists() else []


def cells(page: str) -> list[list[str]]:
    """The rows of the first table, in words."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("<table>")[1].split("</table>")[0])
    plain = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in row] for row in plain if row]


def test_the_page_holds_the_week_of_the_child_who_asked_and_nobody_else(asked: Village) -> None:
    asked.say("lessons", **lesson("520", "2026-09-18", "10") | {"БезДЗ": "нет"},
              ДомашнееЗадание="№ 12, 13")  # fmt: skip
    asked.say(
        "marks", **mark("9200", "100", "520", "2026-09-18", "4") | {"ВидРаботы": "Контрольная"}
    )
    asked.say("marks", **mark("9201", "101", "520", "2026-09-18", "2"))
    collected(asked)
    ((name, page),) = printed(asked).items()
    assert name == f"raspechatka_7а_{WEEK}.html"
    assert "<h1>Жмелеватов Лев</h1>" in page
    assert f"Родителям (законным представителям): {GUARDIAN}<" in page
    assert "Класс: <b>7а</b>" in page
    assert "14.09.2026 – 19.09.2026" in page
    assert cells(page) == [
        ["1", "Алгебра", "Дроби", "не задано", "5", "опоздание"],
        ["1", "Алгебра", "Дроби", "№ 12, 13", "4 – контрольная работа", ""],
    ]
    assert "среда, 16 сентября 2026 года" in page
    for other in (*SURNAMES[1:], "Брянчихин"):
        assert other not in page
    assert page.count("<article>") == 1


def test_only_the_owner_may_read_it_and_no_letter_takes_it(asked: Village) -> None:
    printed(asked)
    (path,) = pages_of(asked)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert files_of(asked.hub.settings.reports, SATURDAY, school(SCHOOL)) == []


def test_what_names_another_child_stays_hidden(asked: Village) -> None:
    asked.say("lessons", **lesson("520", "2026-09-17", "10") | {"Тема": "Опрос Брянчихиной Алёны"})
    collected(asked)
    (page,) = printed(asked).values()
    assert "[скрыто: имя человека]" in page
    assert "Опрос" not in page


def test_marks_entered_late_are_told_once_beside_the_lessons(asked: Village) -> None:
    asked.say("marks", **mark("9300", "100", "510", "2026-09-16", "3"))
    asked.say("marks", **mark("9301", "100", "", "2026-09-22", "2"))
    collected(asked, "2026-09-21")
    (page,) = printed(asked, "2026-09-26").values()
    assert "На этой неделе уроков в журнале нет." in page
    other = page.split("Другие отметки")[1]
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", other)
    assert rows == [("16.09.2026", "Алгебра", "3"), ("22.09.2026", "Алгебра", "2")]
    (page,) = printed(asked, "2026-10-03").values()
    assert "Другие отметки" not in page


def test_a_page_is_made_of_what_was_known_that_day(asked: Village) -> None:
    asked.say("marks", **mark("9300", "100", "510", "2026-09-16", "3"))
    before = printed(asked, "2026-09-16")
    collected(asked, "2026-09-21")
    assert printed(asked, "2026-09-16") == before


def test_the_groups_of_the_child_are_those_it_was_seen_in(asked: Village) -> None:
    for code in ("30", "31"):
        asked.say("groups", Код=code, КодКласса="10", КодПредмета="20", Название=f"гр. {code}")
    for code, date_, group in (
        ("520", "2026-09-17", "30"), ("521", "2026-09-17", "31"), ("522", "2026-09-18", "30")
    ):  # fmt: skip
        asked.say("lessons", **lesson(code, date_, "10") | {"Тема": f"{group}/{code}"},
                  КодГруппы=group)  # fmt: skip
    asked.say("marks", **mark("9400", "100", "520", "2026-09-17"))
    collected(asked)
    (page,) = printed(asked).values()
    assert [row[2] for row in cells(page)] == ["Дроби", "30/520", "30/522"]


def test_every_class_has_a_file_and_every_child_a_page(asked: Village) -> None:
    for pupil in ("101", "102"):
        assert ask(asked, pupil) == 1
    files = printed(asked)
    assert sorted(files) == [f"raspechatka_7{letter}_{WEEK}.html" for letter in "аб"]
    names = re.findall(r"<h1>(.*?)</h1>", files[f"raspechatka_7а_{WEEK}.html"])
    assert names == ["Брянчихина Алёна", "Жмелеватов Лев"]


# Who asked


def test_who_asks_twice_has_one_request(asked: Village) -> None:
    assert ask(asked, "100") == 0
    assert ask(asked, "101", "2026-09-20") == 1
    (mine, other) = asked.svod("paper-diary", "list", "--school", SCHOOL)[::-1]
    assert (mine["pupil"], mine["class"]) == (asked.name_of("100"), "7а")
    assert (mine["asked_on"], mine["stopped_on"], mine["entered_by"]) == (
        "2026-09-15", None, "operator-7"
    )  # fmt: skip
    assert other["asked_on"] == "2026-09-20"
    assert list(printed(asked)) == [f"raspechatka_7а_{WEEK}.html"]
    assert SURNAMES[1] not in pages_of(asked)[0].read_text("utf-8"), "asked for later"


def test_who_stops_gets_no_page_and_what_was_printed_of_that_day_goes(asked: Village) -> None:
    assert printed(asked)
    stop = ("paper-diary", "stop", *BY, "--local-key", "100", "--stopped-on")
    with pytest.raises(EntryRefusedError, match="asked for on 2026-09-15"):
        asked.svod(*stop, "2026-09-14")
    assert asked.svod(*stop, WEEK) == [{"school": SCHOOL, "stopped": 1}]
    assert asked.svod(*stop, WEEK) == [{"school": SCHOOL, "stopped": 0}]
    assert printed(asked, "2026-09-18")
    ask(asked, "102")
    assert list(printed(asked)) == [f"raspechatka_7б_{WEEK}.html"]
    assert ask(asked, "100", "2026-09-21") == 1


def test_who_left_the_school_gets_no_page(asked: Village) -> None:
    (row,) = [row for row in asked.said["pupils"] if row["Код"] == "100"]
    row["ДатаВыбытия"] = ru("2026-09-11")
    collected(asked)
    (counts,) = asked.svod("paper-diary", "print", "--on", WEEK)
    assert counts == {"schools": 1, "files": 0, "pages": 0, "no_class": 1}
    assert pages_of(asked) == []


def test_an_entry_that_makes_no_sense_is_refused(asked: Village) -> None:
    for words in (
        ("--local-key", "999", "--asked-on", "2026-09-15"),
        ("--local-key", "100", "--asked-on", "2006-09-15"),
        ("--local-key", "100", "--asked-on", "2026-09-15", "--class", "7б"),
        ("--local-key", "101", "--asked-on", "2026-09-15", "--paper", "от Жмелеватова"),
    ):
        with pytest.raises(EntryRefusedError) as caught:
            asked.svod("paper-diary", "ask", *BY, *words)
        assert not [name for name in SURNAMES if name in str(caught.value)]
    assert len(asked.svod("paper-diary", "list", "--school", SCHOOL)) == 1


# What is said of it


def test_each_release_is_logged_and_an_unknown_person_closes_the_school(asked: Village) -> None:
    printed(asked)
    query = "SELECT actor, count, details FROM ops.action_log WHERE action = 'release_names'"
    ((actor, count, details),) = asked.rows(query)
    assert (actor, count) == ("svod", 2)
    assert (details["purpose"], details["channel"]) == ("guardian_printout", "folder")
    assert details["roles"] == {"guardian": 1, "pupil": 1}
    ((asked_by, entries),) = asked.rows(
        "SELECT actor, count FROM ops.action_log WHERE action = 'ask_for_paper'"
    )
    assert (asked_by, entries) == ("operator-7", 1)
    shutil.rmtree(asked.hub.settings.reports)
    with connect(asked.hub.settings, "owner").begin() as connection:
        connection.execute(
            text("DELETE FROM vault.people WHERE pseudonym = :one"), {"one": asked.name_of("100")}
        )
    with pytest.raises(PrintoutsRefusedError, match=f"1 of those asked for are not of {SCHOOL}"):
        print_diaries(asked.hub, run_of(SATURDAY))
    assert pages_of(asked) == []


def test_the_names_are_in_the_private_folder_and_nowhere_else(
    asked: Village, caplog: pytest.LogCaptureFixture
) -> None:
    """Every table of the hub, every other file of its home, logs, and what the commands said."""
    caplog.set_level(logging.DEBUG)
    canaries = [*SURNAMES, GUARDIAN]
    said = ""
    for words in (
        ("ask", *BY, "--local-key", "101", "--asked-on", "2026-09-15", "--paper", "№ 7"),
        ("list", "--school", SCHOOL),
        ("print", "--on", WEEK),
        ("stop", *BY, "--local-key", "101", "--stopped-on", WEEK),
    ):
        for form in ((), ("--json",)):
            done = CliRunner(env={"SVOD_HOME": str(asked.hub.settings.home)}).invoke(
                app, ["paper-diary", *words, *form]
            )
            said += done.output + repr(done.exception)
    places = {"commands": said, "logs": caplog.text}
    with connect(asked.hub.settings, "owner").begin() as connection:
        names = connection.execute(
            text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN"
                 " ('registry', 'journal', 'vault', 'ops', 'outbox', 'quality')")
        ).scalars().all()  # fmt: skip
        for name in names:
            query = f"SELECT t::text FROM {name} t"
            places[name] = "\n".join(connection.execute(text(query)).scalars())
    home = asked.hub.settings.home
    for path in home.rglob("*"):
        if path.is_file() and "postgres" not in path.parts and "private" not in path.parts:
            places[str(path)] = path.read_bytes().decode("utf-8", "replace")
    leaks = {(place, name) for place, text_ in places.items() for name in canaries if name in text_}
    assert leaks == set()
    whole = "".join(path.read_text("utf-8") for path in pages_of(asked))
    assert {name for name in canaries if name in whole} == {*SURNAMES[:2], GUARDIAN}
    assert len(places) > 40
