"""The benchmark of measuring does what it says; how fast is no test's business."""

from __future__ import annotations

from pipeline.bench import cells
from pipeline.hub import Hub


def test_a_small_school_and_a_small_region(hub: Hub) -> None:
    scratch, again = cells.measuring(hub, 3)
    assert (scratch.rows, again.rows) == (3 * 240, 4 * 240)  # Tuesday to Thursday, and Friday
    told = {took.what: took.rows for took in cells.reading(hub, 4, 10)}
    assert told["figures by class of the year"] == 40 * 7
    assert told["figures by district of the year"] == 4 * 8
    assert told["figures by region of the year, each week"] == 2 * 8
