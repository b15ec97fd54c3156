"""Cells kept day by day are those counted from scratch, whatever order things come in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from pipeline.hub import Hub
from tests.pipeline.story import START, Journal, Row, Story, evening

WEDNESDAY, MONDAY, THURSDAY = date(2026, 9, 2), date(2026, 9, 7), date(2026, 9, 10)
# What tells when rather than what.
_TIMES = {"id", "as_of", "until", "run_id", "computed_at", "looked_at", "taken_at"}


def _said(rows: Iterable[Row], left_out: set[str] = _TIMES) -> list[tuple[Any, ...]]:
    told = [tuple(v for k, v in sorted(row.items()) if k not in left_out) for row in rows]
    return sorted(told, key=repr)


def _known(kept: dict[str, list[Row]], on: date) -> dict[str, list[tuple[Any, ...]]]:
    """What the kept tables say of the business date ``on``; a zero and no row are the same."""

    def held(row: Row) -> bool:
        counted = any(v for k, v in row.items() if isinstance(v, int) and k != "grade_level")
        there = row["as_of"] <= on and (row["until"] is None or row["until"] > on)
        return there and (counted or row.get("cause") is not None)

    return {
        "day_cells": _said(filter(held, kept["day_cells"])),
        "pair_cells": _said(filter(held, kept["pair_cells"])),
        "measures": _said(r for r in kept["measures"] if r["as_of"] == on),
        "form_figures": _said(r for r in kept["form_figures"] if r["as_of"] == on),
    }


def _live(story: Story, days: int) -> Iterable[date]:
    """Evenings of the story: the journals go on, uploads come, late, or not at all."""
    late = {journal.kind: False for journal in story.journals}
    for n in range(days):
        today = START + timedelta(days=n)
        for journal in story.journals:
            journal.day(today)
            if late[journal.kind]:  # taken yesterday, after yesterday was measured stored today
                story.upload(journal, evening(today - timedelta(days=1), 23))
            late[journal.kind] = story.draw.random() < 0.2
            if not late[journal.kind] and story.draw.random() < 0.8:
                story.upload(journal, evening(today), accepted=story.draw.random() < 0.9)
        if story.draw.random() < 0.8:
            yield today


@pytest.mark.parametrize("profile", ["spb", "velikie_luki"])
@pytest.mark.parametrize("seed", range(2))
def test_what_is_kept_day_by_day_is_what_is_counted_from_scratch(
    hub: Hub, seed: int, profile: str
) -> None:
    story = Story(hub, seed, profile)
    for today in _live(story, 7):
        story.measure(today)
        kept = story.kept()
        story.forget()
        story.measure(today)
        scratch = story.kept()
        story.put_back(kept)
        assert _said(kept["lesson_cells"]) == _said(scratch["lesson_cells"])
        assert _known(kept, today) == _known(scratch, today)
    assert kept["lesson_cells"]
    assert bool(kept["pair_cells"]) == (profile == "velikie_luki")


@pytest.mark.parametrize("seed", range(2))
def test_a_past_day_measured_again_leaves_later_days_alone(hub: Hub, seed: int) -> None:
    story = Story(hub, seed, "velikie_luki")
    measured = []
    for today in _live(story, 7):
        measured.append(today)
        story.measure(today)
    before = story.kept()
    for past in story.draw.sample(measured[:-1], 3):
        story.measure(past)
        after = story.kept()
        story.forget()
        story.measure(past)
        scratch = story.kept()
        story.put_back(after)
        assert _known(after, past) == _known(scratch, past)
        others = [day for day in measured if day != past]
        assert [_known(after, day) for day in others] == [_known(before, day) for day in others]
        assert _said(after["lesson_cells"], {"id"}) == _said(before["lesson_cells"], {"id"})
        assert after["cell_states"] == before["cell_states"]
        before = after
    story.measure(measured[-1])  # and measuring goes on as if nothing had been
    kept = story.kept()
    story.forget()
    story.measure(measured[-1])
    assert _known(kept, measured[-1]) == _known(story.kept(), measured[-1])


def test_a_days_data_recomputes_the_cells_of_that_day_only(hub: Hub) -> None:
    story = Story(hub, 0, "spb")
    journal = story.journals[0]
    for n in range(10):
        journal.day(START + timedelta(days=n))
    for later in range(2):
        story.upload(journal, evening(THURSDAY + timedelta(days=later)))
        story.measure(THURSDAY + timedelta(days=later))
    before = _numbers(story)
    assert len(before) == 5
    _of(journal, MONDAY)["topic"] = "Проценты"
    journal.said["attendance"].append(
        {"lesson_key": _of(journal, WEDNESDAY)["source_key"], "pupil": "p9", "status": "ill"}
    )
    story.upload(journal, evening(THURSDAY + timedelta(days=2)))
    story.measure(THURSDAY + timedelta(days=2))
    after = _numbers(story)
    # Of Friday the deadline was still open on its evening.
    anew = {WEDNESDAY, MONDAY, THURSDAY + timedelta(days=1)}
    assert {day for day in before if after[day] != before[day]} == anew


def _of(journal: Journal, day: date) -> Row:
    return next(row for row in journal.said["lesson"] if row["date"] == day)


def _numbers(story: Story) -> dict[date, set[int]]:
    """The cells of each day: a cell that is counted anew has a new number."""
    found: dict[date, set[int]] = {}
    for row in story.kept()["lesson_cells"]:
        found.setdefault(row["date"], set()).add(row["id"])
    return found


def test_a_journal_that_the_registry_drops_leaves_the_figures(hub: Hub) -> None:
    story = Story(hub, 3, "spb")
    for journal in story.journals:
        journal.day(WEDNESDAY)
        story.upload(journal, evening(WEDNESDAY))
    story.measure(WEDNESDAY)
    with hub.engine.begin() as connection:
        connection.execute(text("DELETE FROM registry.sources WHERE kind = 'dnevnik_ru'"))
    story.measure(WEDNESDAY)
    kept = story.kept()
    assert {row["source"] for row in kept["lesson_cells"]} == {"paragraf"}
    assert {row["source"] for row in kept["cell_states"]} == {"paragraf"}
    (day,) = (row for row in kept["day_cells"] if row["day"] == WEDNESDAY)
    assert day["lessons"] == len([r for r in kept["lesson_cells"] if r["date"] == WEDNESDAY])


def test_a_school_that_closes_loses_the_days_after(hub: Hub) -> None:
    story = Story(hub, 3, "spb")
    journal = story.journals[0]
    for day in (WEDNESDAY, MONDAY):
        journal.day(day)
    story.upload(journal, evening(MONDAY))
    story.measure(MONDAY)
    with hub.engine.begin() as connection:
        connection.execute(text("UPDATE registry.schools SET closed_on = :on"), {"on": MONDAY})
    story.measure(THURSDAY)
    kept = story.kept()
    assert max(row["date"] for row in kept["lesson_cells"]) < MONDAY
    known = [row for row in kept["day_cells"] if row["day"] == MONDAY]
    assert [(row["as_of"], row["lessons"] > 0, row["cause"] is None) for row in known] == [
        (MONDAY, True, False),
        (THURSDAY, False, True),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal.bell SET finish = '10:00'",
        "UPDATE journal.class_ SET grade_level = 9",
        "UPDATE journal.timetable_slot SET teacher = 't9' WHERE weekday = 1",
        "INSERT INTO registry.days_off VALUES ('2026-09-03', 'Праздник')",
        "UPDATE registry.schools SET profile = 'tomsk'",
        "UPDATE registry.sources SET mapping = 'lessons' WHERE kind = 'paragraf'",
    ],
)
def test_what_decides_about_every_day_recomputes_every_day(hub: Hub, change: str) -> None:
    story = Story(hub, 0, "spb")
    journal = story.journals[0]
    for day in (WEDNESDAY, MONDAY):
        journal.day(day)
    for later in range(2):
        story.upload(journal, evening(THURSDAY + timedelta(days=later)))
        story.measure(THURSDAY + timedelta(days=later))
    before = _numbers(story)
    story.measure(THURSDAY + timedelta(days=1))
    assert _numbers(story)[WEDNESDAY] == before[WEDNESDAY]
    with hub.engine.begin() as connection:
        connection.execute(text(change))
    story.measure(THURSDAY + timedelta(days=1))
    assert _numbers(story)[WEDNESDAY] != before[WEDNESDAY]
