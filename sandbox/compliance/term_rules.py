"""``term_marks``: a mark of every subject for everybody, given before the term is over."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.compliance.entries import tells
from sandbox.compliance.known import Known
from sandbox.compliance.looks import LATE, end_of
from sandbox.members import Pupil
from sandbox.model import Subject, Term, TermMark
from sandbox.sources import netschool


def shown_term_marks(known: Known) -> list[TermMark]:
    """NetSchool shows them once the term is over."""
    if known.school.system == "netschool":
        return list(netschool.totals(known.view))
    return known.view.term_marks


def term_key(known: Known, term: Term, subject: Subject, pupil: Pupil) -> str:
    keys = known.keys
    return "|".join((keys.term(term), keys.subject(subject), keys.person(pupil.person)))


def term_mark_key(known: Known, total: TermMark) -> str:
    return term_key(known, total.term, total.subject, total.pupil)


def missing_or_late(known: Known) -> Iterator[tuple[str, str]]:
    if not known.regulation.term_marks:
        return
    given = {term_mark_key(known, t): t for t in shown_term_marks(known)}
    for term in known.school.terms:
        if term.finish > known.day:
            continue
        for hours in known.school.hours:
            for pupil in known.pupils(hours.class_, term.finish):
                key = term_key(known, term, hours.subject, pupil)
                total = given.get(key)
                if total is None or _late(known, total):
                    yield "term_marks", key


def _late(known: Known, total: TermMark) -> bool:
    end = end_of(total.term.finish)
    if known.school.system == "netschool":  # not shown before, and not dated
        seen = known.looks.shown_first(max(total.entered.date(), total.term.finish))
        return seen is not None and known.looks.changed_after(seen, end)
    dated = tells(known, "mark")
    return known.looks.judge(total.entered, end, known.last, tells=dated) == LATE
