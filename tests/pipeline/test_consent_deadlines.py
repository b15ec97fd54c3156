"""Consent, from the journal and from a person's entry, to what the diary holds, in time.

Monday is 2026-09-14; the village's first evening is the 16th.
"""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.entries import EntryRefusedError
from pipeline.runs import RunState
from tests.pipeline.village import (
    PUPILS,
    SCHOOL,
    Village,
    apply_for,
    enrol,
    lesson,
    mark,
    order,
    ru,
    village,
)
from tests.support.leaks import find_people

__all__ = ["village"]

BY = ("--school", SCHOOL, "--by", "operator-7")
FIRST = {"attendance": 1, "lesson": 2, "mark": 3}  # what the diary holds of the village
WITHOUT_100 = {"lesson": 2, "mark": 2}
LEFT_100 = {("attendance", "withdrawn"): 1, ("mark", "withdrawn"): 1}


def refuse(village: Village, day: str, *named: str) -> dict[str, Any]:
    named = named or ("--local-key", "100", "--class", "7 А")
    (row,) = village.svod("consent", "refuse", *BY, *named, "--refused-on", day)
    return dict(row)


def evening(village: Village, day: str) -> RunState:
    """The journal says the same again; how the delivery to the diary ended."""
    village.export(day)
    return village.evening(day)["diary"]


def test_a_refusal_on_paper_is_kept_while_the_portal_is_down_and_done_in_time(
    village: Village,
) -> None:
    """Refused on the 17th; nobody answers on the 17th and 18th; the last day is the 20th."""
    said = refuse(village, "2026-09-17")
    assert (said["state"], said["since"], said["due_on"]) == (
        "refused", "2026-09-17", "2026-09-20"
    )  # fmt: skip
    for day in ("2026-09-17", "2026-09-18"):
        with village.down("diary"):
            assert evening(village, day) is RunState.PARTLY
        assert village.held("diary") == FIRST
        assert village.went_out("diary", day) == {}
        assert village.ledger("diary", day, "mark", "attendance") == {
            ("mark", "due"): 3,
            ("mark", "already"): 2,
            ("mark", "pending", "no_consent"): 1,
            ("attendance", "due"): 1,
            ("attendance", "pending", "no_consent"): 1,
        }
        assert village.findings(day) == {}
    assert evening(village, "2026-09-19") is RunState.CLOSED
    assert village.held("diary") == WITHOUT_100
    assert village.went_out("diary", "2026-09-19") == LEFT_100
    assert village.ledger("diary", "2026-09-19", "mark", "attendance") == {
        ("mark", "due"): 3,
        ("mark", "already"): 2,
        ("mark", "withheld", "no_consent"): 1,
        ("attendance", "due"): 1,
        ("attendance", "withheld", "no_consent"): 1,
    }
    assert village.svod("consent", "due", "--on", "2026-09-30") == []


def test_a_stop_that_is_late_is_told_every_evening_until_it_is_done(village: Village) -> None:
    refuse(village, "2026-09-17")
    with village.down("diary"):
        for day in ("2026-09-17", "2026-09-18", "2026-09-19", "2026-09-20"):
            evening(village, day)
            assert village.findings(day) == {}, "the 20th is the last day, not a late one"
        assert evening(village, "2026-09-21") is RunState.PARTLY
    assert village.findings("2026-09-21") == {"consent_overdue_stop": "1; 2026-09-20"}
    state, rule, detail = village.verdict("deliver", "2026-09-21")
    assert (state, rule) == ("failed", "source_unavailable")
    assert detail.endswith("consent_overdue_stop: 1; 2026-09-20")
    (due,) = village.svod("consent", "due", "--on", "2026-09-21", "--district", "d1")
    assert (due["pupil"], due["class"]) == (village.name_of("100"), "7а")
    assert (due["state"], due["action"], due["due_on"]) == ("refused", "stop", "2026-09-20")
    assert (due["days_late"], due["held"]) == (1, 2)
    (plan,) = village.svod("plan", "--business-date", "2026-09-22", "--target", "diary")
    assert (plan["withdraw"], plan["overdue"]) == (2, 1)
    village.wake()
    assert evening(village, "2026-09-22") is RunState.CLOSED
    assert village.findings("2026-09-22") == {}
    assert village.held("diary") == WITHOUT_100


def test_who_applies_anew_has_not_had_the_service_stopped(village: Village) -> None:
    """Refused on the 17th, applied for on the 18th and not registered; the portal is down."""
    refuse(village, "2026-09-17")
    application = ("--local-key", "100", "--applied-on", "2026-09-18")
    village.svod("consent", "enter", *BY, *application)
    with village.down("diary"):
        evening(village, "2026-09-21")
    assert village.findings("2026-09-21") == {
        "consent_overdue_stop": "1; 2026-09-20",
        "consent_unregistered": "1; 2026-09-18",
    }


def test_an_application_nobody_registers_and_a_service_that_does_not_begin(
    village: Village,
) -> None:
    """Zoya's application of the 17th is not registered; Lev's new mate has no UID."""
    village.drop("applications", КодУченика="102")
    village.say("applications", Код="9", КодУченика="102", ДатаЗаявления=ru("2026-09-17"))
    mate = enrol(village, "103", ("Багрячинский", "Иван", "01.03.2013", "", "М"), "10")
    mate["UID"] = ""
    apply_for(village, "103", "2026-09-17")
    village.say("marks", **mark("9103", "103", "510", "2026-09-16"))
    found = {day: (evening(village, day), village.findings(day))[1] for day in DAYS}
    assert found == {
        "2026-09-17": {},
        "2026-09-18": {"consent_unregistered": "1; 2026-09-17"},
        "2026-09-22": {"consent_unregistered": "1; 2026-09-17"},
        "2026-09-23": {
            "consent_unregistered": "1; 2026-09-17",
            "consent_overdue_start": "1; 2026-09-22",
        },
    }
    state, rule, _ = village.verdict("deliver", "2026-09-23")
    assert (state, rule) == ("done", "consent_overdue_start")
    dues = village.svod("consent", "due", "--on", "2026-09-23", "--school", SCHOOL)
    assert [(due["action"], due["days_late"], due["waits_for"]) for due in dues] == [
        ("register", 6, "no_consent 1"),
        ("start", 1, "no_uid 1"),
    ]
    mate["UID"] = "70000103"
    village.said["applications"][2]["ДатаРегистрации"] = ru("2026-09-17")
    assert evening(village, "2026-09-24") is RunState.CLOSED
    assert village.findings("2026-09-24") == {}
    assert village.held("diary")["mark"] == 4


DAYS = ("2026-09-17", "2026-09-18", "2026-09-22", "2026-09-23")


def test_only_a_later_application_begins_the_service_again(village: Village) -> None:
    refuse(village, "2026-09-17")
    evening(village, "2026-09-17")
    apply_for(village, "100", "2026-09-17")
    evening(village, "2026-09-18")
    assert village.held("diary") == WITHOUT_100, "of the day of the refusal: the refusal counts"
    named = ("--local-key", "100", "--applied-on", "2026-09-19", "--registered-on", "2026-09-19")
    (said,) = village.svod("consent", "enter", *BY, *named, "--paper", "14 от 19.09.2026")
    assert (said["state"], said["origin"]) == ("active", f"entry {said['entry']}")
    evening(village, "2026-09-19")
    assert village.held("diary") == FIRST
    assert village.went_out("diary", "2026-09-19") == {
        ("attendance", "created"): 1,
        ("mark", "created"): 1,
    }


def test_an_entry_is_no_sources_and_stays_until_it_is_undone(village: Village) -> None:
    first = refuse(village, "2026-09-17", "--pupil", village.name_of("100"))
    again = refuse(village, "2026-09-17", "--uid", "70000100")
    assert again["entry"] == first["entry"]
    evening(village, "2026-09-17")  # a complete read of the journal, which knows of no refusal
    (row,) = village.svod("consent", "list", "--school", SCHOOL, "--on", "2026-09-17", *REFUSED)
    assert (row["pupil"], row["class"], row["state"]) == (village.name_of("100"), "7а", "refused")
    assert (row["since"], row["origin"]) == ("2026-09-17", f"entry {first['entry']}")
    assert (row["document"], row["line"]) == ("pupils.csv", 2), "the school sees there who it is"
    taken = (
        "consent",
        "undo",
        str(first["entry"]),
        "--by",
        "operator-8",
        "--reason",
        "ошибка",
    )
    assert village.svod(*taken) == [{"entry": first["entry"], "undone": True}]
    assert village.svod(*taken) == [{"entry": first["entry"], "undone": False}]
    evening(village, "2026-09-18")
    assert village.held("diary") == FIRST
    kept = village.rows("SELECT entered_by, undone_by, undone_reason FROM ops.consent_entries")
    assert kept == [("operator-7", "operator-8", "ошибка")]
    acts = village.rows(
        "SELECT actor, action, count FROM ops.action_log WHERE action LIKE '%consent%'"
        " OR action LIKE 'enter%' ORDER BY id"
    )
    assert acts == [
        ("operator-7", "enter_refusal", 1),
        ("operator-7", "enter_refusal", 0),
        ("operator-8", "undo_consent_entry", 1),
    ]


REFUSED = ("--state", "refused")


def test_the_commands_name_nobody(village: Village) -> None:
    refuse(village, "2026-09-17")
    evening(village, "2026-09-17")
    lists = village.svod("consent", "list", "--school", SCHOOL, "--on", "2026-09-17")
    assert sorted(row["state"] for row in lists) == ["active", "active", "refused"]
    people = [{"surname": who[0], "given": who[1]} for who in PUPILS]
    said = f"{lists} {village.svod('consent', 'due', '--on', '2026-09-30')}"
    assert find_people(said.encode(), people) == []


@pytest.mark.parametrize(
    ("command", "words", "complaint"),
    [
        ("refuse", ("--refused-on", "2026-09-17"), "name at least one pupil"),
        ("refuse", ("--refused-on", "2026-09-17", "--local-key", "4711"), "such pupil: number 1"),
        ("refuse", ("--refused-on", "2026-09-17", "--uid", "12345678"), "such a UID: number 1"),
        (
            "refuse",
            ("--refused-on", "2026-09-17", "--local-key", "100", "--local-key", "102",
             "--class", "7а"),
            "not in class 7а: number 2",
        ),
        ("refuse", ("--refused-on", "2016-09-17", "--local-key", "100"), "is not between"),
        (
            "refuse",
            ("--refused-on", "2026-09-17", "--local-key", "100", "--paper", "от Жмелеватовой"),
            "must name nobody",
        ),
        (
            "enter",
            ("--applied-on", "2026-09-17", "--registered-on", "2026-09-16", "--local-key", "100"),
            "registered on its day or later",
        ),
    ],
)  # fmt: skip
def test_an_entry_that_makes_no_sense_is_refused_and_leaves_nothing(
    village: Village, command: str, words: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(EntryRefusedError, match=complaint) as caught:
        village.svod("consent", command, *BY, *words)
    assert "Жмелеватов" not in str(caught.value)
    assert village.rows("SELECT count(*) FROM ops.consent_entries") == [(0,)]


def test_what_was_delivered_in_a_closed_year_is_withdrawn_too(village: Village) -> None:
    next_year(village)
    assert evening(village, "2027-09-06") is RunState.CLOSED
    assert village.held("diary") == {"attendance": 1, "lesson": 4, "mark": 6}
    refuse(village, "2027-09-07", "--local-key", "100")
    assert evening(village, "2027-09-07") is RunState.CLOSED
    assert village.held("diary") == {"lesson": 4, "mark": 4}
    assert village.went_out("diary", "2027-09-07") == {
        ("attendance", "withdrawn"): 1,
        ("mark", "withdrawn"): 2,
    }
    assert village.ledger("diary", "2027-09-07", "mark") == {
        ("mark", "due"): 6,
        ("mark", "already"): 4,
        ("mark", "withheld", "no_consent"): 2,
    }


def next_year(village: Village) -> None:
    """7а and 7б are 8а and 8б, with a lesson and marks; their applications are as they were."""
    village.year = 2027
    village.register()
    for table in ("terms", "lessons", "marks", "attendance"):
        village.said[table].clear()
    for row in village.said["classes"]:
        row |= {"Название": row["Название"].replace("7", "8"), "Параллель": "8"}
    for row in village.said["pupils"]:
        row["ДатаЗачисления"] = "01.09.2027"
    for class_ in ("10", "11"):
        village.say("lessons", **lesson(f"6{class_}", "2027-09-03", class_))
    for pupil, class_ in (("100", "10"), ("101", "10"), ("102", "11")):
        village.say("marks", **mark(f"8{pupil}", pupil, f"6{class_}", "2027-09-03"))


def test_who_changes_the_class_has_not_left(village: Village) -> None:
    order(village, "31", "100", "Перевод", "2026-09-21", ИзКласса="10", ВКласс="11")
    village.said["pupils"][0] |= {"КодКласса": "11", "ДатаЗачисления": "21.09.2026"}
    assert evening(village, "2026-09-21") is RunState.CLOSED
    assert village.held("diary") == FIRST
    assert village.went_out("diary", "2026-09-21") == {}


@pytest.mark.parametrize("told", ["by order", "by the list"])
def test_who_left_and_came_back_needs_a_consent_given_anew(village: Village, told: str) -> None:
    pupil = village.said["pupils"][0]
    if told == "by order":
        order(village, "31", "100", "Выбытие", "2026-09-17", ИзКласса="10")
    else:
        pupil["ДатаВыбытия"] = ru("2026-09-17")
    evening(village, "2026-09-17")
    assert village.held("diary") == WITHOUT_100
    pupil |= {"ДатаВыбытия": "", "ДатаЗачисления": ru("2026-09-28")}
    if told == "by order":
        order(village, "32", "100", "Зачисление", "2026-09-28", ВКласс="10")
    evening(village, "2026-09-28")
    assert village.held("diary") == WITHOUT_100, "the application of August ended on the 17th"
    assert village.ledger("diary", "2026-09-28", "mark")["mark", "withheld", "no_consent"] == 1
    apply_for(village, "100", "2026-09-29")
    evening(village, "2026-09-29")
    assert village.held("diary") == FIRST


def test_the_day_of_a_withdrawal_decides_and_not_the_day_it_was_entered(village: Village) -> None:
    """A refusal of the 17th that reaches the office on the 24th is late at once, and is done."""
    refuse(village, "2026-09-17")
    with village.down("diary"):
        evening(village, "2026-09-24")
    assert village.findings("2026-09-24") == {"consent_overdue_stop": "1; 2026-09-20"}
    evening(village, "2026-09-25")
    assert village.findings("2026-09-25") == {}
    assert village.held("diary") == WITHOUT_100
