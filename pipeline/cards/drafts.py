"""Cards while they are being made: what is known of a cause before it is put into words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from quality.cards import Share, Waived, WaivedPart
from quality.causes import DANGLING

DUE, WAIVED, FIXED = "due", "waived", "fixed"  # how a line of a card stands
# What a card counts, a line for each place to look at. ``thing``: the same in lines that count as
# one; ``state`` and ``waiver``: how it stands; ``part``, ``share``: the number of the card's part
# and share that tells it, null where none does; ``key``: what a remark has.
LINES: dict[str, pl.DataType] = {
    "source": pl.String(),
    "kind": pl.String(),
    "thing": pl.String(),
    "state": pl.String(),
    "waiver": pl.Int64(),
    "new": pl.Boolean(),
    "part": pl.Int64(),
    "share": pl.Int64(),
    "rule": pl.String(),
    "key": pl.String(),
    "day": pl.Date(),
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),
    "pupil": pl.String(),
    "lesson_key": pl.String(),
    "detail": pl.String(),
    "field": pl.String(),
    "document": pl.String(),
    "line": pl.Int64(),
    "upload": pl.String(),
}


def card_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the columns of ``LINES``, null where it has none; due where it does not say."""
    given = rows if "state" in rows.columns else rows.with_columns(state=pl.lit(DUE))
    lacking = [pl.lit(None, kind).alias(n) for n, kind in LINES.items() if n not in given.columns]
    return given.with_columns(lacking).select(pl.col(n).cast(kind) for n, kind in LINES.items())


def no_lines() -> pl.DataFrame:
    """Of a draft that holds nothing yet."""
    return pl.DataFrame(schema=LINES)


@dataclass(frozen=True)
class OfRule:
    """The remarks of one rule on a card; ``new``: those that the last check found first."""

    rule: str
    held: Counter[str]
    new: int


@dataclass(eq=False)
class Draft:
    """A cause; the fields are those of ``quality.cards.Card`` and ``Where``.

    ``by`` and ``key``: what a card of remarks is about (``quality.remark_causes``), nothing where
    it is what is left of a family; ``rules``, ``shares``: of remarks; ``gathered``: the causes that
    it tells together; ``beside``: those of the family that it does not, waived or mended; ``keys``:
    how many missing things or codes it stands for; ``detail``: counts, from a finding or verdict;
    ``lines``: ``LINES`` of what is counted in ``held``, ``waived`` and ``fixed``.
    """

    source: str
    rule: str
    first: date
    fresh: bool
    gone: bool = False
    entity: str = ""
    column: str = ""
    key: str = ""
    keys: int = 1
    by: str = ""
    detail: str = ""
    documents: list[str] = field(default_factory=list)
    line: int | None = None
    held: Counter[str] = field(default_factory=Counter)
    fixed: int = 0
    class_key: str | None = None
    subject_key: str | None = None
    teacher: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    rules: list[OfRule] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    gathered: list[Draft] = field(default_factory=list)
    beside: list[Draft] = field(default_factory=list)
    waived: list[WaivedPart] = field(default_factory=list)
    lines: pl.DataFrame = field(default_factory=no_lines)

    def place(self) -> dict[str, str | None]:
        """What a waiver may name of it."""
        missing = self.key if self.rule == DANGLING else None
        return {
            "class_key": missing if self.entity == "class_" else self.class_key,
            "subject_key": missing if self.entity == "subject" else self.subject_key,
            "teacher": missing if self.entity == "staff_member" else self.teacher,
            "key": self.key,
        }

    def add(self, held: Counter[str], lines: pl.DataFrame) -> None:
        """Hold up these things, too: so many by kind, and their ``LINES``."""
        self.held.update(held)
        self.lines = pl.concat([self.lines, lines])

    def excuse(self, waived: Waived) -> None:
        """Let a waiver cover all that it holds up."""
        self.waived.append(WaivedPart(waived, dict(self.held)))
        self.held = Counter()
        self.lines = self.lines.with_columns(
            state=pl.lit(WAIVED), waiver=pl.lit(waived.waiver, pl.Int64)
        )
