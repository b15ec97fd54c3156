"""Remarks are kept from check to check: new, still open, fixed, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline import figures
from pipeline.cli import app
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.measuring.remarks import Kept, keep_remarks, remark_counts, remarks_on
from pipeline.measuring.school_facts import end_of
from quality.remarks import REMARK
from quality.versions import mark_versions, term_mark_versions
from tests.pipeline.village import SCHOOL, Village, lesson, mark, village

__all__ = ["village"]

YEAR_START = date(2026, 9, 1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 9, day) for day in (14, 15, 16, 17))
ZONE = "Europe/Moscow"


def _found(*keys: str, rule: str = "topic", detail: str = "") -> pl.DataFrame:
    rows = [
        {"rule": rule, "key": key, "day": MONDAY, "class_key": "7a", "detail": detail}
        for key in keys
    ]
    return pl.DataFrame(rows, schema=REMARK)


def _keep(
    hub: Hub,
    on: date,
    found: pl.DataFrame,
    *,
    source: str = "paragraf",
    run: str = "",
    spans: dict[str, date | None] | None = None,
) -> Kept:
    with hub.engine.begin() as connection:
        return keep_remarks(
            connection, SCHOOL, source, found,
            on=on, year_start=YEAR_START, spans=spans or {}, run_id=run or f"run-{on}",
        )  # fmt: skip


def _table(hub: Hub, columns: str = "*") -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM quality.remarks ORDER BY source, rule, key, first_on"
    with hub.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _episodes(hub: Hub) -> list[tuple[Any, ...]]:
    return _table(hub, "key, first_on, last_on, fixed_on")


def _states(hub: Hub, on: date | None = None) -> dict[str, str]:
    with hub.engine.begin() as connection:
        return {row["key"]: row["state"] for row in remarks_on(connection, SCHOOL, on)}


class TestEpisodes:
    def test_new_open_and_fixed(self, hub: Hub) -> None:
        assert _keep(hub, MONDAY, _found("a", "b")) == Kept(new=2, still_open=0, fixed=0)
        assert _keep(hub, TUESDAY, _found("b", "c")) == Kept(new=1, still_open=1, fixed=1)
        assert _episodes(hub) == [
            ("a", MONDAY, MONDAY, TUESDAY),
            ("b", MONDAY, TUESDAY, None),
            ("c", TUESDAY, TUESDAY, None),
        ]

    def test_what_comes_back_is_another_episode(self, hub: Hub) -> None:
        for day, keys in ((MONDAY, "a"), (TUESDAY, ""), (WEDNESDAY, "a"), (THURSDAY, "")):
            _keep(hub, day, _found(*keys))
        assert _episodes(hub) == [
            ("a", MONDAY, MONDAY, TUESDAY),
            ("a", WEDNESDAY, WEDNESDAY, THURSDAY),
        ]

    def test_the_same_check_again_changes_nothing(self, hub: Hub) -> None:
        _keep(hub, MONDAY, _found("a", "b"))
        _keep(hub, TUESDAY, _found("b", "c"))
        before = _table(hub, "*, xmin::text")
        again = _keep(hub, TUESDAY, _found("b", "c"), run="another")
        assert again == Kept(new=0, still_open=2, fixed=0)
        assert _table(hub, "*, xmin::text") == before

    def test_a_date_is_known_by_its_last_check(self, hub: Hub) -> None:
        _keep(hub, MONDAY, _found("a"))
        _keep(hub, TUESDAY, _found("b"))  # a seemed to be fixed
        _keep(hub, TUESDAY, _found("a"))
        assert _episodes(hub) == [
            ("a", MONDAY, TUESDAY, None),
            ("b", TUESDAY, TUESDAY, TUESDAY),
        ]
        _keep(hub, TUESDAY, _found("a", "b"))
        assert _episodes(hub) == [
            ("a", MONDAY, TUESDAY, None),
            ("b", TUESDAY, TUESDAY, None),
        ]

    def test_journals_and_rules_are_apart(self, hub: Hub) -> None:
        _keep(hub, MONDAY, _found("a"), source="eljur")
        _keep(hub, MONDAY, pl.concat([_found("a"), _found("a", rule="homework")]))
        assert _keep(hub, TUESDAY, _found("a", rule="homework")) == Kept(0, 1, 1)
        assert _table(hub, "source, rule, key, fixed_on") == [
            ("eljur", "topic", "a", None),
            ("paragraf", "homework", "a", None),
            ("paragraf", "topic", "a", TUESDAY),
        ]

    def test_what_is_said_of_a_thing_may_change(self, hub: Hub) -> None:
        _keep(hub, MONDAY, _found("a", detail="отметок 1 из 2"))
        _keep(hub, TUESDAY, _found("a", detail="отметок 1 из 3"))
        assert _table(hub, "first_on, detail, run_id") == [
            (MONDAY, "отметок 1 из 3", "run-2026-09-15")
        ]

    def test_a_year_that_is_over_stays_as_it_was_left(self, hub: Hub) -> None:
        _keep(hub, MONDAY, _found("a", "b"))
        with hub.engine.begin() as connection:
            keep_remarks(
                connection, SCHOOL, "paragraf", _found("b"),
                on=date(2027, 9, 14), year_start=date(2027, 9, 1), spans={}, run_id="next",
            )  # fmt: skip
        assert _episodes(hub) == [
            ("a", MONDAY, MONDAY, None),
            ("b", MONDAY, date(2027, 9, 14), None),
        ]
        assert _states(hub) == {"b": "open"}

    @pytest.mark.parametrize("begun", [None, TUESDAY])
    def test_a_term_that_is_over_stays_as_it_was_left(self, hub: Hub, begun: date | None) -> None:
        """Its remarks were not mended; those of other rules were."""
        of_term = _found("a", rule="accumulation")
        _keep(hub, MONDAY, pl.concat([of_term, _found("b")]), spans={"accumulation": MONDAY})
        kept = _keep(hub, TUESDAY, _found(), spans={"accumulation": begun})
        assert kept == Kept(new=0, still_open=0, fixed=1)
        assert _episodes(hub) == [("a", MONDAY, MONDAY, None), ("b", MONDAY, MONDAY, TUESDAY)]
        assert _states(hub) == {"b": "fixed"}

    def test_in_the_course_of_a_term_remarks_are_mended(self, hub: Hub) -> None:
        of_term = _found("a", rule="accumulation")
        _keep(hub, MONDAY, of_term, spans={"accumulation": MONDAY})
        _keep(hub, TUESDAY, _found(), spans={"accumulation": MONDAY})
        assert _episodes(hub) == [("a", MONDAY, MONDAY, TUESDAY)]

    def test_a_missing_text_is_kept_as_missing(self, hub: Hub) -> None:
        _keep(hub, MONDAY, _found("a"))
        assert _table(hub, "subject_key, detail") == [(None, "")]


class TestAsOfADay:
    @pytest.fixture
    def kept(self, hub: Hub) -> Hub:
        for day, keys in ((MONDAY, "ab"), (TUESDAY, "bc"), (THURSDAY, "ac")):
            _keep(hub, day, _found(*keys))
        return hub

    @pytest.mark.parametrize(
        ("on", "states"),
        [
            (None, {"a": "new", "b": "fixed", "c": "open"}),
            (THURSDAY, {"a": "new", "b": "fixed", "c": "open"}),
            (date(2026, 12, 1), {"a": "new", "b": "fixed", "c": "open"}),  # by the last check
            (WEDNESDAY, {"c": "open"}),  # no check on that day: b may have been fixed already
            (TUESDAY, {"a": "fixed", "b": "open", "c": "new"}),
            (MONDAY, {"a": "new", "b": "new"}),
            (date(2026, 9, 1), {}),
        ],
    )
    def test_states(self, kept: Hub, on: date | None, states: dict[str, str]) -> None:
        assert _states(kept, on) == states

    def test_counts_are_those_of_the_list(self, kept: Hub) -> None:
        with kept.engine.begin() as connection:
            assert remark_counts(connection, SCHOOL, TUESDAY) == [
                {"rule": "topic", "new": 1, "open": 1, "fixed": 1}
            ]
            assert remark_counts(connection, "999", None) == []
            (one,) = remarks_on(connection, SCHOOL, TUESDAY, rule="topic", state="new")
            assert remarks_on(connection, SCHOOL, TUESDAY, rule="homework") == []
        assert one["key"] == "c"


def _tell(village: Village, day: str) -> None:
    """The journal's upload of ``day``, the evening, and the check."""
    village.export(day)
    village.evening(day)
    _check(village, day)


def _check(village: Village, day: str, run: str = "") -> None:
    figures.compute(village.hub, Run(run or f"check-{day}", date.fromisoformat(day)))


def _slots(village: Village) -> None:
    """Algebra on Wednesdays, in both classes."""
    for code in ("10", "11"):
        village.say(
            "timetable", Код=code, КодКласса=code, КодПредмета="20", ДеньНедели="3",
            НомерУрока="1", ДействуетС="01.09.2026", ДействуетПо="31.05.2027",
        )  # fmt: skip


def _kept(village: Village, *rules: str) -> list[tuple[Any, ...]]:
    rows = village.rows(
        "SELECT rule, key, first_on::text, fixed_on::text FROM quality.remarks"
        " WHERE rule = ANY(:rules) ORDER BY rule, key, first_on",
        rules=list(rules),
    )
    return [tuple(row) for row in rows]


class TestAVillage:
    def test_from_the_journal_to_the_command(self, village: Village) -> None:
        _slots(village)
        _tell(village, "2026-09-17")
        unfilled = [
            f"2026-09-{day}|1|{class_}||20" for day in ("02", "09") for class_ in ("10", "11")
        ]
        assert _kept(village, "held") == [("held", key, "2026-09-17", None) for key in unfilled]
        village.say("lessons", **lesson("409", "2026-09-09", "10"))
        _tell(village, "2026-09-18")
        assert [row[1:] for row in _kept(village, "held") if row[3]] == [
            (unfilled[2], "2026-09-17", "2026-09-18")
        ]
        # What was written a week later is late, and marks are missing still.
        assert _kept(village, "lesson_entered", "attendance_entered", "marks") == [
            (rule, unfilled[2], "2026-09-18", None)
            for rule in ("attendance_entered", "lesson_entered", "marks")
        ]
        told = village.svod("remarks", "--school", SCHOOL)
        assert {row["rule"]: (row["new"], row["open"], row["fixed"]) for row in told} == {
            "attendance_entered": (1, 0, 0),
            "daily_upload": (0, 11, 0),  # before the first upload
            "held": (0, 3, 1),
            "lesson_entered": (1, 0, 0),
            "marks": (1, 0, 0),
        }
        assert {row["title"] for row in told} >= {"Нет отметки о проведении урока"}
        past = village.svod("remarks", "--school", SCHOOL, "--on", "2026-09-17")
        assert {row["rule"]: row["new"] for row in past} == {"daily_upload": 11, "held": 4}
        listed = village.svod("remarks", "--school", SCHOOL, "--rule", "held", "--state", "fixed")
        assert [row["key"] for row in listed] == [unfilled[2]]

    def test_checking_again_and_looking_back_change_nothing(self, village: Village) -> None:
        _slots(village)
        _tell(village, "2026-09-17")
        village.say("lessons", **lesson("409", "2026-09-09", "10"))
        _tell(village, "2026-09-18")
        before = _table(village.hub, "*, xmin::text")
        assert before
        _check(village, "2026-09-18", "again")
        _check(village, "2026-09-17", "looking-back")
        assert _table(village.hub, "*, xmin::text") == before

    def test_marks_and_term_marks_by_all_their_versions(self, village: Village) -> None:
        village.profile = "velikie_luki"
        village.register()
        village.drop("marks", Код="9100")
        written = village.say("marks", **mark("9100", "100", "510", "2026-09-16", "5"))
        written["ВидРаботы"] = "Письменная"
        given = village.say(
            "term_marks", КодУченика="100", КодПредмета="20", КодПериода="1", Отметка="4", Шкала="5"
        )
        _tell(village, "2026-09-24")
        assert _kept(village, "no_backdating") == []
        written["Отметка"] = "4"
        given["Отметка"] = "5"
        _tell(village, "2026-09-25")
        written["Отметка"] = "5"
        _tell(village, "2026-09-28")
        ((_, key, first_on, fixed_on),) = _kept(village, "no_backdating")
        assert (first_on, fixed_on) == ("2026-09-25", None)
        (listed,) = village.svod("remarks", "--school", SCHOOL, "--rule", "no_backdating")
        assert listed["pupil"] == village.name_of("100")
        assert listed["detail"] == (
            "изменена: после 25.09.2026 17:40, срок 23.09.2026 23:59,"
            " всего изменений после срока: 2"
        )
        assert _values(village, mark_versions, "date", key) == ["5", "5", "4", "5"]
        assert _values(village, term_mark_versions, "term_key") == ["4", "5"]

    def test_few_marks_are_past_with_their_term_and_not_mended(self, village: Village) -> None:
        """What is still to be done of it are the marks to be graded."""
        village.profile = "velikie_luki"
        village.register()
        village.say("curriculum", КодКласса="10", КодПредмета="20", ЧасовВНеделю="2")
        _tell(village, "2026-09-29")
        # The other pupil of the class is told of by the same rule.
        assert [row[2:] for row in _kept(village, "accumulation")] == [("2026-09-29", None)] * 2
        village.say("marks", **mark("9200", "101", "510", "2026-09-16", "4"))
        _tell(village, "2026-09-30")
        assert sorted(row[3] or "" for row in _kept(village, "accumulation")) == ["", "2026-09-30"]
        _tell(village, "2026-10-26")
        assert sorted(row[3] or "" for row in _kept(village, "accumulation")) == ["", "2026-09-30"]
        told = {row["rule"]: row for row in village.svod("remarks", "--school", SCHOOL)}
        assert "accumulation" not in told
        assert told["marks_to_grade"]["new"] == 2
        rules = {p["rule"] for c in _cards(village) for p in c["parts"]}
        assert "marks_to_grade" in rules
        assert "accumulation" not in rules

    def test_who_has_a_uid_is_told_without_the_uid(self, village: Village) -> None:
        village.profile = "kogalym"
        village.register()
        for n in ("100", "101"):
            village.say("guardians", Код=f"3{n}", КодУченика=n, Фамилия="Жмелеватова")
        _tell(village, "2026-09-17")
        (row,) = village.svod("remarks", "--school", SCHOOL, "--rule", "activation")
        assert row["detail"] == "0 из 2, к 01.01.2013 требуется 100 %"
        known = village.hub.vault.who_has_uid(SCHOOL)
        assert known == set(village.hub.vault.uids_of(SCHOOL)["pseudonym"])
        assert len(known) == 3


def _cards(village: Village) -> Any:
    return village.svod("cards", "--school", SCHOOL)


def _values(village: Village, versions: Any, column: str, key: str = "") -> Sequence[str]:
    """The values that versions tell, oldest first."""
    with village.hub.engine.begin() as connection:
        as_of = end_of(date(2026, 9, 28), ZONE)
        found = versions(connection, SCHOOL, "paragraf", 2026, as_of).sort("seen_at")
    chosen = found.filter(pl.col("key") == key) if key else found
    assert chosen[column].null_count() == 0
    return list(chosen["value"].to_list())


def test_an_unknown_rule_is_named(hub: Hub) -> None:
    runner = CliRunner(env={"SVOD_HOME": str(hub.settings.home), "COLUMNS": "200"})
    done = runner.invoke(app, ["remarks", "--school", SCHOOL, "--rule", "topics"])
    assert done.exit_code == 2
    assert "no rule 'topics'" in done.output


def test_a_person_reads_what_fits_a_terminal(hub: Hub) -> None:
    _keep(hub, MONDAY, _found("a"))
    runner = CliRunner(env={"SVOD_HOME": str(hub.settings.home), "COLUMNS": "200"})
    listed = runner.invoke(app, ["remarks", "--school", SCHOOL, "--state", "new"])
    assert listed.exit_code == 0
    head, row = listed.stdout.splitlines()[:2]
    assert head.split()[:3] == ["state", "rule", "day"]
    assert row.split() == ["new", "topic", "2026-09-14", "7a"]
    counted = runner.invoke(app, ["remarks", "--school", SCHOOL])
    assert "Не записана тема проведённого урока" in counted.stdout
