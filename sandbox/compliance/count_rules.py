"""How many marks a pupil has: ``accumulation``, ``marks_to_grade``, ``mark_after_lessons``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

from sandbox.compliance.known import WORDS, Known
from sandbox.compliance.term_rules import shown_term_marks, term_key
from sandbox.members import Pupil
from sandbox.model import Hours, Lesson, Subject
from sandbox.params import YEAR_START

Remark = tuple[str, str]


def accumulation(known: Known) -> Iterator[tuple[bool, str]]:
    """Pairs of pupil and subject of whom marks are asked by now: whether they have them, and
    the key of the remark."""
    term = next((t for t in known.school.terms if t.start <= known.day <= t.finish), None)
    if term is None or not _hours_known(known):
        return
    for hours in known.school.hours:
        for pupil in known.pupils(hours.class_, known.day):
            start = max(term.start, known.first_day(pupil))
            needed = _needed(known, hours, (known.day - start).days // 7)
            if not needed or not _counted(known, pupil, hours, start, known.day):
                continue
            key = (term.start.isoformat(), known.keys.person(pupil.person))
            subject = known.keys.subject(hours.subject)
            enough = known.scale_marks(pupil, hours, start, known.day) >= needed
            yield enough, "|".join((*key, subject))


def _needed(known: Known, hours: Hours, weeks: int) -> int:
    steps = known.regulation.accumulation
    asked = next((needed for after, needed in steps if weeks >= after), None)
    return asked.of(hours.planned) if asked else 0


def _hours_known(known: Known) -> bool:
    return known.school.system != "dnevnik_ru"


def _counted(known: Known, pupil: Pupil, hours: Hours, start: date, finish: date) -> bool:
    lessons = known.by_course.get((hours.class_.code, hours.subject.code), [])
    return any(
        start <= x.day <= finish and known.own(pupil, x) and known.attended(pupil, x)
        for x in lessons
    ) and not known.exempt(pupil, hours, start, finish)


def too_few_so_far(known: Known) -> Iterator[Remark]:
    yield from (("accumulation", key) for enough, key in accumulation(known) if not enough)


def too_few_to_grade(known: Known) -> Iterator[Remark]:
    needed = known.regulation.marks_to_grade
    if needed is None or not _hours_known(known):
        return
    in_words = {
        term_key(known, t.term, t.subject, t.pupil)
        for t in shown_term_marks(known)
        if t.scale == WORDS
    }
    for term in known.school.terms:
        if term.finish > known.day:
            continue
        for hours in known.school.hours:
            for pupil in known.pupils(hours.class_, term.finish):
                key = term_key(known, term, hours.subject, pupil)
                if (
                    known.first_day(pupil) <= term.start
                    and key not in in_words
                    and _counted(known, pupil, hours, term.start, term.finish)
                    and known.scale_marks(pupil, hours, term.start, term.finish)
                    < needed.of(hours.planned)
                ):
                    yield "marks_to_grade", key


def runs_without_a_mark(known: Known) -> Iterator[Remark]:
    asked = known.regulation.after_lessons
    if asked is None:
        return
    length, free = asked
    days = max((d.days for d in known.regulation.marks.values()), default=0)
    for hours in known.school.hours:
        lessons = _after_free_ones(known, hours, free)
        for pupil in known.view.pupils:
            if pupil.class_ is not hours.class_ or known.exempt(
                pupil, hours, YEAR_START, known.day
            ):
                continue
            own = [x for x in lessons if known.own(pupil, x) and _there(known, pupil, x)]
            for run in _runs(known, pupil, own):
                due = len(run) >= length and run[length - 1].day + timedelta(days=days) <= known.day
                if due and not _settled(known, pupil, run):
                    yield "mark_after_lessons", _run_key(known, pupil, hours.subject, run[0])


def _run_key(known: Known, pupil: Pupil, subject: Subject, first: Lesson) -> str:
    keys = known.keys
    return "|".join((keys.person(pupil.person), keys.subject(subject), keys.lesson(first)))


def _there(known: Known, pupil: Pupil, lesson: Lesson) -> bool:
    left = known.view.since(pupil.left)
    return known.first_day(pupil) <= lesson.day and (left is None or lesson.day < left)


def _after_free_ones(known: Known, hours: Hours, free: int) -> list[Lesson]:
    """Lessons of the course without the first ones of the year and after each vacation."""
    lessons = known.by_course.get((hours.class_.code, hours.subject.code), [])
    breaks = [YEAR_START - timedelta(days=1)]
    breaks += [h.finish for h in known.school.listed_holidays if h.kind == "Каникулы"]
    left_out: set[tuple[date, int]] = set()
    for last_day in breaks:
        places = [(x.day, x.slot.number) for x in lessons if x.day > last_day]
        left_out |= set(sorted(set(places))[:free])
    return [x for x in lessons if (x.day, x.slot.number) not in left_out]


def _runs(known: Known, pupil: Pupil, lessons: list[Lesson]) -> Iterator[list[Lesson]]:
    """Longest rows of lessons that the pupil attended."""
    for there, row in groupby(lessons, key=lambda x: known.attended(pupil, x)):
        if there:
            yield list(row)


def _settled(known: Known, pupil: Pupil, run: list[Lesson]) -> bool:
    days = {lesson.day for lesson in run}
    key = (pupil.person.code, run[0].slot.subject.code)
    found = known.marks_of.get(key, [])
    return any(s.lesson.day in days and m.scale != WORDS for m, s in found)
