"""Figures: the cells they add up from, measures with numerator and denominator, the cells of the
forms, remarks and waivers; what batches were judged to be; the checks that people made, and their
counts of the paper journal."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    func,
)

from schemas.tables.base import metadata

measures = Table(
    "measures",
    metadata,
    Column("as_of", Date, primary_key=True, comment="business date the figure was known at"),
    Column("date_from", Date, primary_key=True),
    Column("date_to", Date, primary_key=True),
    Column("level", Text, primary_key=True, comment="school, district or region"),
    Column("unit", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("numerator", BigInteger, nullable=False),
    Column("denominator", BigInteger, nullable=False),
    Column("definition", Text, nullable=False, comment="version of the regulation profile"),
    Column("run_id", Text, nullable=False),
    Column("computed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "computed_at"),  # each page asks when it was measured last
    schema="quality",
)

form_figures = Table(
    "form_figures",
    metadata,
    Column("as_of", Date, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("row", Text, primary_key=True, comment="form 1: grade level"),
    Column("column", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
    schema="quality",
)

# What is wrong with a journal, one row per thing and episode: docs/compliance.md names the rules.
# A thing that is mended and comes back is a new episode.
remarks = Table(
    "remarks",
    metadata,
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("rule", Text, primary_key=True, comment="a measure, or a rule of the regulation"),
    Column("key", Text, primary_key=True, comment="the thing, within school, source and rule"),
    Column("first_on", Date, primary_key=True, comment="business date of the first check"),
    Column("last_on", Date, nullable=False, comment="of the last check that found it"),
    Column("fixed_on", Date, comment="of the first check that did not; null: still open"),
    Column("day", Date, comment="the day it is about"),
    Column("class_key", Text),
    Column("subject_key", Text),
    Column("teacher", Text, comment="pseudonym"),
    Column("pupil", Text, comment="pseudonym"),
    Column("lesson_key", Text),
    Column("detail", Text, nullable=False, server_default="", comment="counts and dates, no names"),
    Column("run_id", Text, nullable=False, comment="of the last check that found it"),
    Index(None, "school", "fixed_on"),
    schema="quality",
)

# Every expectation on a batch, run by run; what is usual for a school is learnt from it.
batch_results = Table(
    "batch_results",
    metadata,
    Column("school", Text, primary_key=True),
    Column("table", Text, primary_key=True),
    Column("expectation", Text, primary_key=True),
    Column("run_id", Text, primary_key=True, index=True),
    Column("business_date", Date, nullable=False),
    Column("observed", BigInteger, nullable=False, comment="rows, days, or rows that are wrong"),
    Column("lower", BigInteger, comment="least that was expected; null: no bound"),
    Column("upper", BigInteger, comment="most that was expected; null: no bound"),
    Column("bound_from", Text, comment="set, learnt or suite; null: the same for everybody"),
    Column("success", Boolean, nullable=False),
    schema="quality",
)

# Checks that a school makes itself every month; none is deleted, one may be undone.
checks = Table(
    "checks",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("school", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="journal_check or diary_check"),
    Column("month", Date, nullable=False, comment="its first day"),
    Column("done_on", Date, nullable=False),
    Column("author", Text, nullable=False, comment="post of who checked"),
    Column("remarks_count", Integer, nullable=False, comment="what the check found"),
    Column("note", Text, nullable=False, server_default=""),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Column("undone_at", DateTime(timezone=True)),
    CheckConstraint("done_on >= month", name="done_later"),
    CheckConstraint("remarks_count >= 0", name="counted"),
    Index(None, "school", "kind", "month"),
    schema="quality",
)

# A sheet of the paper journal as a person counted it; the newest count of a sheet stands.
paper_counts = Table(
    "paper_counts",
    metadata,
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("month", Date, primary_key=True, comment="its first day"),
    Column("class_key", Text, primary_key=True),
    Column("subject_key", Text, primary_key=True),
    Column("counted_on", Date, primary_key=True, comment="the day it was counted"),
    Column("lessons", Integer, nullable=False),
    Column("marks", Integer, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("lessons >= 0 AND marks >= 0", name="counted"),
    schema="quality",
)

# What a school need not mend for a time; none is deleted, one may be undone.
waivers = Table(
    "waivers",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("school", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("class_key", Text),
    Column("subject_key", Text),
    Column("teacher", Text, comment="pseudonym"),
    Column("key", Text, comment="of a remark, or of what is missing"),
    Column("reason", Text, nullable=False),
    Column("until", Date, nullable=False, comment="the last day it holds"),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Column("undone_at", DateTime(timezone=True)),
    Index(None, "school"),
    schema="quality",
)

# What schools ask not to have to mend for a time; none is deleted, each is decided once.
waiver_requests = Table(
    "waiver_requests",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("school", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="this to until: as of a waiver"),
    Column("class_key", Text),
    Column("subject_key", Text),
    Column("teacher", Text, comment="pseudonym"),
    Column("key", Text),
    Column("reason", Text, nullable=False),
    Column("until", Date, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("decision", Text, comment="granted or refused; null: it waits"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("answer", Text, nullable=False, server_default="", comment="why it was refused"),
    Column("waiver", BigInteger, comment="what was granted"),
    CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name="decided"),
    Index(None, "school"),
    schema="quality",
)

# One row per scheduled lesson of a school as the last measuring knew it; every level below the
# school adds up from it. A lesson may have no row of the journal, and a place in the day several.
lesson_cells = Table(
    "lesson_cells",
    metadata,
    Column("school", Text, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("school_year", Integer, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("class_key", Text, nullable=False),
    Column("group_key", Text),
    Column("subject_key", Text, nullable=False),
    Column("lesson_key", Text, comment="null: nobody filled the place in the timetable"),
    Column("teacher", Text, comment="pseudonym of who gave it: the substitute, else the teacher"),
    Column("grade_level", SmallInteger),
    Column("held", SmallInteger, nullable=False, comment="this and the next: 0 or 1"),
    Column("topic", SmallInteger, nullable=False),
    Column("homework_due", SmallInteger, nullable=False),
    Column("homework", SmallInteger, nullable=False),
    Column("attendance", SmallInteger, nullable=False),
    Column("marks", SmallInteger, nullable=False),
    Column("filled", SmallInteger, nullable=False),
    Column("parts_in_time", SmallInteger, nullable=False),
    Column("parts_judged", SmallInteger, nullable=False),
    Column("parts_open", SmallInteger, nullable=False, comment="whose deadline is not over"),
    schema="quality",
)

# What a school's day came to, as known since ``as_of`` and before ``until``: a row is written only
# when a measuring found other figures than the one before it.
day_cells = Table(
    "day_cells",
    metadata,
    Column("school", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("as_of", Date, primary_key=True, comment="first business date that knew it so"),
    Column("until", Date, comment="first later business date that knew it otherwise"),
    Column("cause", Text, comment="quality.uploads.Cause; null before the school was connected"),
    *(
        Column(name, Integer, nullable=False)
        for name in (
            "lessons", "held", "topic", "homework_due", "homework", "attendance", "marks",
            "filled", "parts_in_time", "parts_judged", "uploads_due", "uploaded",
        )
    ),
    Index(None, "day"),
    schema="quality",
)  # fmt: skip

# Accumulation of a class in a subject on the business dates from ``as_of`` until before ``until``.
pair_cells = Table(
    "pair_cells",
    metadata,
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("class_key", Text, primary_key=True),
    Column("subject_key", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("until", Date),
    Column("teacher", Text, comment="pseudonym; null where several teachers share the class"),
    Column("grade_level", SmallInteger),
    Column("enough", Integer, nullable=False, comment="pupils with the marks that are asked for"),
    Column("pairs", Integer, nullable=False, comment="pupils that count"),
    schema="quality",
)

# What the last measuring of a journal rested on: whatever it does not cover is counted anew.
cell_states = Table(
    "cell_states",
    metadata,
    Column("school", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("as_of", Date, nullable=False, comment="newest business date measured"),
    Column("basis", Text, nullable=False, comment="hash of what decides about every day"),
    Column("looked_at", DateTime(timezone=True), comment="last look at the whole journal"),
    Column("taken_at", DateTime(timezone=True), comment="of the last upload that was read"),
    schema="quality",
)
