"""A line of a card in words for people, in Russian, and how much some of its lines are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.cards.text import counts_words
from pipeline.cards.words import counted, rule_title
from quality.kinds import kinds
from reports.explained import origin_words, why_words
from reports.words import short_date

RULE = "замечание"  # the heading of what all lines of a card may share


def things(lines: pl.DataFrame) -> dict[str, int]:
    """How many things ``lines`` (``drafts.LINES``) count, by kind: a lesson that lacks two
    things is one."""
    counts = lines.group_by("kind").agg(pl.col("thing").n_unique()).sort("kind")
    return dict(counts.iter_rows())


def amount(lines: pl.DataFrame) -> str:
    """«3 урока; 5 замечаний»: things, and of remarks alone how many they are where these are
    more."""
    held = things(lines)
    told = [counts_words(held)] if held else []
    of_remarks = lines["key"].is_not_null().all()
    if of_remarks and lines.height != sum(held.values()):
        told.append(counted("remark", lines.height))
    return "; ".join(told)


def line_words(
    row: Mapping[str, Any],
    places: Sequence[Mapping[str, Any]],
    called: Callable[[str], str] = str,
) -> dict[str, str]:
    """A row of ``explain.card.NAMED`` by the headings of its table, empty where it has nothing.

    ``places``: the origins of its lesson or mark; ``called``: how a person is called whose
    pseudonym it gets.
    """
    own = [row] if row["document"] else []
    where = [origin_words(one["document"], one["line"], one["upload"]) for one in [*own, *places]]
    return {
        "что": kinds()[row["kind"]][0],
        RULE: rule_title(row["rule"]) if row["rule"] else "",
        "дата": short_date(row["day"]) if row["day"] else "",
        "класс": row["class_name"] or row["class_key"] or "",
        "предмет": row["subject_name"] or row["subject_key"] or "",
        "учитель": called(row["teacher"]) if row["teacher"] else "",
        "ученик": called(row["pupil"]) if row["pupil"] else "",
        "подробности": why_words(row["detail"]),
        "поле": row["field"] or "",
        "откуда": "\n".join(where),
    }
