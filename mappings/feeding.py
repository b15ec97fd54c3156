"""One feed at work: rows of a table become records of an entity, or refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mappings.columns import read_by_value
from mappings.language import Feed, Split
from mappings.values import Fault, Reading, ValueReader
from schemas.catalogue import field_names
from schemas.frames import ORIGIN, REFUSAL_SCHEMA, no_refusals

_AT = "_at"  # place of a record's row among the rows of the feed


@dataclass(frozen=True)
class Portion:
    """What one feed of one table gave.

    ``frame``: canonical frame of the translated records; ``refusals``: of the others; ``refused``:
    what is known of those, ``_row`` and each field that could itself be read, else null;
    ``read``: how many records the rows spoke of; ``columns``: the source's column behind each
    canonical field; ``cells``, for tables that split their cells: ``_row``, the ``column``
    that was split, and ``name``, what a person calls the cell.
    """

    entity: str
    frame: pl.DataFrame
    refusals: pl.DataFrame
    refused: pl.DataFrame
    read: int
    columns: dict[str, str]
    cells: pl.DataFrame | None


def feed_rows(
    feed: Feed,
    rows: pl.DataFrame,
    reader: ValueReader,
    *,
    faults: Sequence[Fault],
    shown: Sequence[str],
    split: Split | None,
    first_row: int,
) -> Portion:
    """The records of ``feed`` in ``rows``, numbered from ``first_row``.

    ``faults`` are those of the rows themselves; ``shown`` the columns a refused record is
    kept with; ``split`` says which of them was a cell of tokens.
    """
    names = field_names(feed.entity)
    readings = {field: reader.read(value) for field, value in feed.fields.items()}
    spoken = _spoken(feed, rows, reader)
    possible = [*faults, *_unlisted(feed, reader), *_of_readings(readings)]
    flags = [f"_fault_{number}" for number in range(len(possible))]
    records = (
        spoken.lazy()
        .select(
            *(_text(readings.get(name)).alias(name) for name in names),
            *(fault.where.alias(flag) for fault, flag in zip(possible, flags, strict=True)),
            _AT,
            *ORIGIN[1:],
        )
        .collect()
    )
    if feed.distinct:
        records = records.unique(subset=[*names, *flags], keep="first", maintain_order=True)
    numbers = pl.int_range(first_row, first_row + records.height, dtype=pl.UInt32, eager=True)
    records = records.with_columns(numbers.alias(ORIGIN[0]))
    faulty = pl.any_horizontal(flags) if flags else pl.lit(False)
    cells = None
    if split is not None and split.named_by is not None:
        cells = _cells(records, spoken, split.column, split.named_by)
    refusals = _refusals(feed.entity, records.filter(faulty), spoken.select(shown), possible)
    return Portion(
        entity=feed.entity,
        frame=records.filter(~faulty).select(*names, *ORIGIN),
        refusals=refusals if cells is None else named(refusals, cells),
        refused=_still_told(records.filter(faulty), feed, reader, readings, possible).select(
            ORIGIN[0], *names
        ),
        read=records.height,
        cells=cells,
        columns={field: reading.column for field, reading in readings.items() if reading.column},
    )


def _spoken(feed: Feed, rows: pl.DataFrame, reader: ValueReader) -> pl.DataFrame:
    """The rows that satisfy every condition of ``feed``."""
    if feed.when:
        rows = rows.filter(pl.all_horizontal([reader.holds(c) for c in feed.when]))
    return rows.with_row_index(_AT)


def _unlisted(feed: Feed, reader: ValueReader) -> list[Fault]:
    return [
        Fault(reader.shown(column), "unknown_code", ~pl.col(column).is_in(codes).fill_null(False))
        for column, codes in feed.known.items()
    ]


def _of_readings(readings: dict[str, Reading]) -> list[Fault]:
    return [fault for reading in readings.values() for fault in reading.faults]


def _still_told(
    refused: pl.DataFrame,
    feed: Feed,
    reader: ValueReader,
    readings: dict[str, Reading],
    possible: Sequence[Fault],
) -> pl.DataFrame:
    """``refused`` with every field null that could not be read.

    The faults of the readings stand at the end of the ``possible`` ones, in the order of the
    fields. Those before them are of the row: they spoil the columns that the profile makes of
    the faulty one, such as what a lookup would have found.
    """
    number = len(possible) - len(_of_readings(readings))
    of_row, told = possible[:number], {}
    for field, reading in readings.items():
        spoilt = [*range(number, number + len(reading.faults))]
        number += len(reading.faults)
        read = read_by_value(feed.fields[field])
        behind = {reader.shown(column) for column in read if reader.shown(column) != column}
        spoilt += [n for n, fault in enumerate(of_row) if fault.column in behind]
        if spoilt:
            unsure = pl.any_horizontal([pl.col(f"_fault_{n}") for n in spoilt])
            told[field] = pl.when(~unsure).then(pl.col(field))
    return refused.with_columns(**told)


def _text(reading: Reading | None) -> pl.Expr:
    return pl.lit(None, pl.String) if reading is None else reading.text


def _cells(records: pl.DataFrame, spoken: pl.DataFrame, column: str, named_by: str) -> pl.DataFrame:
    name = spoken[named_by].gather(records[_AT])
    return records.select("_row", column=pl.lit(column), name=name)


def named(refusals: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """``refusals`` with the column that was split replaced by what a person calls the cell."""
    keys = ["_row", "field"]
    found = refusals.join(
        cells.rename({"column": "field"}), on=keys, how="left", maintain_order="left"
    )
    return found.with_columns(field=pl.coalesce("name", "field")).drop("name")


def _refusals(
    entity: str, refused: pl.DataFrame, source: pl.DataFrame, possible: Sequence[Fault]
) -> pl.DataFrame:
    """One row per record and field refused; ``record`` is the row as the source has it."""
    if refused.is_empty():
        return no_refusals()
    rows = source[refused[_AT]].select(pl.struct(pl.all()).struct.json_encode().alias("record"))
    refused = refused.with_columns(rows["record"], entity=pl.lit(entity))
    found = [
        refused.filter(pl.col(f"_fault_{number}")).with_columns(
            field=pl.lit(fault.column), rule=pl.lit(fault.rule)
        )
        for number, fault in enumerate(possible)
    ]
    together = pl.concat(found).select(pl.col(c).cast(t) for c, t in REFUSAL_SCHEMA.items())
    return together.unique(subset=["_row", "field", "rule"], keep="first", maintain_order=True)
