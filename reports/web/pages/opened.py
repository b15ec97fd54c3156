"""Where a figure on a page is explained: the address of its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.explain.addresses import (
    Address,
    CoverageCount,
    Cut,
    Figure,
    Kind,
    LedgerCounter,
    Level,
    cuts_of,
)
from pipeline.ledger import Counter


@dataclass(frozen=True)
class Span:
    """The days that figures are of, and the day as of which they are known.

    ``measured``: the last of them that was measured: accumulation is of that day. None: of none.
    """

    first: date
    last: date
    as_of: date
    measured: date | None


def opened_at(
    code: str,
    level: str,
    unit: str | None,
    span: Span,
    within: Sequence[tuple[str, str | None]] = (),
) -> str:
    """Where the measure ``code`` of ``unit`` is explained; empty for what has no address.

    ``within``: by what the school's figure is narrowed (``Cut``), and to which key.
    """
    cuts = [(Cut(name), key) for name, key in within if key]
    known = bool(unit) and len(cuts) == len(within)
    if not known or not cuts_of(Kind.MEASURE, code).issuperset(cut for cut, _ in cuts):
        return ""
    last, as_of = span.last, span.as_of
    if code == "accumulation":
        if span.measured is None:
            return ""
        last = as_of = span.measured
    whose = (Level(level), unit or "")
    return path_of(Figure(Kind.MEASURE, code, *whose, span.first, last, as_of, tuple(cuts)))


def cause_at(cause: str, level: str, unit: str, day: date, as_of: date) -> str:
    """Where the cause of a day is explained."""
    return path_of(Figure(Kind.CAUSE, cause, Level(level), unit, day, day, as_of))


def counter_at(
    counter: str, school: str, run_id: str, source: str, entity: str = "", reason: str = ""
) -> str:
    """Where a counter of a run on a source, or to a portal, is explained; ``entity`` and
    ``reason``: empty for all of them."""
    return path_of(LedgerCounter(Counter(counter), school, run_id, entity, source, reason))


def coverage_at(column: str, school: str, on: date, class_key: str = "") -> str:
    """Where a count of the page of consents is explained; ``class_key``: empty for all classes."""
    return path_of(CoverageCount(column, school, on, class_key))


def path_of(figure: Address) -> str:
    """The page of ``figure``. Its address is quoted once more, since servers undo one quoting; only
    the signs of the first are left to quote."""
    return "/explain/" + str(figure).replace("%", "%25")
