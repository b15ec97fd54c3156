"""How many records a school's upload must speak of: a floor fails the school, a ceiling warns.

Judged before anything is stored, so that half an export never makes a class vanish. The floor is
the larger of what the region file states for the school (``volumes``) and a share of what the
school has stored within the days of the upload; shares stand in ``quality/suites/journal.yml``.
A table that was not read whole is not judged: nothing vanishes for it anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, text

from pipeline.store import Batch
from quality.batch_suite import Suite
from schemas.frames import Finding
from schemas.tables import journal_table

FLOOR, CEILING = "volume_floor", "volume_high"


class Bounds(BaseModel):
    """What the region file states for one entity of a school."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    floor: int | None = Field(default=None, ge=0)
    ceiling: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.floor is not None and self.ceiling is not None and self.ceiling < self.floor:
            raise ValueError("the ceiling is below the floor")
        return self


UNBOUNDED = Bounds()


@dataclass(frozen=True)
class Volumes:
    """Findings on one upload; ``too_low`` ones forbid to store it."""

    findings: list[Finding]

    @property
    def too_low(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.rule == FLOOR]


def judge_volumes(
    connection: Connection,
    batch: Batch,
    covers: tuple[date, date],
    read: Mapping[str, int],
    stated: Mapping[str, Bounds],
    suite: Suite,
) -> Volumes:
    """Hold ``read`` (records of each entity whose tables are whole) against the bounds."""
    findings = []
    for entity in suite.tables.keys() & read.keys():
        before = _stored(connection, entity, batch, covers)
        bounds = _bounds(suite, entity, before, stated.get(entity, UNBOUNDED))
        count = read[entity]
        if bounds.floor is not None and count < bounds.floor:
            findings.append(_finding(FLOOR, entity, count, before, bounds.floor))
        elif bounds.ceiling is not None and count > bounds.ceiling:
            findings.append(_finding(CEILING, entity, count, before, bounds.ceiling))
    return Volumes(sorted(findings, key=lambda finding: (finding.rule, finding.entity)))


def _bounds(suite: Suite, entity: str, before: int, stated: Bounds) -> Bounds:
    """The stated bounds; where there are none, shares of what was there, if that was enough."""
    floor, ceiling = stated.floor or 0, stated.ceiling
    if before >= suite.steady_from:
        shares = suite.tables[entity]
        floor = max(floor, math.ceil(before * shares.floor_share))
        if ceiling is None:
            ceiling = math.floor(before * shares.ceiling_share)
    if ceiling is not None:
        ceiling = max(ceiling, floor)
    return Bounds(floor=floor, ceiling=ceiling)


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


def _finding(rule: str, entity: str, count: int, before: int, bound: int) -> Finding:
    word = "не меньше" if rule == FLOOR else "не больше"
    detail = f"прочитано {count}, было {before}, ожидалось {word} {bound}"
    return Finding(rule=rule, document="", entity=entity, detail=detail)
