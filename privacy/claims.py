"""People named in typed lists (``full_name`` and, it may be, ``class_name``), matched to the vault.

A claim fits the people of its role in the whole school, whatever source they came from, whose
name is the same but for case, spaces and ``ё``. The class counts for pupils, where the list
gives one. Nobody fits: ``person_not_found``; several do: ``person_ambiguous``. Nearly the
same name is another person.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from privacy.likeness import same_class, same_name
from schemas.codes import PersonRole


@dataclass(frozen=True)
class Matched:
    """``found``: ``_row`` and ``pseudonym``; ``refused``: ``_row`` and ``rule``."""

    found: pl.DataFrame
    refused: pl.DataFrame


def match(claims: pl.DataFrame, identities: pl.DataFrame) -> Matched:
    """Match ``claims`` (``_row``, ``role``, ``full_name``, ``class_name``) to ``identities``."""
    people = identities.select(
        "pseudonym",
        "role",
        _name=same_name(pl.col("full_name")),
        _class=same_class(pl.col("class_name")),
    )
    wanted = claims.select(
        "_row",
        "role",
        _name=same_name(pl.col("full_name")),
        _wanted=same_class(pl.col("class_name")),
    )
    class_fits = (
        pl.col("_wanted").is_null()
        | (pl.col("role") != PersonRole.PUPIL.value)
        | (pl.col("_class") == pl.col("_wanted")).fill_null(value=False)
    )
    fits = wanted.join(people, on=["role", "_name"], how="inner").filter(class_fits)
    alone = fits.filter(pl.len().over("_row") == 1)
    several = fits.filter(pl.len().over("_row") > 1).select("_row").unique()
    nobody = claims.join(fits, on="_row", how="anti")
    refused = [
        nobody.select("_row", rule=pl.lit("person_not_found")),
        several.select("_row", rule=pl.lit("person_ambiguous")),
    ]
    return Matched(alone.select("_row", "pseudonym"), pl.concat(refused).sort("_row"))
