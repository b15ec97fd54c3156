"""The forms that the reports step writes: the region's truth, and counts told by plain SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.end_to_end.world import World

HIDDEN = "скрыто"
LEVELS = {**{f"{n} классы": (n,) for n in range(1, 11)}, "11 (12) классы": (11, 12)}

# Each count once more, straight from the tables, of one school.
PEOPLE = """
WITH here AS (
  SELECT DISTINCT e.pupil, c.name FROM journal.enrolment e
  JOIN journal.class_ c ON c.school = e.school AND c.source = e.source
    AND c.source_key = e.class_key AND c.vanished_at IS NULL
  WHERE e.school = :school AND e.vanished_at IS NULL
    AND coalesce(e.start <= :on, true) AND coalesce(e.finish > :on, true)
), family AS (
  SELECT h.name, g.person, u.pseudonym IS NOT NULL AS known FROM here h
  JOIN journal.guardian g ON g.pupil = h.pupil AND g.vanished_at IS NULL
  LEFT JOIN vault.uids u ON u.pseudonym = g.person
), slots AS (
  SELECT teacher FROM journal.timetable_slot WHERE school = :school AND vanished_at IS NULL
    AND valid_from <= :on
), load AS (  -- a substitute need not have any
  SELECT teacher FROM slots UNION
  SELECT teacher FROM journal.lesson WHERE school = :school AND vanished_at IS NULL
    AND date <= :on AND NOT EXISTS (SELECT FROM slots)
)
SELECT 'pupils' AS name, count(DISTINCT pupil) AS count FROM here
UNION ALL SELECT 'guardians', count(DISTINCT person) FROM family
UNION ALL SELECT 'guardians_active', count(DISTINCT person) FILTER (WHERE known) FROM family
UNION ALL SELECT 'pupils_applied', count(DISTINCT h.pupil) FROM here h
  JOIN journal.consent c ON c.pupil = h.pupil AND c.vanished_at IS NULL
  WHERE c.applied_on <= :on AND coalesce(c.refused_on > :on, true)
UNION ALL SELECT 'teachers', count(DISTINCT teacher) FROM load
UNION ALL SELECT 'teachers_working', count(DISTINCT coalesce(l.substitute, l.teacher))
  FROM journal.lesson l WHERE l.school = :school AND l.vanished_at IS NULL AND l.held
    AND l.date <= :on AND l.status = 'scheduled'
    AND coalesce(l.substitute, l.teacher) IN (SELECT teacher FROM load)
"""


def kept(world: World, school: str) -> dict[str, int]:
    rows = world.rows(
        'SELECT "column", value FROM quality.form_figures'
        " WHERE school = :school AND form IN ('form2', 'form4') AND row = ''",
        school=school,
    )
    return {row["column"]: row["value"] for row in rows}


def path(world: World, number: int, unit: str, kind: str) -> Path:
    return world.home / "reports" / world.last / f"forma{number}_{unit}_{world.last}.{kind}"


def test_counts_of_people_are_those_of_the_tables(world: World) -> None:
    for school in world.truth["schools"]:
        told = kept(world, school)
        again = world.rows(PEOPLE, school=school, on=world.last)
        assert {row["name"]: row["count"] for row in again} == {
            name: told[name] for name in (row["name"] for row in again)
        }
        assert 0 < told["teachers_working"] <= told["teachers"]
        assert told["teachers_with_access"] <= told["teachers"]
        assert 0 <= told["in_time"] <= told["judged"]


@pytest.mark.parametrize("unit", ["d1", "d2"])
def test_form1_of_a_district_is_the_truth_or_hidden(world: World, unit: str) -> None:
    book = load_workbook(path(world, 1, unit, "xlsx"))
    schools = [c for c, one in world.truth["schools"].items() if one["district"] == unit]
    sheets = dict(zip(schools, book.worksheets[1:], strict=True))
    shown = 0
    for code, sheet in sheets.items():
        rows: dict[Any, Any] = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True)}
        assert rows[f"ОУ (краткое наименование) {world.truth['schools'][code]['name']}"]
        for title, levels in LEVELS.items():
            counts = [world.truth["form1"][code].get(str(level)) for level in levels]
            true = [sum(column) for column in zip(*filter(None, counts), strict=True)] or [0] * 8
            for told, number in zip(rows[title], true, strict=True):
                assert told in (number, HIDDEN)
                shown += told == number
    assert shown > 40


@pytest.mark.parametrize("unit", ["d1", "d2"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_reports_step_writes_them_for_each_district(
    world: World, number: int, unit: str
) -> None:
    assert path(world, number, unit, "pdf").read_bytes().startswith(b"%PDF")
    name = world.truth["districts"][unit]
    told = [
        cell
        for sheet in load_workbook(path(world, number, unit, "xlsx"))
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    ]
    assert any(name in str(cell) for cell in told)
    for code, school in world.truth["schools"].items():
        assert (school["district"] == unit) == any(school["name"] in str(c) for c in told), code
