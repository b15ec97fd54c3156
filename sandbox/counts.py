"""Records a source shows of each entity, their fate, and what is due for delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sandbox.accepted import (
    absence_ok,
    held_lessons,
    lesson_ok,
    logged,
    mark_ok,
    withheld_reason,
)
from sandbox.defects import all_flaws
from sandbox.members import Pupil
from sandbox.view import View


def records(view: View) -> dict[str, dict[str, int]]:
    """Per entity: rendered, quarantined, duplicate and accepted rows of the last upload."""
    shown = {**_structure(view), **_people(view), **_journal(view)}
    lost: dict[str, Counter[str]] = {"quarantine": Counter(), "duplicate": Counter()}
    for flaw in all_flaws(view.school):
        if flaw.kind in lost:
            lost[flaw.kind][flaw.entity] += 1
    return {
        entity: {
            "rendered": count,
            "quarantined": lost["quarantine"][entity],
            "duplicate": lost["duplicate"][entity],
            "accepted": count - lost["quarantine"][entity] - lost["duplicate"][entity],
        }
        for entity, count in shown.items()
    }


def _structure(view: View) -> dict[str, int]:
    school = view.school
    counts = {
        "term": len(school.terms) + (school.system == "paragraf"),  # and the year itself
        "class_": len(school.classes),
        "subject": len(school.subjects),
        "group": len(school.groups),
        "curriculum_hours": len(school.hours),
    }
    if school.system == "dnevnik_ru":
        counts["bell"] = len(school.bells)
    else:
        counts["holiday"] = len(school.listed_holidays)
        counts["timetable_slot"] = len(school.slots)
    return counts


def _people(view: View) -> dict[str, int]:
    school = view.school
    doubled = int(school.doubled_pupil is not None)
    uids = [p.person.uid for p in view.pupils] + [t.person.uid for t in school.teachers]
    counts = {
        "staff_member": len(school.teachers),
        "access_account": len(school.teachers),
        "pupil": len(view.pupils) + doubled,
        "enrolment": _enrolled(view) + doubled,
        "uid": sum(uid is not None for uid in uids) + (school.unknown_uid is not None),
        "consent": len(view.applications) + (school.unknown_applicant is not None),
    }
    if school.system == "paragraf":
        counts["movement"] = len(view.movements)
        counts["teaching_load"] = len(school.loads)
    if school.system in ("paragraf", "eschool"):
        counts["guardian"] = len(view.guardians)
    return counts


def _enrolled(view: View) -> int:
    """Enrolments shown; Dnevnik.ru does not say when a membership in the archive ended."""
    left = sum(p.left is not None and p.left <= view.day for p in view.pupils)
    return len(view.pupils) - (left if view.school.system == "dnevnik_ru" else 0)


def _journal(view: View) -> dict[str, int]:
    marks = [m for s in view.lessons for m in s.marks]
    return {
        "lesson": len(view.lessons),
        "mark": len(marks) + sum(m.twin is not None for m in marks),
        "attendance": sum(len(logged(view, s)) for s in view.lessons),
        "term_mark": len(term_marks(view)),
    }


def term_marks(view: View) -> list[Pupil]:
    """The pupils of the term marks shown; NetSchool shows them when the term is over."""
    late = view.school.system == "netschool"
    return [t.pupil for t in view.term_marks if not late or t.term.finish <= view.day]


def delivery(view: View) -> dict[str, dict[str, Any]]:
    """Per entity of the diary: due, delivered and withheld by reason, on the view's day."""
    due: dict[str, Counter[str]] = {
        entity: Counter() for entity in ("lesson", "timetable", "mark", "attendance", "term_mark")
    }
    due["timetable"][""] = _structure(view).get("timetable_slot", 0)
    for shown in held_lessons(view):
        if not shown.lesson.status:
            due["lesson"]["blocked_text" if shown.lesson.named else ""] += 1
    for shown in view.lessons:
        if not lesson_ok(shown.lesson):
            continue
        for mark in shown.marks:
            if mark_ok(mark):
                due["mark"][withheld_reason(mark.pupil, view.day) or ""] += 1
        for absence in shown.absences:
            if absence_ok(absence):
                exempt = absence.status == "exempt"
                reason = "no_code" if exempt else withheld_reason(absence.pupil, view.day)
                due["attendance"][reason or ""] += 1
    for pupil in term_marks(view):
        due["term_mark"][withheld_reason(pupil, view.day) or ""] += 1
    return {
        entity: {
            "due": counter.total(),
            "delivered": counter[""],
            "withheld": {reason: n for reason, n in sorted(counter.items()) if reason},
        }
        for entity, counter in due.items()
    }


def late_consents(view: View) -> dict[str, dict[str, Any]]:
    """By rule, how many pupils' applications are late on the view's day, and the earliest deadline.

    An application is registered on its day; the service starts within five days, which shows by
    anything the portal holds of the pupil, if there is anything.
    """
    late: dict[str, list[date]] = {"consent_unregistered": [], "consent_overdue_start": []}
    spoken_of = {pupil.person.code for pupil in _spoken_of(view)}
    for pupil in view.pupils:
        application = pupil.application
        gone = pupil.left is not None and pupil.left <= view.day
        if application is None or application.flaw is not None or gone:
            continue
        start = application.applied + timedelta(days=5)
        if application.registered is None:
            if application.refused is None and application.applied < view.day:
                late["consent_unregistered"].append(application.applied)
        elif (
            application.active(view.day)
            and pupil.person.usable_uid is None
            and pupil.person.code in spoken_of
            and start < view.day
        ):
            late["consent_overdue_start"].append(start)
    return {
        rule: {"pupils": len(days), "due": str(min(days))} for rule, days in late.items() if days
    }


def _spoken_of(view: View) -> Iterator[Pupil]:
    """Whom a mark, an absence that the portal has a code for, or a term mark is about."""
    for shown in view.lessons:
        if lesson_ok(shown.lesson):
            yield from (mark.pupil for mark in shown.marks if mark_ok(mark))
            for absence in shown.absences:
                if absence_ok(absence) and absence.status != "exempt":
                    yield absence.pupil
    yield from term_marks(view)
