"""Which UIDs of an upload can be filed.

A UID on the wrong child shows a stranger's marks to a family; so where two statements
contradict each other nothing is guessed:

* one person with two different UIDs in one upload: both rows refused, ``conflicting_duplicate``;
* a UID that another person holds, in the vault or in an earlier row of the upload:
  refused, ``uid_taken``. The holder of the vault wins over an earlier row, unless the upload
  gives that holder another UID (people may swap).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class UidCounts:
    """Rows of UIDs that were accepted, by what they did to the vault."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Filing:
    """What became of a frame of UIDs.

    ``to_write``: the rows that change the vault, one per person. ``refused``: ``_row``, ``rule``.
    """

    counts: UidCounts
    to_write: pl.DataFrame
    refused: pl.DataFrame


def file_uids(claims: pl.DataFrame, holders: pl.DataFrame) -> Filing:
    """Judge ``claims`` against what the vault holds.

    ``claims``: ``pseudonym``, ``lookup`` and ``_row``, and whatever else is to be written;
    ``holders``: ``pseudonym`` and ``lookup`` of every UID in the vault that the claims touch.
    """
    claims = claims.sort("_row")
    disputed = pl.col("lookup").n_unique().over("pseudonym") > 1
    contradicting = claims.filter(disputed)
    good, taken = _untaken(claims.filter(~disputed), holders)
    refused = pl.concat(
        [
            contradicting.select("_row", rule=pl.lit("conflicting_duplicate")),
            taken.select("_row", rule=pl.lit("uid_taken")),
        ]
    )
    judged = good.join(
        holders.rename({"lookup": "_held"}), on="pseudonym", how="left", maintain_order="left"
    )
    first = pl.col("pseudonym").is_first_distinct()
    held = pl.col("_held")
    to_write = judged.filter(first, held.is_null() | (held != pl.col("lookup")))
    created = to_write["_held"].null_count()
    counts = UidCounts(
        created=created,
        changed=to_write.height - created,
        unchanged=good.height - to_write.height,
    )
    return Filing(counts, to_write.drop("_held"), refused)


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
    kept = holders.with_columns(_keeps=pl.lit(value=True))
    ranked = claims.join(kept, on=["pseudonym", "lookup"], how="left", maintain_order="left").sort(
        "_keeps", "_row", nulls_last=True
    )
    owner = pl.col("pseudonym").first().over("lookup")
    beaten = ranked.filter(pl.col("pseudonym") != owner)
    blocked = ranked.join(staying.select("lookup").unique(), on="lookup", how="semi")
    return pl.concat([beaten, blocked]).unique("_row", maintain_order=True).drop("_keeps")
