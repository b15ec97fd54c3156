"""Pupils who attended lesson after lesson of a subject without a mark."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from quality.attended import exempt, lessons_between, on_scale, own_lessons, with_attendance
from quality.mark_deadlines import MARK_RULES
from quality.profiles import Profile
from quality.regulations import Asked, EnteredInTime, MarkAfterLessons, WithinDays
from quality.rules.journal import Journal, as_remarks, key_of, no_remarks
from quality.rules.words import day_words
from schemas.codes import HolidayKind

_PLACE = ["pupil", "class_key", "subject_key"]


def mark_after_lessons(journal: Journal) -> pl.DataFrame:
    """A remark for each run of attended lessons that is due and has no mark."""
    rule = journal.profile.rule(MarkAfterLessons, Asked.MARK_AFTER_LESSONS, journal.on)
    if rule is None:
        return no_remarks()
    patience = timedelta(days=_longest_deadline(journal.profile, journal.on))
    runs = _runs(journal, rule).filter(
        pl.col("lessons") >= rule.lessons, pl.col("due_day") + patience <= journal.on
    )
    given_by = journal.frames.lesson.select(
        lesson_key="source_key", teacher=pl.coalesce("substitute", "teacher")
    )
    return as_remarks(
        runs.join(given_by, on="lesson_key", how="left"),
        rule=pl.lit(Asked.MARK_AFTER_LESSONS.value),
        key=key_of(pl.col("pupil"), pl.col("subject_key"), pl.col("lesson_key")),
        day=pl.col("due_day"),
        detail=pl.format(
            "уроков подряд без отметки: {}, с {} по {}",
            "lessons",
            day_words(pl.col("first_day")),
            day_words(pl.col("last_day")),
        ),
    )


def _longest_deadline(profile: Profile, on: date) -> int:
    """Days that any mark may wait; 0 where all are due the same day."""
    rules = [profile.rule(EnteredInTime, asked, on) for asked in MARK_RULES]
    deadlines = [rule.deadline for rule in rules if rule]
    return max((one.days for one in deadlines if isinstance(one, WithinDays)), default=0)


def _runs(journal: Journal, rule: MarkAfterLessons) -> pl.DataFrame:
    """The longest rows of lessons that were all attended and have no mark: ``_PLACE``,
    ``lessons``, ``first_day``, ``due_day``, ``last_day``, and of the first one ``lesson_key``."""
    frames, days = journal.frames, (journal.first, journal.on)
    # Numbers in the order that counts: half a million rows are not sorted by their texts.
    pupils = frames.enrolment.with_row_index("who").select(
        "who", "pupil", "class_key",
        first=pl.col("start").fill_null(days[0]),
        last=(pl.col("finish") - timedelta(days=1)).fill_null(days[1]),
    )  # fmt: skip
    given = (
        _with_free(_all_lessons(journal), frames.holiday, rule, days[0])
        .sort("subject_key", "date", "number", "lesson_key")
        .with_row_index("place")
    )
    own = own_lessons(pupils, given, frames.mark, frames.attendance).filter(~pl.col("free"))
    freed = exempt(given, frames.mark, frames.attendance, *days)
    another = pl.any_horizontal(
        pl.col(name) != pl.col(name).shift(1) for name in ("who", "subject_key")
    )
    attended = (
        with_attendance(own, frames.mark, frames.attendance)
        .sort("who", "place")
        .with_columns(run=(another.fill_null(value=True) | ~pl.col("there")).cum_sum())
        .filter("there")
        .join(freed, on=["pupil", "subject_key"], how="anti", maintain_order="left")
    )
    return (
        _unmarked(attended, frames.mark)
        .group_by("run", maintain_order=True)
        .agg(
            pl.col(*_PLACE, "lesson_key").first(),
            lessons=pl.len(),
            first_day=pl.col("date").first(),
            due_day=pl.col("date").get(rule.lessons - 1, null_on_oob=True),
            last_day=pl.col("date").last(),
        )
    )


def _all_lessons(journal: Journal) -> pl.DataFrame:
    """As ``lessons_between``, with the scheduled lessons that nobody filled: nobody is known to
    have attended them, so they end a run."""
    frames = journal.frames
    told = lessons_between(frames.lesson, frames.attendance, journal.first, journal.on)
    unfilled = journal.lessons.filter(pl.col("lesson_key").is_null())
    return pl.concat([told, unfilled.with_columns(taken=pl.lit(value=False)).select(told.columns)])


def _with_free(
    lessons: pl.DataFrame, holidays: pl.DataFrame, rule: MarkAfterLessons, first: date
) -> pl.DataFrame:
    """``lessons`` with ``free``: the first ones of each class, group and subject after a vacation,
    and after the year's first day, of which no mark is asked."""
    vacations = holidays.filter(kind=HolidayKind.VACATION.value).select(since="finish")
    begun = pl.DataFrame({"since": [first - timedelta(days=1)]}, schema={"since": pl.Date})
    ordered = lessons.sort("date", "number", "lesson_key").join_asof(
        pl.concat([begun, vacations]).sort("since"),
        left_on="date", right_on="since", allow_exact_matches=False,
    )  # fmt: skip
    place = pl.int_range(pl.len()).over("class_key", "group_key", "subject_key", "since")
    return ordered.with_columns(free=place < rule.free_after_holidays).drop("since")


def _unmarked(runs: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``runs`` no lesson of whose run has a mark, by the lesson or by its day."""
    graded = on_scale(marks)
    marked = pl.concat(
        [
            runs.join(graded, on=on, how="semi").select("run")
            for on in (["pupil", "lesson_key"], ["pupil", "subject_key", "date"])
        ]
    )
    return runs.join(marked, on="run", how="anti", maintain_order="left")
