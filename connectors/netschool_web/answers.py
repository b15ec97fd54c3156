"""Answers in JSON as frames of text: dotted columns for nested objects, numbers as written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import DOCUMENT, ORIGIN, Reading, bad_header, make_frame, unread
from connectors.netschool_web.plan import Ask

Flat = dict[str, str | None]


def value_of(content: bytes) -> Any:
    """The JSON of an answer, numbers as text. Raises ``ValueError``, also for text that holds
    half of a letter, which no text may hold."""
    try:
        value = json.loads(content, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if b"\\ud" in content or b"\\uD" in content:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def rows_of(content: bytes, ask: Ask) -> list[Any]:
    """The elements of the answer to ``ask``; an object is one. Raises ``ValueError`` when the
    answer is of another shape than was asked for."""
    value = value_of(content)
    if not isinstance(value, ask.call.shape):
        raise ValueError("another shape")  # noqa: TRY004  # one kind of error for a bad answer
    return value if isinstance(value, list) else [value]


def read_list(document: RawDocument, ask: Ask, rows: Sequence[Any]) -> Reading:
    """The frame of a list; ``_line`` is the 1-based place in it, ``_class`` the class asked about.
    An element that is no object is left out and told."""
    found: list[Flat] = []
    lines: list[int] = []
    problems: list[DocumentProblem] = []
    for place, row in enumerate(rows, 1):
        try:
            found.append(flat(row))
            lines.append(place)
        except (TypeError, RecursionError):
            problems.append(DocumentProblem(document.name, "broken_document", place))
    frame = frame_of(found, [document.name] * len(found), lines)
    if frame is None:
        return unread(document, "broken_document")
    if ask.class_:
        frame = frame.with_columns(_class=pl.lit(ask.class_)).select(pl.exclude(ORIGIN), *ORIGIN)
    return Reading(frame, problems)


def frame_of(
    rows: Sequence[Flat], documents: Sequence[str], lines: Sequence[int]
) -> pl.DataFrame | None:
    """One row each, with its document and line; None where a column cannot be named so."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if bad_header(columns):
        return None
    frame = make_frame("", columns, [[row.get(name) for name in columns] for row in rows], lines)
    frame = frame.with_columns(pl.Series(DOCUMENT, documents, pl.String))
    return _without_null_objects(frame)


def flat(row: Any) -> Flat:
    """``row`` with dotted names for what is nested. Raises ``TypeError`` when it is no object."""
    if not isinstance(row, dict):
        raise TypeError("not an object")
    found: Flat = {}
    _flatten(found, "", row)
    return found


def text_of(value: Any) -> str | None:
    """A value as text: yes and no in words, lists of values by comma, others as the JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value) or None
    return json.dumps(value, ensure_ascii=False)


def _flatten(found: Flat, prefix: str, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, dict):
            _flatten(found, f"{prefix}{name}.", value)
        else:
            found[prefix + name] = text_of(value)


def _without_null_objects(frame: pl.DataFrame) -> pl.DataFrame:
    """Without ``x`` where it is null in every row and ``x.y`` exists: an object nobody filled."""
    dotted = {name.rpartition(".")[0] for name in frame.columns}
    empty = [n for n in dotted & set(frame.columns) if frame[n].null_count() == frame.height]
    return frame.drop(empty)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def objects(value: Any) -> Iterable[Mapping[str, Any]]:
    """The objects of a list that may be absent. Raises ``TypeError`` for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("not a list of objects")
    return value
