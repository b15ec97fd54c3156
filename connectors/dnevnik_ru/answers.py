"""An answer as a frame of text: nested objects become dotted columns, ids come from their twins.

Ids are 64-bit; the numeric field loses digits in many clients, so where ``x_str`` (or ``xStr``:
the service has both spellings) stands beside ``x``, only the former is kept, as ``x_str``. An
``id`` without a twin is called ``id_str`` too. Numbers are kept as they were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.dnevnik_ru.plan import Ask, Row
from connectors.formats.reading import ORIGIN, Reading, bad_header, make_frame, unread

TWIN, OTHER_TWIN = "_str", "Str"
IDS = frozenset({"id", "Id"})
# Lists of fixed meaning by place; any other list of values is joined by commas.
NUMBERED = {"teachers_str": 2}


@dataclass(frozen=True)
class Inner:
    """A list that holds the rows one level deeper; ``prefix`` keeps names apart."""

    name: str
    prefix: str = ""


INNER_LIST = {
    "students": Inner("students"),
    "final_marks": Inner("per-subject-final-marks"),
    "timetables": Inner("Items", prefix="Items."),
}

Flat = dict[str, str | None]


def rows_of(content: bytes) -> list[Any]:
    """The elements of an answer, numbers as text. Raises ``ValueError`` for anything but a list."""
    try:
        value = json.loads(content, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, list):
        raise ValueError("not a list")  # noqa: TRY004  # one kind of error for a bad answer
    return value


def read_answer(document: RawDocument, ask: Ask, rows: Sequence[Any]) -> Reading:
    """The frame of an answer; ``_line`` is the 1-based place in it. An element that is not an
    object of the expected shape is left out and told."""
    flat: list[Flat] = []
    lines: list[int] = []
    problems: list[DocumentProblem] = []
    for place, row in enumerate(rows, 1):
        try:
            inner = list(_inner(row, INNER_LIST.get(ask.table)))
        except (TypeError, RecursionError):
            problems.append(DocumentProblem(document.name, "broken_document", place))
            continue
        flat += inner
        lines += [place] * len(inner)
    columns = list(dict.fromkeys(name for row in flat for name in row))
    if bad_header(columns):
        return unread(document, "broken_document")
    values = [[row.get(name) for name in columns] for row in flat]
    try:
        frame = make_frame(document.name, columns, values, lines)
    except UnicodeEncodeError:  # half of a surrogate pair, which no text may hold
        return unread(document, "broken_document")
    return Reading(_with_asked(_without_null_objects(frame), ask), problems)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _inner(row: Any, inner: Inner | None) -> Iterable[Flat]:
    """The flat rows of one element. Raises ``TypeError`` when it is not the expected shape."""
    if not isinstance(row, dict):
        raise TypeError("not an object")
    if inner is None:
        yield _flat(row)
        return
    outer = {name: value for name, value in row.items() if name != inner.name}
    for entry in row.get(inner.name) or []:
        if not isinstance(entry, dict):
            raise TypeError("not an object")
        yield _flat(outer) | _flat(entry, inner.prefix)


def _flat(row: Row, prefix: str = "") -> Flat:
    flat: Flat = {}
    _flatten(flat, prefix, row)
    return flat


def _flatten(flat: Flat, prefix: str, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if name + TWIN in row or name + OTHER_TWIN in row:
            continue
        column = prefix + _spelled(name, row)
        if value is None or isinstance(value, str):
            flat[column] = value
        elif isinstance(value, bool):
            flat[column] = "true" if value else "false"
        elif isinstance(value, dict):
            _flatten(flat, column + ".", value)
        elif column in NUMBERED:
            _number(flat, column, value)
        else:
            flat[column] = _joined(value)


def _spelled(name: str, row: Mapping[str, Any]) -> str:
    """The column of ``name``: ids as ``x_str``, however the service spells them."""
    base = name.removesuffix(OTHER_TWIN)
    return f"{base}{TWIN}" if name in IDS or (base != name and base in row) else name


def _number(flat: Flat, column: str, values: list[Any]) -> None:
    for place in range(max(len(values), NUMBERED[column])):
        flat[f"{column}.{place}"] = _joined(values[place : place + 1])


def _joined(values: list[Any]) -> str | None:
    """Values by comma; a list of objects, which no table needs, as the JSON it came as."""
    if all(isinstance(value, str) for value in values):
        return ",".join(values) or None
    return json.dumps(values, ensure_ascii=False)


def _without_null_objects(frame: pl.DataFrame) -> pl.DataFrame:
    """Without ``x`` where it is null in every row and ``x.y`` exists: an object nobody filled."""
    dotted = {name.rpartition(".")[0] for name in frame.columns}
    return frame.drop(
        n for n in dotted & set(frame.columns) if frame[n].null_count() == frame.height
    )


def _with_asked(frame: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    asked = {"_group": ask.group, "_subject": ask.subject}
    extra = [pl.lit(value).alias(name) for name, value in asked.items() if value is not None]
    return frame.with_columns(extra).select(pl.exclude(ORIGIN), *ORIGIN)
