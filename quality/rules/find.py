"""All that is wrong with one journal, by every rule of docs/compliance.md that looks at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from quality.regulations import Asked
from quality.rules.activation import activation, step_begun
from quality.rules.attended_runs import mark_after_lessons
from quality.rules.backdating import backdating
from quality.rules.enough_marks import accumulation, marks_to_grade, term_begun
from quality.rules.journal import Journal
from quality.rules.lessons import lacking, late
from quality.rules.paper import paper_equals
from quality.rules.structure import structure_filled
from quality.rules.term_marks import term_marks
from quality.rules.uploads import daily_upload

# Each gives the remarks of its rules, none where the regulation does not ask for them.
FINDERS: tuple[Callable[[Journal], pl.DataFrame], ...] = (
    lacking,
    late,
    backdating,
    accumulation,
    marks_to_grade,
    term_marks,
    mark_after_lessons,
    structure_filled,
    daily_upload,
    activation,
    paper_equals,
)
# Rules that ask by a span of time, its first day the day of their remarks: where it begins now.
_SPANS: dict[Asked, Callable[[Journal], date | None]] = {
    Asked.ACCUMULATION: term_begun,
    Asked.ACTIVATION: step_begun,
}


def find(journal: Journal) -> pl.DataFrame:
    """Every remark on ``journal``: ``remarks.REMARK``, one for each rule and key.

    Two rows of a journal that are one thing, as two lessons of one place, are one remark.
    """
    everything = pl.concat([finder(journal) for finder in FINDERS])
    return everything.unique(["rule", "key"], keep="first", maintain_order=True)


def spans(journal: Journal) -> dict[str, date | None]:
    """By rule that asks by a span of time, the first day of the one that is judged: a remark of
    another span is over, mended or not. None where no span is judged."""
    return {rule.value: begun(journal) for rule, begun in _SPANS.items()}
