"""What breaks a regulation is planted and told; the looks of the hub decide what can be shown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from sandbox.compliance.looks import IN_TIME, LATE, MISSING, Looks, end_of
from sandbox.generate import generate, load_params
from sandbox.params import Params
from sandbox.regulations import REGULATIONS

BROKEN = Params(
    seed=4,
    districts=3,
    schools_per_system=4,
    classes=2,
    pupils_least=5,
    pupils_most=6,
    connected_on=date(2026, 9, 1),
    until=date(2026, 10, 27),
    evenings=tuple(date(2026, *day) for day in ((9, 18), (10, 23), (10, 24), (10, 26), (10, 27))),
    profiles=tuple(REGULATIONS),
    compliance=(date(2026, 10, 24), date(2026, 10, 27)),
)
MONDAY, TUESDAY = date(2026, 9, 7), date(2026, 9, 8)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    generate(BROKEN, folder)
    return folder


@pytest.fixture(scope="module")
def told(broken: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((broken / "truth.json").read_text("utf-8"))
    return found


def test_the_parameters_are_read_back(broken: Path) -> None:
    assert load_params(broken) == BROKEN


def test_every_rule_of_the_regulations_is_broken_somewhere(told: dict[str, Any]) -> None:
    counts: Counter[str] = Counter()
    for schools in told["compliance"].values():
        for known in schools.values():
            counts.update({rule: len(keys) for rule, keys in known["remarks"].items()})
    asked = {"accumulation", "marks_to_grade", "term_marks", "mark_after_lessons", "no_backdating"}
    asked |= {"structure_filled", "full_upload", "journal_check", "diary_check", "daily_upload"}
    for regulation in REGULATIONS.values():
        asked |= {f"{part}_entered" for part in regulation.parts} | set(regulation.marks)
    assert asked | {"held", "topic", "homework", "attendance", "marks"} == set(counts)


def test_a_school_is_told_nothing_its_regulation_does_not_ask(told: dict[str, Any]) -> None:
    profiles = [f"d{n + 1}" for n, name in enumerate(REGULATIONS) if name == "spb"]
    for school, known in told["compliance"][str(BROKEN.until)].items():
        if told["schools"][school]["district"] in profiles:
            assert not {"accumulation", "no_backdating", "term_marks"} & set(known["remarks"])


def test_every_day_since_the_school_was_connected_has_a_cause(told: dict[str, Any]) -> None:
    span = (BROKEN.until - date(2026, 9, 1)).days + 1
    assert {len(days) for days in told["uploads"].values()} == {span}
    causes = {cause for days in told["uploads"].values() for cause in days.values()}
    assert causes >= {"uploaded", "hub_fault", "school_did_not_fill", "not_a_school_day"}


def test_levels_add_up_to_the_school(told: dict[str, Any]) -> None:
    measures = {
        (row["unit"], row["measure"]): [row["numerator"], row["denominator"]]
        for row in told["measures"]
    }
    for school, known in told["compliance"][str(BROKEN.until)].items():
        for units in known["levels"].values():
            for measure in ("fill_rate", "held", "topic", "homework", "marks", "timeliness"):
                sums = [sum(part) for part in zip(*(u[measure] for u in units.values()))]  # noqa: B905  # pairs
                assert sums == measures[school, measure]


def test_nothing_is_planted_where_nobody_asked(tmp_path: Path) -> None:
    plain = replace(BROKEN, compliance=(), schools_per_system=1)
    generate(plain, tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert "compliance" not in truth
    assert "data_rejected" not in str(truth["uploads"])


NOON = datetime.combine(MONDAY, time(12))
NIGHT = datetime.combine(TUESDAY, time())
LATER = datetime.combine(date(2026, 9, 9), time(9))


@pytest.mark.parametrize(
    ("entered", "looks", "tells", "outcome"),
    [
        (NOON, [MONDAY, TUESDAY], True, IN_TIME),
        (NIGHT, [TUESDAY], True, LATE),
        (NOON, [MONDAY], False, IN_TIME),
        (NIGHT, [MONDAY, TUESDAY, date(2026, 9, 9)], False, None),
        (LATER, [TUESDAY, date(2026, 9, 9)], False, LATE),
        (NIGHT, [TUESDAY], False, None),
        (None, [MONDAY], False, None),
        (None, [TUESDAY], False, MISSING),
        (LATER, [TUESDAY], True, MISSING),
    ],
)
def test_late_is_what_can_be_shown_to_be_late(
    entered: datetime | None, looks: list[date], tells: bool, outcome: str | None
) -> None:
    seen = Looks("paragraf", looks)
    judged = seen.judge(entered, end_of(MONDAY), seen.moments[-1], tells=tells)
    assert judged == outcome
