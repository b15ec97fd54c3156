"""Measures below the school: by class, parallel, subject, teacher, day, week and month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from sandbox.compliance.entries import Entry
from sandbox.compliance.keys import teacher_of
from sandbox.compliance.known import Known
from sandbox.compliance.looks import IN_TIME
from sandbox.measures import parts
from sandbox.model import Lesson
from sandbox.view import ShownLesson

Figures = dict[str, list[int]]  # measure: numerator and denominator
MEASURES = ("fill_rate", "held", "topic", "homework", "attendance", "marks", "timeliness")


def levels(known: Known, judged: Iterable[Entry]) -> dict[str, dict[str, Figures]]:
    """By level and unit; a week is its Monday, a month its first day."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    timely = _timely(judged)
    for lesson, shown in known.scheduled:
        counts = _counts(known, shown)
        counts.update(timely.get(lesson.code, Counter()))
        for unit in _units(known, lesson, shown):
            sums[unit].update(counts)
    found: dict[str, dict[str, Figures]] = {}
    for (level, name), counts in sorted(sums.items()):
        found.setdefault(level, {})[name] = {
            measure: [counts[measure], counts[f"{measure}/due"]] for measure in MEASURES
        }
    return found


def _units(known: Known, lesson: Lesson, shown: ShownLesson | None) -> Iterator[tuple[str, str]]:
    slot, day = lesson.slot, lesson.day
    yield "class", known.keys.class_(slot.class_)
    yield "parallel", str(slot.class_.grade)
    yield "subject", known.keys.subject(slot.subject)
    yield "teacher", known.keys.person(teacher_of(slot, shown))
    yield "day", str(day)
    yield "week", str(day - timedelta(days=day.isoweekday() - 1))
    yield "month", str(date(day.year, day.month, 1))


def _counts(known: Known, shown: ShownLesson | None) -> Counter[str]:
    counts = Counter({"fill_rate/due": 1, "held/due": 1})
    if shown is None or not shown.held:
        return counts
    there = parts(known.view, shown)
    due = {"topic/due", "attendance/due", "marks/due"}
    if there["homework_due"]:
        due.add("homework/due")
    counts.update(["held", *due])
    counts.update(name for name in ("topic", "homework", "attendance", "marks") if there[name])
    counts["fill_rate"] += there["filled"]
    return counts


def _timely(judged: Iterable[Entry]) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for entry in judged:
        if entry.outcome is not None:
            found[entry.lesson.code]["timeliness/due"] += 1
            found[entry.lesson.code]["timeliness"] += entry.outcome == IN_TIME
    return found
