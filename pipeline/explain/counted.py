"""The rows that a figure of one journal counts, and the records that show each of them.

Made of the same frames as the figure (``school_facts``): what is counted here and what is added up
there cannot differ, and ``explain`` checks that it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pipeline.explain.addresses import Cut, Figure
from pipeline.explain.origins import WANTED
from pipeline.measuring.school_facts import JournalFacts
from quality.accumulation import counted_marks
from quality.entry_times import Outcome
from quality.form1 import (
    form1,
    form1_rows,
    held_lessons,
    open_enrolments,
    teachers_with_load,
)
from quality.lesson_cells import by_day, lesson_cells
from quality.measures import FACTS, RATIOS, figures
from quality.schedule import PLACE, ScheduleBasis
from quality.timeliness import JUDGED, Part
from schemas.frames import INSTANT

# One row for each thing that counts. ``thing``: lesson, part, pair, day, class, pupil, subject,
# teacher or remark; ``why``: what keeps it from being counted, in the words of ``WHY``.
ROWS: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "counted": pl.Boolean(),
    "thing": pl.String(),
    "why": pl.String(),
    "date": pl.Date(),
    "number": pl.Int64(),
    "class_key": pl.String(),
    "group_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),  # who gave it: the substitute, else the teacher
    "pupil": pl.String(),
    "part": pl.String(),
    "due_at": INSTANT,
    "not_before": INSTANT,  # quality.entry_times.WRITTEN
    "not_after": INSTANT,
    "clock": pl.String(),
    "asked": pl.Int64(),
    "marks": pl.Int64(),
    "run_id": pl.String(),
    "run_state": pl.String(),
    "rule": pl.String(),
    "source": pl.String(),
}
NO_ROW = "no_row"  # a slot of the timetable that the journal has no lesson for
_FILLED = ("topic", "homework", "attendance", "marks")
# Cells of form 1 that count some of what another cell counts, and what the others lack.
_SOME_OF = {
    "classes_filled": ("classes", "no_held_lesson"),
    "pupils_with_data": ("pupils", "no_data"),
    "subjects_with_data": ("subjects", "no_held_lesson"),
    "teachers_with_access": ("teachers", "no_access"),
}
_THINGS = {
    "classes": ("class", "class_key"),
    "pupils": ("pupil", "pupil"),
    "subjects": ("subject", "subject_key"),
    "teachers": ("teacher", "teacher"),
}


@dataclass(frozen=True)
class Counted:
    """``rows``: ``ROWS``; ``wanted``: the records that show them (``origins.WANTED``);
    ``figure``: numerator and denominator, added up without the rows."""

    rows: pl.DataFrame
    wanted: pl.DataFrame
    figure: tuple[int, int]


def count_rows(facts: JournalFacts, figure: Figure, on: date) -> Counted:
    """What ``figure``, a measure of lessons or pupils, counts in a journal until ``on``."""
    mine = _narrowed(facts, figure)
    if figure.code == "timeliness":
        counted = _parts(mine)
    elif figure.code == "accumulation":
        counted = _pairs(mine, on)
    else:
        counted = _lessons(mine, figure.code)
    return _of_journal(facts, counted)


def _of_journal(facts: JournalFacts, counted: Counted) -> Counted:
    return replace(counted, rows=shaped(counted.rows.with_columns(source=pl.lit(facts.source))))


def shaped(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with all columns of ``ROWS``, null where they have none."""
    missing = [pl.lit(None, kind).alias(name) for name, kind in ROWS.items() if name not in rows]
    return rows.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in ROWS.items())


def _narrowed(facts: JournalFacts, figure: Figure) -> JournalFacts:
    """The lessons, parts and pairs of what the figure is narrowed to."""
    keep = pl.lit(value=True)
    if (grade := figure.cut(Cut.GRADE)) is not None:
        classes = facts.frames.class_.filter(pl.col("grade_level") == int(grade))["source_key"]
        keep &= pl.col("class_key").is_in(classes.implode())
    for cut, column in ((Cut.CLASS, "class_key"), (Cut.SUBJECT, "subject_key")):
        if (key := figure.cut(cut)) is not None:
            keep &= pl.col(column) == key
    given, parts = pl.lit(value=True), pl.lit(value=True)
    if (teacher := figure.cut(Cut.TEACHER)) is not None:
        given = pl.coalesce("substitute", "teacher") == teacher
        parts = pl.col("teacher") == teacher
    return replace(
        facts,
        lessons=facts.lessons.filter(keep & given),
        parts=facts.parts.filter(keep & parts),
        pairs=facts.pairs.filter(keep),
    )


def _lessons(facts: JournalFacts, code: str) -> Counted:
    counted, among = RATIOS[code]
    lessons = facts.lessons if among == "lessons" else facts.lessons.filter(pl.col(among))
    rows = lessons.with_row_index("row").select(
        "row",
        *PLACE,
        "lesson_key",
        "held",
        thing=pl.lit("lesson"),
        teacher=pl.coalesce("substitute", "teacher"),
        counted=pl.col(counted),
        why=_lacks(code),
    )
    wanted = [_of_rows("lesson", rows, "lesson_key"), _slots(facts, rows)]
    held = rows.filter("held")
    for entity, records in (("mark", facts.frames.mark), ("attendance", facts.frames.attendance)):
        if code in ("fill_rate", "marks" if entity == "mark" else entity):
            wanted.append(_of_rows(entity, held.join(records, on="lesson_key"), "key"))
    return Counted(rows, pl.concat(wanted), _added_up(facts, code))


def _added_up(facts: JournalFacts, code: str) -> tuple[int, int]:
    """Numerator and denominator of a measure of lessons, as measuring adds its cells up."""
    cells = lesson_cells(facts.lessons, facts.parts, facts.frames.class_)
    told = figures(by_day(cells)).row(by_predicate=pl.col("measure") == code)
    return told[1], told[2]


def _lacks(code: str) -> pl.Expr:
    """What a lesson lacks for the measure ``code``, parted by commas; null if nothing."""
    not_held = (
        pl.when(pl.col("lesson_key").is_null()).then(pl.lit(NO_ROW)).otherwise(pl.lit("held"))
    )
    asked = _FILLED if code == "fill_rate" else [fact for fact in FACTS if fact == code != "held"]
    lacking = [
        pl.when(~pl.col(fact) & (pl.col("homework_due") if fact == "homework" else True))
        .then(pl.lit(fact))
        for fact in asked
    ]  # fmt: skip
    lacks = pl.concat_str(lacking, separator=",", ignore_nulls=True) if lacking else pl.lit("")
    return pl.when(~pl.col("held")).then(not_held).when(lacks != "").then(lacks)


def _parts(facts: JournalFacts) -> Counted:
    judged = facts.parts.filter(pl.col("outcome").is_in([one.value for one in JUDGED]))
    in_time = pl.col("outcome") == Outcome.IN_TIME.value
    rows = (
        judged.rename({"asked": "rule"})
        .with_row_index("row")
        .with_columns(
            thing=pl.lit("part"),
            counted=in_time,
            why=pl.when(~in_time).then("outcome"),
        )
    )
    taken = rows.filter(part=Part.ATTENDANCE.value).join(facts.frames.attendance, on="lesson_key")
    wanted = [
        _of_rows("lesson", rows, "lesson_key"),
        _of_rows("mark", rows, "record"),
        _of_rows("attendance", taken, "key"),
        _slots(facts, rows.filter(part=Part.LESSON.value)),
    ]
    return Counted(rows, pl.concat(wanted), _added_up(facts, "timeliness"))


def _pairs(facts: JournalFacts, on: date) -> Counted:
    pairs, frames = facts.pairs, facts.frames
    rows = pairs.with_row_index("row").with_columns(
        thing=pl.lit("pair"),
        counted=pl.col("enough"),
        why=pl.when(~pl.col("enough")).then(pl.lit("few_marks")),
        date=pl.lit(on),
    )
    place = ["pupil", "class_key", "subject_key"]
    given = counted_marks(pairs, frames.mark, on).join(rows.select("row", *place), on=place)
    hours = rows.join(frames.curriculum_hours, on=["class_key", "subject_key"])
    wanted = [
        _of_rows("enrolment", rows.join(frames.enrolment, on=["pupil", "class_key"]), "key"),
        _of_rows("curriculum_hours", hours, "key"),
        _of_rows("mark", given.sort("row", "date", "key"), "key"),
    ]
    enough = int(pairs["enough"].sum())
    return Counted(rows, pl.concat(wanted), (enough, pairs.height))


def count_form1(
    facts: JournalFacts, figure: Figure, period: tuple[date, date], seen: pl.Series
) -> Counted:
    """What a cell of form 1 counts in a journal; ``seen``: ``journal_outline.pupils_with_data``."""
    grade = int(figure.cut(Cut.GRADE) or 0)
    everything = form1_rows(facts.frames, facts.basis, period, seen).filter(grade_level=grade)
    among, lacks = _SOME_OF.get(figure.code, (figure.code, ""))
    thing, column = _THINGS[among]
    counted = everything.filter(column=figure.code)["value"]
    rows = (
        everything.filter(column=among)
        .with_row_index("row")
        .with_columns(
            pl.col("value").alias(column),
            thing=pl.lit(thing),
            counted=pl.col("value").is_in(counted.implode()),
        )
        .with_columns(why=pl.when(~pl.col("counted")).then(pl.lit(lacks)))
    )
    cells = form1(facts.frames, facts.basis, period, seen).filter(grade_level=grade)
    values = [int(cells[name].sum()) for name in (figure.code, among)]
    records = _form1_records(facts, rows, among, grade, period)
    return _of_journal(facts, Counted(rows, records, (values[0], values[1])))


def _form1_records(
    facts: JournalFacts, rows: pl.DataFrame, among: str, grade: int, period: tuple[date, date]
) -> pl.DataFrame:
    """Who is in the cell is shown by its own records, what was done by the first one that does."""
    frames = facts.frames
    classes = frames.class_.filter(pl.col("grade_level") == grade)["source_key"]
    here = pl.col("class_key").is_in(classes.implode())
    held = held_lessons(frames, period).filter(here).sort("date", "source_key")
    if among == "classes":
        return pl.concat([_of_rows("class_", rows, "class_key"), _first(rows, held, "class_key")])
    if among == "subjects":
        hours = rows.join(frames.curriculum_hours.filter(here), on="subject_key")
        return pl.concat(
            [_of_rows("curriculum_hours", hours, "key"), _first(rows, held, "subject_key")]
        )
    if among == "pupils":
        enrolled = open_enrolments(frames.enrolment, period[1]).filter(here)
        shown = _of_rows("enrolment", rows.join(enrolled, on="pupil"), "key")
        return pl.concat([shown, _first_record(facts, rows, period)])
    load = teachers_with_load(frames, facts.basis, period).filter(here)
    lessons = facts.basis is ScheduleBasis.LESSONS
    order, entity = ("date", "lesson") if lessons else ("valid_from", "timetable_slot")
    load = load.rename({"source_key": "key"}) if lessons else load
    first = load.sort(order, "key").unique("teacher", keep="first", maintain_order=True)
    access = frames.access_account.filter("active").rename({"person": "teacher"})
    return pl.concat(
        [
            _of_rows(entity, rows.join(first, on="teacher"), "key"),
            _of_rows("access_account", rows.join(access, on="teacher"), "key"),
        ]
    )


def _first(rows: pl.DataFrame, held: pl.DataFrame, by: str) -> pl.DataFrame:
    """The first held lesson of each row that has one."""
    lessons = held.unique(by, keep="first", maintain_order=True)
    return _of_rows("lesson", rows.join(lessons, on=by), "source_key")


def _first_record(
    facts: JournalFacts, rows: pl.DataFrame, period: tuple[date, date]
) -> pl.DataFrame:
    """The first mark of each pupil in the period, or the first attendance of whom has no mark."""
    lessons = facts.frames.lesson.select("date", lesson_key="source_key")
    listed = facts.frames.attendance.join(lessons, on="lesson_key")
    parts = [
        records.filter(pl.col("date").is_between(*period)).select(
            "pupil", "date", "key", entity=pl.lit(entity)
        )
        for entity, records in (("mark", facts.frames.mark), ("attendance", listed))
    ]
    first = (
        pl.concat(parts)
        .sort(pl.col("entity") != "mark", "date", "key")
        .unique("pupil", keep="first", maintain_order=True)
    )
    return rows.join(first, on="pupil").select(list(WANTED))


def _slots(facts: JournalFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """The slots of the timetable that hold on the day of each row; none without a timetable."""
    if facts.basis is ScheduleBasis.LESSONS:
        return pl.DataFrame(schema=WANTED)
    slots = facts.frames.timetable_slot.drop("teacher").with_columns(
        pl.col("weekday").cast(pl.Int64)
    )
    place = [name for name in PLACE if name != "date"]
    there = rows.with_columns(weekday=pl.col("date").dt.weekday().cast(pl.Int64)).join(
        slots, on=["weekday", *place], nulls_equal=True
    )
    valid = there.filter(pl.col("date").is_between("valid_from", "valid_to"))
    return _of_rows("timetable_slot", valid, "key")


def _of_rows(entity: str, rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The records ``key`` of ``entity`` that show ``rows``: ``WANTED``."""
    return rows.select("row", entity=pl.lit(entity), key=key).drop_nulls("key")
