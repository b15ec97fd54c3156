"""How many records a school's upload must speak of: a floor fails the school, a ceiling warns.

Judged before anything is stored, so that half an export never makes a class vanish. The bounds are
those of ``quality.volume_bounds``: what the region file states for the school (``volumes``), else
what its own past weeks teach, else shares of what the school has stored within the days of the
upload. A table that was not read whole is not judged: nothing vanishes for it anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from pipeline.registry import open_year
from pipeline.store import Batch
from quality import batch_suite as judged
from quality.batch_bounds import batch_bounds, last_uploads
from quality.batch_history import growths
from quality.batch_suite import Suite, load_suite
from quality.volume_bounds import UNBOUNDED, Bounds, Expected, begun_weeks, expected, why
from schemas.frames import Finding
from schemas.tables import journal_table

FLOOR, CEILING = "volume_floor", "volume_high"
NO_RUN = "-"  # of what is stored now nothing came with the run that is judged


@dataclass(frozen=True)
class Volumes:
    """Findings on one upload; ``too_low`` ones forbid to store it."""

    findings: list[Finding]

    @property
    def too_low(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.rule == FLOOR]


@dataclass(frozen=True)
class Spoken:
    """What an upload speaks of: the days it ``covers`` and, of each entity whose tables are whole,
    how many records were ``read``; ``on``: the business date of the run."""

    covers: tuple[date, date]
    read: Mapping[str, int]
    on: date


def judge_volumes(
    connection: Connection,
    batch: Batch,
    spoken: Spoken,
    stated: Mapping[str, Bounds],
    suite: Suite,
) -> Volumes:
    """Hold what an upload speaks of against the bounds."""
    known = growths(connection, suite, [batch.school], spoken.on)
    last = last_uploads(connection, [batch.school], batch.seen_at.date()).get(batch.school)
    weeks = begun_weeks(last, batch.seen_at.date())
    findings = []
    for entity in suite.tables.keys() & spoken.read.keys():
        bounds = expected(
            suite.tables[entity],
            suite.learning,
            suite.steady_from,
            _stored(connection, entity, batch, spoken.covers),
            stated=stated.get(entity, UNBOUNDED),
            growth=known.get((batch.school, entity)),
            weeks=weeks,
        )
        count = spoken.read[entity]
        if bounds.floor is not None and count < bounds.floor:
            findings.append(_finding(FLOOR, entity, count, bounds))
        elif bounds.ceiling is not None and count > bounds.ceiling:
            findings.append(_finding(CEILING, entity, count, bounds))
    return Volumes(sorted(findings, key=lambda finding: (finding.rule, finding.entity)))


def expected_volumes(connection: Connection, school: str, on: date) -> list[dict[str, Any]]:
    """What is expected of the next upload of ``school``, by table, and of its day (``uploads``).

    Raises ``pipeline.registry.UnknownSchoolError``.
    """
    open_year(connection, school)
    suite = load_suite()
    bounds = batch_bounds(connection, suite, judged.Batch(NO_RUN, on, [school]))
    rows = [
        {
            "table": table,
            "stored": one.before,
            "least": one.floor,
            "least_from": one.floor_from,
            "most": one.ceiling,
            "most_from": one.ceiling_from,
            "weeks": one.weeks,
        }
        for table, one in ((t, bounds.volumes[school, t]) for t in suite.tables)
    ]
    most_days, source = bounds.most_days[school]
    days = {"table": judged.UPLOADS_TABLE, "most": most_days, "most_from": source}
    return [*rows, dict.fromkeys(rows[0]) | days]


def _stored(connection: Connection, entity: str, batch: Batch, covers: tuple[date, date]) -> int:
    """Live rows of this journal that a whole upload of these days would speak of."""
    dated = "AND date BETWEEN :first AND :last" if "date" in journal_table(entity).c else ""
    count = connection.execute(
        text(
            f'SELECT count(*) FROM journal."{entity}" WHERE school_year = :school_year'
            f" AND school = :school AND source = :source AND vanished_at IS NULL {dated}"
        ),
        {
            "school_year": batch.school_year,
            "school": batch.school,
            "source": batch.source,
            "first": covers[0],
            "last": covers[1],
        },
    ).scalar_one()
    return int(count)


def _finding(rule: str, entity: str, count: int, bounds: Expected) -> Finding:
    detail = f"прочитано {count}, было {bounds.before}, {why(bounds, lower=rule == FLOOR)}"
    return Finding(rule=rule, document="", entity=entity, detail=detail)
