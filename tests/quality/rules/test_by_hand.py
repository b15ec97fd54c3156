"""Invented journals, gone through pupil by pupil in plain Python, as docs/compliance.md reads."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quality.regulations import Accumulation, Asked, MarksToGrade
from quality.rules.attended_runs import mark_after_lessons
from quality.rules.backdating import backdating
from quality.rules.enough_marks import accumulation, marks_to_grade
from quality.rules.term_marks import term_marks
from tests.quality.rules.a_journal import BEGUN, DAY, TERM_END, at, journal, keys, merged, noon

Row = dict[str, Any]

HOUR = timedelta(hours=1)
HALF_END = date(2026, 12, 27)
VACATION = {"kind": "vacation", "start": date(2026, 10, 26), "finish": date(2026, 11, 1)}
HOLIDAYS = [
    VACATION,
    {"kind": "quarantine", "start": date(2026, 9, 21), "finish": date(2026, 9, 25)},
]
TERMS = [
    {"source_key": "q1", "kind": "quarter", "start": BEGUN, "finish": TERM_END},
    {"source_key": "q2", "kind": "quarter", "start": date(2026, 11, 2), "finish": HALF_END},
    {"source_key": "h1", "kind": "half_year", "start": BEGUN, "finish": HALF_END},
    {"source_key": "y", "kind": "year", "start": BEGUN, "finish": date(2027, 5, 31)},
]  # fmt: skip
REGULATION = merged("velikie_luki", "tomsk")
DEADLINES = {"oral": 0, "written": 7, "control": 3}
LOOKS = [at(BEGUN) + timedelta(hours=18) + n * DAY for n in range(120) if n % 5 != 3]
GROUPS = {("7a", "geo"): ("g1", "g2")}


class World:
    """Rows of a journal that a seed makes, with every kind of trouble in them."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.on = self.draw.choice(
            [date(2026, 9, 30), TERM_END, date(2026, 11, 20), date(2026, 12, 27)]
        )
        self.enrolment = [
            {"pupil": "p1", "class_key": "7a"},
            {"pupil": "p2", "class_key": "7a", "start": self._day()},
            {"pupil": "p3", "class_key": "7b", "finish": self._day()},
            {"pupil": "p4", "class_key": "7b", "start": BEGUN},
        ]
        self.hours = [
            {"class_key": class_, "subject_key": subject,
             "hours_per_week": self.draw.choice([None, 1.0, 1.5, 2.0, 3.0])}
            for class_ in ("7a", "7b") for subject in ("alg", "geo")
        ]  # fmt: skip
        self.lessons = list(self._lessons())
        self.attendance = list(self._attendance())
        self.marks = list(self._marks())
        self.versions = list(self._versions())
        self.term_marks = list(self._term_marks())

    def _day(self) -> date:
        return BEGUN + self.draw.randrange(80) * DAY

    def _lessons(self) -> Iterator[Row]:
        for n in range((self.on - BEGUN).days + 4):  # a few are still to come
            day = BEGUN + n * DAY
            if day.isoweekday() > 5 or any(h["start"] <= day <= h["finish"] for h in HOLIDAYS):
                continue
            for class_ in ("7a", "7b"):
                subject = self.draw.choice(["alg", "geo"])
                group = self.draw.choice(GROUPS.get((class_, subject), (None,)))
                yield {
                    "source_key": f"l{n}{class_}", "date": day, "number": self.draw.randrange(1, 4),
                    "class_key": class_, "subject_key": subject, "group_key": group,
                    "held": self.draw.random() < 0.92, "attendance_taken": self._mostly(0.85),
                    "status": self.draw.choices(["scheduled", "cancelled", "merged"], [9, 1, 1])[0],
                }  # fmt: skip

    def _mostly(self, share: float) -> bool | None:
        return True if self.draw.random() < share else None

    def _members(self, lesson: Row) -> list[str]:
        return [e["pupil"] for e in self.enrolment if e["class_key"] == lesson["class_key"]]

    def _attendance(self) -> Iterator[Row]:
        for one in self.lessons:
            for pupil in self._members(one):
                if self.draw.random() < 0.15:
                    kinds = ["ill", "late", "present", "unexcused", "exempt"]
                    status = self.draw.choices(kinds, [6, 4, 4, 2, 0.15])[0]
                    yield {"pupil": pupil, "lesson_key": one["source_key"], "status": status}

    def _marks(self) -> Iterator[Row]:
        for one in self.lessons:
            for pupil in self._members(one):
                if self.draw.random() < 0.3:
                    value, scale = self.draw.choices(
                        [("4", "5"), ("debt", "code"), ("exempt", "code")], [20, 2, 0.15]
                    )[0]
                    yield {
                        "pupil": pupil, "lesson_key": self.draw.choice([one["source_key"], None]),
                        "subject_key": one["subject_key"], "date": one["date"], "value": value,
                        "scale": scale, "work_type": self.draw.choice(list(DEADLINES)),
                    }  # fmt: skip

    def _versions(self) -> Iterator[Row]:
        for n in range(40):
            day = self._day()
            base: Row = {"key": f"m{n}", "date": day, "value": "4", "lesson_key": None,
                    "pupil": "p1", "work_type": self.draw.choice(list(DEADLINES))}  # fmt: skip
            late = sorted(self.draw.sample(range(40), 3))
            for step in late[: self.draw.randrange(1, 4)]:
                seen = next((look for look in LOOKS if look >= noon(day + step * DAY)), None)
                if seen is None or seen == base.get("seen_at"):
                    continue  # an upload shows one content of a mark
                base = base | {
                    "seen_at": seen, "value": self.draw.choice(["4", "5"]),
                    "gone": self.draw.random() < 0.15,
                    "entered_at": self.draw.choice([None, seen - self.draw.randrange(90) * HOUR]),
                }  # fmt: skip
                yield base

    def _term_marks(self) -> Iterator[Row]:
        for pupil in ("p1", "p2", "p3", "p4"):
            for term in ("q1", "q2", "h1") if pupil in ("p3", "p4") else ("q1", "q2"):
                if self.draw.random() < 0.6:
                    day = next(t["finish"] for t in TERMS if t["source_key"] == term)
                    moment = at(day) + timedelta(hours=self.draw.randrange(-60, 60))
                    seen = next((look for look in LOOKS if look >= moment), None)
                    if seen is not None:
                        value, scale = self.draw.choice([("4", "5"), ("not_assessed", "code")])
                        yield {
                            "pupil": pupil, "subject_key": self.draw.choice(["alg", "geo"]),
                            "term_key": term, "value": value, "scale": scale, "seen_at": seen,
                            "entered_at": self.draw.choice([None, moment]),
                        }  # fmt: skip

    def journal(self) -> Any:
        return journal(
            profile=REGULATION, on=self.on, looks=LOOKS, term=TERMS, holiday=HOLIDAYS,
            class_=[{"source_key": "7a"}, {"source_key": "7b"}], enrolment=self.enrolment,
            curriculum_hours=self.hours, lesson=self.lessons, attendance=self.attendance,
            mark=self.marks, marks=self.versions, term_marks=self.term_marks,
        )  # fmt: skip

    # --- by hand

    def there(self, pupil: Row, day: date) -> bool:
        return (pupil.get("start") or date.min) <= day < (pupil.get("finish") or date.max)

    def own(self, pupil: Row, lesson: Row, first: date, last: date) -> bool:
        """Whether a lesson between ``first`` and ``last`` is the pupil's own."""
        if lesson["class_key"] != pupil["class_key"] or lesson["status"] != "scheduled":
            return False
        if not (first <= lesson["date"] <= last and self.there(pupil, lesson["date"])):
            return False
        if lesson["group_key"] is None:
            return True
        alike = [
            one["source_key"] for one in self.lessons
            if one["status"] == "scheduled" and first <= one["date"] <= last
            and one["class_key"] == lesson["class_key"]
            and one["subject_key"] == lesson["subject_key"]
            and one["group_key"] == lesson["group_key"]
        ]  # fmt: skip
        return any(
            row["pupil"] == pupil["pupil"] and row["lesson_key"] in alike
            for row in [*self.marks, *self.attendance]
        )

    def attended(self, pupil: str, lesson: Row) -> bool:
        key = lesson["source_key"]
        said = [row["status"] for row in self.attendance
                if (row["pupil"], row["lesson_key"]) == (pupil, key)]  # fmt: skip
        marked = any((row["pupil"], row["lesson_key"]) == (pupil, key) for row in self.marks)
        listed = any(row["lesson_key"] == key for row in self.attendance)
        taken = bool(lesson["attendance_taken"]) or listed
        away = any(status not in ("late", "present") for status in said)
        return bool(lesson["held"]) and (taken or marked or bool(said)) and not away

    def exempt(self, pupil: str, subject: str, first: date, last: date) -> bool:
        lessons = {one["source_key"]: one for one in self.lessons
                   if one["status"] == "scheduled" and first <= one["date"] <= last}  # fmt: skip
        by_lesson = any(
            row["pupil"] == pupil and row["status"] == "exempt"
            and row["lesson_key"] in lessons
            and lessons[row["lesson_key"]]["subject_key"] == subject
            for row in self.attendance
        )  # fmt: skip
        return by_lesson or any(
            row["pupil"] == pupil and row["subject_key"] == subject and row["value"] == "exempt"
            and first <= row["date"] <= last
            for row in self.marks
        )  # fmt: skip

    def count(self, pupil: str, subject: str, first: date, last: date) -> int:
        return sum(
            row["pupil"] == pupil and row["subject_key"] == subject and row["scale"] == "5"
            and first <= row["date"] <= last
            for row in self.marks
        )  # fmt: skip

    def counted(self, pupil: Row, subject: str, first: date, last: date, since: date) -> bool:
        went = any(
            one["subject_key"] == subject and one["date"] >= since
            and self.own(pupil, one, first, last) and self.attended(pupil["pupil"], one)
            for one in self.lessons
        )  # fmt: skip
        return went and not self.exempt(pupil["pupil"], subject, first, last)

    def hours_of(self, pupil: Row) -> Iterator[tuple[str, float | None]]:
        for row in self.hours:
            if row["class_key"] == pupil["class_key"]:
                yield row["subject_key"], row["hours_per_week"]

    def kinds_of(self, class_: str) -> set[str]:
        pupils = {e["pupil"] for e in self.enrolment if e["class_key"] == class_}
        kind = {term["source_key"]: term["kind"] for term in TERMS}
        said = {kind[mark["term_key"]] for mark in self.term_marks if mark["pupil"] in pupils}
        return said or {"quarter"}

    def terms_of(self, class_: str) -> list[Row]:
        kinds = self.kinds_of(class_)
        return [t for t in TERMS if t["kind"] in kinds and t["finish"] <= self.on]


SEEDS = pytest.mark.parametrize("seed", range(15))


@SEEDS
def test_accumulation(seed: int) -> None:
    world = World(seed)
    rule = REGULATION.rule(Accumulation, Asked.ACCUMULATION, world.on)
    assert rule is not None
    running = [t for t in TERMS if t["kind"] != "year" and t["start"] <= world.on <= t["finish"]]
    begun = max(t["start"] for t in running)
    expected = []
    for pupil in world.enrolment:
        since = max(pupil.get("start") or begun, begun)
        weeks = (world.on - since).days // 7
        for subject, hours in world.hours_of(pupil):
            if hours is None or not world.there(pupil, world.on):
                continue
            asked = {3: 1 if hours <= 2 else 2}.get(
                weeks, (2 if hours <= 2 else 3) if weeks > 3 else 0
            )
            if not asked or not world.counted(pupil, subject, begun, world.on, since):
                continue
            if world.count(pupil["pupil"], subject, since, world.on) < asked:
                expected.append(f"{begun}|{pupil['pupil']}|{subject}")
    assert keys(accumulation(world.journal())) == sorted(expected)


@SEEDS
def test_marks_to_grade(seed: int) -> None:
    world = World(seed)
    assert REGULATION.rule(MarksToGrade, Asked.MARKS_TO_GRADE, world.on) is not None
    in_words = {
        (mark["pupil"], mark["subject_key"], mark["term_key"])
        for mark in world.term_marks if mark["scale"] == "code"
    }  # fmt: skip
    expected = []
    for pupil in world.enrolment:
        for term in world.terms_of(pupil["class_key"]):
            span = term["start"], term["finish"]
            if not all(world.there(pupil, day) for day in span):
                continue
            for subject, hours in world.hours_of(pupil):
                place = (pupil["pupil"], subject, term["source_key"])
                if hours is None or place in in_words:
                    continue
                few = world.count(pupil["pupil"], subject, *span) < (3 if hours < 2 else 5)
                if few and world.counted(pupil, subject, *span, span[0]):
                    expected.append(f"{term['source_key']}|{subject}|{pupil['pupil']}")
    assert keys(marks_to_grade(world.journal())) == sorted(expected)


def _bounds(version: Row, former: datetime | None) -> tuple[datetime | None, datetime, bool]:
    """Not before, not after, and whether the journal told it."""
    said, seen = version["entered_at"], version["seen_at"]
    if said is not None and said <= seen and (former is None or said > former):
        return said, said, True
    return max((look for look in LOOKS if look < seen), default=None), seen, False


def _is_late(version: Row, former: datetime | None, midnight: datetime) -> bool:
    """``midnight``: the first instant that is late."""
    earliest, latest, told = _bounds(version, former)
    if told:
        return latest >= midnight
    return earliest is not None and earliest >= midnight - timedelta(microseconds=1)


@SEEDS
def test_term_marks(seed: int) -> None:
    world = World(seed)
    given = {(m["pupil"], m["subject_key"], m["term_key"]): m for m in world.term_marks}
    expected = []
    for pupil in world.enrolment:
        for term in world.terms_of(pupil["class_key"]):
            if not world.there(pupil, term["finish"]):
                continue
            for subject, _ in world.hours_of(pupil):
                mark = given.get((pupil["pupil"], subject, term["source_key"]))
                if mark is None or _is_late(mark, None, at(term["finish"] + DAY)):
                    expected.append(f"{term['source_key']}|{subject}|{pupil['pupil']}")
    assert keys(term_marks(world.journal())) == sorted(expected)


@SEEDS
def test_backdating(seed: int) -> None:
    world = World(seed)
    by_key: dict[str, list[Row]] = {}
    for version in world.versions:
        by_key.setdefault(version["key"], []).append(version)
    expected = []
    for key, versions in by_key.items():
        if versions[-1]["gone"]:
            continue
        former_at, told = None, None
        for version in versions:
            if not version["gone"]:
                if told is None or told != version["value"]:
                    day = version["date"]
                    due = at(day + (DEADLINES[version["work_type"]] + 1) * DAY)
                    inside = [
                        t for t in TERMS if t["kind"] != "year" and t["start"] <= day <= t["finish"]
                    ]
                    closed = max(((t["start"], t["finish"]) for t in inside), default=None)
                    limit = min(due, at(closed[1] + DAY)) if closed else due
                    if _is_late(version, former_at, limit):
                        expected.append(key)
                told = version["value"]
            former_at = version["seen_at"]
    assert keys(backdating(world.journal())) == sorted(set(expected))


@SEEDS
def test_mark_after_lessons(seed: int) -> None:
    world = World(seed)
    first = BEGUN
    free: set[str] = set()
    ordered = sorted(
        (one for one in world.lessons if one["status"] == "scheduled" and one["date"] <= world.on),
        key=lambda one: (one["date"], one["number"], one["source_key"]),
    )
    for begun in (BEGUN, VACATION["finish"] + DAY):
        seen: dict[tuple[Any, ...], int] = {}
        for one in ordered:
            past_vacation = one["date"] > VACATION["finish"]
            if past_vacation is not (begun > BEGUN):
                continue
            place = (one["class_key"], one["subject_key"], one["group_key"])
            seen[place] = seen.get(place, 0) + 1
            if seen[place] <= 2:
                free.add(one["source_key"])
    expected = []
    for pupil in world.enrolment:
        for subject in ("alg", "geo"):
            if world.exempt(pupil["pupil"], subject, first, world.on):
                continue
            runs: list[list[Row]] = [[]]
            for one in ordered:
                mine = one["subject_key"] == subject and world.own(pupil, one, first, world.on)
                if not mine or one["source_key"] in free:
                    continue
                if world.attended(pupil["pupil"], one):
                    runs[-1].append(one)
                else:
                    runs.append([])
            for run in runs:
                lessons, days = {one["source_key"] for one in run}, {one["date"] for one in run}
                settled = any(
                    row["pupil"] == pupil["pupil"] and row["scale"] == "5"
                    and (row["lesson_key"] in lessons
                         or (row["subject_key"] == subject and row["date"] in days))
                    for row in world.marks
                )  # fmt: skip
                if len(run) >= 2 and not settled and run[1]["date"] + 7 * DAY <= world.on:
                    expected.append(f"{pupil['pupil']}|{subject}|{run[0]['source_key']}")
    assert keys(mark_after_lessons(world.journal())) == sorted(expected)


def test_the_invented_journals_have_something_of_everything() -> None:
    worlds = [World(seed).journal() for seed in range(15)]
    for rule in (accumulation, marks_to_grade, term_marks, backdating, mark_after_lessons):
        assert sum(rule(world).height for world in worlds) > 8, rule.__name__
    assert all(look.tzinfo is UTC for look in LOOKS)
