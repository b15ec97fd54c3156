"""What goes out when something ends: told in records of both portals, evening by evening.

Each story says what the portals held, what the portals did (created, updated, withdrawn, by type),
what they hold after, and the ledger. The village's first evening is 2026-09-16.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pipeline import figures
from pipeline.intake.collect import Run
from pipeline.runs import RunState
from tests.pipeline.village import (
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

__all__ = ["village"]

DIARY = {"attendance": 1, "lesson": 2, "mark": 3}
REGISTRY = {"class": 2, "education": 3, "person": 3}
ALL_WELL = {"collect": RunState.CLOSED, "diary": RunState.CLOSED, "contingent": RunState.CLOSED}
NEXT = "2026-09-17"


def held(village: Village) -> dict[str, dict[str, int]]:
    return {name: village.held(name) for name in ("diary", "contingent")}


def went_out(village: Village, day: str) -> dict[str, dict[tuple[str, str], int]]:
    return {name: village.went_out(name, day) for name in ("diary", "contingent")}


def tell(village: Village, day: str) -> dict[str, RunState]:
    """The journal's upload of ``day``, and the evening."""
    village.export(day)
    return village.evening(day)


def education_of(village: Village, surname: str) -> dict[str, Any]:
    """The data of the one education of a child at the registry."""
    (person,) = (
        one["uid"]
        for one in village.holds("contingent", "person")
        if one["data"]["lastname"] == surname
    )
    (found,) = (
        one["data"]
        for one in village.holds("contingent", "education")
        if one["data"]["person"] == person
    )
    return dict(found)


def test_the_same_again_sends_nothing(village: Village) -> None:
    assert tell(village, NEXT) == ALL_WELL
    assert went_out(village, NEXT) == {"diary": {}, "contingent": {}}
    assert held(village) == {"diary": DIARY, "contingent": REGISTRY}


class TestConsentWithdrawn:
    def test_the_diary_loses_the_child_and_the_registry_keeps_it(self, village: Village) -> None:
        """The registry asks by law and not by consent."""
        village.said["applications"][0]["ДатаОтказа"] = ru(NEXT)
        assert tell(village, NEXT) == ALL_WELL
        assert went_out(village, NEXT) == {
            "diary": {("attendance", "withdrawn"): 1, ("mark", "withdrawn"): 1},
            "contingent": {},
        }
        assert held(village) == {"diary": {"lesson": 2, "mark": 2}, "contingent": REGISTRY}
        assert village.ledger("diary", NEXT) == {
            ("lesson", "due"): 2,
            ("lesson", "already"): 2,
            ("mark", "due"): 3,
            ("mark", "already"): 2,
            ("mark", "withheld", "no_consent"): 1,
            ("attendance", "due"): 1,
            ("attendance", "withheld", "no_consent"): 1,
        }

    def test_a_hundred_at_once_wait_for_nobody(self, village: Village) -> None:
        """More than the guard lets through: a refusal has a deadline and is not held."""
        for number in range(100):
            village.say("marks", **mark(f"7{number}", "101", "510", "2026-09-16"))
        tell(village, NEXT)
        assert village.held("diary")["mark"] == 103
        village.said["applications"][1]["ДатаОтказа"] = ru("2026-09-18")
        assert tell(village, "2026-09-18") == ALL_WELL
        assert village.went_out("diary", "2026-09-18") == {("mark", "withdrawn"): 101}
        assert village.held("diary")["mark"] == 2


class TestAChildLeaves:
    def test_by_order_to_another_school(self, village: Village) -> None:
        order(
            village, "31", "100", "Выбытие", NEXT, ИзКласса="10", ДругаяШкола="Школа № 5 г. Энска"
        )
        village.said["pupils"][0]["ДатаВыбытия"] = ru(NEXT)
        assert tell(village, NEXT) == ALL_WELL
        assert went_out(village, NEXT) == {
            "diary": {("attendance", "withdrawn"): 1, ("mark", "withdrawn"): 1},
            "contingent": {("education", "updated"): 1, ("movement", "created"): 1},
        }
        assert held(village) == {
            "diary": {"lesson": 2, "mark": 2},
            "contingent": REGISTRY | {"movement": 1},
        }
        ended = education_of(village, "Жмелеватов")
        assert (ended["training_begin_at"], ended["training_end_at"]) == ("2026-09-01", NEXT)
        assert (ended["end_order_number"], ended["end_order_date"]) == ("31-к", NEXT)
        assert ended["deduction_reason"] == "1"  # перевод в другую организацию
        (moved,) = village.holds("contingent", "movement")
        assert (moved["data"]["kind"], moved["data"]["date"]) == ("withdrawal", NEXT)
        assert moved["data"]["other_school"] == "Школа № 5 г. Энска"
        assert village.ledger("diary", NEXT, "mark") == {
            ("mark", "due"): 3,
            ("mark", "already"): 2,
            ("mark", "withheld", "no_consent"): 1,
        }
        assert village.ledger("contingent", NEXT, "education", "movement") == {
            ("education", "due"): 3,
            ("education", "already"): 2,
            ("education", "delivered"): 1,
            ("movement", "due"): 1,
            ("movement", "delivered"): 1,
        }

    def test_an_order_without_a_school_gives_no_reason(self, village: Village) -> None:
        order(village, "31", "100", "Выбытие", NEXT, ИзКласса="10")
        assert tell(village, NEXT) == ALL_WELL
        ended = education_of(village, "Жмелеватов")
        assert (ended["training_end_at"], ended["deduction_reason"]) == (NEXT, None)

    def test_an_order_of_a_later_day_is_waited_for(self, village: Village) -> None:
        order(village, "31", "100", "Выбытие", "2026-09-18", ИзКласса="10")
        assert tell(village, NEXT) == ALL_WELL
        assert went_out(village, NEXT) == {"diary": {}, "contingent": {}}
        tell(village, "2026-09-18")
        assert village.held("diary") == {"lesson": 2, "mark": 2}

    def test_who_is_only_in_no_list_any_more_is_a_question(self, village: Village) -> None:
        """A child without an order: what the journal says no more leaves the diary as vanished;
        that the child was never here is for a person to say."""
        village.drop("pupils", Код="100")
        for table in ("marks", "attendance"):
            village.drop(table, КодУченика="100")
        assert tell(village, NEXT) == ALL_WELL | {"contingent": RunState.PARTLY}
        assert went_out(village, NEXT) == {
            "diary": {("attendance", "withdrawn"): 1, ("mark", "withdrawn"): 1},
            "contingent": {},
        }
        assert held(village) == {"diary": {"lesson": 2, "mark": 2}, "contingent": REGISTRY}
        assert village.ledger("contingent", NEXT, "education", "person") == {
            ("education", "due"): 3,
            ("education", "already"): 2,
            ("education", "held"): 1,
            ("person", "due"): 3,
            ("person", "already"): 2,
            ("person", "held"): 1,
        }
        assert village.findings(NEXT) == {"unplanned_withdrawal": "2"}

    def test_the_closed_year_goes_with_the_child(self, village: Village) -> None:
        village.year = 2027
        village.register()
        for table in ("lessons", "marks", "attendance"):
            village.said[table].clear()
        for row in village.said["pupils"]:
            row["ДатаЗачисления"] = "01.09.2027"
        for code in ("10", "11"):
            village.say("lessons", **lesson(f"6{code}", "2027-09-03", code))
        village.said["terms"].clear()
        village.say("marks", **mark("8100", "100", "610", "2027-09-03"))
        tell(village, "2027-09-06")
        assert village.held("diary") == {"attendance": 1, "lesson": 4, "mark": 4}
        order(village, "31", "100", "Выбытие", "2027-09-07", ИзКласса="10")
        tell(village, "2027-09-07")
        assert village.went_out("diary", "2027-09-07") == {
            ("attendance", "withdrawn"): 1,  # of last year
            ("mark", "withdrawn"): 2,  # one of each year
        }
        assert village.held("diary") == {"lesson": 4, "mark": 2}
        assert village.ledger("diary", "2027-09-07", "attendance") == {
            ("attendance", "due"): 1,
            ("attendance", "withheld", "no_consent"): 1,
        }


class TestASchoolIsClosed:
    def test_nothing_about_a_child_stays_and_nothing_is_invented(self, village: Village) -> None:
        """No order came: the registry is told no day on which anybody left, and the operator is
        told that somebody must say it."""
        village.closed_on = "2026-09-18"
        village.register()
        assert tell(village, NEXT) == ALL_WELL
        assert went_out(village, NEXT) == {"diary": {}, "contingent": {}}
        village.said["marks"].clear()
        assert tell(village, "2026-09-18") == ALL_WELL
        said = ("--business-date", "2026-09-18", "--school", SCHOOL, "--run-id", "by hand")
        (line,) = village.svod("collect", *said)
        assert line["states"] == "collect: nothing_new"
        assert village.rows("SELECT count(*) FROM journal.mark WHERE vanished_at IS NULL") == [
            (3,)
        ], "the school is collected no more"
        assert went_out(village, "2026-09-18") == {
            "diary": {("attendance", "withdrawn"): 1, ("mark", "withdrawn"): 3},
            "contingent": {},
        }
        assert held(village) == {"diary": {"lesson": 2}, "contingent": REGISTRY}
        assert village.ledger("diary", "2026-09-18", "mark") == {
            ("mark", "due"): 3,
            ("mark", "withheld", "no_consent"): 3,
        }
        assert village.ledger("contingent", "2026-09-18", "education") == {
            ("education", "due"): 3,
            ("education", "already"): 3,
        }
        assert village.findings("2026-09-18") == {"closed_school_open_education": "3"}
        (row, *_) = village.svod("consent", "list", "--school", SCHOOL, "--on", "2026-09-18")
        assert (row["state"], row["since"], row["origin"]) == ("ended", "2026-09-18", "registry")

    def test_by_orders_that_came_before(self, village: Village) -> None:
        """All three pupils go to another school on the day of closing."""
        village.closed_on = "2026-09-18"
        village.register()
        for pupil, class_ in (("100", "10"), ("101", "10"), ("102", "11")):
            order(
                village, f"4{pupil}", pupil, "Выбытие", "2026-09-18", ИзКласса=class_,
                ДругаяШкола="Школа № 2",
            )  # fmt: skip
        assert tell(village, NEXT) == ALL_WELL
        assert went_out(village, NEXT) == {"diary": {}, "contingent": {}}
        assert tell(village, "2026-09-18") == ALL_WELL
        assert went_out(village, "2026-09-18") == {
            "diary": {("attendance", "withdrawn"): 1, ("mark", "withdrawn"): 3},
            "contingent": {("education", "updated"): 3, ("movement", "created"): 3},
        }
        assert held(village) == {
            "diary": {"lesson": 2},
            "contingent": REGISTRY | {"movement": 3},
        }
        assert village.findings("2026-09-18") == {}

    def test_a_day_that_was_a_mistake_is_taken_back(self, village: Village) -> None:
        village.closed_on = NEXT
        village.register()
        tell(village, NEXT)
        assert village.held("diary") == {"lesson": 2}
        village.closed_on = None
        village.register()
        assert tell(village, "2026-09-18") == ALL_WELL
        assert village.held("diary") == DIARY

    def test_a_school_that_is_closed_owes_no_lessons(self, village: Village) -> None:
        """Neither the measures nor the calendar of uploads count days after the last one."""
        village.said["timetable"].append({
            "Код": "1", "КодКласса": "10", "КодПредмета": "20", "ДеньНедели": "5",
            "НомерУрока": "2", "ДействуетС": "01.09.2026", "ДействуетПо": "31.05.2027",
        })  # fmt: skip
        village.closed_on = "2026-09-18"  # a Friday
        village.register()
        tell(village, NEXT)
        scheduled = {}
        for closed_on in ("2026-09-18", None):
            village.closed_on = closed_on
            village.register()
            figures.compute(village.hub, Run(f"measured-{closed_on}", date(2026, 9, 25)))
            ((number,),) = village.rows(
                "SELECT denominator FROM quality.measures WHERE measure = 'held'"
                " AND level = 'school' AND as_of = '2026-09-25'"
            )
            scheduled[closed_on] = number
        assert scheduled[None] - scheduled["2026-09-18"] == 2  # the 18th and the 25th


class TestAMarkIsDeleted:
    def test_one_leaves_the_diary(self, village: Village) -> None:
        assert village.drop("marks", Код="9101") == 1
        assert tell(village, NEXT) == ALL_WELL
        assert went_out(village, NEXT) == {"diary": {("mark", "withdrawn"): 1}, "contingent": {}}
        assert village.held("diary") == DIARY | {"mark": 2}
        assert village.ledger("diary", NEXT, "mark") == {
            ("mark", "due"): 3,
            ("mark", "already"): 2,
            ("mark", "delivered"): 1,
        }

    def test_one_that_is_entered_again_comes_back(self, village: Village) -> None:
        village.drop("marks", Код="9101")
        tell(village, NEXT)
        village.say("marks", **mark("9101", "101", "510", "2026-09-16", "4"))
        tell(village, "2026-09-18")
        assert village.went_out("diary", "2026-09-18") == {("mark", "created"): 1}
        assert village.held("diary") == DIARY

    def test_sixty_wait_until_a_person_lets_them_go(self, village: Village) -> None:
        """More than 50 and more than 2 %, and no less than the floor of a complete upload."""
        for number in range(700):
            village.say("marks", **mark(f"7{number:03}", "101", "510", "2026-09-16"))
        tell(village, NEXT)
        assert village.held("diary")["mark"] == 703
        village.said["marks"] = village.said["marks"][:-60]
        assert tell(village, "2026-09-18") == ALL_WELL | {"diary": RunState.PARTLY}
        assert village.went_out("diary", "2026-09-18") == {}
        assert village.held("diary")["mark"] == 703
        assert village.ledger("diary", "2026-09-18", "mark") == {
            ("mark", "due"): 703,
            ("mark", "already"): 643,
            ("mark", "held"): 60,
        }
        assert village.findings("2026-09-18") == {"unplanned_withdrawal": "60"}
        (approved,) = village.svod("approve", "--school", SCHOOL, "--by", "operator-7")
        assert approved["approved"] == 60
        assert tell(village, "2026-09-19") == ALL_WELL
        assert village.went_out("diary", "2026-09-19") == {("mark", "withdrawn"): 60}
        assert village.held("diary")["mark"] == 643

    def test_a_file_that_was_cut_deletes_nothing(self, village: Village) -> None:
        village.export(NEXT)
        file = village.drops / SCHOOL / NEXT / "marks.csv"
        file.write_bytes(file.read_bytes()[:-40])
        assert village.evening(NEXT)["collect"] is RunState.PARTLY
        assert went_out(village, NEXT) == {"diary": {}, "contingent": {}}
        assert village.held("diary") == DIARY


class TestATermIsReopened:
    """The first quarter ends on 2026-10-25; its marks are delivered, then it is opened again."""

    def closed_term(self, village: Village) -> None:
        for pupil, value in (("100", "5"), ("101", "4")):
            village.say(
                "term_marks", КодУченика=pupil, КодПредмета="20", КодПериода="1", Отметка=value,
                Шкала="5",
            )  # fmt: skip
        assert tell(village, "2026-10-26") == ALL_WELL
        assert village.held("diary") == DIARY | {"term_mark": 2}
        assert self.days(village) == {"25.10.2026"}

    @staticmethod
    def days(village: Village) -> set[str]:
        return {one["data"]["date"] for one in village.holds("diary", "term_mark")}

    def test_its_mark_is_taken_back_and_given_anew(self, village: Village) -> None:
        self.closed_term(village)
        village.drop("term_marks", КодУченика="100")
        village.said["marks"][0]["Отметка"] = "3"  # a lesson mark of September is put right
        assert tell(village, "2026-10-27") == ALL_WELL
        assert village.went_out("diary", "2026-10-27") == {
            ("mark", "updated"): 1,
            ("term_mark", "withdrawn"): 1,
        }
        assert village.held("diary") == DIARY | {"term_mark": 1}
        assert village.ledger("diary", "2026-10-27", "term_mark") == {
            ("term_mark", "due"): 2,
            ("term_mark", "already"): 1,
            ("term_mark", "delivered"): 1,
        }
        village.say(
            "term_marks", КодУченика="100", КодПредмета="20", КодПериода="1", Отметка="4", Шкала="5"
        )
        assert tell(village, "2026-10-28") == ALL_WELL
        assert village.went_out("diary", "2026-10-28") == {("term_mark", "created"): 1}
        values = {one["data"]["estimate_value_name"] for one in village.holds("diary", "term_mark")}
        assert values == {"4"}

    def test_its_last_day_moves_and_its_marks_with_it(self, village: Village) -> None:
        self.closed_term(village)
        village.said["terms"][0]["Окончание"] = "30.10.2026"
        assert tell(village, "2026-10-27") == ALL_WELL
        assert village.went_out("diary", "2026-10-27") == {("term_mark", "updated"): 2}
        assert self.days(village) == {"30.10.2026"}
        assert village.held("diary") == DIARY | {"term_mark": 2}
        assert village.ledger("diary", "2026-10-27", "term_mark", "mark") == {
            ("term_mark", "due"): 2,
            ("term_mark", "delivered"): 2,
            ("mark", "due"): 3,
            ("mark", "already"): 3,
        }

    def test_the_term_itself_is_gone(self, village: Village) -> None:
        """A term that is said no more, its marks still there: they refer to nothing, wait in
        quarantine and stay at the diary as they were accepted last."""
        self.closed_term(village)
        village.said["terms"].clear()
        tell(village, "2026-10-27")
        assert village.went_out("diary", "2026-10-27") == {}
        assert village.held("diary") == DIARY | {"term_mark": 2}
        assert village.rows("SELECT DISTINCT entity, rule FROM ops.quarantine") == [
            ("term_mark", "dangling_reference")
        ]


def test_a_child_that_comes_is_told_once(village: Village) -> None:
    """The other way round: a new child with an order, its consent registered the same day."""
    order(village, "31", "103", "Зачисление", NEXT, ВКласс="10")
    who = ("Багрячинский", "Иван", "01.03.2013", "101-000-148 33", "М")
    enrol(village, "103", who, "10", ru(NEXT))
    apply_for(village, "103", NEXT)
    village.say("marks", **mark("9103", "103", "510", "2026-09-16"))
    assert tell(village, NEXT) == ALL_WELL
    assert village.went_out("diary", NEXT) == {("mark", "created"): 1}
    assert village.held("diary")["mark"] == 4
