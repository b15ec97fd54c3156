"""All that is wrong with one journal, by every rule of docs/compliance.md that looks at it."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from quality.rules.activation import activation
from quality.rules.attended_runs import mark_after_lessons
from quality.rules.backdating import backdating
from quality.rules.enough_marks import accumulation, marks_to_grade
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


def find(journal: Journal) -> pl.DataFrame:
    """Every remark on ``journal``: ``remarks.REMARK``, one for each rule and key.

    Two rows of a journal that are one thing, as two lessons of one place, are one remark.
    """
    everything = pl.concat([finder(journal) for finder in FINDERS])
    return everything.unique(["rule", "key"], keep="first", maintain_order=True)
