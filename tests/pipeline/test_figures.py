"""Figures of every level, range and past day, beside plain SQL over the tables of the journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from pipeline.hub import Hub
from pipeline.measuring.figures_by import (
    Each,
    FiguresError,
    Level,
    Question,
    figures_by,
    measures_of,
)
from pipeline.measuring.measured import NothingMeasuredError
from pipeline.measuring.past_cells import PAST, count_past_cells
from pipeline.registry import UnknownSchoolError
from pipeline.school_years import SchoolYear
from pipeline.scope import Scope
from quality.measures import MEASURES
from tests.pipeline import plain_sql
from tests.pipeline.conftest import emptied
from tests.pipeline.story import (
    DISTRICT,
    JOURNALS,
    SCHOOL,
    START,
    YEAR,
    ZONE,
    Story,
    basis,
    evening,
)

DAYS = 10
LAST = START + timedelta(days=DAYS - 1)
RANGES = [(START, LAST), (START + timedelta(days=1), START + timedelta(days=6))]
REFUSED = START + timedelta(days=2)  # a day whose upload could not be read
OWN = Scope.of_schools(SCHOOL)
LESSONS = ("fill_rate", "held", "topic", "homework", "attendance", "marks", "timeliness")
PARTS = [None, Each.DAY, Each.WEEK, Each.MONTH]

Pairs = dict[tuple[Any, ...], tuple[int, int]]


def _story(hub: Hub, profile: str) -> Story:
    """Evenings that were all uploaded and measured."""
    story = Story(emptied(hub), 5, profile)
    for n in range(DAYS):
        today = START + timedelta(days=n)
        for journal in story.journals:
            journal.day(today)
            refused = today == REFUSED and journal.kind == "paragraf"
            story.upload(journal, evening(today), accepted=not refused)
        story.measure(today)
    return story


@pytest.fixture(scope="module")
def story(shared_hub: Hub) -> Story:
    return _story(shared_hub, "spb")


def _ask(story: Story, level: Level, within: Scope = OWN, **asked: Any) -> pl.DataFrame:
    told = {"date_from": START, "date_to": LAST} | asked
    with story.hub.engine.begin() as connection:
        return figures_by(connection, Question(level, within, **told), basis)


def _pairs(answer: pl.DataFrame, measures: Iterable[str] = LESSONS) -> Pairs:
    rows = answer.filter(pl.col("measure").is_in(list(measures))).iter_rows()
    return {tuple(row[:4]): (row[4], row[5]) for row in rows}


def _plain(story: Story, level: Level, each: str | None, days: tuple[date, date]) -> Pairs:
    with story.hub.engine.begin() as connection:
        cells = plain_sql.cells(connection, SCHOOL, JOURNALS, days, ZONE)
    return plain_sql.expected(cells, level.value, each)


def _with_lessons(pairs: Pairs) -> Pairs:
    """A day without a lesson has figures of a school, and none in a count of lessons."""
    return {key: pair for key, pair in pairs.items() if pair != (0, 0)}


@pytest.mark.parametrize("days", RANGES)
@pytest.mark.parametrize("each", PARTS)
@pytest.mark.parametrize("level", Level)
def test_every_measure_of_every_level_is_what_plain_sql_counts(
    story: Story, level: Level, each: Each | None, days: tuple[date, date]
) -> None:
    answer = _ask(story, level, date_from=days[0], date_to=days[1], each=each)
    expected = _plain(story, level, each.value if each else None, days)
    assert _with_lessons(_pairs(answer)) == _with_lessons(expected)
    assert expected


def test_the_story_holds_what_is_hard_to_count(story: Story) -> None:
    with story.hub.engine.begin() as connection:
        cells = plain_sql.cells(connection, SCHOOL, JOURNALS, (START, LAST), ZONE)
        gone = connection.execute(
            text("SELECT count(*) FROM journal.lesson WHERE status IN ('cancelled', 'merged')")
        ).scalar_one()
    assert gone > 0
    assert {None, "g1"} == {cell["group_key"] for cell in cells}
    assert {"t3"} < {cell["given_by"] for cell in cells}
    assert 0 < sum(c["in_time"] for c in cells) < sum(c["judged"] for c in cells)
    assert any(not cell["held"] for cell in cells)


def test_days_without_upload_stand_against_their_school(story: Story) -> None:
    """A day is due if any journal has lessons on such a day, and uploaded if all of these were."""
    with story.hub.engine.begin() as connection:
        rows = connection.execute(text("SELECT source, start, finish FROM journal.holiday")).all()
    due = {}
    for n in range(DAYS):
        day = START + timedelta(days=n)
        last = {"paragraf": 5, "dnevnik_ru": 6}  # slots from Monday to Friday, lessons on Saturday
        due[day] = [
            source
            for source in JOURNALS
            if day.isoweekday() <= last[source]
            and not any(of == source and a <= day <= b for of, a, b in rows)
        ]
    expected = {
        day.isoformat(): (int(not (day == REFUSED and "paragraf" in sources)), 1)
        for day, sources in due.items()
        if sources
    }
    told = {"measures": ["upload_frequency"]}
    days = _ask(story, Level.REGION, Scope.of_region(), each=Each.DAY, **told)
    found = {key[2]: pair for key, pair in _pairs(days, ["upload_frequency"]).items() if pair[1]}
    assert found == expected
    assert (0, 1) in expected.values()
    for level in (Level.SCHOOL, Level.DISTRICT, Level.REGION):
        (pair,) = _pairs(_ask(story, level, **told), ["upload_frequency"]).values()
        assert pair == (sum(n for n, _ in expected.values()), len(expected))


@pytest.mark.parametrize("level", Level)
def test_a_past_day_is_answered_as_it_was_then(story: Story, level: Level) -> None:
    """Figures counted anew for a past day are those that its own evening would have given."""
    known_on = START + timedelta(days=5)
    then = _ask(story, level, as_of=known_on)
    later = _ask(story, level)
    assert not then.equals(later)
    kept = story.kept()
    with story.hub.engine.begin() as connection:
        connection.execute(text("DELETE FROM quality.measures WHERE as_of > :on"), {"on": known_on})
    story.measure(known_on)  # the newest day measured is this one again: its cells are kept
    now = _ask(story, level)
    story.put_back(kept)
    assert then.equals(now)


@pytest.mark.parametrize("known_on", [START + timedelta(days=n) for n in (0, 3, 6)])
def test_lessons_counted_anew_add_up_to_the_days_kept(story: Story, known_on: date) -> None:
    school = _ask(story, Level.SCHOOL, as_of=known_on, each=Each.DAY)
    lessons = _ask(story, Level.LESSON, as_of=known_on, each=Each.DAY)
    added = lessons.group_by("bucket", "measure").agg(pl.col("numerator", "denominator").sum())
    assert _with_lessons(_pairs(school)) == _with_lessons(
        _pairs(added.select(pl.lit(None).alias("source"), pl.lit(SCHOOL).alias("unit"), pl.all()))
    )


def test_the_newest_day_counted_anew_is_the_newest_day_kept(story: Story) -> None:
    with story.hub.engine.begin() as connection:
        year = SchoolYear(YEAR, START, ZONE)
        count_past_cells(connection, [SCHOOL], (START, LAST), LAST, year, basis)
        columns = "school, source, school_year, date, number, class_key, group_key, subject_key"
        counts = "lesson_key, teacher, grade_level, held, filled, parts_in_time, parts_judged"
        anew, kept = (
            connection.execute(text(f"SELECT {columns}, {counts} FROM {table}")).all()
            for table in (PAST, "quality.lesson_cells")
        )
    assert sorted(anew, key=repr) == sorted(kept, key=repr)


def test_a_day_between_measurings_knows_what_the_last_one_knew(story: Story) -> None:
    """And before the first one nothing was known."""
    sunday = START + timedelta(days=5)
    kept = story.kept()
    with story.hub.engine.begin() as connection:
        connection.execute(text("DELETE FROM quality.measures WHERE as_of = :on"), {"on": sunday})
    between = _ask(story, Level.CLASS, as_of=sunday)
    before = _ask(story, Level.CLASS, as_of=sunday - timedelta(days=1))
    story.put_back(kept)
    assert between.equals(before)
    with pytest.raises(NothingMeasuredError):
        _ask(story, Level.SCHOOL, as_of=START - timedelta(days=1))


def test_kept_measures_are_the_sums_of_the_cells(story: Story) -> None:
    """School, district and region, on every business date, from the start of the year."""
    for n in range(DAYS):
        on = START + timedelta(days=n)
        with story.hub.engine.begin() as connection:
            rows = connection.execute(
                text(
                    "SELECT level, unit, measure, numerator, denominator FROM quality.measures"
                    " WHERE as_of = :on"
                ),
                {"on": on},
            ).all()
        kept = {tuple(row[:3]): tuple(row[3:]) for row in rows if row[4]}
        answered = {}
        for level in (Level.SCHOOL, Level.DISTRICT, Level.REGION):
            answer = _ask(story, level, Scope.of_region(), date_to=on, as_of=on)
            for _, unit, _, measure, numerator, denominator in answer.iter_rows():
                answered[level.value, unit, measure] = (numerator, denominator)
        assert {key: pair for key, pair in answered.items() if pair[1]} == kept


@pytest.mark.parametrize("level", Level)
def test_no_level_counts_anything_twice(story: Story, level: Level) -> None:
    """The units of a level add up to the school: subgroups, substitutions and all."""
    answer = _ask(story, level, measures=list(LESSONS))
    added = answer.group_by("measure").agg(pl.col("numerator", "denominator").sum()).sort("measure")
    school = _ask(story, Level.SCHOOL, measures=list(LESSONS)).sort("measure")
    assert added.equals(school.select("measure", "numerator", "denominator"))


def test_terms_part_a_range_by_the_schools_own_dates(story: Story) -> None:
    until = START + timedelta(days=3)
    kept = _ask(story, Level.REGION, Scope.of_region(), each=Each.TERM, measures=["held"])
    assert kept["bucket"].to_list() == ["2026 quarter 1"]
    with story.hub.engine.begin() as connection:
        changed = connection.execute(
            text("UPDATE journal.term SET finish = :until"), {"until": until}
        ).rowcount
        second = (
            "INSERT INTO journal.term SELECT (jsonb_populate_record(t, jsonb_build_object("
            "'key', '2', 'source_key', '2', 'number', 2, 'kind', 'half_year',"
            " 'start', CAST(:start AS date), 'finish', CAST(:last AS date)))).*"
            " FROM journal.term t"
        )
        connection.execute(text(second), {"start": until + timedelta(days=2), "last": LAST})
    for level in (Level.REGION, Level.CLASS):
        parts = _ask(story, level, each=Each.TERM, measures=["held"])
        first, last = (
            _ask(story, level, date_from=days[0], date_to=days[1], measures=["held"])
            for days in ((START, until), (until + timedelta(days=2), LAST))
        )
        expected = pl.concat(
            [
                part.with_columns(bucket=pl.lit(bucket))
                for part, bucket in ((first, "2026 quarter 1"), (last, "2026 half_year 2"))
            ]
        )
        assert _pairs(parts) == _pairs(expected)
    with story.hub.engine.begin() as connection:
        connection.execute(text("DELETE FROM journal.term WHERE key = '2'"))
        connection.execute(text("UPDATE journal.term SET finish = '2026-10-25'"))
    assert changed == len(JOURNALS)


def test_what_no_level_can_have_is_refused() -> None:
    for level, within, measures, words in (
        (Level.CLASS, Scope.of_region(), (), "only one school"),
        (Level.TEACHER, Scope.of_district(DISTRICT), (), "only one school"),
        (Level.CLASS, OWN, ("upload_frequency",), "not measured by class"),
        (Level.LESSON, OWN, ("accumulation",), "not measured by lesson"),
        (Level.SCHOOL, OWN, ("beauty",), "no measure is called beauty"),
    ):
        with pytest.raises(FiguresError, match=words):
            Question(level, within, START, LAST, measures=measures)
    with pytest.raises(FiguresError, match="ends before it begins"):
        Question(Level.SCHOOL, OWN, LAST, START)
    assert measures_of(Level.REGION) == MEASURES


def test_who_is_not_in_the_registry_is_named(story: Story) -> None:
    with pytest.raises(UnknownSchoolError, match="781009"):
        _ask(story, Level.CLASS, Scope.of_schools("781009"))
    with pytest.raises(FiguresError, match="d9"):
        _ask(story, Level.SCHOOL, Scope.of_district("d9"))
    assert _ask(story, Level.SCHOOL, Scope.of_district(DISTRICT)).equals(_ask(story, Level.SCHOOL))


def test_accumulation_is_that_of_the_last_measured_day(shared_hub: Hub) -> None:
    """By class, subject, the one teacher of both, and upwards; never added up over days."""
    story = _story(shared_hub, "velikie_luki")
    with story.hub.engine.begin() as connection:
        kept = connection.execute(
            text(
                "SELECT as_of, numerator, denominator FROM quality.measures"
                " WHERE level = 'school' AND measure = 'accumulation' AND denominator > 0"
            )
        ).all()
    by_day = {on.isoformat(): (n, d) for on, n, d in kept}
    assert len(set(by_day.values())) > 1
    told = {"measures": ["accumulation"]}
    days = _ask(story, Level.SCHOOL, each=Each.DAY, **told)
    assert {key[2]: pair for key, pair in _pairs(days, ["accumulation"]).items()} == by_day
    weeks = _ask(story, Level.REGION, Scope.of_region(), each=Each.WEEK, **told)
    sunday, last = START + timedelta(days=5), LAST
    assert [*_pairs(weeks, ["accumulation"]).values()] == [
        by_day[sunday.isoformat()],
        by_day[last.isoformat()],
    ]
    for level in (Level.CLASS, Level.SUBJECT, Level.TEACHER, Level.PARALLEL):
        now = _ask(story, level, **told)
        assert (now["numerator"].sum(), now["denominator"].sum()) == by_day[last.isoformat()]
        then = _ask(story, level, as_of=sunday, **told)
        assert (then["numerator"].sum(), then["denominator"].sum()) == by_day[sunday.isoformat()]
    assert set(_ask(story, Level.TEACHER, **told)["unit"]) <= {"t1", "t2", "t4", None}
