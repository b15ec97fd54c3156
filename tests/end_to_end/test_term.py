"""Sixty schools and a whole term: every figure and every remark is the sandbox's, set for set.

The sandbox counts from its model (``sandbox/compliance``) and shares no code with the product; the
figures are counted a third time in plain SQL over the journal's tables. The last evening of the
term is checked, and the second one after it.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline import batches
from pipeline.hub import Hub
from pipeline.intake.collect import COLLECT, Run
from pipeline.settings import Settings
from privacy.pseudonyms import pseudonym
from quality.form1 import COLUMNS
from sandbox.params import Params
from tests.end_to_end.conftest import run_of
from tests.end_to_end.server import Server
from tests.end_to_end.world import Row, World

# One look into the term, so that nobody can say of much when it was written; then every evening.
EVENINGS = ((9, 18), (10, 23), (10, 24), (10, 26), (10, 27))
TERM = Params(
    districts=3,
    schools_per_system=20,
    classes=2,
    pupils_least=5,
    pupils_most=6,
    connected_on=date(2026, 9, 1),
    until=date(2026, 10, 27),
    evenings=tuple(date(2026, *day) for day in EVENINGS),
    profiles=("spb", "velikie_luki", "tomsk"),
    compliance=(date(2026, 10, 24), date(2026, 10, 27)),
)
CHECKED = tuple(str(day) for day in TERM.compliance)
WORKERS = 2  # the machines that run the tests have two cores

JOURNAL = ("fill_rate", "held", "topic", "homework", "attendance", "marks")


def _collect(home: Path, url: str, schools: list[str], day: str) -> None:
    """A batch of schools in a process of its own, as a task of the DAG has it."""
    hub = Hub.open(Settings(home=home, database_url=url))
    # The evening on which a system does not answer is part of the region.
    with suppress(batches.SchoolsWaitingError, batches.SchoolsLimitedError):
        batches.collect_batch(hub, schools, Run(run_of(day), date.fromisoformat(day)))


@pytest.fixture(scope="module")
def term(server: Server, folder: Path) -> World:
    """The region after its last evening; checked on the evenings of ``CHECKED``."""
    (folder / "term").mkdir()
    return through_the_term(World.build(server, "term", folder / "term", TERM))


def through_the_term(world: World) -> World:
    url = world.server.url(world.name)
    spawned = multiprocessing.get_context("spawn")
    with world.served(), ProcessPoolExecutor(WORKERS, mp_context=spawned) as pool:
        for day in world.dates:
            world.today(day)
            run = Run(run_of(day), date.fromisoformat(day))
            schools = [
                code for batch in batches.open_run(world.hub, COLLECT, run) for code in batch
            ]
            chosen = batches.split(schools, -(-len(schools) // (2 * WORKERS)))
            tasks = [pool.submit(_collect, world.home, url, batch, day) for batch in chosen]
            for task in tasks:
                task.result()
            batches.close_run(world.hub, COLLECT, run, None)
            if day in CHECKED:
                world.compute(day, run_of(day))
    return world


class People:
    """The hub's pseudonyms for the people of the truth's keys."""

    def __init__(self, world: World) -> None:
        self._keys = world.hub.keys
        self._truth = world.truth

    def of(self, school: str) -> dict[str, str]:
        """``@number`` -> pseudonym."""
        source = self._truth["schools"][school]["system"]
        found: dict[str, str] = {}
        for role, names in self._truth["keys"][school].items():
            # A person is known by the name in small letters, ё as е.
            local = pl.Series([name.lower().replace("ё", "е") for name in names.values()])
            said = pseudonym(
                self._keys, role=role, school=school, source=source, local_key=pl.lit(local)
            )
            found |= dict(zip(names, pl.select(said).to_series().to_list(), strict=True))
        return found


@pytest.fixture(scope="module")
def people(term: World) -> People:
    return People(term)


def _named(key: str, names: dict[str, str]) -> str:
    return "|".join(names.get(part, part) for part in key.split("|"))


@pytest.mark.parametrize("day", CHECKED)
def test_every_remark_and_no_other(term: World, people: People, day: str) -> None:
    rows = term.rows(
        "SELECT school, rule, key FROM quality.remarks WHERE first_on <= :day"
        " AND last_on >= :day AND (fixed_on IS NULL OR fixed_on > :day)",
        day=day,
    )
    found = {(row["school"], row["rule"], row["key"]) for row in rows}
    told = {
        (school, rule, _named(key, names))
        for school, known in term.truth["compliance"][day].items()
        for names in [people.of(school)]
        for rule, keys in known["remarks"].items()
        for key in keys
    }
    _same(found, told)


def _same(found: set[Any], told: set[Any]) -> None:
    """The first of those that only one side has are shown."""
    wrong = [f"only the hub: {one}" for one in sorted(found - told)[:10]]
    wrong += [f"only the truth: {one}" for one in sorted(told - found)[:10]]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("day", CHECKED)
def test_every_measure_of_a_school(term: World, day: str) -> None:
    """The parts of lessons by summing up the days, the others as the regulation has them."""
    rows = term.rows(
        "SELECT unit, measure, numerator, denominator FROM quality.measures"
        " WHERE as_of = :day AND level = 'school' AND measure <> 'upload_frequency'",
        day=day,
    )
    told = {}
    for school, known in term.truth["compliance"][day].items():
        days = known["levels"]["day"].values()
        for measure in JOURNAL:
            parts = [figures[measure] for figures in days]
            told[school, measure] = (sum(n for n, _ in parts), sum(d for _, d in parts))
        for measure, (numerator, denominator) in known["measures"].items():
            told[school, measure] = (numerator, denominator)
    found = {(r["unit"], r["measure"]): (r["numerator"], r["denominator"]) for r in rows}
    _same(set(found.items()), set(told.items()))


def test_every_measure_of_the_region(term: World) -> None:
    rows = term.rows("SELECT * FROM quality.measures WHERE as_of = :day", day=term.last)
    _same(set(_figures(rows).items()), set(_figures(term.truth["measures"]).items()))


def _figures(rows: list[Row]) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {
        (row["level"], row["unit"], row["measure"]): (row["numerator"], row["denominator"])
        for row in rows
    }


@pytest.mark.parametrize("day", CHECKED)
def test_every_day_has_its_cause(term: World, day: str) -> None:
    rows = term.rows(
        'SELECT school, row, "column" FROM quality.form_figures'
        " WHERE form = 'uploads' AND as_of = :day",
        day=day,
    )
    told = {
        (school, on, cause)
        for school, calendar in term.truth["uploads"].items()
        for on, cause in calendar.items()
        if on <= day
    }
    _same({(r["school"], r["row"], r["column"]) for r in rows}, told)


def test_form1(term: World) -> None:
    rows = term.rows(
        'SELECT school, row, "column", value FROM quality.form_figures'
        " WHERE form = 'form1' AND as_of = :day",
        day=term.last,
    )
    told = {
        (school, grade, column, value)
        for school, grades in term.truth["form1"].items()
        for grade, values in grades.items()
        for column, value in zip(COLUMNS, values, strict=True)
    }
    _same({(r["school"], r["row"], r["column"], r["value"]) for r in rows}, told)


# A level's unit as SQL over a cell, or over a lesson of ``term.sql``.
UNITS = {
    "class": "class_key",
    "parallel": "grade_level::text",
    "subject": "subject_key",
    "teacher": "teacher",
    "day": "date::text",
    "week": "date_trunc('week', date)::date::text",
    "month": "date_trunc('month', date)::date::text",
}
SUMS = """
    count(*) FILTER (WHERE filled) AS fill_rate, count(*) AS "fill_rate/due",
    count(*) FILTER (WHERE held) AS held, count(*) AS "held/due",
    count(*) FILTER (WHERE held AND topic) AS topic, count(*) FILTER (WHERE held) AS "topic/due",
    count(*) FILTER (WHERE held AND homework_due AND homework) AS homework,
    count(*) FILTER (WHERE held AND homework_due) AS "homework/due",
    count(*) FILTER (WHERE held AND attendance) AS attendance,
    count(*) FILTER (WHERE held) AS "attendance/due",
    count(*) FILTER (WHERE held AND marks) AS marks, count(*) FILTER (WHERE held) AS "marks/due"
"""
FLAGS = ("held", "topic", "homework_due", "homework", "attendance", "marks", "filled")
CELLS = (
    "SELECT school, date, class_key, grade_level, subject_key, teacher,"
    " parts_in_time, parts_judged, "
    + ", ".join(f"{flag}::int::boolean AS {flag}" for flag in FLAGS)
    + " FROM quality.lesson_cells"
)


@pytest.mark.parametrize("level", UNITS)
def test_every_level_of_the_cells(term: World, people: People, level: str) -> None:
    timely = ', sum(parts_in_time) AS timeliness, sum(parts_judged) AS "timeliness/due"'
    rows = term.rows(
        f"WITH lessons AS ({CELLS})"
        f" SELECT school, {UNITS[level]} AS unit, {SUMS} {timely} FROM lessons GROUP BY 1, 2"
    )
    told = _told(term, people, level, (*JOURNAL, "timeliness"))
    _same(_counted(rows, (*JOURNAL, "timeliness")), told)


@pytest.fixture(scope="module")
def counted(term: World) -> str:
    """A table of the scheduled lessons, counted once for all levels from the journal's rows."""
    term.write(f"CREATE TABLE public.counted AS {LESSONS} SELECT * FROM lessons")
    return "public.counted"


@pytest.mark.parametrize("level", UNITS)
def test_every_level_counted_in_sql(term: World, people: People, counted: str, level: str) -> None:
    """With no code of the product."""
    rows = term.rows(f"SELECT school, {UNITS[level]} AS unit, {SUMS} FROM {counted} GROUP BY 1, 2")
    _same(_counted(rows, JOURNAL), _told(term, people, level, JOURNAL))


Figure = tuple[str, str, str, int, int]  # school, unit, measure, numerator, denominator


def _counted(rows: list[Row], measures: tuple[str, ...]) -> set[Figure]:
    return {
        (row["school"], row["unit"], name, int(row[name]), int(row[f"{name}/due"]))
        for row in rows
        for name in measures
    }


def _told(term: World, people: People, level: str, measures: tuple[str, ...]) -> set[Figure]:
    return {
        (school, _named(unit, names), measure, *figures[measure])
        for school, known in term.truth["compliance"][term.last].items()
        for names in [people.of(school)]
        for unit, figures in known["levels"][level].items()
        for measure in measures
    }


# Every scheduled lesson with what is recorded of it, by the definitions of docs/sandbox-truth.md.
LESSONS = f"""
WITH planned AS (
    SELECT t.school, t.source, d.date::date AS date, t.number, t.class_key, t.group_key,
           t.subject_key, t.teacher
    FROM journal.timetable_slot t
    CROSS JOIN generate_series(DATE '2026-09-01', DATE '{TERM.until}', INTERVAL '1 day') AS d (date)
    WHERE t.vanished_at IS NULL AND extract(isodow FROM d.date) = t.weekday
      AND d.date BETWEEN t.valid_from AND t.valid_to
      AND NOT EXISTS (SELECT FROM journal.holiday h WHERE h.vanished_at IS NULL
                      AND h.school = t.school AND d.date BETWEEN h.start AND h.finish)
      AND (EXISTS (SELECT FROM journal.holiday h WHERE h.vanished_at IS NULL
                   AND h.school = t.school)
           OR EXISTS (SELECT FROM journal.term e WHERE e.vanished_at IS NULL AND e.kind <> 'year'
                      AND e.school = t.school AND d.date BETWEEN e.start AND e.finish))
), given AS (
    SELECT * FROM journal.lesson WHERE vanished_at IS NULL AND date <= DATE '{TERM.until}'
), scheduled AS (
    SELECT p.school, p.source, p.date, p.number, p.class_key, p.subject_key,
           coalesce(g.substitute, g.teacher, p.teacher) AS teacher, g.key, g.held, g.topic,
           g.homework, g.homework_not_set, g.attendance_taken
    FROM planned p
    LEFT JOIN given g ON (g.school, g.source, g.date, g.number, g.class_key, g.subject_key)
            = (p.school, p.source, p.date, p.number, p.class_key, p.subject_key)
        AND g.group_key IS NOT DISTINCT FROM p.group_key
    WHERE coalesce(g.status, 'scheduled') = 'scheduled'
    UNION ALL
    SELECT school, source, date, number, class_key, subject_key, coalesce(substitute, teacher), key,
           held, topic, homework, homework_not_set, attendance_taken
    FROM given WHERE source = 'dnevnik_ru' AND status = 'scheduled'
), recorded AS (
    SELECT s.*, coalesce(s.held, false) AS is_held, s.topic IS NOT NULL AS has_topic,
           NOT coalesce(s.homework_not_set, false) AS homework_due,
           s.homework IS NOT NULL AS has_homework,
           coalesce(s.attendance_taken, false) OR EXISTS (
               SELECT FROM journal.attendance a WHERE a.vanished_at IS NULL
               AND (a.school, a.source, a.lesson_key) = (s.school, s.source, s.key)) AS attendance,
           EXISTS (SELECT FROM journal.mark m WHERE m.vanished_at IS NULL
               AND (m.school, m.source, m.lesson_key) = (s.school, s.source, s.key)) AS marks
    FROM scheduled s
), lessons AS (
    SELECT r.school, r.date, r.class_key, c.grade_level, r.subject_key, r.teacher,
           is_held AS held, has_topic AS topic, homework_due, has_homework AS homework, attendance,
           marks, is_held AND has_topic AND attendance AND marks
               AND (has_homework OR NOT homework_due) AS filled
    FROM recorded r
    JOIN journal.class_ c ON (c.school, c.source, c.key) = (r.school, r.source, r.class_key)
)
"""
