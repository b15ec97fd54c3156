"""Counts of the paper journal: kept as they were typed, the newest count of a sheet stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from quality.paper import SHEET
from schemas.tables import paper_counts


@dataclass(frozen=True)
class Sheet:
    """A sheet of the paper journal: class and subject by their keys in the journal ``source``."""

    class_key: str
    subject_key: str
    month: date
    lessons: int
    marks: int


def keep_sheets(
    connection: Connection,
    place: tuple[str, str],
    sheets: Sequence[Sheet],
    *,
    counted_on: date,
    by: str,
) -> None:
    """Keep ``sheets`` of ``place`` (school and source), instead of counts of the same day."""
    common = {"school": place[0], "source": place[1], "counted_on": counted_on, "entered_by": by}
    statement = insert(paper_counts)
    said = {n: statement.excluded[n] for n in ("lessons", "marks", "entered_by")}
    if sheets:
        connection.execute(
            statement.on_conflict_do_update(constraint=paper_counts.primary_key, set_=said),
            [common | asdict(sheet) for sheet in sheets],
        )


def known_sheets(connection: Connection, school: str, source: str, on: date) -> pl.DataFrame:
    """The newest count of each sheet that had been counted on ``on``: ``paper.SHEET``."""
    query = (
        "SELECT DISTINCT ON (month, class_key, subject_key)"
        " class_key, subject_key, month, counted_on, lessons, marks"
        " FROM quality.paper_counts WHERE school = :school AND source = :source"
        " AND counted_on <= :on ORDER BY month, class_key, subject_key, counted_on DESC"
    )
    values = {"school": school, "source": source, "on": on}
    rows = [tuple(row) for row in connection.execute(text(query), values)]
    return pl.DataFrame(rows, SHEET, orient="row")
