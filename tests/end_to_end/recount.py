"""Figures counted again for the tests: plain SQL for what was known, plain Python for the rest.

Shares nothing with the product but the tables. Facts are dictionaries as the tables hold them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.end_to_end.world import World

MOSCOW = ZoneInfo("Europe/Moscow")
Fact = dict[str, Any]
# What is counted: a place or a pseudonym, the records that show it, and whether it counts.
Row = tuple[Any, ...]

# Every version of a record with the instant since which it was known; the last one by then.
_KNOWN = """
SELECT DISTINCT ON (key) fact FROM (
  SELECT key, recorded_at, vanished_at, to_jsonb(t) AS fact FROM journal.{0} t
  WHERE school = :school AND source <> 'lists'
  UNION ALL
  SELECT key, (before->>'recorded_at')::timestamptz, (before->>'vanished_at')::timestamptz, before
  FROM journal.history WHERE entity = '{0}' AND school = :school AND source <> 'lists'
) v WHERE recorded_at <= :as_of ORDER BY key, recorded_at DESC
"""


def evening(day: date) -> datetime:
    return datetime.combine(day, time.max, MOSCOW)


def known(world: World, entity: str, school: str, as_of: date) -> list[Fact]:
    rows = world.rows(_KNOWN.format(entity), school=school, as_of=evening(as_of))
    return [row["fact"] for row in rows if row["fact"]["vanished_at"] is None]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class Recount:
    """One school of ``world`` as it was known at the end of ``as_of``."""

    def __init__(self, world: World, school: str, as_of: date) -> None:
        self.world, self.school, self.as_of = world, school, as_of
        self.facts = cache(lambda entity: known(world, entity, school, as_of))
        self.of_lessons = cache(self._of_lessons)

        self.by_key = cache(self._by_key)

    def _by_key(self, entity: str) -> dict[str, Fact]:
        return {fact["key"]: fact for fact in self.facts(entity)}

    def _of_lessons(self, entity: str) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts(entity):
            found[fact["lesson_key"]].append(fact)
        return found

    def lessons(self, first: date, last: date) -> list[Fact]:
        """Scheduled lessons: ``place``, the ``slots`` and the ``lesson`` of it, what is filled."""
        slots, rows = self.facts("timetable_slot"), self.facts("lesson")
        if not slots:
            there = [
                {"place": _place(row), "slots": [], "row": row, "teacher": row["teacher"]}
                for row in rows
                if first.isoformat() <= row["date"] <= last.isoformat()
                and row["status"] == "scheduled"
            ]
        else:
            there = self._by_timetable(slots, rows, days(first, last))
        return [self._filled(one) for one in there]

    def _by_timetable(self, slots: list[Fact], rows: list[Fact], when: list[date]) -> list[Fact]:
        off = self.days_off()
        of_place: dict[Row, list[Fact]] = defaultdict(list)
        for row in rows:
            of_place[_place(row)].append(row)
        at: dict[Row, list[Fact]] = defaultdict(list)
        for day in when:
            for slot in slots:
                valid = slot["valid_from"] <= day.isoformat() <= slot["valid_to"]
                if valid and slot["weekday"] == day.isoweekday() < 7 and day not in off:
                    at[_place(slot | {"date": day.isoformat()})].append(slot)
        found = []
        for place, here in at.items():
            of = sorted(
                of_place[place],
                key=lambda row: (row["status"] != "scheduled", not row["held"], row["key"]),
            )
            row = of[0] if of else None
            if row and row["status"] != "scheduled":
                continue
            latest = max(here, key=lambda slot: slot["valid_from"])
            teacher = (row and row["teacher"]) or latest["teacher"]
            found.append({"place": place, "slots": here, "row": row, "teacher": teacher})
        return found

    def days_off(self) -> set[date]:
        off = {row["day"] for row in self.world.rows("SELECT day FROM registry.days_off")}
        for holiday in self.facts("holiday"):
            span = (date.fromisoformat(holiday[end]) for end in ("start", "finish"))
            off.update(days(*span))
        return off

    def _filled(self, one: Fact) -> Fact:
        row: Fact = one["row"] or {}
        key = row.get("source_key")
        held = bool(row.get("held"))
        marks = [mark["key"] for mark in self.of_lessons("mark")[key]] if key else []
        listed = [one["key"] for one in self.of_lessons("attendance")[key]] if key else []
        due = held and not row.get("homework_not_set")
        filled = {
            "held": held,
            "topic": held and bool((row.get("topic") or "").strip()),
            "homework": due and bool((row.get("homework") or "").strip()),
            "attendance": held and bool(row.get("attendance_taken") or listed),
            "marks": held and bool(marks),
        }
        every = all(filled[part] for part in ("topic", "attendance", "marks"))
        return (
            one
            | filled
            | {
                "homework_due": due,
                "fill_rate": every and (filled["homework"] or not due),
                "by": row.get("substitute") or one["teacher"],
                "mark_keys": marks,
                "attendance_keys": listed,
            }
        )

    def measure(self, code: str, lessons: list[Fact]) -> Counter[Row]:
        """The rows of a measure of lessons."""
        among = {"topic": "held", "attendance": "held", "marks": "held", "homework": "homework_due"}
        found: Counter[Row] = Counter()
        for one in lessons:
            if not one.get(among.get(code, ""), True):
                continue
            shown = {("lesson", one["row"]["key"])} if one["row"] else set()
            shown |= {("timetable_slot", slot["key"]) for slot in one["slots"]}
            if code in ("marks", "fill_rate") and one["held"]:
                shown |= {("mark", key) for key in one["mark_keys"]}
            if code in ("attendance", "fill_rate") and one["held"]:
                shown |= {("attendance", key) for key in one["attendance_keys"]}
            found[one["place"], frozenset(shown), one[code]] += 1
        return found

    def timeliness(self, lessons: list[Fact]) -> Counter[Row]:
        """The parts of lessons that are due by midnight of their day (St Petersburg)."""
        looks = sorted(
            row["taken_at"]
            for row in self.world.rows(
                "SELECT taken_at FROM ops.uploads WHERE school = :school AND accepted"
                " AND source <> 'lists' AND taken_at <= :as_of",
                school=self.school,
                as_of=evening(self.as_of),
            )
        )
        versions = self._versions("lesson")
        marks = {fact["key"]: fact for fact in self.facts("mark")}
        listed = {fact["key"]: fact for fact in self.facts("attendance")}
        found: Counter[Row] = Counter()
        for one in lessons:
            day = date.fromisoformat(one["place"][0])
            due = datetime.combine(day + timedelta(days=1), time.min, MOSCOW)
            own = versions[one["row"]["key"]] if one["row"] else []
            lesson = {("lesson", one["row"]["key"])} if one["row"] else set()
            slots = {("timetable_slot", slot["key"]) for slot in one["slots"]}
            parts: list[tuple[str, Any, set[Any]]] = [
                ("lesson", _first(own, looks, _entry), lesson | slots)
            ]
            if one["held"]:
                records = [_seen(listed[key], looks) for key in one["attendance_keys"]]
                sign = _first(own, looks, lambda v: bool(v["attendance_taken"]))
                shown = lesson | {("attendance", key) for key in one["attendance_keys"]}
                first = min(filter(None, [sign, *records]), key=lambda w: w[1], default=None)
                parts.append(("attendance", first, shown))
                if one["row"]["substitute"] is not None:
                    there = _first(own, looks, lambda v: v["substitute"] is not None)
                    parts.append(("substitution", there, lesson))
                if one["homework_due"]:
                    parts.append(("homework", _first(own, looks, _homework), lesson))
                parts += [
                    ("marks", _seen(marks[key], looks), lesson | {("mark", key)})
                    for key in one["mark_keys"]
                ]
            for part, written, shown in parts:
                outcome = _outcome(written, due, looks)
                if outcome in ("in_time", "late", "missing"):
                    found[one["place"], part, frozenset(shown), outcome == "in_time"] += 1
        return found

    def _versions(self, entity: str) -> dict[str, list[Fact]]:
        rows = self.world.rows(
            "SELECT key, fact FROM ("
            f" SELECT key, to_jsonb(t) AS fact FROM journal.{entity} t WHERE school = :school"
            " UNION ALL SELECT key, before FROM journal.history"
            f" WHERE entity = '{entity}' AND school = :school) v"
            " WHERE (fact->>'recorded_at')::timestamptz <= :as_of"
            " ORDER BY key, (fact->>'recorded_at')::timestamptz",
            school=self.school,
            as_of=evening(self.as_of),
        )
        found: dict[str, list[Fact]] = defaultdict(list)
        for row in rows:
            found[row["key"]].append(row["fact"])
        return found

    def accumulation(self, on: date, among: Any) -> Counter[Row]:
        """Pupil and subject by Velikie Luki's order: marks by full weeks of the term."""
        terms = [
            date.fromisoformat(t["start"])
            for t in self.facts("term")
            if t["kind"] != "year" and t["start"] <= on.isoformat() <= t["finish"]
        ]
        if not terms:
            return Counter()
        begun = max(terms).isoformat()
        held = {
            row["source_key"]: row
            for row in self.facts("lesson")
            if row["held"]
            and row["status"] == "scheduled"
            and begun <= row["date"] <= on.isoformat()
        }
        marks, absences = self.facts("mark"), self.facts("attendance")
        groups = {
            (r["pupil"], held[r["lesson_key"]]["group_key"])
            for r in (*marks, *absences)
            if r["lesson_key"] in held
        }
        away = {
            (r["pupil"], r["lesson_key"])
            for r in absences
            if r["status"] not in ("present", "late")
        }
        exempt = {
            (r["pupil"], held[r["lesson_key"]]["subject_key"])
            for r in absences
            if r["status"] == "exempt" and r["lesson_key"] in held
        } | {
            (m["pupil"], m["subject_key"])
            for m in marks
            if m["scale"] == "code" and m["value"] == "exempt"
        }
        given: dict[Row, list[Fact]] = defaultdict(list)
        for mark in marks:
            if mark["scale"] != "code" and mark["date"] <= on.isoformat():
                given[mark["pupil"], mark["subject_key"]].append(mark)
        taught: dict[Row, list[Fact]] = defaultdict(list)
        for row in held.values():
            taught[row["class_key"], row["subject_key"]].append(row)
        found: Counter[Row] = Counter()
        for enrolment in self.facts("enrolment"):
            start, finish = enrolment["start"], enrolment["finish"]
            if (start or "") > on.isoformat() or (finish and finish <= on.isoformat()):
                continue
            pupil, class_ = enrolment["pupil"], enrolment["class_key"]
            since = max(start or begun, begun)
            weeks = (on - date.fromisoformat(since)).days // 7
            for hours in self.facts("curriculum_hours"):
                subject = hours["subject_key"]
                if hours["class_key"] != class_ or not among(class_, subject):
                    continue
                asked = _asked(weeks, hours["hours_per_week"])
                was = any(
                    row["date"] >= since
                    and (pupil, row["source_key"]) not in away
                    and (row["group_key"] is None or (pupil, row["group_key"]) in groups)
                    for row in taught[class_, subject]
                )
                if not asked or not was or (pupil, subject) in exempt:
                    continue
                own = [m["key"] for m in given[pupil, subject] if m["date"] >= since]
                shown = {("enrolment", enrolment["key"]), ("curriculum_hours", hours["key"])}
                shown |= {("mark", key) for key in own}
                found[pupil, class_, subject, frozenset(shown), len(own) >= asked] += 1
        return found

    def form1(self, column: str, grade: int, first: date, last: date) -> dict[str, bool]:
        """What a cell is of, and whether the cell counts it."""
        classes = {c["source_key"] for c in self.facts("class_") if c["grade_level"] == grade}
        span = (first.isoformat(), last.isoformat())
        held = [
            row
            for row in self.facts("lesson")
            if row["class_key"] in classes
            and span[0] <= row["date"] <= span[1]
            and row["held"]
            and row["status"] == "scheduled"
        ]
        if column.startswith("classes"):
            filled = {row["class_key"] for row in held}
            return {one: column == "classes" or one in filled for one in classes}
        if column.startswith("subjects"):
            planned = {
                h["subject_key"]
                for h in self.facts("curriculum_hours")
                if h["class_key"] in classes
            }
            taught = {row["subject_key"] for row in held}
            return {one: column == "subjects" or one in taught for one in planned}
        if column.startswith("pupils"):
            here = {
                e["pupil"]
                for e in self.facts("enrolment")
                if e["class_key"] in classes
                and (e["start"] or "") <= span[1]
                and (not e["finish"] or e["finish"] > span[1])
            }
            seen = self._seen_pupils(span)
            return {one: column == "pupils" or one in seen for one in here}
        slots = self.facts("timetable_slot")
        load = (
            [s for s in slots if s["valid_from"] <= span[1] and s["valid_to"] >= span[0]]
            if slots
            else [row for row in self.facts("lesson") if span[0] <= row["date"] <= span[1]]
        )
        teachers = {s["teacher"] for s in load if s["class_key"] in classes and s["teacher"]}
        active = {a["person"] for a in self.facts("access_account") if a["active"]}
        return {one: column == "teachers" or one in active for one in teachers}

    def _seen_pupils(self, span: tuple[str, str]) -> set[str]:
        lessons = {
            row["source_key"] for row in self.facts("lesson") if span[0] <= row["date"] <= span[1]
        }
        marked = {m["pupil"] for m in self.facts("mark") if span[0] <= m["date"] <= span[1]}
        listed = {a["pupil"] for a in self.facts("attendance") if a["lesson_key"] in lessons}
        return marked | listed


def _place(row: Fact) -> Row:
    return tuple(row[n] for n in ("date", "number", "class_key", "group_key", "subject_key"))


def _entry(version: Fact) -> bool:
    return bool(version["held"]) and bool((version["topic"] or "").strip())


def _homework(version: Fact) -> bool:
    return bool((version["homework"] or "").strip())


Written = tuple[datetime | None, datetime]  # not before, not after; the same by the source's clock


def _first(versions: list[Fact], looks: list[datetime], there: Any) -> Written | None:
    """When a record first had what is asked for."""
    without: datetime | None = None
    for version in versions:
        seen = instant(version["recorded_at"])
        assert seen is not None
        if there(version):
            for word in ("entered_at", "changed_at"):
                said = instant(version.get(word))
                if said and said <= seen and (without is None or said > without):
                    return said, said
            return max((look for look in looks if look < seen), default=None), seen
        without = seen
    return None


def _seen(record: Fact, looks: list[datetime]) -> Written:
    """When a mark or an absence was written: there since it was first seen."""
    seen, said = instant(record["first_seen_at"]), instant(record["entered_at"])
    assert seen is not None
    if said and said <= seen:
        return said, said
    return max((look for look in looks if look < seen), default=None), seen


def _outcome(written: Written | None, due: datetime, looks: list[datetime]) -> str:
    if written is None:
        return "missing" if looks and due < looks[-1] else "not_due"
    before, after = written
    if after <= due:
        return "in_time"
    late = after > due if before == after else before is not None and before >= due
    return "late" if late else "unknown"


def _asked(weeks: int, hours: float | None) -> int:
    """Velikie Luki 3.7.4: nothing in the first two weeks (three at one hour a week)."""
    if hours is None or weeks < (3 if hours <= 1 else 2) or weeks < 3:
        return 0
    few = hours <= 2
    return (1 if few else 2) if weeks == 3 else (2 if few else 3)
