"""Great Expectations' verdicts are kept run by run, with the bounds they were given by."""

from __future__ import annotations

from datetime import date

from pipeline.intake.collect import Run
from pipeline.intake.examine import examine
from quality.batch_suite import CHECKS, load_suite
from tests.pipeline.village import SCHOOL, Village, run_of, village

__all__ = ["village"]

KEPT = (
    "SELECT observed, lower, upper, bound_from, success FROM quality.batch_results"
    ' WHERE run_id = :run AND "table" = :table AND expectation = :expectation'
)
ONE_RUN = len(load_suite().tables) * len(CHECKS) + 1  # of one school; freshness beside


def judge(village: Village, day: str) -> int:
    return examine(village.hub, Run(run_of(day), date.fromisoformat(day)))


def kept(village: Village, day: str, table: str, expectation: str) -> tuple[object, ...]:
    [row] = village.rows(KEPT, run=run_of(day), table=table, expectation=expectation)
    return row


def test_history_grows_by_a_run_and_is_never_doubled(village: Village) -> None:
    state = 'UPDATE registry.schools SET volumes = \'{"mark": {"floor": 3, "ceiling": 4}}\''
    with village.hub.engine.begin() as connection:
        connection.exec_driver_sql(state)
    judge(village, "2026-09-16")
    assert village.rows("SELECT count(*) FROM quality.batch_results") == [(ONE_RUN,)]
    for code in ("1", "2"):
        village.say("marks", Код=code, КодУченика="100", КодУрока="510", КодПредмета="20",
                    ДатаУрока="16.09.2026", Отметка="4", Шкала="5", ВидРаботы="Урок")  # fmt: skip
    village.export("2026-09-17")
    village.evening("2026-09-17")
    for _ in range(2):  # resumed
        judge(village, "2026-09-17")
    assert village.rows("SELECT count(*) FROM quality.batch_results") == [(2 * ONE_RUN,)]
    assert kept(village, "2026-09-16", "mark", "volume_floor") == (3, 3, None, "set", True)
    assert kept(village, "2026-09-17", "mark", "volume_floor") == (5, 3, None, "set", True)
    assert kept(village, "2026-09-17", "mark", "volume_ceiling") == (5, None, 4, "set", False)
    assert kept(village, "2026-09-17", "class_", "volume_floor") == (2, 2, None, "suite", True)
    assert kept(village, "2026-09-17", "mark", "unique_keys") == (0, None, 0, None, True)
    assert kept(village, "2026-09-17", "uploads", "fresh") == (0, None, 9, "suite", True)
    found = village.rows(
        "SELECT rule, entity, detail FROM ops.findings WHERE source = 'hub' AND school = :school"
        " AND run_id = :run AND entity = 'mark'",
        school=SCHOOL, run=run_of("2026-09-17"),
    )  # fmt: skip
    assert found == [
        ("volume_high", "mark", "стало 5, было 3, ожидалось не больше 4: так указано для школы")
    ]
