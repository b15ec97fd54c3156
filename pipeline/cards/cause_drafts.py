"""Drafts of cards of what refusals, findings and verdicts come down to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from pipeline.cards.drafts import DUE, FIXED, LINES, Draft, card_lines, no_lines
from pipeline.cards.found_causes import Failure
from pipeline.cards.refused_causes import OF_CAUSE
from quality.causes import CAUSE, FEW, UNREAD
from quality.kinds import DAY, PLACE
from schemas.rulebook import is_unread

Cause = tuple[str, ...]  # the values of ``causes.CAUSE``


def of_refusals(held: pl.DataFrame, lines: pl.DataFrame) -> dict[Cause, Draft]:
    """A draft for each cause of ``refused_causes.HELD``, with its ``refused_causes`` lines."""
    drafts: dict[Cause, Draft] = {}
    of_cause = lines.partition_by(OF_CAUSE, as_dict=True, include_key=False)
    for row in held.sort(*CAUSE, "kind").iter_rows(named=True):
        cause = tuple(row[name] for name in CAUSE)
        if cause not in drafts:
            kept = ("source", "rule", "entity", "key", "keys", "first", "fresh", "gone")
            said = {name: row[name] for name in (*kept, "documents", "line")}
            state = pl.lit(FIXED if row["gone"] else DUE)
            own = of_cause[cause].with_columns(state=state)
            drafts[cause] = Draft(**said, column=row["field"], lines=own)
        drafts[cause].held[row["kind"]] = row["count"]
    return drafts


def of_findings(found: pl.DataFrame) -> list[Draft]:
    """Drafts of ``found_causes.FOUND``: one for an unread document, or, where more than ``FEW`` of
    a source break one rule, for them all; for the rest one for each rule, entity and column."""
    unread = pl.col("rule").is_in([name for name in found["rule"].unique() if is_unread(name)])
    parted = found.sort("source", "rule", "field", "document", "line").with_columns(unread=unread)
    many = pl.col("document").n_unique().over("source", "rule") > FEW
    documents = parted.filter("unread").with_columns(many=many)
    parts = [
        *_parts(documents.filter(~pl.col("many")), "source", "document"),
        *_parts(documents.filter("many"), "source", "rule"),
        *_parts(parted.filter(~pl.col("unread")), "source", "rule", "entity", "field"),
    ]
    return [_of_findings(part) for part in parts]


def move_unread(by_cause: dict[Cause, Draft], found: Sequence[Draft]) -> None:
    """What waits for an unread document waits on the draft of that document's finding."""
    for cause in [one for one in by_cause if one[1] == UNREAD]:
        waiting, document = by_cause[cause], cause[-1]
        holders = (
            one
            for one in found
            if one.source == waiting.source
            and is_unread(one.rule)
            and one.gone == waiting.gone
            and document in one.documents
        )
        holder = next(holders, None)
        if holder is None:  # looked at a past day: the finding was another one then
            waiting.rule, waiting.documents, waiting.key = "missing_document", [document], ""
        else:
            holder.add(waiting.held, waiting.lines)
            by_cause[cause] = holder


def of_failures(failures: Sequence[Failure]) -> list[Draft]:
    """A draft for each source or portal that failed, or has just stopped to."""
    return [
        Draft(
            source=one.line.source,
            rule=one.check.rule,
            first=one.first,
            fresh=one.fresh,
            gone=one.gone,
            detail=one.check.detail,
            held=Counter({DAY: len(one.days)}),
            first_day=one.first,
            last_day=one.check.day,
            lines=_days_of(one),
        )
        for one in failures
    ]


def _days_of(failure: Failure) -> pl.DataFrame:
    told = [(check.day, check.rule, check.detail) for check in failure.days]
    schema = {name: LINES[name] for name in ("day", "rule", "detail")}
    days = pl.DataFrame(told, schema, orient="row")
    state = pl.lit(FIXED if failure.gone else DUE)
    return card_lines(
        days.with_columns(
            source=pl.lit(failure.line.source),
            kind=pl.lit(DAY),
            thing=pl.format("{}|{}", pl.lit(failure.line.source), "day"),
            state=state,
        )
    )


def _parts(rows: pl.DataFrame, *by: str) -> list[pl.DataFrame]:
    return [part for _, part in rows.group_by(*by, maintain_order=True)]


def _of_findings(part: pl.DataFrame) -> Draft:
    standing = part.filter(~pl.col("gone"))
    rows = part if standing.is_empty() else standing
    first = rows.row(0, named=True)
    records = rows["line"].is_not_null().all() and first["entity"]
    kind = first["entity"] if records else PLACE
    unread = is_unread(first["rule"])
    return Draft(
        source=first["source"],
        rule=first["rule"],
        first=min(rows["first"]),
        fresh=bool(rows["fresh"].all()),
        gone=standing.is_empty(),
        entity=first["entity"],
        column=", ".join(filter(None, rows["field"].unique(maintain_order=True))),
        documents=rows["document"].unique(maintain_order=True).to_list(),
        line=first["line"],
        detail=first["detail"] if rows.height == 1 else "",
        held=Counter() if unread else Counter({kind: int(rows["places"].sum())}),
        lines=no_lines() if unread else _places(rows, kind, gone=standing.is_empty()),
    )


def _places(rows: pl.DataFrame, kind: str, *, gone: bool) -> pl.DataFrame:
    """Each finding is a thing of its own."""
    every = rows.explode("lines").with_row_index("number")
    place = ("source", "rule", "entity", "field", "document", "number")
    return card_lines(
        every.with_columns(
            kind=pl.lit(kind),
            thing=pl.concat_str(*place, separator="|"),
            line="lines",
            state=pl.lit(FIXED if gone else DUE),
        )
    )
