"""The causes that runs have found: unread documents, findings, sources and portals that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

import polars as pl
from sqlalchemy import Connection, func, select

from pipeline.cards.checks import Check, Line
from pipeline.intake.examine import SOURCE as HUB
from pipeline.runs import SchoolState
from schemas.rulebook import is_unread
from schemas.tables import findings, quarantine, uploads

# Findings of one cause; ``document`` and ``detail`` of the first of them; ``places``: how many;
# ``lines``: of each, null where it has none; ``upload``: the last that holds them.
FOUND: dict[str, pl.DataType] = {
    "source": pl.String(),
    "rule": pl.String(),
    "entity": pl.String(),
    "field": pl.String(),
    "document": pl.String(),
    "line": pl.Int64(),
    "detail": pl.String(),
    "places": pl.Int64(),
    "lines": pl.List(pl.Int64()),
    "upload": pl.String(),
    "first": pl.Date(),
    "fresh": pl.Boolean(),
    "gone": pl.Boolean(),
}
_KEY = ("source", "rule", "entity", "field", "document")


@dataclass(frozen=True)
class Failure:
    """A source or portal that has not worked since ``first``; ``days``: the last check of each
    business date since, the latest first; ``gone`` if it does again, since the last run."""

    line: Line
    check: Check
    first: date
    days: Sequence[Check]
    fresh: bool
    gone: bool


def found(connection: Connection, school: str, lines: Sequence[Line]) -> pl.DataFrame:
    """``FOUND``: what the last check of each line found, and what only the one before it did."""
    if not lines:
        return pl.DataFrame(schema=FOUND)
    order = _order(lines)
    every = _findings(connection, school, [run for run, *_ in order.iter_rows()])
    dated = every.join(order, on=["run_id", "source"])
    newest = _newest_uploads(connection, school, max(line.known[-1].day for line in lines))
    told = dated.join(newest, on="source", how="left").filter(
        (pl.col("at") < pl.col("now"))
        | ~pl.col("collects")
        | (pl.col("upload_ref") == pl.col("newest"))
    )
    return _episodes(_by_readings(told))


def failures(lines: Sequence[Line]) -> list[Failure]:
    """Lines whose last run failed, or the one on the day before."""
    told = []
    for line in lines:
        last = line.known[-1]
        earlier = [check for check in line.known if check.day < last.day]
        failed = last.state is SchoolState.FAILED
        if not failed and not (earlier and earlier[-1].state is SchoolState.FAILED):
            continue
        row = list(takewhile(_failed, reversed(line.known if failed else earlier)))
        days = list({check.day: check for check in reversed(row)}.values())[::-1]
        told.append(
            Failure(line, row[0], days[-1].day, days, fresh=len(days) == 1, gone=not failed)
        )
    return told


def _failed(check: Check) -> bool:
    return check.state is SchoolState.FAILED


def _order(lines: Sequence[Line]) -> pl.DataFrame:
    """Which check of its line a run was (``at``), of ``now`` + 1. What is found in the stored batch
    is checked with the journal."""
    rows = []
    for line in lines:
        heard = line.heard()
        for at, check in enumerate(heard):
            row = (check.run_id, line.source, at, len(heard) - 1, check.day, line.collects)
            rows.append(row)
    schema = {
        "run_id": pl.String, "source": pl.String, "at": pl.Int64, "now": pl.Int64,
        "day": pl.Date, "collects": pl.Boolean,
    }  # fmt: skip
    order = pl.DataFrame(rows, schema=schema, orient="row")
    journal = order.filter("collects").unique("run_id").sort("day", "at")
    hub = journal.with_columns(
        at=pl.int_range(pl.len()), now=pl.len().cast(pl.Int64) - 1, source=pl.lit(HUB),
        collects=pl.lit(value=False),
    )  # fmt: skip
    return pl.concat([order, hub])


def _findings(connection: Connection, school: str, runs: Sequence[str]) -> pl.DataFrame:
    """Findings of ``runs`` by what is one cause; ``refused``: one of them stands in a record that
    waits in quarantine now."""
    c, q = findings.c, quarantine.c
    waiting = (
        select(q.source, q.document, q.line)
        .where(q.school == school, q.state == "open")
        .distinct()
        .subquery()
    )
    w = waiting.c
    same = (w.source == c.source) & (w.document == c.document) & (w.line == c.line)
    key = [c[name] for name in (*_KEY, "run_id", "upload_ref")]
    told = (
        func.min(c.line), func.min(c.detail), func.count(), func.array_agg(c.line),
        func.bool_or(w.line.is_not(None)),
    )  # fmt: skip
    rows = connection.execute(
        select(*key, *told)
        .select_from(findings.outerjoin(waiting, same))
        .where(c.run_id.in_(runs), c.school == school)
        .group_by(*key)
    ).all()
    schema = {
        **{name: FOUND[name] for name in _KEY}, "run_id": pl.String(), "upload_ref": pl.String(),
        "line": pl.Int64(), "detail": pl.String(), "places": pl.Int64(),
        "lines": pl.List(pl.Int64()), "refused": pl.Boolean(),
    }  # fmt: skip
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def _newest_uploads(connection: Connection, school: str, on: date) -> pl.DataFrame:
    """The last upload of each source: what an earlier one of the same run held is past."""
    c = uploads.c
    query = select(c.source, func.max(c.ref)).where(c.school == school, c.upload_date <= on)
    rows = [tuple(row) for row in connection.execute(query.group_by(c.source))]
    return pl.DataFrame(rows, schema={"source": pl.String, "newest": pl.String}, orient="row")


def _by_readings(told: pl.DataFrame) -> pl.DataFrame:
    """``told`` with ``turn`` and ``turns``, as ``at`` and ``now`` but counted in the checks that
    could find it: what was found in a document is not gone while the document is not read."""
    unread = pl.col("rule").is_in([name for name in told["rule"].unique() if is_unread(name)])
    blind = told.filter(unread).select("source", "document", blind="at").unique()
    found = told.filter(~unread)
    times = found.select(*_KEY, "at").unique()
    missed = (
        times.join(blind, on=["source", "document"])
        .join(times.rename({"at": "blind"}), on=[*_KEY, "blind"], how="anti")
        .group_by(*_KEY, "at")
        .agg(before=(pl.col("blind") < pl.col("at")).sum().cast(pl.Int64), ever=pl.len())
    )
    counted = found.join(missed, on=[*_KEY, "at"], how="left").with_columns(
        turn=pl.col("at") - pl.col("before").fill_null(0),
        turns=pl.col("now") - pl.col("ever").fill_null(0).cast(pl.Int64),
    )
    documents = told.filter(unread).with_columns(turn="at", turns="now")
    return pl.concat([documents, counted.select(documents.columns)])


def _episodes(told: pl.DataFrame) -> pl.DataFrame:
    """Findings that the last check or the one before it made, with the start of the row of checks
    that made them."""
    once = (
        told.group_by(*_KEY, "at")
        .agg(
            pl.col("now", "day", "turn", "turns").first(),
            pl.col("line", "detail").min(),
            pl.col("places").sum(),
            pl.col("lines").explode(),
            pl.col("refused").any(),
            upload=pl.col("upload_ref").max(),
        )
        .sort(*_KEY, "at")
    )
    rows = once.with_columns(row=pl.col("turn") - pl.int_range(pl.len()).over(_KEY))
    episodes = rows.group_by(*_KEY, "row", maintain_order=True).agg(
        pl.col("now", "turns").first(),
        pl.col("line", "detail", "places", "lines", "upload", "refused").last(),
        first=pl.col("day").first(),
        begun=pl.col("at").min(),
        last=pl.col("turn").max(),
    )
    gone = pl.col("last") < pl.col("turns")
    return (
        episodes.filter(pl.col("last") >= pl.col("turns") - 1)
        # What stands in a record that is refused by now was not looked at.
        .filter(~(gone & pl.col("refused")))
        .with_columns(fresh=pl.col("begun") == pl.col("now"), gone=gone)
        .select(*FOUND)
    )
