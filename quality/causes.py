"""From refused records to the few causes behind them. Pure.

A record that refers to what is not there is traced: to the refusal of that record and on to what
that one refers to, to the document that could not be read, or to the missing thing itself. What is
refused for its own sake has its rule and column for a cause, of an unknown code the code.

A record waits for every cause it is traced to: of a mark whose pupil and whose lesson are missing
both must come. It is counted in each.
"""

from __future__ import annotations

import polars as pl

from schemas.records import ENTITIES

DANGLING = "dangling_reference"
UNREAD = "unread"  # stands for the rule of the document that could not be read

# More than so many missing things of one kind, or unknown codes of one column, are one cause: a
# list came short, a column was filled otherwise. Five can be read and mended one by one.
FEW = 5

REFUSED: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    "source": pl.String(),
    "entity": pl.String(),
    "rule": pl.String(),
    "record": pl.String(),  # the same for all refusals of one record
    "source_column": pl.String(),
    "record_key": pl.String(),  # empty where nothing refers to such a record
    "missing_entity": pl.String(),
    "missing_key": pl.String(),
    "missing_in": pl.String(),
}
# What names a cause. ``entity``: what is wrong or missing; ``field``: the column; ``key``: of what
# is missing, the code, or the unread document; empty for many of them.
CAUSE: dict[str, pl.DataType] = {
    "source": pl.String(),
    "rule": pl.String(),
    "entity": pl.String(),
    "field": pl.String(),
    "key": pl.String(),
}
# ``id`` of ``REFUSED``, the cause, and ``keys``: how many things the cause stands for.
TRACED: dict[str, pl.DataType] = {"id": pl.Int64(), **CAUSE, "keys": pl.Int64()}


def trace(refused: pl.DataFrame) -> pl.DataFrame:
    """The causes of each of ``refused`` (``REFUSED``, one school): ``TRACED``, one row per refusal
    and cause."""
    step = refused.select("id", at="id").join(_content(refused), on="at")
    done = []
    # Records refer only to entities before their own, so no chain is longer.
    for _ in ENTITIES:
        ends, further = _followed(step, refused)
        done.append(ends)
        step = further
        if step.is_empty():
            break
    causes = pl.concat(done).with_columns(_named_cause()).select("id", *CAUSE).unique()
    return _collapsed(causes).sort("id", *CAUSE)


def _content(refused: pl.DataFrame) -> pl.DataFrame:
    return refused.rename({"id": "at"}).drop("record")


def _followed(step: pl.DataFrame, refused: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of the refusals ``step`` has come to: those at which a trace ends, and, for the others,
    the refusals of what they refer to."""
    dangling = step.filter(pl.col("rule") == DANGLING)
    there = _content(refused.filter(pl.col("record_key") != "")).with_columns(
        missing_of=pl.col("entity"), missing_as=pl.col("record_key")
    )
    pairs = dangling.select("id", missing_of="missing_entity", missing_as="missing_key")
    further = pairs.join(there, on=["missing_of", "missing_as"]).select(step.columns)
    known = there.select(missing_entity="missing_of", missing_key="missing_as")
    lost = dangling.join(known, on=["missing_entity", "missing_key"], how="anti")
    ends = pl.concat([step.filter(pl.col("rule") != DANGLING), lost])
    return ends, further.unique(["id", "at"])


def _named_cause() -> list[pl.Expr]:
    """``CAUSE`` of the refusal at which a trace ends."""
    # What a mapping looked up in another table of the source has no entity of ours: the column that
    # found nothing is the cause.
    dangling = (pl.col("rule") == DANGLING) & (pl.col("missing_entity") != "")
    unread = dangling & (pl.col("missing_in") != "")
    own = ~dangling
    return [
        pl.when(unread).then(pl.lit(UNREAD)).otherwise("rule").alias("rule"),
        pl.when(unread)
        .then(pl.lit(""))
        .when(own)
        .then("entity")
        .otherwise("missing_entity")
        .alias("entity"),
        pl.when(own).then("source_column").otherwise(pl.lit("")).alias("field"),
        pl.when(unread).then("missing_in").otherwise("missing_key").alias("key"),
    ]


def _collapsed(causes: pl.DataFrame) -> pl.DataFrame:
    """``causes`` with more than ``FEW`` of a kind made one; documents stay apart."""
    kind = ["source", "rule", "entity", "field"]
    keys = pl.col("key").n_unique().over(kind).cast(pl.Int64)
    many = (keys > FEW) & (pl.col("rule") != UNREAD)
    return causes.with_columns(
        pl.when(many).then(pl.lit("")).otherwise("key").alias("key"),
        pl.when(many).then(keys).otherwise(1).alias("keys"),
    ).unique()
