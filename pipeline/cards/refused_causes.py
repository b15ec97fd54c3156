"""The causes behind the refused records of a school, as they stood at its last check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, or_

from pipeline.cards.checks import Check, Line
from pipeline.cards.drafts import LINES, card_lines
from pipeline.runs import SchoolState
from quality.causes import CAUSE, DANGLING, REFUSED, trace
from quality.journal_frames import read_frame
from schemas.tables import quarantine

# What a cause holds up and since when, beside ``causes.CAUSE``: one row per cause and kind of
# record. ``first``, ``fresh``: of the cause; ``documents``: those of its own records, in order.
HELD: dict[str, pl.DataType] = {
    **CAUSE,
    "keys": pl.Int64(),
    "kind": pl.String(),
    "count": pl.Int64(),
    "first": pl.Date(),
    "fresh": pl.Boolean(),
    "gone": pl.Boolean(),
    "documents": pl.List(pl.String()),
    "line": pl.Int64(),
}
# Lines of what the causes hold up (``drafts.LINES``), with the cause of each.
OF_CAUSE = tuple(f"cause_{name}" for name in CAUSE)
# What is lost, missing or refused, by entity and key, and the cause it waits for since ``first``.
LOST: dict[str, pl.DataType] = {
    "lost_entity": pl.String(),
    "lost_key": pl.String(),
    **CAUSE,
    "first": pl.Date(),
}

# A check that read something: see ``_spans``.
_SPAN: dict[str, pl.DataType] = {
    "source": pl.String(), "run_id": pl.String(), "at": pl.Int64(), "day": pl.Date(),
    "now": pl.Int64(), "gone_at": pl.Int64(),
}  # fmt: skip


@dataclass(frozen=True)
class Refusals:
    """``held``: ``HELD``, of causes that stand and of those the last check found gone; ``lines``:
    ``LINES`` and ``OF_CAUSE`` of both; ``lost``: ``LOST``, of those that stand."""

    held: pl.DataFrame
    lines: pl.DataFrame
    lost: pl.DataFrame


def refusals(connection: Connection, school: str, checks: Sequence[Line]) -> Refusals:
    """What the quarantine of ``school`` comes down to."""
    collected = [_spans(line) for line in checks if line.collects]
    spans = pl.concat([pl.DataFrame(schema=_SPAN), *collected])
    rows = _rows(connection, school, spans)
    standing = rows.filter(~pl.col("gone"))
    traced = trace(standing.select(*REFUSED))
    held, lines = _held(standing, traced), _lines(standing, traced)
    if rows["gone"].any():
        before = rows.filter(~pl.col("fresh"))
        past = trace(before.select(*REFUSED))
        held = _with_past(held, _held(before, past))
        gone = held.filter("gone").select(pl.col(list(CAUSE)).name.prefix("cause_")).unique()
        mended = _lines(before, past).join(gone, on=OF_CAUSE, how="semi")
        lines = pl.concat([lines, mended])
    return Refusals(held, lines, _lost(standing, traced))


def _with_past(held: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """``held`` with the causes of the check before that stand no more; one that stands began then,
    though its records say something else now."""
    begun = past.group_by(*CAUSE).agg(begun=pl.col("first").min())
    standing = held.join(begun, on=list(CAUSE), how="left").with_columns(
        first=pl.min_horizontal("first", "begun"), fresh=pl.col("fresh") & pl.col("begun").is_null()
    )
    gone = past.join(held, on=list(CAUSE), how="anti").with_columns(gone=pl.lit(value=True))
    return pl.concat([standing.select(*HELD), gone])


def _spans(line: Line) -> pl.DataFrame:
    """The line's checks that read something: which (``at``) and when, which of them was the last
    by the day (``now``), and at which one a record last refused by it is gone: the next that read
    everything."""
    checks = [check for check in line.every if check.read]
    now = sum(check.read for check in line.known) - 1
    rows = [
        (line.source, check.run_id, at, check.day, now, _next_whole(checks, at))
        for at, check in enumerate(checks)
    ]
    return pl.DataFrame(rows, schema=_SPAN, orient="row")


def _next_whole(checks: Sequence[Check], after: int) -> int | None:
    whole = (at for at in range(after + 1, len(checks)) if checks[at].state is SchoolState.DONE)
    return next(whole, None)


def _rows(connection: Connection, school: str, spans: pl.DataFrame) -> pl.DataFrame:
    """Refusals that stood at the last check, or were ``gone`` since the one before it; ``fresh``:
    refused there for the first time."""
    late = spans.filter(pl.col("gone_at").fill_null(pl.col("now")) >= pl.col("now"))
    c = quarantine.c
    there = or_(c.state == "open", c.last_run.in_(late["run_id"].to_list()))
    names = [
        *("id", "source", "entity", "rule", "record_lookup", "source_column", "record_key"),
        *("missing_entity", "missing_key", "missing_in", "document", "line", "upload_ref"),
        *("first_run", "last_run", "state"),
    ]
    rows = read_frame(connection, quarantine, names, (c.school == school) & there)
    first = spans.select("source", "now", first_run="run_id", first_at="at", first="day")
    last = spans.select("source", "gone_at", last_run="run_id")
    dated = rows.rename({"record_lookup": "record"}).join(first, on=["source", "first_run"])
    dated = dated.join(last, on=["source", "last_run"], how="left").with_columns(
        gone_at=pl.when(pl.col("state") == "gone").then("gone_at")
    )
    return dated.with_columns(
        fresh=pl.col("first_at") == pl.col("now"),
        gone=(pl.col("gone_at") == pl.col("now")).fill_null(value=False),
    ).filter(
        pl.col("first_at") <= pl.col("now"),
        (pl.col("gone_at") >= pl.col("now")) | pl.col("gone_at").is_null(),
    )


def _held(rows: pl.DataFrame, traced: pl.DataFrame) -> pl.DataFrame:
    told = traced.join(
        rows.select("id", "record", "document", "line", "first", "fresh",
                    kind="entity", said="rule"),
        on="id",
    )  # fmt: skip
    own = pl.col("said") == pl.col("rule")
    causes = (
        told.with_columns(own=own)
        .sort(pl.col("own").not_(), "document", "line")
        .group_by(*CAUSE, maintain_order=True)
        .agg(
            pl.col("keys").max(),
            pl.col("first").min(),
            pl.col("fresh").all(),
            documents=pl.col("document")
            .filter((pl.col("rule") == DANGLING) | pl.col("own"))
            .unique(maintain_order=True),
            line=pl.col("line").first(),
        )
    )
    counts = told.group_by(*CAUSE, "kind").agg(count=pl.col("record").n_unique().cast(pl.Int64))
    return counts.join(causes, on=list(CAUSE)).select(
        *(pl.lit(value=False).alias(n) if n == "gone" else pl.col(n) for n in HELD)
    )


def _lines(rows: pl.DataFrame, traced: pl.DataFrame) -> pl.DataFrame:
    """A line for each refusal and cause. A record is a thing of its own in each cause."""
    refused = rows.select(
        "id", "record", "document", "line", "source_column", kind="entity", said="rule",
        upload="upload_ref",
    )  # fmt: skip
    told = traced.rename({name: f"cause_{name}" for name in CAUSE}).join(refused, on="id")
    lines = told.with_columns(
        thing=pl.concat_str("record", *OF_CAUSE, separator="|"),
        source="cause_source",
        rule="said",
        field="source_column",
    )
    return pl.concat([card_lines(lines), lines.select(*OF_CAUSE)], how="horizontal").select(
        *OF_CAUSE, *LINES
    )


def _lost(rows: pl.DataFrame, traced: pl.DataFrame) -> pl.DataFrame:
    told = traced.join(
        rows.select("id", "record_key", "missing_key", "first", kind="entity", said="rule",
                    missing="missing_entity"),
        on="id",
    )  # fmt: skip
    refused = told.filter(pl.col("record_key") != "").select(
        *CAUSE, "first", lost_entity="kind", lost_key="record_key"
    )
    missing = told.filter(pl.col("said") == DANGLING).select(
        *CAUSE, "first", lost_entity="missing", lost_key="missing_key"
    )
    both = pl.concat([refused, missing])
    return both.group_by("lost_entity", "lost_key", *CAUSE).agg(pl.col("first").min())
