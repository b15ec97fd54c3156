"""What the truth tells of one school on one business date, gathered from the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Any

from sandbox.compliance.backdating import backdated
from sandbox.compliance.count_rules import (
    accumulation,
    runs_without_a_mark,
    too_few_so_far,
    too_few_to_grade,
)
from sandbox.compliance.entries import Entry, entries
from sandbox.compliance.keys import Keys
from sandbox.compliance.known import Known
from sandbox.compliance.lesson_rules import late, missing
from sandbox.compliance.levels import levels
from sandbox.compliance.looks import IN_TIME
from sandbox.compliance.structure_rules import empty_parts, months_without
from sandbox.compliance.term_rules import missing_or_late
from sandbox.measures import Ratio
from sandbox.model import School

_RULES: tuple[Callable[[Known], Iterator[tuple[str, str]]], ...] = (
    missing,
    backdated,
    too_few_so_far,
    too_few_to_grade,
    missing_or_late,
    runs_without_a_mark,
    empty_parts,
)


def compliance(known: Known, uploads: dict[str, str]) -> dict[str, Any]:
    """Remarks by rule, levels, and the two measures a regulation decides; ``uploads``: the
    school's calendar."""
    remarks: dict[str, set[str]] = {}
    judged = list(entries(known))
    found = [rule(known) for rule in _RULES]
    found += [late(known, judged), months_without(known, date.fromisoformat(min(uploads)))]
    for name, key in chain.from_iterable(found):
        remarks.setdefault(name, set()).add(key)
    arrived = ("uploaded", "not_a_school_day")
    gaps = {day for day, cause in uploads.items() if day <= str(known.day) and cause not in arrived}
    if gaps:
        remarks["daily_upload"] = gaps
    return {
        "remarks": {name: sorted(keys) for name, keys in sorted(remarks.items())},
        "measures": {
            "accumulation": list(accumulation_ratio(known)),
            "timeliness": list(timeliness(judged)),
        },
        "levels": levels(known, judged),
    }


def timeliness(judged: Iterable[Entry]) -> Ratio:
    """Parts entered in time, of those of which one can say so; ``judged``: of ``entries``."""
    counts = Counter(entry.outcome for entry in judged if entry.outcome is not None)
    return counts[IN_TIME], counts.total()


def accumulation_ratio(known: Known) -> Ratio:
    """Pairs of pupil and subject with the marks asked for by now, of those of whom they are."""
    enough = [there for there, _ in accumulation(known)]
    return sum(enough), len(enough)


def people_keys(school: School) -> dict[str, dict[str, str]]:
    """What the source calls people, by role and by the name they have in the truth's keys."""
    keys = Keys(school)
    return {
        "pupil": {
            keys.person(p.person): keys.source_person(p.person, p.class_) for p in school.pupils
        },
        "staff": {keys.person(t.person): keys.source_person(t.person) for t in school.teachers},
    }
