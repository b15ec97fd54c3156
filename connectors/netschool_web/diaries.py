"""Diaries of pupils put together into lessons, homework and marks of their classes.

A lesson is seen by all who attend it. It is known by its class and ``classmeetingId``; views that
say the same are one row, views that differ stay as so many rows under one key, which the
check of duplicates refuses with all of them. A meeting of two classes is a lesson of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import ORIGIN, empty_frame
from connectors.netschool_web.answers import Flat, flat, frame_of, objects, text_of
from connectors.netschool_web.plan import Ask, Scope

HOMEWORK = "3"  # the kind of work «Домашнее задание»
UNNAMED = "---Не указана---"  # ASSUMED: stands for the name of a work that nobody named
# «Англ.яз./2 гр. [209]»: subject, part of the class, room.
SLOT = re.compile(r"^(?P<subject>[^/,\[\]]+?)(?P<part>/[^/,\[\]]+?)?(?:\s*\[[^\[\],]*\])?$")

LESSON_COLUMNS = (
    "classmeetingId", "day", "number", "relay", "room", "startTime", "endTime", "subjectName",
    "isEaLesson", "subject", "group", "_class",
)  # fmt: skip
MARK_COLUMNS = (
    "id", "typeId", "dueDate", "mark.mark", "mark.dutyMark", "mark.markDate", "classmeetingId",
    "subjectName", "subject", "isEaLesson", "_class", "_pupil",
)  # fmt: skip
KEY = ("_class", "classmeetingId")
_OF_LESSON = ("classmeetingId", "subjectName", "subject", "isEaLesson", "_class")


@dataclass
class _Rows:
    """Rows with their documents and lines."""

    rows: list[Flat] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, row: Flat, document: str, line: int) -> None:
        self.rows.append(row)
        self.documents.append(document)
        self.lines.append(line)

    def frame(self, columns: Sequence[str]) -> pl.DataFrame:
        made = frame_of([_public(row) for row in self.rows], self.documents, self.lines)
        if made is None:
            raise AssertionError("names of columns are checked on the way in")
        hidden = [name for name in columns if name.startswith("_")]
        return made.with_columns(
            pl.Series(name, [row[name] for row in self.rows], pl.String) for name in hidden
        )


class Diaries:
    """Takes in the diaries one by one; a loop over their elements, since they are nested and most
    of what they say has been said by another pupil's."""

    def __init__(self, scope: Scope) -> None:
        self._first, self._last = scope.first.isoformat(), scope.last.isoformat()
        self._lessons = _Rows()
        self._seen: set[tuple[tuple[str, str | None], ...]] = set()
        self._marks = _Rows()
        self._homework: dict[tuple[str, str, str, str], None] = {}
        self._written: dict[tuple[str, str], None] = {}
        self._seats: dict[tuple[str, str, str, str], str] = {}

    def add(self, document: RawDocument, ask: Ask, diary: Any) -> list[DocumentProblem]:
        """Takes in one diary; what of it is of another shape is left out and told."""
        problems = []
        work = 0
        try:
            lessons = list(lessons_of(diary))
        except TypeError:
            return [DocumentProblem(document.name, "broken_document", 1)]
        for line, lesson in enumerate(lessons, 1):
            if not self._in_scope(lesson):
                continue
            try:
                works = [dict(each) for each in objects(lesson.get("assignments"))]
                self._take(document.name, ask, lesson, works, line, work)
                work += len(works)
            except (TypeError, RecursionError):
                problems.append(DocumentProblem(document.name, "broken_document", line))
        return problems

    def _in_scope(self, lesson: Mapping[str, Any]) -> bool:
        """A span may reach beyond the days asked about; a day that is none is told later."""
        day = str(lesson.get("day"))[:10]
        return not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) or (
            self._first <= day <= self._last
        )

    def _take(
        self,
        document: str,
        ask: Ask,
        lesson: Mapping[str, Any],
        works: Sequence[dict[str, Any]],
        line: int,
        before: int,
    ) -> None:
        row = _lesson_row(ask, lesson)
        flat_works = [_work_row(ask, work) for work in works]  # all or nothing of a lesson
        content = tuple(row.items())
        if content not in self._seen:
            self._seen.add(content)
            self._lessons.add(row, document, line)
        meeting = row["classmeetingId"] or ""
        if row["group"]:
            self._seats[ask.pupil, row["day"] or "", row["number"] or "", meeting] = ask.class_
        for place, work in enumerate(flat_works, before + 1):
            self._written[ask.class_, meeting] = None
            text = work.get("assignmentName")
            if work.get("typeId") == HOMEWORK and text and text != UNNAMED:
                self._homework[ask.class_, meeting, work.get("id") or "", text] = None
            if work.get("mark.mark") or work.get("mark.dutyMark") == "true":
                of_lesson = {name: row[name] for name in _OF_LESSON}
                self._marks.add(work | of_lesson | {"_pupil": ask.pupil}, document, place)

    def lessons(self) -> pl.DataFrame:
        """``LESSON_COLUMNS`` and ``homework_text``: the texts of its homework, joined by «; »."""
        if not self._lessons.rows:
            return empty_frame((*LESSON_COLUMNS, "homework_text"))
        frame = self._lessons.frame(LESSON_COLUMNS)
        frame = frame.join(self._texts(), on=KEY, how="left", maintain_order="left")
        return frame.select(pl.exclude(ORIGIN), *ORIGIN)

    def _texts(self) -> pl.DataFrame:
        """Homework by lesson. A piece of homework that reads differently in two diaries gives two
        texts, so that the lesson contradicts itself."""
        schema = dict.fromkeys((*KEY, "id", "text"), pl.String)
        pieces = pl.DataFrame(list(self._homework), schema=schema, orient="row").group_by(
            *KEY, "id", maintain_order=True
        )
        variants = [
            pieces.agg(chosen)
            .group_by(KEY, maintain_order=True)
            .agg(pl.col("text").unique(maintain_order=True).str.join("; ").alias("homework_text"))
            for chosen in (pl.col("text").first(), pl.col("text").last())
        ]
        return pl.concat(variants).unique(maintain_order=True)

    def written(self) -> pl.DataFrame:
        """``KEY`` of the lessons for which any work stands in a diary."""
        schema = dict.fromkeys(KEY, pl.String)
        return pl.DataFrame(list(self._written), schema=schema, orient="row")

    def marks(self) -> pl.DataFrame:
        """``MARK_COLUMNS`` and what else a work says: works with a mark or a debt, by pupil."""
        return self._marks.frame(MARK_COLUMNS) if self._marks.rows else empty_frame(MARK_COLUMNS)

    def seats(self) -> pl.DataFrame:
        """``_pupil``, ``day`` (ISO), ``number``, ``classmeetingId``: who sits in which part of a
        class; lessons of whole classes are not in it."""
        schema = dict.fromkeys(("_pupil", "day", "number", "classmeetingId"), pl.String)
        frame = pl.DataFrame(list(self._seats), schema=schema, orient="row")
        return frame.with_columns(pl.col("day").str.slice(0, 10)).unique(maintain_order=True)


def lessons_of(diary: Any) -> Iterator[Mapping[str, Any]]:
    """Lessons by day. Raises ``TypeError`` for anything but a diary."""
    if not isinstance(diary, dict) or not isinstance(diary.get("weekDays"), list):
        raise TypeError("not a diary")
    for day in objects(diary["weekDays"]):
        yield from objects(day.get("lessons"))


def _lesson_row(ask: Ask, lesson: Mapping[str, Any]) -> Flat:
    row = flat({name: value for name, value in lesson.items() if name != "assignments"})
    _refuse_odd_names(row)
    said = {name: row.get(name) for name in LESSON_COLUMNS} | row
    return said | split_slot(said["subjectName"]) | {"_class": ask.class_}


def _work_row(ask: Ask, work: dict[str, Any]) -> Flat:
    """Raises ``TypeError`` also when the mark is another pupil's."""
    row = flat(work)
    _refuse_odd_names(row)
    if (row.get("mark.studentId") or ask.pupil) != ask.pupil:
        raise TypeError("another pupil's mark")
    return {name: None for name in MARK_COLUMNS if name not in _OF_LESSON} | row


def _refuse_odd_names(row: Flat) -> None:
    if any(not name or name.startswith("_") for name in row):
        raise TypeError("a name that no column may have")


def split_slot(name: Any) -> Flat:
    """``subject`` and ``group`` of the name of a lesson; a name of several parts of the class at
    once names neither, and the lesson is refused for want of its subject."""
    found = SLOT.match((text_of(name) or "").strip())
    if found is None:
        return {"subject": None, "group": None}
    subject, part = found["subject"].strip(), (found["part"] or "").strip()
    return {"subject": subject, "group": f"{subject}{part}" if part else None}


def _public(row: Flat) -> Flat:
    return {name: value for name, value in row.items() if not name.startswith("_")}
