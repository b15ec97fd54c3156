"""The remarks that stand, and those of them that a cause of the upload explains: they go to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, false, or_

from pipeline.cards.drafts import Draft, card_lines
from pipeline.measuring.remarks import last_check
from quality.causes import CAUSE
from quality.journal_frames import read_frame
from quality.kinds import REMARK
from quality.remarks import REMARK as SHAPE
from schemas.tables import remarks

DAILY_UPLOAD = "daily_upload"
# The fields of a remark by which it may be about what an upload lost, the nearest first.
_ABOUT = {
    "lesson": "lesson_key", "class_": "class_key", "subject": "subject_key", "pupil": "pupil",
    "staff_member": "teacher",
}  # fmt: skip


def open_remarks(connection: Connection, school: str, on: date) -> tuple[pl.DataFrame, date | None]:
    """Remarks that stood at the last check by ``on``, and those that it found ``fixed``; and the
    day of that check. ``remarks.REMARK`` with source, first_on and ``fixed``."""
    c, last = remarks.c, last_check(connection, school, on)
    names = [*SHAPE, "source", "first_on", "fixed_on"]
    # What the last check neither found nor mended is of a school year, or a term, that is over.
    known = or_(c.last_on >= last, c.fixed_on == last) if last else false()
    where = (c.school == school) & (c.first_on <= on) & known
    rows = read_frame(connection, remarks, names, where)
    fixed = (pl.col("fixed_on") == pl.lit(last, pl.Date())).fill_null(value=False)
    return rows.with_columns(fixed=fixed).drop("fixed_on"), last


def explained(
    rows: pl.DataFrame, lost: pl.DataFrame, drafts: Mapping[tuple[Any, ...], Draft]
) -> pl.DataFrame:
    """Count remarks of ``rows`` on what an upload lost (``refused_causes.LOST``) in the drafts of
    its cause; returns the others. One that was there before the loss is not explained by it."""
    for entity, about in _ABOUT.items():
        things = lost.filter(pl.col("lost_entity") == entity).sort("first", *CAUSE)
        found = (
            rows.with_row_index("n")
            .join(
                things.select(*(pl.col(n).alias(f"cause_{n}") for n in CAUSE), "first", "lost_key"),
                left_on=about,
                right_on="lost_key",
            )
            .filter(pl.col("first_on") >= pl.col("first"))
            .unique("n", keep="first", maintain_order=True)
        )
        its = found.partition_by([f"cause_{name}" for name in CAUSE], as_dict=True)
        for cause, part in its.items():
            drafts[cause].add(*_held(part))
        rows = rows.with_row_index("n").join(found.select("n"), on="n", how="anti").drop("n")
    return rows


def silenced(rows: pl.DataFrame, draft: Draft, rules: frozenset[str]) -> pl.DataFrame:
    """Count remarks of ``rules`` on days since ``draft`` of a source that was not read; returns
    the others."""
    its = (
        (pl.col("source") == draft.source)
        & pl.col("rule").is_in(rules)
        & (pl.col("day") >= draft.first)
    ).fill_null(value=False)
    if not (silent := rows.filter(its)).is_empty():
        draft.add(*_held(silent))
    return rows.filter(~its)


def _held(rows: pl.DataFrame) -> tuple[Counter[str], pl.DataFrame]:
    """Remarks that a cause of the upload holds up, and their lines."""
    thing = pl.concat_str("rule", "key", "first_on", separator="|")
    return Counter({REMARK: rows.height}), card_lines(
        rows.with_columns(kind=pl.lit(REMARK), thing=thing)
    )
