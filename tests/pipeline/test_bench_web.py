"""The benchmark of the dashboard reads real pages; how fast is no test's business."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from pipeline.bench.web import PAGES
from pipeline.cli import app


def test_every_page_is_read_by_people_who_are_signed_in() -> None:
    small = ["--users=6", "--seconds=4", "--pause=0.2", "--schools=25", "--records=10", "--json"]
    answer = CliRunner().invoke(app, ["bench", "dashboard", *small])
    assert answer.exit_code == 0, answer.output
    told = {row["page"]: row for row in json.loads(answer.stdout)}
    assert set(told) == {"all pages"} | {page for own in PAGES.values() for page in own}
    together = told.pop("all pages")
    assert together["asked"] == sum(row["asked"] for row in told.values())
    assert together["most"] == max(row["most"] for row in told.values())
    for row in told.values():
        assert row["asked"] > 0
        assert row["failed"] == 0
        assert 0 < row["p50"] <= row["p95"] <= row["most"]
        assert 50 < row["server_mb"] < 2000
