"""One cause planted into a school's upload is one card, with all that it holds up and no more.

The school is the sandbox's, with the defects every school has; what is counted on a planted card is
counted here in the files, by who refers to whom.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from connectors.base import Source
from connectors.errors import Unavailable
from pipeline import batches
from pipeline.hub import Hub
from pipeline.intake.collect import Run, collect_school
from pipeline.registry import SchoolSource
from quality.cards import Card, CardState
from tests.pipeline.conftest import emptied
from tests.pipeline.one_school import (
    BEFORE,
    SCHOOL,
    TODAY,
    Drop,
    Row,
    School,
    generated,
    opened,
    school,
)

__all__ = ["generated", "school"]  # fixtures


@pytest.fixture(scope="module")
def sound(
    shared_hub: Hub, generated: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the second upload gives while nothing is planted: causes, places that wait."""
    emptied(shared_hub)
    one = opened(shared_hub, generated, tmp_path_factory.mktemp("sound"))
    one.collect(BEFORE)
    one.collect()
    return {"titles": titles(one.cards()), "refused": one.refused()}


def titles(found: list[Card]) -> set[str]:
    """The causes on cards; each is told once."""
    told = [part.title for card in found for part in card.parts]
    assert len(told) == len(set(told))
    return set(told)


def planted(school: School, sound: dict[str, Any], *explained: str) -> list[Card]:
    """The cards of the causes that were planted; these are new. The others are as they were, but
    for those that are ``explained`` by a cause."""
    school.collect()
    every = school.cards()
    assert sound["titles"] - titles(every) == {*explained}
    fresh = titles(every) - sound["titles"]
    for card in every:
        assert card.state is (CardState.NEW if titles([card]) <= fresh else CardState.OPEN)
        for part in card.parts:
            assert part.new == (sum(part.held.values()) if part.title in fresh else 0)
    return [card for card in every if titles([card]) & fresh]


# The file of each entity, and its column with the class, of what refers to a class.
OF_CLASS = {
    "group": "groups", "curriculum_hours": "curriculum", "teaching_load": "load",
    "enrolment": "pupils", "timetable_slot": "timetable", "lesson": "lessons",
}  # fmt: skip


# A defect of the school: a mark of a lesson that never was.
STRAY = "Записи ссылаются на то, чего нет в выгрузке: урок с кодом 9999999"


class Count:
    """Records that wait for a cause, counted in the files: no repetition counts, nor what is
    refused for itself whether a cause is planted or not."""

    def __init__(self, drop: Drop, sound: dict[str, Any]) -> None:
        self.drop, self.refused = drop, sound["refused"]

    def of(self, entity: str, table: str, which: Callable[[Row], bool]) -> int:
        there = [
            row
            for row in self.drop.rows(table)
            if which(row) and (entity, row["line"]) not in self.refused
        ]
        return len({tuple(v for n, v in row.items() if n != "line") for row in there})

    def of_lessons(self, which: Callable[[Row], bool]) -> dict[str, int]:
        """What waits for lessons, without the lessons."""
        keys = {row["Код"] for row in self.drop.rows("lessons") if which(row)}
        # What refers to a lesson that is refused anyhow waits for that one.
        keys -= {
            row["Код"]
            for row in self.drop.rows("lessons")
            if ("lesson", row["line"]) in self.refused
        }
        return {
            "mark": self.of("mark", "marks", lambda row: row["КодУрока"] in keys),
            "attendance": self.of("attendance", "attendance", lambda row: row["КодУрока"] in keys),
        }

    def of_class(self, key: str) -> dict[str, int]:
        def its(row: Row) -> bool:
            return row["КодКласса"] == key

        counts = {entity: self.of(entity, table, its) for entity, table in OF_CLASS.items()}
        counts["movement"] = self.of(
            "movement", "movements", lambda row: key in (row["ИзКласса"], row["ВКласс"])
        )
        counts |= self.of_lessons(its)
        return {kind: count for kind, count in counts.items() if count}


def test_a_class_that_is_missing(school: School, sound: dict[str, Any]) -> None:
    school.today.remove("classes", lambda row: row["Код"] == "2")

    (card,) = planted(school, sound)
    assert card.held == Count(school.today, sound).of_class("2")
    assert card.held["mark"] > 200
    assert card.held["lesson"] > 50
    assert card.title == "Записи ссылаются на то, чего нет в выгрузке: класс 5а (код 2)"
    assert (card.where.entity, card.where.key, card.where.class_name) == ("class_", "2", "5а")
    assert (card.who, card.since) == ("administrator", TODAY)
    assert card.fix.startswith("Параграф, «Движение»")


def test_a_class_that_is_refused(school: School, sound: dict[str, Any]) -> None:
    school.today.change("classes", lambda row: row["Код"] == "2", Параллель="55")

    (card,) = planted(school, sound)
    assert card.held == Count(school.today, sound).of_class("2") | {"class_": 1}
    assert (card.rule, card.where.field) == ("out_of_range", "Параллель")
    assert (card.where.documents, card.where.line) == (("classes.csv",), 3)


def test_a_column_that_was_filled_otherwise(school: School, sound: dict[str, Any]) -> None:
    school.today.change("lessons", lambda row: True, НомерУрока="первый")

    # Texts of refused lessons are not looked at; what was found there is not said to be mended.
    texts = [title for title in sound["titles"] if title.startswith("В тексте названо имя")]
    assert texts
    (card,) = planted(school, sound, *texts)
    count = Count(school.today, sound)
    lessons = {"lesson": count.of("lesson", "lessons", lambda row: True)}
    assert card.held == count.of_lessons(lambda row: True) | lessons
    assert (card.rule, card.where.field) == ("bad_number", "НомерУрока")


def test_a_column_that_is_gone(school: School, sound: dict[str, Any]) -> None:
    """Lessons of the first upload are stored: what refers to the new ones waits."""
    known = Drop(school.today.folder.with_name(BEFORE.isoformat())).rows("lessons")
    old = {row["Код"] for row in known}
    school.today.head("lessons", ";КодПредмета;", ";Дисциплина;")

    found = planted(school, sound, STRAY)
    (card,) = [card for card in found if card.rule == "missing_column"]
    waiting = Count(school.today, sound).of_lessons(lambda row: row["Код"] not in old)
    waiting["mark"] += 1  # the stray one may belong to a lesson of the unread file
    assert card.held == waiting
    assert waiting["mark"] > 10
    assert (card.rule, card.where.documents) == ("missing_column", ("lessons.csv",))
    assert card.title == "Нет обязательной колонки: колонка «КодПредмета» (lessons.csv)"
    # The column's new name, which stands in no profile, is told with the codes nobody knows.
    (unknown,) = [card for card in found if card.rule != "missing_column"]
    columns = [part.where.field for part in unknown.parts if part.rule == "unknown_column"]
    assert (unknown.rule, columns) == ("unknown", ["Дисциплина"])


def test_a_file_that_is_broken(school: School, sound: dict[str, Any]) -> None:
    known = Drop(school.today.folder.with_name(BEFORE.isoformat())).rows("lessons")
    old = {row["Код"] for row in known}
    waiting = Count(school.today, sound).of_lessons(lambda row: row["Код"] not in old)
    (school.today.folder / "lessons.csv").write_bytes(b"")

    (card,) = planted(school, sound, STRAY)
    waiting["mark"] += 1  # as above
    assert card.held == waiting
    assert (card.rule, card.where.entity) == ("empty_document", "lesson")


def test_an_unknown_kind_of_work(school: School, sound: dict[str, Any]) -> None:
    drop, count = school.today, Count(school.today, sound)
    count.drop.change("marks", lambda row: row["ВидРаботы"] == "Контрольная", ВидРаботы="Эссе")

    (card,) = planted(school, sound)
    assert card.held == {"mark": count.of("mark", "marks", lambda r: r["ВидРаботы"] == "Эссе")}
    assert card.held["mark"] > 5
    assert card.title == "Неизвестный код «Эссе» в колонке «ВидРаботы»"
    assert card.who == "operator"
    assert drop.rows("marks")[0]["line"] == "2"


def test_several_causes_are_as_many_cards(school: School, sound: dict[str, Any]) -> None:
    school.today.remove("classes", lambda row: row["Код"] == "2")
    school.today.change("marks", lambda row: row["ВидРаботы"] == "Контрольная", ВидРаботы="Эссе")
    school.today.remove("subjects", lambda row: row["Код"] == "11")
    school.today.change("groups", lambda row: True, Название="")

    found = {(card.rule, card.where.key) for card in planted(school, sound)}
    assert found == {
        ("dangling_reference", "2"),
        ("unknown_code", "Эссе"),
        ("dangling_reference", "11"),
        ("missing_value", ""),
    }


def test_what_is_mended_is_told_once(school: School, sound: dict[str, Any]) -> None:
    classes = (school.today.folder / "classes.csv").read_bytes()
    note = (school.today.folder / "manifest.xml").read_bytes()
    school.today.remove("classes", lambda row: row["Код"] == "2")
    (card,) = planted(school, sound)

    (school.today.folder / "classes.csv").write_bytes(classes)
    (school.today.folder / "manifest.xml").write_bytes(note)
    school.collect(run_id="mended")
    *others, mended = school.cards()
    assert (mended.state, mended.title, mended.held) == (CardState.FIXED, card.title, card.held)
    assert {other.state for other in others} == {CardState.OPEN}
    assert titles(others) == titles(school.cards(BEFORE)) == sound["titles"]

    school.collect(run_id="once more")
    assert titles(school.cards()) == sound["titles"]


def test_remarks_on_what_is_lost_go_to_the_cause(school: School, sound: dict[str, Any]) -> None:
    """The lessons of a missing class are remarked since then; its teachers are not blamed."""
    school.remark_unheld(BEFORE)
    before = {card.title for card in school.cards() if card.rule == "held"}
    school.today.remove("classes", lambda row: row["Код"] == "2")
    school.collect()
    lost = (
        "INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, day, class_key,"
        " subject_key, teacher, run_id) SELECT :school, 'paragraf', 'held', n::text, :on, :on, :on,"
        " '2', '11', 't' || n, 'measured' FROM generate_series(1, 5) n"
    )
    with school.hub.engine.begin() as connection:
        connection.execute(text(lost), {"school": SCHOOL, "on": TODAY})
    school.remarks_stand(TODAY)
    found = school.cards()
    assert {card.title for card in found if card.rule == "held"} == before
    (card,) = [card for card in found if card.where.key == "2"]
    assert card.held == Count(school.today, sound).of_class("2") | {"remark": 5}


def _silent(_: SchoolSource) -> Source:
    raise Unavailable("no answer", where="the journal")


def test_a_source_that_does_not_answer_is_the_cause_of_its_days(school: School) -> None:
    school.remark_unheld(BEFORE)
    quiet = [card for card in school.cards() if card.rule == "held"]
    run = Run("silence", TODAY)
    batches.open_run(school.hub, "collect", run)
    collect_school(school.hub, SCHOOL, run, _silent)
    batches.close_run(school.hub, "collect", run, [SCHOOL])
    with school.hub.engine.begin() as connection:
        for rule in ("daily_upload", "held", "topic"):
            statement = (
                "INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, day,"
                " run_id) VALUES (:school, 'paragraf', :rule, 'k', :on, :on, :on, 'measured')"
            )
            values = {"school": SCHOOL, "on": TODAY, "rule": rule}
            connection.execute(text(statement), values)
    school.remarks_stand(TODAY)
    first, *others = school.cards()
    assert (first.rule, first.state) == ("source_unavailable", CardState.NEW)
    assert first.held == {"day": 1, "remark": 3}
    assert [card.held for card in others if card.rule == "held"] == [card.held for card in quiet]
    assert not [card for card in others if card.rule in ("daily_upload", "topic")]


def test_a_teacher_who_stopped(school: School) -> None:
    """His unheld lessons are his share of one card; the others' are what they were."""
    school.remark_unheld(BEFORE)
    (before,) = [card for card in school.cards() if card.rule == "held"]
    teacher = "101"
    school.today.change(
        "lessons",
        lambda row: row["КодУчителя"] == teacher and not row["КодЗамены"],
        Проведен="нет",
    )
    school.collect()
    school.remark_unheld(TODAY)
    unheld = [
        row
        for row in school.today.rows("lessons")
        if row["Проведен"] == "нет" and row["Состояние"] == "План"
    ]
    his = [row for row in unheld if row["КодЗамены"] == teacher or (not row["КодЗамены"]
           and row["КодУчителя"] == teacher)]  # fmt: skip
    (card,) = [card for card in school.cards() if card.rule == "held"]
    assert len(his) > 20
    assert card.shares[0].remarks == len(his)
    assert card.held == {"lesson": len(unheld)}
    assert card.title.startswith("Нет отметки о проведении урока: с 1 по 18 сент")
    assert (card.state, card.new) == (CardState.OPEN, len(unheld) - before.held["lesson"])
    # What others left unheld since the first upload is all that is theirs.
    others = {share.teacher: share.remarks for share in card.shares[1:]}
    known = {share.teacher: share.remarks for share in before.shares}
    assert sum(others.values()) == len(unheld) - len(his)
    assert all(others.get(name, len(his)) >= count for name, count in known.items())
