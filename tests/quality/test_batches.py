"""GX on a small healthy school, and one fault for each expectation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text

from quality.batch_bounds import batch_bounds
from quality.batch_suite import CHECKS, Batch, BatchBounds, load_suite
from quality.batches import BatchCheckError, BatchVerdict, gx_url, judge_batches
from schemas.tables import districts, ledger, schools, uploads

BATCH = Batch("r1", date(2026, 9, 18), ["s1", "s2"])
SMALL = load_suite().model_copy(
    update={
        "steady_from": 3,
        "tables": {name: load_suite().tables[name] for name in ("class_", "subject", "lesson")},
    }
)


@pytest.fixture
def healthy(engine: Engine, store: Callable[..., None]) -> Engine:
    """Two schools with one class, one subject, two lessons each, uploaded the day before."""
    with engine.begin() as connection:
        connection.execute(insert(districts), [{"code": "d1", "name": "Первый"}])
        for school in BATCH.schools:
            connection.execute(
                insert(schools).values(
                    code=school,
                    name=school,
                    district="d1",
                    profile="spb",
                    school_year=2026,
                    connected_on=date(2026, 9, 1),
                )
            )
            connection.execute(
                insert(uploads).values(
                    school=school,
                    source="paragraf",
                    ref="2026-09-17",
                    upload_date=date(2026, 9, 17),
                    taken_at=text("now()"),
                    accepted=True,
                    run_id="r1",
                )
            )
    for school in BATCH.schools:
        store("class_", {"source_key": "7a"}, school=school)
        store("subject", {"source_key": "alg"}, school=school)
        store("lesson", {"teacher": None}, {"teacher": None, "number": 2}, school=school)
    return engine


def _judge(engine: Engine, docs: Path | None = None) -> list[BatchVerdict]:
    url = engine.url.render_as_string(hide_password=False)
    with engine.begin() as connection:
        bounds = batch_bounds(connection, SMALL, BATCH)
    return judge_batches(url, BATCH, bounds, suite=SMALL, docs=docs)


def _failures(verdicts: list[BatchVerdict]) -> set[tuple[str, str, str, int]]:
    return {(v.school, v.table, v.expectation, v.observed) for v in verdicts if not v.success}


def test_healthy_batch_passes_every_expectation(healthy: Engine, tmp_path: Path) -> None:
    verdicts = _judge(healthy, tmp_path / "docs")
    assert _failures(verdicts) == set()
    assert len(verdicts) == len(BATCH.schools) * (len(SMALL.tables) * len(CHECKS) + 1)
    assert (tmp_path / "docs" / "index.html").is_file()


def test_each_fault_breaks_its_expectation_for_its_school(healthy: Engine, tmp_path: Path) -> None:
    """One fault of each kind, all judged in one checkpoint (GX is slow to start)."""
    with healthy.begin() as connection:
        run = connection.execute
        run(text("UPDATE journal.lesson SET source_key = 'same' WHERE school = 's1'"))
        run(text("DELETE FROM journal.subject WHERE school = 's1'"))
        run(text("UPDATE ops.uploads SET accepted = false WHERE school = 's2'"))
        run(
            insert(ledger).values(
                run_id="r1",
                school="s2",
                source="paragraf",
                entity="lesson",
                counter="vanished",
                reason="",
                count=8,
            )
        )
    verdicts = _judge(healthy, tmp_path)
    assert _failures(verdicts) == {
        ("s1", "lesson", "unique_keys", 1),
        ("s1", "lesson", "complete_references", 2),  # both lessons lost their subject
        ("s1", "subject", "volume_floor", 0),
        ("s2", "lesson", "volume_floor", 2),  # ten before, nine tenths are due
        ("s2", "uploads", "fresh", 17),
    }
    kept = "".join(path.read_text("utf-8") for path in tmp_path.rglob("validations/**/*.html"))
    assert kept
    assert "Дроби" not in kept


def test_growth_beyond_the_ceiling_is_seen(healthy: Engine, store: Callable[..., None]) -> None:
    store(
        "lesson",
        *[{"source_key": f"n{n}", "number": n, "teacher": None} for n in range(13)],
        school="s2",
    )
    with healthy.begin() as connection:
        connection.execute(
            insert(ledger).values(
                run_id="r1",
                school="s2",
                source="paragraf",
                entity="lesson",
                counter="created",
                reason="",
                count=11,
            )
        )
    verdicts = _judge(healthy)
    assert _failures(verdicts) == {("s2", "lesson", "volume_ceiling", 15)}
    [found] = [v for v in verdicts if not v.success]
    assert (found.upper, found.source) == (12, "suite")  # three times the four before the run


def test_a_table_that_cannot_be_read_is_an_error_not_a_pass(
    healthy: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "SELECT school, 1/0 AS uploads__days_over FROM registry.schools"
    monkeypatch.setattr("quality.batches.batch_query", lambda *_: broken)
    with pytest.raises(BatchCheckError, match="could not judge"):
        _judge(healthy)


def test_no_schools_no_verdicts() -> None:
    batch = Batch("r", date(2026, 9, 18), [])
    assert judge_batches("postgresql://nowhere/db", batch, BatchBounds()) == []


def test_a_school_code_never_becomes_sql() -> None:
    with pytest.raises(ValueError, match="cannot stand in SQL"):
        judge_batches("postgresql://x/y", Batch("r", date(2026, 9, 18), ["a'b"]), BatchBounds())


def test_gx_gets_its_own_driver_and_a_host() -> None:
    url = gx_url("postgresql+psycopg://postgres@localhost/svod?host=/tmp/x")
    assert url == "postgresql+psycopg2://postgres@localhost/svod?host=%2Ftmp%2Fx"
