"""The days that an upload figure counts: the cause of each, and the run or upload that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.addresses import Figure, Kind
from pipeline.counted import Counted, shaped
from pipeline.origins import ORIGINS, WANTED
from pipeline.school_facts import JournalFacts
from quality.uploads import Cause, merge_calendars, rhythm

_UPLOAD = "upload"  # what an origin of a day is called: no record of the journal
_BY_PORTAL = frozenset({Cause.PORTAL_UNAVAILABLE, Cause.PORTAL_REJECTED})
_THROUGH = ("done", "nothing_new")  # a reading that found whatever there was

# The last attempt of each day, verb and journal, by day: that the school left nothing is said by
# the first reading of that day or later that went through.
_ATTEMPTS = """
SELECT DISTINCT ON (verb, source, business_date)
  verb, source, business_date, run_id, state, rule
FROM ops.school_runs
WHERE school = :school AND verb IN ('collect', 'deliver') AND business_date <= :as_of
ORDER BY verb, source, business_date, finished_at DESC"""

_UPLOADS = """
SELECT source, upload_date, ref, taken_at FROM ops.uploads
WHERE school = :school AND upload_date <= :as_of ORDER BY upload_date, taken_at"""


@dataclass(frozen=True)
class Days:
    """``counted``, and ``origins`` (``ORIGINS``): whole uploads, without a line."""

    counted: Counted
    origins: pl.DataFrame


def count_days(
    connection: Connection, school: str, journals: Sequence[JournalFacts], figure: Figure
) -> Days:
    """The days of ``figure``, ``upload_frequency`` or one of ``Cause``, of all journals together.

    ``journals``: their causes until ``figure.as_of``, since later readings settle earlier days.
    """
    merged = merge_calendars([facts.causes for facts in journals])
    causes = {day: cause for day, cause in merged.items() if figure.first <= day <= figure.last}
    if figure.kind is Kind.CAUSE:
        counts = {day: cause.value == figure.code for day, cause in causes.items()}
        added_up = (list(causes.values()).count(Cause(figure.code)), len(causes))
    else:
        due = {day: cause for day, cause in causes.items() if cause is not Cause.NOT_A_SCHOOL_DAY}
        counts = {day: cause is Cause.UPLOADED for day, cause in due.items()}
        said = rhythm(causes)
        added_up = (said.uploaded, said.due)
    values = {"school": school, "as_of": figure.as_of}
    attempts = [dict(r) for r in connection.execute(text(_ATTEMPTS), values).mappings()]
    uploads = [dict(r) for r in connection.execute(text(_UPLOADS), values).mappings()]
    rows, shown = [], []
    for number, (day, counted) in enumerate(counts.items()):
        kind = _journal_of(day, causes[day], journals)
        rows.append(
            {
                "row": number,
                "counted": counted,
                "thing": "day",
                "why": None if counted else causes[day].value,
                "date": day,
                "part": causes[day].value,
                "source": kind,
            }
            | _run(day, causes[day], kind, attempts)
        )
        shown += [
            _shown(number, one)
            for one in uploads
            if (one["source"], one["upload_date"]) == (kind, day)
        ]
    frame = pl.DataFrame(rows, _SCHEMA)
    counted_days = Counted(shaped(frame), pl.DataFrame(schema=WANTED), added_up)
    return Days(counted_days, pl.DataFrame(shown, ORIGINS, orient="row"))


_SCHEMA = {
    "row": pl.UInt32,
    "counted": pl.Boolean,
    "thing": pl.String,
    "why": pl.String,
    "date": pl.Date,
    "part": pl.String,
    "source": pl.String,
    "run_id": pl.String,
    "run_state": pl.String,
    "rule": pl.String,
}


def _journal_of(day: date, cause: Cause, journals: Sequence[JournalFacts]) -> str | None:
    """The journal that gave the day its cause."""
    return next((facts.source for facts in journals if facts.causes.get(day) is cause), None)


def _run(
    day: date, cause: Cause, kind: str | None, attempts: Sequence[Mapping[str, Any]]
) -> dict[str, str | None]:
    """The run that settled the day; no run at all is itself an answer."""
    nothing: dict[str, str | None] = {"run_id": None, "run_state": None, "rule": None}
    if cause is Cause.NOT_A_SCHOOL_DAY:
        return nothing
    if cause in _BY_PORTAL:
        mine = [one for one in attempts if one["verb"] == "deliver"]
    else:
        mine = [one for one in attempts if (one["verb"], one["source"]) == ("collect", kind)]
    if cause is Cause.SCHOOL_DID_NOT_FILL:
        settled = (one for one in mine if one["business_date"] >= day and one["state"] in _THROUGH)
    else:
        settled = (one for one in mine if one["business_date"] == day)
    run = next(settled, None)
    if run is None:
        return nothing
    return {"run_id": run["run_id"], "run_state": run["state"], "rule": run["rule"]}


def _shown(row: int, upload: Mapping[str, Any]) -> tuple[Any, ...]:
    """A whole upload as an origin: ``ORIGINS``."""
    return (row, _UPLOAD, upload["ref"], None, None, None, upload["ref"], upload["taken_at"])
