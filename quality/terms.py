"""Which term a day lies in, and which kinds of terms a class is graded by.

``terms``: ``source_key``, ``kind``, ``start``, ``finish``. The year is no term.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from schemas.codes import TermKind

_IN_YEAR = pl.col("kind") != TermKind.YEAR.value


def term_start(terms: pl.DataFrame, on: date) -> date | None:
    """The first day of the term that ``on`` lies in; of several the latest."""
    open_terms = terms.filter(_IN_YEAR, pl.col("start") <= on, pl.col("finish") >= on)
    first: date | None = open_terms.select(pl.col("start").max()).item()
    return first


def term_finishes(terms: pl.DataFrame, days: pl.Series) -> pl.DataFrame:
    """``date`` and ``finish``: the last day of the term each of ``days`` lies in, if in any.

    Of several terms that of the latest start, and of these the longest, which blames least.
    """
    dates = days.unique().drop_nulls().alias("date").to_frame()
    return (
        dates.join(terms.filter(_IN_YEAR).select("start", "finish"), how="cross")
        .filter(pl.col("date").is_between("start", "finish"))
        .sort("start", "finish")
        .unique("date", keep="last", maintain_order=True)
        .select("date", "finish")
    )


def terms_of_classes(
    terms: pl.DataFrame, classes: pl.Series, graded: pl.DataFrame, on: date
) -> pl.DataFrame:
    """``class_key``, ``term_key``, ``start``, ``finish``: the terms over by ``on`` that count.

    ``graded``: ``class_key`` and ``term_key`` of the term marks there are. Of a class those kinds
    of terms count that it has a term mark of; of a class without any, the kind with the
    shortest terms.
    """
    known = terms.filter(_IN_YEAR).select("kind", "start", "finish", term_key="source_key")
    said = graded.join(known, on="term_key").select("class_key", "kind").unique()
    length = (pl.col("finish") - pl.col("start")).min()
    shortest = known.group_by("kind").agg(length.alias("length")).sort("length", "kind").head(1)
    silent = pl.DataFrame({"class_key": classes.unique()}, schema={"class_key": pl.String}).join(
        said, on="class_key", how="anti"
    )
    kinds = pl.concat([said, silent.join(shortest.select("kind"), how="cross")])
    over = known.filter(pl.col("finish") <= on)
    return kinds.join(over, on="kind").select("class_key", "term_key", "start", "finish")
