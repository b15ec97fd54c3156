"""Refusals are traced to what they wait for: chains, several causes, unread documents, codes."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from quality.causes import CAUSE, FEW, REFUSED, TRACED, trace

Row = dict[str, Any]


def refused(*rows: Row) -> pl.DataFrame:
    """Refusals with these values; a record of its own each, unless said otherwise."""
    plain: Row = dict.fromkeys(REFUSED, "") | {"source": "paragraf"}
    full = [plain | {"id": n, "record": f"r{n}"} | row for n, row in enumerate(rows, 1)]
    return pl.DataFrame(full, schema=REFUSED)


def dangling(entity: str, to: str, key: str, own: str = "", unread: str = "") -> Row:
    return {
        "entity": entity,
        "rule": "dangling_reference",
        "source_column": f"Код_{to}",
        "record_key": own,
        "missing_entity": to,
        "missing_key": key,
        "missing_in": unread,
    }


def wrong(entity: str, rule: str, column: str, own: str = "", code: str = "") -> Row:
    return {
        "entity": entity,
        "rule": rule,
        "source_column": column,
        "record_key": own,
        "missing_key": code,
    }


def causes(*rows: Row) -> dict[int, list[tuple[str, str, str, str]]]:
    """By refusal: rule, entity, field and key of its causes."""
    found: dict[int, list[tuple[str, str, str, str]]] = {}
    for row in trace(refused(*rows)).iter_rows(named=True):
        found.setdefault(row["id"], []).append(
            (row["rule"], row["entity"], row["field"], row["key"])
        )
    return found


def test_what_a_mapping_looked_up_in_vain_is_a_cause_by_its_column() -> None:
    """It is not told which of our entities is missing: the table is the source's own."""
    lookup = {"entity": "mark", "rule": "dangling_reference", "source_column": "lesson_str"}
    root = [("dangling_reference", "mark", "lesson_str", "")]
    assert causes(lookup, lookup) == {1: root, 2: root}


def test_a_mark_of_a_lesson_of_a_missing_class_waits_for_the_class() -> None:
    root = [("dangling_reference", "class_", "", "10")]
    assert causes(
        dangling("lesson", "class_", "10", own="510"),
        dangling("mark", "lesson", "510"),
        dangling("attendance", "lesson", "510"),
    ) == {1: root, 2: root, 3: root}


def test_what_refers_to_a_refused_record_waits_for_its_refusal() -> None:
    root = [("bad_date", "lesson", "Дата", "")]
    assert causes(
        wrong("lesson", "bad_date", "Дата", own="510"), dangling("mark", "lesson", "510")
    ) == {1: root, 2: root}


def test_a_refused_thing_is_known_by_entity_and_key() -> None:
    found = causes(
        wrong("subject", "bad_length", "Название", own="10"), dangling("lesson", "class_", "10")
    )
    assert found[2] == [("dangling_reference", "class_", "", "10")]


def test_a_record_waits_for_every_cause() -> None:
    lost = refused(
        wrong("pupil", "bad_date", "ДатаРождения", own="p1"),
        wrong("pupil", "bad_format", "СНИЛС", own="p1") | {"record": "r1"},
        dangling("mark", "pupil", "p1"),
        dangling("mark", "lesson", "510") | {"record": "r3"},
    )
    found = trace(lost).filter(pl.col("id") >= 3).select("id", "rule").rows()
    assert found == [(3, "bad_date"), (3, "bad_format"), (4, "dangling_reference")]


def test_an_unread_document_is_the_cause_of_what_it_may_hold() -> None:
    root = [("unread", "", "", "lessons.csv")]
    assert causes(
        dangling("mark", "lesson", "510", unread="lessons.csv"),
        dangling("mark", "lesson", "511", unread="lessons.csv"),
    ) == {1: root, 2: root}


def test_a_refusal_comes_before_the_unread_document() -> None:
    found = causes(
        wrong("lesson", "bad_date", "Дата", own="510"),
        dangling("mark", "lesson", "510", unread="lessons_2.csv"),
    )
    assert found[2] == [("bad_date", "lesson", "Дата", "")]


def test_two_unknown_codes_are_two_causes() -> None:
    found = causes(
        *(wrong("mark", "unknown_code", "ВидРаботы", code=c) for c in ("Викторина", "Эссе", "Эссе"))
    )
    assert [found[n][0][-1] for n in (1, 2, 3)] == ["Викторина", "Эссе", "Эссе"]


@pytest.mark.parametrize(("missing", "cards"), [(FEW, FEW), (FEW + 1, 1)])
def test_many_of_a_kind_are_one(missing: int, cards: int) -> None:
    rows = [dangling("lesson", "class_", str(n)) for n in range(missing)]
    found = trace(refused(*rows, dangling("lesson", "subject", "20")))
    assert found.filter(entity="class_").select(*CAUSE).n_unique() == cards
    assert set(found.filter(entity="class_")["keys"]) == {missing if cards == 1 else 1}
    assert found.filter(entity="subject").select("key", "keys").rows() == [("20", 1)]


def test_nothing_refused_has_no_cause() -> None:
    found = trace(refused())
    assert found.is_empty()
    assert dict(found.schema) == TRACED
