"""Remarks of a school as drafts of cards: those that a cause of the upload explains go to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, false, func, or_, select

from pipeline.card_drafts import Draft
from pipeline.waivers import Waiver
from quality.causes import CAUSE
from quality.journal_frames import read_frame
from quality.kinds import DAY, REMARK
from quality.remark_causes import LESSON, OF_LESSONS, grouped
from quality.remarks import REMARK as SHAPE
from schemas.tables import journal_table, remarks

DAILY_UPLOAD = "daily_upload"
# The fields of a remark by which it may be about what an upload lost, the nearest first.
_ABOUT = {
    "lesson": "lesson_key", "class_": "class_key", "subject": "subject_key", "pupil": "pupil",
    "staff_member": "teacher",
}  # fmt: skip


def open_remarks(connection: Connection, school: str, on: date) -> tuple[pl.DataFrame, date | None]:
    """Remarks that stood at the last check by ``on``, and those that it found ``fixed``; and the
    day of that check. ``remarks.REMARK`` with source, first_on and ``fixed``."""
    c = remarks.c
    ends = [func.max(day).filter(day <= on) for day in (c.first_on, c.last_on, c.fixed_on)]
    last = connection.execute(select(func.greatest(*ends)).where(c.school == school)).scalar_one()
    names = [*SHAPE, "source", "first_on", "fixed_on"]
    # What the last check neither found nor mended is of a school year that is over.
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
        for row in found.select(f"cause_{name}" for name in CAUSE).iter_rows():
            drafts[row].held[REMARK] += 1
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
    if count := rows.filter(its).height:
        draft.held[REMARK] += count
    return rows.filter(~its)


def remark_drafts(
    connection: Connection,
    school: str,
    rows: pl.DataFrame,
    last: date | None,
    waivers: Sequence[Waiver],
) -> list[Draft]:
    """The fewest cards of ``rows`` (``open_remarks``); what is waived apart, by waiver."""
    rows = rows.with_columns(waiver=_waiver_of(waivers))
    lessons = _lessons(connection, school, rows)
    standing = rows.filter(~pl.col("fixed"))
    drafts = _drafts(standing, lessons, last, waivers)
    for draft in _drafts(rows.filter("fixed"), lessons, last, waivers):
        draft.fixed = sum(draft.held.values())
        same = [one for one in drafts if _same(one, draft)]
        if same:
            same[0].fixed = draft.fixed
        else:
            draft.gone = True
            drafts.append(draft)
    return drafts


def _same(one: Draft, other: Draft) -> bool:
    return (one.source, one.rule, one.by, one.key, one.waiver) == (
        other.source, other.rule, other.by, other.key, other.waiver,
    )  # fmt: skip


def _waiver_of(waivers: Sequence[Waiver]) -> pl.Expr:
    """The oldest waiver that covers a remark."""
    found = pl.lit(None, pl.Int64)
    for one in reversed(waivers):
        said = [pl.col("rule") == one.scope.rule]
        said += [pl.col(name).eq_missing(value) for name, value in one.scope.narrowed().items()]
        found = pl.when(pl.all_horizontal(said)).then(one.waived.waiver).otherwise(found)
    return found


def _drafts(
    rows: pl.DataFrame, lessons: pl.DataFrame, last: date | None, waivers: Sequence[Waiver]
) -> list[Draft]:
    waived = {one.waived.waiver: one.waived for one in waivers}
    drafts = []
    for (source, waiver), part in rows.group_by("source", "waiver", maintain_order=True):
        there = lessons.filter(pl.col("source") == source).select(*LESSON)
        told = grouped(part, there)
        for row in _summed(told).iter_rows(named=True):
            kind = _kind(row["rule"])
            drafts.append(
                Draft(
                    source=str(source),
                    rule=row["rule"],
                    first=row["first_on"],
                    fresh=row["first_on"] == last,
                    by=row["by"],
                    key=row["unit"],
                    held=Counter({kind: row["count"]}),
                    class_key=row["class_key"],
                    subject_key=row["subject_key"],
                    teacher=row["teacher"],
                    first_day=row["first_day"],
                    last_day=row["last_day"],
                    waiver=waived.get(waiver),
                )
            )
    return drafts


def _kind(rule: str) -> str:
    if rule == DAILY_UPLOAD:
        return DAY
    return "lesson" if rule in OF_LESSONS else REMARK


def _summed(told: pl.DataFrame) -> pl.DataFrame:
    """One row per card; what all its remarks share stands there, else null."""

    def shared(name: str) -> pl.Expr:
        column = pl.col(name)
        return pl.when(column.n_unique() == 1).then(column.first()).alias(name)

    return told.group_by("rule", "by", "unit", maintain_order=True).agg(
        shared("class_key"),
        shared("subject_key"),
        shared("teacher"),
        first_on=pl.col("first_on").min(),
        count=pl.len(),
        first_day=pl.col("day").min(),
        last_day=pl.col("day").max(),
    )


def _lessons(connection: Connection, school: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Lessons that were held on the days of remarks on lessons: ``LESSON`` and source."""
    lesson = journal_table("lesson")
    c = lesson.c
    days = rows.filter(pl.col("rule").is_in(OF_LESSONS))["day"].drop_nulls().unique()
    where = (c.school == school) & c.date.in_(days.to_list()) & c.held & c.vanished_at.is_(None)
    names = ["source", "date", "class_key", "subject_key", "teacher", "substitute", "status"]
    held = read_frame(connection, lesson, names, where)
    given = pl.coalesce("substitute", "teacher")
    return (
        held.filter(~pl.col("status").is_in(["cancelled", "merged"]))
        .with_columns(teacher=given)
        .rename({"date": "day"})
        .select("source", *LESSON)
    )
