"""A journal of one invented school, made of the few rows that a case is about.

Class 7a, pupil p1, algebra at two hours a week, first quarter 1 September to 25 October. What is
derived from rows (facts of lessons, parts, pairs) is derived by the product's own functions, which
have tests of their own; versions are those of rows that never changed, unless a test tells others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from quality.accumulation import PAIRS, accumulation
from quality.journal_frames import JournalFrames
from quality.measures import lesson_facts
from quality.profiles import Profile, load_profile
from quality.regulations import Accumulation, Asked
from quality.rules.journal import Journal
from quality.schedule import ScheduleBasis, scheduled_lessons
from quality.school_days import holiday_dates
from quality.timeliness import Observed, timeliness
from quality.uploads import Cause
from quality.versions import LESSON_VERSION, MARK_VERSION, TERM_MARK_VERSION
from schemas.frames import INSTANT
from tests.quality.conftest import make_frame

Rows = Sequence[dict[str, Any]]

MOSCOW, BERLIN = "Europe/Moscow", "Europe/Berlin"  # without and with summer time
BEGUN, TERM_END = date(2026, 9, 1), date(2026, 10, 25)
MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)

_ONE: dict[str, dict[str, Any]] = {
    "class_": {"source_key": "7a", "grade_level": 7},
    "enrolment": {"pupil": "p1", "class_key": "7a"},
    "term": {"source_key": "q1", "kind": "quarter", "start": BEGUN, "finish": TERM_END},
    "curriculum_hours": {"class_key": "7a", "subject_key": "alg", "hours_per_week": 2.0},
    "lesson": {"attendance_taken": True},
    "mark": {"pupil": "p1", "lesson_key": "lesson0"},
    "attendance": {"pupil": "p1", "lesson_key": "lesson0"},
    "guardian": {"person": "g1", "pupil": "p1"},
    "subject": {"source_key": "alg"},
    "staff_member": {"person": "t1"},
}
_ALWAYS = ("class_", "enrolment", "term", "curriculum_hours")


def at(day: date, zone: str = MOSCOW, clock: time = time(0)) -> datetime:
    """A moment of ``day`` in ``zone``, its first by default."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def noon(day: date) -> datetime:
    return at(day, clock=time(12))


def merged(*names: str) -> Profile:
    """A regulation that asks for all that these ask for, the first one's word first."""
    profiles = [load_profile(name) for name in names]
    rules = {rule.code: rule for profile in reversed(profiles) for rule in profile.rules}
    return profiles[0].model_copy(update={"rules": list(rules.values())})


def journal(
    *,
    profile: str | Profile = "velikie_luki",
    on: date = TERM_END,
    zone: str = MOSCOW,
    basis: ScheduleBasis = ScheduleBasis.LESSONS,
    looks: Sequence[datetime] = (),
    causes: dict[date, Cause] | None = None,
    with_uid: Sequence[str] = (),
    lesson_versions: Rows | None = None,
    marks: Rows | None = None,
    term_marks: Rows = (),
    **rows: Rows,
) -> Journal:
    """The journal that holds ``rows`` (entity: rows over sensible ones).

    ``marks``, ``term_marks``, ``lesson_versions``: versions, over sensible ones.
    """
    regulation = load_profile(profile) if isinstance(profile, str) else profile
    frames = _frames(rows)
    period = (BEGUN, on)
    off = holiday_dates(frames.holiday, [])
    scheduled = scheduled_lessons(basis, frames.timetable_slot, frames.lesson, period, off)
    facts = lesson_facts(scheduled, frames.lesson, frames.mark, frames.attendance)
    versions = _lesson_versions(frames.lesson) if lesson_versions is None else lesson_versions
    observed = Observed(
        lessons=facts,
        versions=pl.DataFrame(list(versions), schema=LESSON_VERSION),
        marks=frames.mark.rename({"first_seen_at": "seen_at"}),
        attendance=frames.attendance.rename({"first_seen_at": "seen_at"}),
        bells=frames.bell,
        looks=looks,
    )
    return Journal(
        on=on,
        first=BEGUN,
        zone=zone,
        profile=regulation,
        basis=basis,
        frames=frames,
        lessons=facts,
        parts=timeliness(observed, regulation, zone),
        pairs=_pairs(regulation, on, frames),
        causes=causes or {},
        looks=looks,
        marks=_mark_versions(frames.mark)
        if marks is None
        else _versions(marks, MARK, MARK_VERSION),
        term_marks=_versions(term_marks, TERM_MARK, TERM_MARK_VERSION),
        with_uid=frozenset(with_uid),
    )


MARK: dict[str, Any] = {
    "key": "m1", "gone": False, "entered_at": None, "pupil": "p1", "lesson_key": "lesson0",
    "subject_key": "alg", "value": "4", "work_type": "written",
}  # fmt: skip
TERM_MARK: dict[str, Any] = {
    "gone": False, "entered_at": None, "pupil": "p1", "subject_key": "alg", "term_key": "q1",
    "value": "4", "scale": "5",
}  # fmt: skip


def keys(remarks: pl.DataFrame) -> list[str]:
    return sorted(remarks["key"].to_list())


def _versions(rows: Rows, base: dict[str, Any], schema: dict[str, Any]) -> pl.DataFrame:
    made = [base | row for row in rows]
    named = [
        row
        if "key" in row
        else row | {"key": "|".join(row[n] for n in ("term_key", "subject_key", "pupil"))}
        for row in made
    ]
    return pl.DataFrame(named, schema=schema)


def _frames(rows: dict[str, Rows]) -> JournalFrames:
    entities = JournalFrames.__dataclass_fields__
    frames = {}
    for entity in entities:
        given = rows.get(entity, ({},) if entity in _ALWAYS else ())
        whole = [_ONE.get(entity, {}) | row for row in given]
        frames[entity] = make_frame(entity, *whole)
        if entity in ("mark", "attendance"):
            seen = [row.get("first_seen_at") for row in whole]
            numbered = [row.get("key", f"{entity}{n}") for n, row in enumerate(whole)]
            frames[entity] = frames[entity].with_columns(
                pl.Series("key", numbered, pl.String), pl.Series("first_seen_at", seen, INSTANT)
            )
    return JournalFrames(**frames)


def _lesson_versions(lessons: pl.DataFrame) -> list[dict[str, Any]]:
    names = [name for name in LESSON_VERSION if name not in ("key", "seen_at", "changed_at")]
    return [
        {name: row.get(name) for name in names}
        | {"key": row["source_key"], "seen_at": noon(row["date"]), "changed_at": None}
        for row in lessons.iter_rows(named=True)
    ]


def _mark_versions(marks: pl.DataFrame) -> pl.DataFrame:
    seen = marks.with_columns(seen_at="first_seen_at", gone=pl.lit(value=False))
    return seen.select(*MARK_VERSION)


def _pairs(profile: Profile, on: date, frames: JournalFrames) -> pl.DataFrame:
    rule = profile.rule(Accumulation, Asked.ACCUMULATION, on)
    if rule is None:
        return pl.DataFrame(schema=PAIRS)
    return accumulation(
        rule, on, terms=frames.term, enrolments=frames.enrolment, hours=frames.curriculum_hours,
        lessons=frames.lesson, marks=frames.mark, attendance=frames.attendance,
    )  # fmt: skip
