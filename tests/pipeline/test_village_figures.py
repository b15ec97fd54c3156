"""``svod figures`` of the village, beside plain SQL over the tables of its journal."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline import figures
from pipeline.cli import app
from pipeline.intake.collect import Run
from tests.pipeline import plain_sql
from tests.pipeline.village import (
    PUPILS,
    SCHOOL,
    Row,
    Village,
    enrol,
    lesson,
    mark,
    ru,
    run_of,
)
from tests.pipeline.village import village as village  # the fixture

DAYS = ("2026-09-17", "2026-09-18", "2026-09-21")
FIRST, LAST = date(2026, 9, 1), date.fromisoformat(DAYS[-1])


def _slot(code: str, class_: str, weekday: int, **cells: str) -> Row:
    return {
        "Код": code, "КодКласса": class_, "КодПредмета": "20", "КодУчителя": "1",
        "ДеньНедели": str(weekday), "НомерУрока": "1", "ДействуетС": ru("2026-09-01"),
        "ДействуетПо": ru("2027-05-31"),
    } | cells  # fmt: skip


@pytest.fixture
def lived_in(village: Village) -> Village:
    """Three more evenings: subgroups, a substitute, lessons cancelled, merged and forgotten, a
    pupil who came and one who left, marks and topics written late."""
    say = village.say
    for code in "123":
        say("staff", Код=code, Фамилия="Ивлиев", Имя="Пётр")
    for code in ("30", "31"):
        say("groups", Код=code, КодКласса="10", КодПредмета="20", Название=f"Группа {code}")
    for n, weekday in enumerate((1, 3, 5)):
        say("timetable", **_slot(f"11{n}", "11", weekday))
        for group, teacher in (("30", "1"), ("31", "2")):
            cells = {"КодГруппы": group, "КодУчителя": teacher}
            say("timetable", **_slot(f"{group}{n}", "10", weekday, **cells))
    thursday, friday, monday = DAYS
    village.export(thursday)
    village.evening(thursday)
    figures.compute(village.hub, Run(run_of(thursday), date.fromisoformat(thursday)))

    late = lesson("600", "2026-09-16", "10") | {"КодГруппы": "31", "КодУчителя": "2"}
    say("lessons", **late | {"Внесено": "18.09.2026 10:00:00"})
    say("lessons", **lesson("601", friday, "10") | {"КодГруппы": "30", "КодЗамены": "3"})
    say("lessons", **lesson("602", friday, "10") | {"КодГруппы": "31", "Состояние": "Объединен"})
    say("lessons", **lesson("603", friday, "11") | {"Тема": ""})
    say("marks", **mark("950", "100", "601", friday))
    say("marks", **mark("951", "101", "600", "2026-09-16"))
    newcomer = ("Дроздов", "Олег", "05.05.2013", "101-000-148 27", "М")
    enrol(village, "103", newcomer, "11", since=ru(friday))
    village.export(friday)
    village.evening(friday)
    figures.compute(village.hub, Run(run_of(friday), date.fromisoformat(friday)))

    village.drop("marks", Код="950")
    say("lessons", **lesson("604", monday, "11") | {"Проведен": "нет", "Состояние": "Отменен"})
    say("lessons", **lesson("605", monday, "10") | {"КодГруппы": "30", "БезДЗ": "нет"})
    say("attendance", КодУченика="101", КодУрока="605", Причина="Опз")
    gone = next(row for row in village.said["pupils"] if row["Фамилия"] == PUPILS[2][0])
    gone["ДатаВыбытия"] = ru(monday)
    village.export(monday)
    village.evening(monday)
    figures.compute(village.hub, Run(run_of(monday), date.fromisoformat(monday)))
    return village


def _asked(village: Village, *words: str) -> dict[tuple[Any, ...], tuple[int, int]]:
    found = village.svod("figures", "--from", str(FIRST), "--to", str(LAST), *words)
    return {
        (row["source"], row["unit"], row["bucket"], row["measure"]): (
            row["numerator"],
            row["denominator"],
        )
        for row in found
        if row["denominator"] and row["measure"] not in ("upload_frequency", "accumulation")
    }


def test_every_level_is_what_plain_sql_counts(lived_in: Village) -> None:
    with lived_in.hub.engine.begin() as connection:
        days, basis = (FIRST, LAST), {"paragraf": "timetable"}
        cells = plain_sql.cells(connection, SCHOOL, basis, days, "Europe/Moscow")
    assert len(cells) == 9 * 3 - 2  # Mondays, Wednesdays, Fridays; one merged, one cancelled
    assert sum(cell["held"] for cell in cells) == 5
    for level in plain_sql.LEVELS:
        for each in plain_sql.PARTS_OF_RANGE:
            told = plain_sql.expected(cells, level, each).items()
            words = ["--by", level, *(["--each", each] if each else [])]
            within = ["--school", SCHOOL] if level in plain_sql.OWN else []
            expected = {key: pair for key, pair in told if pair[1]}
            assert _asked(lived_in, *words, *within) == expected, words
    kept = lived_in.rows(
        "SELECT level, unit, measure, numerator, denominator FROM quality.measures"
        " WHERE as_of = :last AND denominator > 0"
        " AND measure NOT IN ('upload_frequency', 'accumulation')",
        last=LAST,
    )
    for level in ("school", "district", "region"):
        sums = plain_sql.expected(cells, level, None).items()
        expected = {(unit, measure): pair for (_, unit, _, measure), pair in sums if pair[1]}
        assert {tuple(row[1:3]): row[3:] for row in kept if row[0] == level} == expected


def test_what_was_known_on_a_past_day_is_told_again(lived_in: Village) -> None:
    """On Thursday group 31 had no lesson of Wednesday yet; on Friday it had one, written late."""
    held = {
        as_of: _asked(lived_in, "--by", "teacher", "--school", SCHOOL, "--as-of", as_of)
        for as_of in DAYS
    }
    ((teacher,),) = lived_in.rows("SELECT teacher FROM journal.lesson WHERE key = '600'")
    pairs = [held[day][("paragraf", teacher, None, "held")] for day in DAYS]
    assert pairs == [(0, 7), (1, 7), (1, 8)]
    in_time = [held[day][("paragraf", teacher, None, "timeliness")] for day in DAYS]
    assert in_time[0] == (0, 7)
    assert in_time[1][0] == 0


def test_people_read_a_table_in_russian(lived_in: Village) -> None:
    words = ["figures", "--from", "2026-09-01", "--to", DAYS[-1], "--each", "week", "--by"]
    home = {"SVOD_HOME": str(lived_in.hub.settings.home), "COLUMNS": "220"}
    shown = CliRunner(env=home).invoke(app, [*words, "class", "--school", SCHOOL])
    assert shown.exit_code == 0, shown.output
    lines = [" ".join(line.split()) for line in shown.output.splitlines()]
    assert lines[0] == "01.09.2026 – 21.09.2026"
    assert lines[1].startswith("Класс Неделя Полнота Проведение Темы Домашние задания")
    assert any(line.startswith("7а 14.09–20.09.2026") for line in lines)
    assert "(0 из 6)" in shown.output
    refused = CliRunner(env=home).invoke(app, [*words, "class"])
    assert refused.exit_code != 0
    assert "only one school has figures" in str(refused.exception)
