"""A school year of a large school passes all rules in seconds."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from quality.journal_frames import JournalFrames
from quality.measures import lesson_facts
from quality.rules.find import find
from quality.rules.journal import Journal
from quality.schedule import from_lessons
from quality.timeliness import PARTS
from quality.versions import MARK_VERSION, TERM_MARK_VERSION
from schemas.frames import INSTANT
from tests.quality.rules.a_journal import BEGUN, DAY, journal, merged

LAST = date(2027, 5, 28)
CLASSES, PUPILS, SUBJECTS, LESSONS = 30, 25, 13, 7
# Twice what it takes on an idle core: the suite runs on two that are busy.
SECONDS = 4.0


def _pick(name: str, of: int, times: int) -> pl.Expr:
    """A text of ``of`` different ones, the same for each row every time."""
    return pl.format(f"{name}{{}}", (pl.int_range(pl.len()) * times) % of)


def _a_year() -> Journal:
    """40,000 lessons, 160,000 marks, 20,000 absences, few term marks; nothing is quite well."""
    days = [BEGUN + n * DAY for n in range((LAST - BEGUN).days) if (BEGUN + n * DAY).weekday() < 5]
    places = pl.DataFrame({"date": days}).join(
        pl.DataFrame({"number": range(1, LESSONS + 1)}), how="cross"
    )
    lessons = places.join(
        pl.DataFrame({"class_key": [f"c{n}" for n in range(CLASSES)]}), how="cross"
    ).select(
        pl.format("l{}", pl.int_range(pl.len())).alias("source_key"), "date", "number", "class_key",
        group_key=pl.lit(None, pl.String), subject_key=_pick("s", SUBJECTS, 5),
        teacher=_pick("t", 60, 7), substitute=pl.lit(None, pl.String),
        topic=pl.lit("т"), homework=pl.when(pl.int_range(pl.len()) % 10 > 0).then(pl.lit("д")),
        homework_not_set=pl.lit(value=False), held=pl.int_range(pl.len()) % 40 > 0,
        status=pl.lit("scheduled"), attendance_taken=pl.lit(value=True),
    )  # fmt: skip
    seen = pl.col("date").cast(INSTANT) + timedelta(hours=17)
    record = [
        pl.format("{}p{}", "class_key", pl.int_range(pl.len()) // CLASSES % PUPILS).alias("pupil"),
        pl.col("source_key").alias("lesson_key"),
        pl.lit(None, INSTANT).alias("entered_at"),
        (seen + pl.duration(days=(pl.int_range(pl.len()) % 12))).alias("first_seen_at"),
    ]
    marks = pl.concat([lessons] * 4).select(
        pl.format("m{}", pl.int_range(pl.len())).alias("key"), *record, "subject_key", "date",
        value=pl.lit("4"), scale=pl.lit("5"), work_type=pl.lit("written"),
    )  # fmt: skip
    absences = lessons.gather_every(2).select(
        pl.format("a{}", pl.int_range(pl.len())).alias("key"), *record, status=pl.lit("ill")
    )
    terms = pl.DataFrame(
        {
            "source_key": ["q1", "q2", "q3", "q4"],
            "kind": ["quarter"] * 4,
            "start": [BEGUN, date(2026, 11, 5), date(2027, 1, 11), date(2027, 4, 1)],
            "finish": [
                date(2026, 10, 25),
                date(2026, 12, 27),
                date(2027, 3, 21),
                date(2027, 5, 27),
            ],
        }
    )
    hours = lessons.select("class_key", "subject_key").unique()
    small = journal(on=LAST, profile=merged("velikie_luki", "tomsk", "kogalym"))
    enrolments = marks.select("pupil").unique().select(
        "pupil", class_key=pl.col("pupil").str.split("p").list.first(),
        start=pl.lit(None, pl.Date), finish=pl.lit(None, pl.Date),
    )  # fmt: skip
    frames = replace(
        small.frames, lesson=lessons, mark=marks, attendance=absences, term=terms,
        enrolment=enrolments, curriculum_hours=hours.with_columns(hours_per_week=pl.lit(3.0)),
    )  # fmt: skip
    return replace(small, **_derived(frames, enrolments, hours, terms))


def _derived(
    frames: JournalFrames, enrolments: pl.DataFrame, hours: pl.DataFrame, terms: pl.DataFrame
) -> dict[str, object]:
    scheduled = from_lessons(frames.lesson, (BEGUN, LAST))
    given = frames.mark.select(
        "key", seen_at="first_seen_at", gone=pl.lit(value=False), entered_at="entered_at",
        pupil="pupil", lesson_key="lesson_key", subject_key="subject_key", date="date",
        value="value", work_type="work_type",
    )  # fmt: skip
    corrected = given.gather_every(30).with_columns(
        seen_at=pl.col("seen_at") + timedelta(days=20), value=pl.lit("5")
    )
    term_marks = (
        enrolments.join(hours, on="class_key")
        .join(terms.select("finish", term_key="source_key"), how="cross")
        .gather_every(40)
        .select(
            pl.format("{}|{}|{}", "term_key", "subject_key", "pupil").alias("key"),
            seen_at=pl.col("finish").cast(INSTANT), gone=pl.lit(value=False),
            entered_at=pl.lit(None, INSTANT), pupil="pupil", subject_key="subject_key",
            term_key="term_key", value=pl.lit("4"), scale=pl.lit("5"),
        )
    )  # fmt: skip
    return {
        "frames": frames,
        "lessons": lesson_facts(scheduled, frames.lesson, frames.mark, frames.attendance),
        "parts": pl.DataFrame(schema=PARTS),
        "looks": sorted(set(frames.lesson["date"].cast(INSTANT).to_list())),
        "marks": pl.concat([given, corrected]).select(*MARK_VERSION),
        "term_marks": term_marks.select(*TERM_MARK_VERSION),
    }


def test_all_rules_of_a_school_year() -> None:
    year = _a_year()
    assert year.frames.lesson.height > 40_000
    assert year.frames.mark.height > 160_000
    assert year.frames.enrolment.height == CLASSES * PUPILS
    begun = time.process_time()
    found = find(year)
    spent = time.process_time() - begun
    rules = set(found["rule"])
    assert rules >= {"held", "homework", "no_backdating", "term_marks", "marks_to_grade"}
    assert "mark_after_lessons" in rules
    assert spent < SECONDS
