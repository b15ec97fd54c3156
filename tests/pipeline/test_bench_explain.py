"""The benchmark of explaining counts what it says; how fast is no test's business."""

from __future__ import annotations

from pipeline.bench.explain import explaining
from pipeline.hub import Hub


def test_two_weeks_of_a_school(hub: Hub) -> None:
    timeliness, fill_rate = explaining(hub, 2)
    assert fill_rate.figure.startswith("measure/fill_rate/school/")
    assert fill_rate.rows == 39 * 720  # lessons that the timetable asks for until 31 May
    assert timeliness.rows > 2 * 720 * (3 + 2)  # marks, absences, and what else has a deadline
    assert timeliness.ms > 0
    assert timeliness.worked_ms > 0
