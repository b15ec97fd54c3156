"""The days that an upload figure counts: the cause of each, and the run or upload that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.delivery.destinations import DIARY
from pipeline.explain.addresses import Figure, Kind
from pipeline.explain.counted import Counted, shaped
from pipeline.explain.origins import ORIGINS, WANTED
from pipeline.measuring.school_calendar import COLLECT, blamed
from pipeline.measuring.school_facts import JournalFacts
from quality.journal_frames import read_frame
from quality.uploads import ATTEMPTS, Attempt, Cause, known_attempts, merge_calendars, rhythm
from schemas.tables import school_runs

_UPLOAD = "upload"  # what an origin of a day is called: no record of the journal
DELIVERED = (DIARY.verb, DIARY.name)

_UPLOADS = """
SELECT source, upload_date, ref, taken_at FROM ops.uploads
WHERE school = :school AND upload_date <= :as_of ORDER BY upload_date, taken_at"""


@dataclass(frozen=True)
class Days:
    """``counted``, and ``origins`` (``ORIGINS``): whole uploads, without a line."""

    counted: Counted
    origins: pl.DataFrame


def count_days(
    connection: Connection,
    school: str,
    journals: Sequence[JournalFacts],
    figure: Figure,
    as_of: datetime,
) -> Days:
    """The days of ``figure``, ``upload_frequency`` or one of ``Cause``, of all journals together.

    ``journals``: their causes until ``figure.as_of``, since later readings settle earlier days.
    """
    reached = merge_calendars([facts.causes for facts in journals])
    by_cause = figure.kind is Kind.CAUSE
    told = blamed(connection, school, reached, as_of) if by_cause else reached
    causes = {day: cause for day, cause in told.items() if figure.first <= day <= figure.last}
    if by_cause:
        counts = {day: cause.value == figure.code for day, cause in causes.items()}
        added_up = (list(causes.values()).count(Cause(figure.code)), len(causes))
    else:
        due = {day: cause for day, cause in causes.items() if cause is not Cause.NOT_A_SCHOOL_DAY}
        counts = {day: cause is Cause.UPLOADED for day, cause in due.items()}
        said = rhythm(causes)
        added_up = (said.uploaded, said.due)
    values = {"school": school, "as_of": figure.as_of}
    attempts = _attempts(connection, school, as_of)
    uploads = [dict(r) for r in connection.execute(text(_UPLOADS), values).mappings()]
    rows, shown = [], []
    for number, (day, counted) in enumerate(counts.items()):
        kind = _journal_of(day, reached[day], journals)
        delivered = reached[day] is Cause.UPLOADED and causes[day] is not Cause.UPLOADED
        ours = attempts.get(DELIVERED if delivered else (COLLECT, kind or ""), [])
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
            | _run(day, causes[day], ours)
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


def _attempts(
    connection: Connection, school: str, as_of: datetime
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The last attempt of each day that was known, by verb and source; days in order."""
    columns = ["verb", "source", "run_id", *ATTEMPTS]
    kept = read_frame(connection, school_runs, columns, school_runs.c.school == school)
    return {
        (str(verb), str(source)): known_attempts(part, as_of)
        .sort("business_date", "finished_at")
        .unique("business_date", keep="last", maintain_order=True)
        .to_dicts()
        for (verb, source), part in kept.group_by("verb", "source")
    }


def _journal_of(day: date, cause: Cause, journals: Sequence[JournalFacts]) -> str | None:
    """The journal that gave the day its cause."""
    return next((facts.source for facts in journals if facts.causes.get(day) is cause), None)


def _run(day: date, cause: Cause, attempts: list[dict[str, Any]]) -> dict[str, str | None]:
    """The run that settled the day, of ``attempts`` by day; no run at all is itself an answer.

    That the school left nothing is said by the first reading of that day or later that went
    through.
    """
    nothing: dict[str, str | None] = {"run_id": None, "run_state": None, "rule": None}
    if cause is Cause.NOT_A_SCHOOL_DAY:
        return nothing
    if cause is Cause.SCHOOL_DID_NOT_FILL:
        settled = (
            one
            for one in attempts
            if one["business_date"] >= day and Attempt(one["state"], one["rule"]).went_through
        )
    else:
        settled = (one for one in attempts if one["business_date"] == day)
    run = next(settled, None)
    if run is None:
        return nothing
    return {"run_id": run["run_id"], "run_state": run["state"], "rule": run["rule"]}


def _shown(row: int, upload: Mapping[str, Any]) -> tuple[Any, ...]:
    """A whole upload as an origin: ``ORIGINS``."""
    return (row, _UPLOAD, upload["ref"], None, None, None, upload["ref"], upload["taken_at"])
