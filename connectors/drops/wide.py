"""A sheet with a column per lesson, made long: a row per filled cell.

What the tokens of a cell mean is the mapping's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from connectors.base import DocumentProblem
from connectors.drops.opening import Opened
from connectors.formats.grid import body_of, header_of
from connectors.formats.reading import LINE, ORIGIN, Reading, empty_frame, make_frame
from schemas.layout import Wide


def read_wide(name: str, opened: Opened, wide: Wide) -> Reading:
    """The cells of ``opened`` with the columns ``keep``, the groups of ``header``, ``cell`` and
    ``named``; by sheet row and then by column."""
    header = header_of(opened.grid, opened.header_row, opened.header_rows)
    for kept in wide.keep:
        if header.count(kept) != 1:
            detail = "такой колонки нет" if kept not in header else "название колонки повторяется"
            problem = DocumentProblem(name, "broken_document", None, kept, detail)
            return Reading(empty_frame(wide.columns()), [problem])
    body = body_of(name, opened.grid, header, opened.header_row + opened.header_rows - 1)
    places = [str(place) for place in range(len(header))]
    sheet = make_frame(name, places, body.rows, body.lines)
    lessons = _lessons(header, wide)
    problems = [*body.problems, *_column_problems(name, header, wide)]
    if lessons.is_empty():  # a subject whose lessons have not begun
        return Reading(empty_frame(wide.columns()), problems)
    kept_places = {str(header.index(kept)): kept for kept in wide.keep}
    long = (
        sheet.unpivot(
            lessons["place"].to_list(),
            index=[*kept_places, *ORIGIN],
            variable_name="place",
            value_name=wide.cell,
        )
        .drop_nulls(wide.cell)
        .rename(kept_places)
        .join(lessons, on="place", how="left")
        .sort(LINE, pl.col("place").cast(pl.Int64))
    )
    return Reading(long.select(*wide.columns(), *ORIGIN), problems)


def _lessons(header: Sequence[str], wide: Wide) -> pl.DataFrame:
    """The columns of lessons: their place, the groups of their header, the header itself."""
    pattern = re.compile(wide.header)
    found = [(place, text, pattern.fullmatch(text)) for place, text in enumerate(header)]
    rows = [
        (str(place), *match.groupdict().values(), text) for place, text, match in found if match
    ]
    names = ("place", *pattern.groupindex, wide.named)
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _column_problems(name: str, header: Sequence[str], wide: Wide) -> list[DocumentProblem]:
    """A column that is no lesson's is only told; one that looks like a lesson's is a lesson we
    cannot place, so the sheet is not whole."""
    lesson = re.compile(wide.header)
    known = {*wide.keep, *wide.leave}
    strangers = [text for text in header if text not in known and not lesson.fullmatch(text)]
    return [
        DocumentProblem(
            name,
            "broken_document" if _suspect(text, wide) else "unknown_column",
            None,
            text or None,
            "колонка журнала",
        )
        for text in strangers
    ]


def _suspect(text: str, wide: Wide) -> bool:
    return wide.suspect is not None and re.match(wide.suspect, text) is not None
