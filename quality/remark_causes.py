"""From remarks to the fewest causes that tell them all. Pure.

Remarks of one rule are told by teacher: who gave the lessons can mend them. Where nobody of a class
kept the rule on its days, the class is the cause; where nobody of the school did, a row of such
days is. These wide causes stand only where they make the causes fewer (decision 55).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

# Rules with a remark for each lesson: what a whole class or school may have left undone on a day.
OF_LESSONS = frozenset(
    {
        *("held", "topic", "homework", "attendance", "marks", "lesson_entered"),
        *("attendance_entered", "substitution_entered", "homework_entered"),
    }
)
DAYS, CLASS, TEACHER, SCHOOL = "days", "class_", "teacher", "school"  # what a cause is about

Cause = tuple[str, str]  # what it is about, and which

LESSON: dict[str, pl.DataType] = {
    "day": pl.Date(),
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),
}


def grouped(remarks: pl.DataFrame, lessons: pl.DataFrame) -> pl.DataFrame:
    """``remarks`` (``remarks.REMARK``, one school and journal) with ``by`` and ``unit``: what the
    cause of each is about, and which: a teacher, a class, the first day of a row, or nothing; and
    ``wide``: whether nobody of the class or the school kept the rule.

    ``lessons`` (``LESSON``, those who gave them): all that were held, in the days of the remarks.
    """
    parts = [
        _of_lessons(part, lessons) if rule in OF_LESSONS else _by_person(part)
        for (rule,), part in remarks.group_by("rule", maintain_order=True)
    ]
    empty = remarks.clear().with_columns(by=pl.lit(""), unit=pl.lit(""), wide=pl.lit(value=False))
    return pl.concat([empty, *parts])


def _by_person(remarks: pl.DataFrame) -> pl.DataFrame:
    """By teacher; where none is known, by class; where there is none, the school."""
    teacher, class_ = pl.col("teacher").is_not_null(), pl.col("class_key").is_not_null()
    by = pl.when(teacher).then(pl.lit(TEACHER)).when(class_).then(pl.lit(CLASS))
    return remarks.with_columns(
        by=by.otherwise(pl.lit(SCHOOL)),
        unit=pl.coalesce("teacher", "class_key", pl.lit("")),
        wide=pl.lit(value=False),
    )


def _of_lessons(remarks: pl.DataFrame, lessons: pl.DataFrame) -> pl.DataFrame:
    kept = lessons.join(remarks, on=list(LESSON), how="anti", nulls_equal=True)
    told = _by_person(remarks)
    wide = told.join(_idle_days(remarks, kept), on="day", how="left", maintain_order="left").join(
        _idle_classes(remarks, kept), on=["day", "class_key"], how="left", maintain_order="left"
    )
    ways = wide.select("by", "unit", "run", "idle").unique().sort(pl.all()).iter_rows()
    chosen = _fewest([_told(*way) for way in ways])
    by_days = pl.col("run").is_in([unit for by, unit in chosen if by == DAYS])
    by_class = pl.col("idle").is_in([unit for by, unit in chosen if by == CLASS])
    return wide.select(
        *remarks.columns,
        by=pl.when(by_days).then(pl.lit(DAYS)).when(by_class).then(pl.lit(CLASS)).otherwise("by"),
        unit=pl.when(by_days).then("run").when(by_class).then("idle").otherwise("unit"),
        wide=(by_days | by_class).fill_null(value=False),
    )


def _idle_days(remarks: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Days on which no lesson of the school is in order and more than one teacher's is not, with
    ``run``: the first day of the row of days they stand in."""
    days = pl.concat([remarks.select("day"), kept.select("day")]).drop_nulls().unique()
    busy = remarks.group_by("day").agg(pl.col("teacher").n_unique() > 1).filter("teacher")
    idle = busy.join(kept, on="day", how="anti").select("day", idle=pl.lit(value=True))
    calendar = days.sort("day").join(idle, on="day", how="left", maintain_order="left")
    runs = calendar.with_columns(row=pl.col("idle").fill_null(value=False).rle_id())
    return runs.filter("idle").select(
        "day", run=pl.col("day").min().over("row").dt.to_string("iso")
    )


def _idle_classes(remarks: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Days on which no lesson of a class is in order, of classes of which more than one teacher
    has such days; ``idle`` is the class."""
    there = remarks.filter(pl.col("class_key").is_not_null())
    days = there.join(kept, on=["day", "class_key"], how="anti")
    several = days.filter(pl.col("teacher").n_unique().over("class_key") > 1)
    return several.select("day", "class_key", idle="class_key").unique()


@dataclass(frozen=True)
class _Told:
    """Remarks told by a person (``by`` and ``unit``), or by any of ``wider`` that is chosen."""

    person: Cause
    wider: frozenset[Cause]


def _fewest(told: list[_Told]) -> frozenset[Cause]:
    """The fewest causes that can be had by dropping days and classes one by one, from all of them,
    from all days, or from none; of equally few those with the most persons."""
    every = frozenset().union(*(one.wider for one in told))
    days = frozenset(cause for cause in every if cause[0] == DAYS)
    ends = [_pruned(start, told) for start in (every, days, frozenset())]
    return min(ends, key=lambda one: (len(one) + len(_persons(one, told)), len(one)))


def _told(by: str, unit: str, run: str | None, idle: str | None) -> _Told:
    wider = [(kind, of) for kind, of in ((DAYS, run), (CLASS, idle)) if of is not None]
    return _Told((by, unit), frozenset(wider))


def _pruned(chosen: frozenset[Cause], told: list[_Told]) -> frozenset[Cause]:
    """``chosen`` less those without which there are no more causes; classes go before days."""
    while chosen:
        persons = _persons(chosen, told)
        instead: dict[Cause, set[Cause]] = {cause: set() for cause in sorted(chosen)}
        for one in told:
            held_by = one.wider & chosen
            if len(held_by) == 1 and one.person not in persons:
                instead[min(held_by)].add(one.person)
        cause = min(instead, key=lambda cause: len(instead[cause]))
        if len(instead[cause]) > 1:
            break
        chosen -= {cause}
    return chosen


def _persons(chosen: frozenset[Cause], told: list[_Told]) -> set[Cause]:
    """Those who need a cause of their own."""
    return {one.person for one in told if not one.wider & chosen}
