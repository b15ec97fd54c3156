"""Which UIDs of an upload can be filed.

A UID on the wrong child shows a stranger's marks to a family; so where two statements
contradict each other nothing is guessed:

* one pupil of the school with two different UIDs in one upload: both rows refused,
  ``conflicting_duplicate``;
* a UID that another person holds, in the vault or in an earlier row of the upload:
  refused, ``uid_taken``. The holder of the vault wins over an earlier row, unless the upload
  gives that holder another UID (people may swap).

Pseudonyms of one person (``privacy.merges``), of two schools as a rule, may hold the same UID.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from privacy.matching import Judged


@dataclass(frozen=True)
class UidCounts:
    """Rows of UIDs that were accepted, by what they did to the vault."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Filing:
    """What became of a frame of UIDs.

    ``to_write``: the rows that change the vault, one per pseudonym. ``refused``: ``_row``,
    ``rule``.
    """

    counts: UidCounts
    to_write: pl.DataFrame
    refused: pl.DataFrame


def rival_pairs(claims: pl.DataFrame, holders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs (``one`` less than ``other``) of whom one claims the UID that the other has or claims.

    Both frames: ``pseudonym``, ``lookup``. Also the clear claims, ``pseudonym`` and ``lookup``.
    """
    clear = _clear(claims).select("pseudonym", "lookup").unique()
    said = pl.concat([clear, holders.select("pseudonym", "lookup")]).unique()
    met = clear.join(said, on="lookup", how="inner", suffix="_other")
    pairs = met.filter(pl.col("pseudonym") != pl.col("pseudonym_other")).select(
        one=pl.min_horizontal("pseudonym", "pseudonym_other"),
        other=pl.max_horizontal("pseudonym", "pseudonym_other"),
    )
    return pairs.unique(), clear


def refused_in_doubt(claims: pl.DataFrame, filing: Filing, judged: Judged) -> pl.DataFrame:
    """The doubts of ``judged`` for which a claim was refused, with its ``claimant``."""
    taken = filing.refused.filter(rule="uid_taken").join(claims, on="_row", how="inner")
    claimants = taken.select(claimant="pseudonym").unique()
    ends = [
        judged.doubts.join(claimants, left_on=end, right_on="claimant", how="semi").with_columns(
            claimant=pl.col(end)
        )
        for end in ("one", "other")
    ]
    return pl.concat(ends).unique(["one", "other"], keep="first", maintain_order=True)


def file_uids(claims: pl.DataFrame, holders: pl.DataFrame) -> Filing:
    """Judge ``claims`` against what the vault holds.

    ``claims``: ``pseudonym``, ``person``, ``lookup`` and ``_row``, and whatever else is to be
    written; ``holders``: ``pseudonym``, ``person`` and ``lookup`` of every UID in the vault that
    the claims touch.
    """
    claims = claims.sort("_row")
    clear = _clear(claims)
    contradicting = claims.join(clear, on="_row", how="anti", maintain_order="left")
    good, taken = _untaken(clear, holders)
    refused = pl.concat(
        [
            contradicting.select("_row", rule=pl.lit("conflicting_duplicate")),
            taken.select("_row", rule=pl.lit("uid_taken")),
        ]
    )
    held_before = holders.select("pseudonym", _held="lookup")
    judged = good.join(held_before, on="pseudonym", how="left", maintain_order="left")
    first = pl.col("pseudonym").is_first_distinct()
    held = pl.col("_held")
    to_write = judged.filter(first, held.is_null() | (held != pl.col("lookup")))
    created = to_write["_held"].null_count()
    counts = UidCounts(
        created=created,
        changed=to_write.height - created,
        unchanged=good.height - to_write.height,
    )
    return Filing(counts, to_write.drop("_held", "person"), refused)


def _clear(claims: pl.DataFrame) -> pl.DataFrame:
    """The claims of pseudonyms of whom the upload says one UID only."""
    return claims.filter(pl.col("lookup").n_unique().over("pseudonym") == 1)


def _untaken(claims: pl.DataFrame, holders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split ``claims`` into those whose UID is free and those whose UID is another's.

    A refused person keeps the former UID, which may be the one another row counts on:
    so the question is asked again until nobody else is refused.
    """
    good, taken = claims, claims.clear()
    while True:
        staying = holders.join(good, on="pseudonym", how="anti")
        lost = _taken_by_others(good, holders, staying)
        if lost.is_empty():
            return good, taken
        taken = pl.concat([taken, lost])
        good = good.join(lost, on="_row", how="anti", maintain_order="left")


def _taken_by_others(
    claims: pl.DataFrame, holders: pl.DataFrame, staying: pl.DataFrame
) -> pl.DataFrame:
    kept = holders.select("person", "lookup", _keeps=pl.lit(value=True)).unique()
    ranked = claims.join(kept, on=["person", "lookup"], how="left", maintain_order="left").sort(
        "_keeps", "_row", nulls_last=True
    )
    owner = pl.col("person").first().over("lookup")
    beaten = ranked.filter(pl.col("person") != owner)
    others = ranked.join(staying.select("lookup", _by="person"), on="lookup", how="inner")
    blocked = others.filter(pl.col("_by") != pl.col("person")).drop("_by")
    return pl.concat([beaten, blocked]).unique("_row", maintain_order=True).drop("_keeps")
