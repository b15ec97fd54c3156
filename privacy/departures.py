"""Did a child leave one school for the other? Judged for pupils of one name and birth date.

Frame of moves: ``pseudonym``, ``direction`` (``in`` or ``out``), ``day`` (Date), ``named``
(Boolean: the school said whence or whither), ``other_school`` (code; null where the hub does not
know the school that was named). No frame here holds anything about a person but the pseudonym.

A departure supports a pair if

* one left and the other came near in time, and neither names another school; or
* only one of the two is on record, and it names the school of the other; or
* both are of one school, and one had left before the other came: a child who returned.

Two who may both be the one that came, or that left, are rivals; unless they support one another.
"""

from __future__ import annotations

import polars as pl

MOVES = {
    "pseudonym": pl.String,
    "direction": pl.String,
    "day": pl.Date,
    "named": pl.Boolean,
    "other_school": pl.String,
}
# The order to withdraw may be signed after the child sits in the new class; and between the last
# day of May and the first of September lie 93 days.
_DAYS_BEFORE = 14
_DAYS_AFTER = 100


def no_moves() -> pl.DataFrame:
    """An empty frame of moves."""
    return pl.DataFrame(schema=MOVES)


def supported(pairs: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` with ``supported``, ``denied`` and ``rivalled`` (Boolean, never null).

    ``pairs``: ``one``, ``other``, and of both ``school`` and ``person`` (``_other`` for the other),
    one row per pair. ``denied``: they left and came near in time, but a third school is named.
    """
    steps = _steps(pairs, moves)
    found = steps.group_by("one", "other").agg(
        pl.col("supports").any().alias("supported"), pl.col("denies").any().alias("denied")
    )
    rivals = _rivals(steps.filter("supports"))
    return (
        pairs.join(found, on=["one", "other"], how="left", maintain_order="left")
        .join(
            rivals.with_columns(rivalled=pl.lit(value=True)),
            on=["one", "other"],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("supported", "denied", "rivalled").fill_null(value=False))
    )


def succeeding(pairs: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Those of ``pairs`` (``one``, ``other``) of whom one had left before the other came."""
    both = pl.concat([pairs.select("one", "other", leaver="one", comer="other"), _turned(pairs)])
    left = both.join(_moves(moves, "out", "leaver"), on="leaver", how="inner")
    met = left.join(_moves(moves, "in", "comer"), on="comer", how="inner")
    return met.filter(pl.col("out_day") <= pl.col("in_day")).select("one", "other").unique()


def _turned(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select("one", "other", leaver="other", comer="one")


def _steps(pairs: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Each way a pair could have gone: a departure of one beside an arrival of the other."""
    ways = pl.concat(
        [
            pairs.select(
                "one",
                "other",
                leaver="one",
                comer="other",
                source="school",
                goal="school_other",
                leaving="person",
                coming="person_other",
            ),
            pairs.select(
                "one",
                "other",
                leaver="other",
                comer="one",
                source="school_other",
                goal="school",
                leaving="person_other",
                coming="person",
            ),
        ]
    )
    return (
        ways.join(_moves(moves, "out", "leaver"), on="leaver", how="left")
        .join(_moves(moves, "in", "comer"), on="comer", how="left")
        .with_columns(supports=_supports(), denies=_denies())
    )


def _moves(moves: pl.DataFrame, direction: str, who: str) -> pl.DataFrame:
    return moves.filter(direction=direction).select(
        pl.col("pseudonym").alias(who),
        *(pl.col(name).alias(f"{direction}_{name}") for name in ("day", "named", "other_school")),
    )


def _says(direction: str, expected: str) -> pl.Expr:
    """Whether the school named is the expected one; null where none is named."""
    fits = (pl.col(f"{direction}_other_school") == pl.col(expected)).fill_null(value=False)
    return pl.when(f"{direction}_named").then(fits)


def _near() -> pl.Expr:
    days = (pl.col("in_day") - pl.col("out_day")).dt.total_days()
    return days.is_between(-_DAYS_BEFORE, _DAYS_AFTER).fill_null(value=False)


def _agreed() -> pl.Expr:
    said = _says("out", "goal").fill_null(value=True)
    return said & _says("in", "source").fill_null(value=True)


def _supports() -> pl.Expr:
    named = _says("out", "goal").fill_null(value=False) | _says("in", "source").fill_null(
        value=False
    )
    alone = pl.col("out_day").is_null() | pl.col("in_day").is_null()
    returned = (pl.col("out_day") <= pl.col("in_day")).fill_null(value=False)
    one_school = pl.col("source") == pl.col("goal")
    moved = _agreed() & (_near() | (alone & named))
    return pl.when(one_school).then(returned).otherwise(moved)


def _denies() -> pl.Expr:
    return (pl.col("source") != pl.col("goal")) & _near() & ~_agreed()


def _rivals(supporting: pl.DataFrame) -> pl.DataFrame:
    """Pairs (``one``, ``other``) that lean on a move on which somebody else's pair leans too."""
    uses = pl.concat(
        [
            _uses(supporting, "in", mover="comer", end="leaver", person="leaving"),
            _uses(supporting, "out", mover="leaver", end="comer", person="coming"),
        ]
    )
    linked = supporting.select(first="one", second="other").unique()
    return (
        uses.join(uses, on=["direction", "mover", "day"], how="inner", suffix="_2")
        .filter((pl.col("end") != pl.col("end_2")) & (pl.col("person") != pl.col("person_2")))
        .with_columns(
            first=pl.min_horizontal("end", "end_2"), second=pl.max_horizontal("end", "end_2")
        )
        .join(linked, on=["first", "second"], how="anti")
        .select("one", "other")
        .unique()
    )


def _uses(
    supporting: pl.DataFrame, direction: str, *, mover: str, end: str, person: str
) -> pl.DataFrame:
    """Which move of whom each pair leans on; ``end`` is the one at its other end."""
    day = f"{direction}_day"
    return (
        supporting.filter(pl.col(day).is_not_null())
        .select("one", "other", mover=mover, day=day, end=end, person=person)
        .with_columns(direction=pl.lit(direction))
    )
