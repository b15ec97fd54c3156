"""Sheets of the paper journal beside the electronic one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from quality.journal_frames import JournalFrames
from quality.paper import SHEET
from quality.profiles import load_profile
from quality.regulations import Asked
from quality.rules.journal import Journal
from quality.rules.paper import paper_equals
from quality.schedule import ScheduleBasis
from tests.quality.conftest import make_frame

SEP, LATER = date(2026, 9, 1), date(2026, 10, 5)


def _lessons() -> list[dict[str, Any]]:
    """Three held lessons of algebra of 7а, one of them of a group; and what does not count."""
    return [
        {"source_key": "l1", "date": date(2026, 9, 1)},
        {"source_key": "l2", "date": date(2026, 9, 14), "group_key": "g1"},
        {"source_key": "l3", "date": date(2026, 9, 30)},
        {"source_key": "l4", "date": date(2026, 9, 15), "held": False},
        {"source_key": "l5", "date": date(2026, 9, 16), "status": "cancelled"},
        {"source_key": "l6", "date": date(2026, 10, 1)},
        {"source_key": "l7", "date": date(2026, 8, 31)},
        {"source_key": "l8", "date": date(2026, 9, 17), "subject_key": "geo"},
        {"source_key": "l9", "date": date(2026, 9, 17), "class_key": "7b"},
    ]


def _marks() -> list[dict[str, Any]]:
    """Two marks in lessons, one beside them; a word, one of the other class, one of October."""
    return [
        {"pupil": "p1", "lesson_key": "l1", "date": date(2026, 9, 1)},
        {"pupil": "p2", "lesson_key": "l3", "date": date(2026, 9, 30)},
        {"pupil": "p1", "lesson_key": None, "date": date(2026, 9, 20)},
        {"pupil": "p1", "lesson_key": "l1", "date": date(2026, 9, 1), "scale": "code"},
        {"pupil": "p3", "lesson_key": None, "date": date(2026, 9, 20)},
        {"pupil": "p1", "lesson_key": "l6", "date": date(2026, 10, 1)},
    ]


def _journal(*sheets: dict[str, Any], profile: str = "spb") -> Journal:
    enrolments = [
        {"pupil": pupil, "class_key": class_, "start": date(2026, 9, 1), "finish": None}
        for pupil, class_ in (("p1", "7a"), ("p2", "7a"), ("p3", "7b"))
    ]
    empty = {name: pl.DataFrame() for name in JournalFrames.__dataclass_fields__}
    frames = JournalFrames(**empty)
    base = {"class_key": "7a", "subject_key": "alg", "month": SEP, "counted_on": LATER}
    return Journal(
        on=LATER,
        first=SEP,
        zone="Europe/Moscow",
        profile=load_profile(profile),
        basis=ScheduleBasis.LESSONS,
        frames=replace(
            frames,
            lesson=make_frame("lesson", *_lessons()),
            mark=make_frame("mark", *_marks()),
            enrolment=make_frame("enrolment", *enrolments),
        ),
        lessons=pl.DataFrame(),
        parts=pl.DataFrame(),
        pairs=pl.DataFrame(),
        causes={},
        looks=[],
        marks=pl.DataFrame(),
        term_marks=pl.DataFrame(),
        with_uid=frozenset(),
        paper=pl.DataFrame([base | sheet for sheet in sheets], schema=SHEET),
    )


@pytest.mark.parametrize(
    ("sheet", "there"),
    [
        ({"lessons": 3, "marks": 3}, None),
        ({"lessons": 4, "marks": 3}, (3, 3)),
        ({"lessons": 3, "marks": 2}, (3, 3)),
        ({"lessons": 2, "marks": 2, "counted_on": date(2026, 9, 29)}, None),
        ({"lessons": 3, "marks": 3, "counted_on": date(2026, 9, 30)}, None),
        ({"lessons": 1, "marks": 1, "counted_on": date(2026, 9, 13)}, None),
        ({"lessons": 1, "marks": 1, "month": date(2026, 10, 1)}, None),
        ({"lessons": 1, "marks": 0, "class_key": "7b"}, (1, 1)),
        ({"lessons": 1, "marks": 1, "class_key": "7b"}, None),
        ({"lessons": 1, "marks": 0, "subject_key": "geo"}, None),
        ({"lessons": 0, "marks": 0, "subject_key": "phys"}, None),
        ({"lessons": 1, "marks": 0, "subject_key": "phys"}, (0, 0)),
        # A sheet of last year is not held against this one.
        ({"lessons": 9, "marks": 9, "month": date(2026, 5, 1)}, None),
    ],
)
def test_a_sheet_beside_the_journal(sheet: dict[str, Any], there: tuple[int, int] | None) -> None:
    found = paper_equals(_journal(sheet))
    if there is None:
        assert found.is_empty()
        return
    place = {"class_key": "7a", "subject_key": "alg", "month": SEP} | sheet
    key = f"{place['class_key']}|{place['subject_key']}|{place['month']}"
    lessons, marks = there
    assert found.select("rule", "key", "day", "detail").rows() == [
        (
            Asked.PAPER_EQUALS.value,
            key,
            place["month"],
            f"уроков в бумажном {sheet['lessons']}, в электронном {lessons};"
            f" отметок {sheet['marks']} и {marks}",
        )
    ]


def test_each_differing_sheet_is_a_remark_and_none_where_nobody_asks() -> None:
    sheets = ({"lessons": 9, "marks": 3}, {"lessons": 9, "marks": 1, "class_key": "7b"})
    assert paper_equals(_journal(*sheets)).height == 2
    assert paper_equals(_journal(*sheets, profile="tomsk")).is_empty()
    assert paper_equals(_journal()).is_empty()
