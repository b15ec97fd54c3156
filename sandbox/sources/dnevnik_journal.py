"""Lessons, works, marks and attendance of a school in Dnevnik.ru's words.

Rows that come and go carry ``since`` and ``until`` (ISO dates, the latter excluded): a lesson
is ``InPlan`` until the day its teacher fills it in, a corrected mark has two rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sandbox.curriculum import NOT_SET
from sandbox.members import Flaw
from sandbox.model import Lesson, Mark, School, TermMark
from sandbox.sources.dnevnik_words import (
    LOG_STATUSES,
    MARK_TYPES,
    VALUES,
    WORKS,
    Ids,
    Json,
    subject_row,
    twins,
)


class Journal:
    """What changes every day; ``flaws`` of a row are the defects planted in it."""

    def __init__(self, school: School, ids: Ids) -> None:
        self._school = school
        self._id = ids

    def group_of(self, lesson: Lesson) -> int:
        """The class or, for a lesson of a part of the class, the subgroup."""
        slot = lesson.slot
        if slot.group is not None:
            return self._id("subgroup", slot.group.code)
        return self._id("group", slot.class_.code)

    def lesson(self, lesson: Lesson) -> Iterator[Json]:
        """One row, or two: as planned, and as filled in on a later day."""
        entered = lesson.entered.date() if lesson.entered else None
        base = {"group": str(self.group_of(lesson)), "day": str(lesson.day)}
        if entered is None or entered > lesson.day:
            row = self._lesson_row(lesson, filled=False)
            until = str(entered) if entered else None
            yield {
                **base,
                "since": str(lesson.day),
                "until": until,
                "row": row,
                "flaws": _flaws(lesson.flaw),
            }
        if entered is not None:
            row = self._lesson_row(lesson, filled=True)
            yield {
                **base,
                "since": str(entered),
                "until": None,
                "row": row,
                "flaws": _flaws(lesson.flaw, lesson.named),
            }

    def _lesson_row(self, lesson: Lesson, *, filled: bool) -> Json:
        slot = lesson.slot
        teachers = [slot.teacher.person.code]
        if filled and lesson.substitute is not None:
            teachers = [lesson.substitute.person.code, *teachers]
        people = [self._id("person", code) for code in teachers]
        works = [row["row"]["id"] for row in self.works(lesson)] if filled else []
        planned = "Cancelled" if lesson.status else "InPlan"
        status = "Conducted" if filled and lesson.held else planned
        if lesson.flaw is not None:
            status = lesson.flaw.value or status
        return {
            **twins("id", self._id("lesson", lesson.code)),
            "title": lesson.topic if filled else None,
            "date": f"{lesson.day}T00:00:00",
            "number": slot.number,
            "subject": subject_row(self._school, self._id, slot.subject.code),
            **twins("group", self.group_of(lesson)),
            "works": works,
            "works_str": [str(work) for work in works],
            "teachers": people,
            "teachers_str": [str(person) for person in people],
            "status": status,
        }

    def works(self, lesson: Lesson) -> Iterator[Json]:
        if lesson.entered is None:
            return
        text = NOT_SET if lesson.not_set else lesson.homework
        if text:
            yield self._work(lesson, 0, "homework", "Homework", text)
        for work in {m.work: None for m in lesson.marks}:
            yield self._work(lesson, 1 + WORKS.index(work), work, "LessonWork", None)

    def _work_id(self, lesson: Lesson, part: int) -> int:
        return self._id("work", lesson.code * 10 + part)

    def _work(self, lesson: Lesson, part: int, work: str, kind: str, text: str | None) -> Json:
        given = [m for m in lesson.marks if m.work == work] if part else []
        row = {
            **twins("id", self._work_id(lesson, part)),
            "type": kind,
            **twins("workType", self._id("type", WORKS.index(work))),
            "markType": "Mark5",
            "markCount": len(given),
            **twins("lesson", self._id("lesson", lesson.code)),
            "displayInJournal": True,
            "status": "Published",
            **twins("eduGroup", self.group_of(lesson)),
            "text": text,
            **twins("subjectId", self._id("subject", lesson.slot.subject.code)),
            "targetDate": f"{lesson.day}T00:00:00",
            "sentDate": lesson.entered.isoformat() if lesson.entered and not part else None,
            **twins("createdBy", self._id("person", lesson.slot.teacher.person.code)),
            "tasks": [],
            "files": [],
        }
        since = lesson.entered.date() if lesson.entered else lesson.day
        return {"since": str(since), "row": row}

    def mark(self, mark: Mark) -> Iterator[Json]:
        base = {
            "group": str(self._id("group", mark.lesson.slot.class_.code)),
            "day": str(mark.lesson.day),
        }
        since = mark.entered.date()
        for change in sorted({day for day in (mark.corrected, mark.moved) if day and day > since}):
            standing = mark.lesson_on(since)
            row = self._mark_row(mark, mark.value_on(since), standing)
            dates = {"day": str(standing.day), "since": str(since), "until": str(change)}
            yield {**base, **dates, "row": row, "flaws": []}
            since = change
        rows = [(mark.value, mark.flaw)]
        if mark.twin is not None:
            rows.append((mark.twin, mark.twin_flaw))
        for value, flaw in rows:
            row = self._mark_row(mark, value, mark.lesson)
            if flaw is not None and flaw.value is not None:
                _spoil(row, flaw)
            yield {**base, "since": str(since), "until": None, "row": row, "flaws": _flaws(flaw)}

    def _mark_row(self, mark: Mark, value: str, lesson: Lesson) -> Json:
        shown = VALUES.get((mark.scale, value), value)
        part = 1 + WORKS.index(mark.work)
        moods = {"5": "Good", "4": "Good", "3": "Average", "2": "Bad"}
        return {
            **twins("id", self._id("mark", mark.code)),
            "type": MARK_TYPES[mark.scale],
            "value": shown,
            "textValue": shown,
            **twins("person", self._id("person", mark.pupil.person.code)),
            **twins("work", self._work_id(lesson, part)),
            **twins("lesson", self._id("lesson", lesson.code)),
            "number": lesson.slot.number,
            "date": mark.entered.isoformat(),
            **twins("workType", self._id("type", WORKS.index(mark.work))),
            "mood": moods.get(shown, "NotSet"),
            "use_avg_calc": mark.scale == "5",
        }

    def logs(self, lesson: Lesson) -> Iterator[Json]:
        if lesson.entered is None:
            return
        found = {a.pupil.person.code: a for a in lesson.absences}
        for pupil in self._school.lesson_pupils(lesson):
            absence = found.get(pupil.person.code)
            if absence is None and not lesson.attendance_taken:
                continue
            status = LOG_STATUSES[absence.status] if absence else "Attend"
            row: Json = {
                **twins("person", self._id("person", pupil.person.code)),
                **twins("lesson", self._id("lesson", lesson.code)),
                "comment": "",
                "status": status,
                "createdDate": _fraction(lesson.entered),
            }
            flaw = absence.flaw if absence else None
            if flaw is not None:
                row["status"] = flaw.value
            yield {
                "group": str(self._id("group", lesson.slot.class_.code)),
                "subject": str(self._id("subject", lesson.slot.subject.code)),
                "day": str(lesson.day),
                "since": str(lesson.entered.date()),
                "until": None,
                "row": row,
                "flaws": _flaws(flaw),
            }

    def finals(self, found: TermMark) -> Iterator[Json]:
        """One row, or two: before and after a correction."""
        since, corrected = found.entered.date(), found.corrected
        if found.earlier_value and corrected and corrected > since:
            yield self._final(found, since, corrected)
            since = corrected
        yield self._final(found, since, None)

    def _final(self, found: TermMark, since: date, until: date | None) -> Json:
        value = found.value_on(since)
        shown = VALUES.get((found.scale, value), value)
        return {
            "group": str(self._id("group", found.pupil.class_.code)),
            "since": str(since),
            **({"until": str(until)} if until else {}),
            "person": self._id("person", found.pupil.person.code),
            "period": self._id("period", found.term.code),
            "subject": self._id("subject", found.subject.code),
            "mark": {
                "type": MARK_TYPES[found.scale],
                "value": shown,
                "textValue": shown,
                "date": found.entered.isoformat(),
            },
        }


def _flaws(*flaws: Flaw | None) -> list[Flaw]:
    return [flaw for flaw in flaws if flaw is not None]


def _spoil(row: Json, flaw: Flaw) -> None:
    row[flaw.field] = flaw.value or None
    if flaw.field == "value":
        row["textValue"] = row["value"]
    if flaw.field == "lesson_str":
        row["lesson"] = int(flaw.value or 0)


def _fraction(moment: datetime) -> str:
    """An instant with fractional seconds, as ``createdDate`` has them."""
    return f"{moment.isoformat()}.{moment.second * 16 + 1:03d}"
