"""Values of a profile as Polars expressions over the rows of one table."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mappings.language import Case, Cases, Condition, Constant, FromColumn, Joined, Mapping, Value
from mappings.steps import Step, person_name, steps_of


@dataclass(frozen=True)
class Fault:
    """Where a value breaks ``rule``; ``column`` is the one a person should look at."""

    column: str
    rule: str
    where: pl.Expr  # Boolean, never null


@dataclass(frozen=True)
class Reading:
    """A value: its text (String), what can be wrong with it, the column to look at."""

    text: pl.Expr
    faults: tuple[Fault, ...]
    column: str  # empty for a constant


class ValueReader:
    """Reads the values of one table of a profile.

    ``behind`` names, for columns that the profile itself made (tokens, looked-up columns), the
    column of the document that a person knows.
    """

    def __init__(self, mapping: Mapping, zone: str, behind: dict[str, str]) -> None:
        self._mapping = mapping
        self._zone = zone
        self._behind = behind

    def read(self, value: Value) -> Reading:
        """The reading of ``value``."""
        match value:
            case FromColumn():
                return self._from_column(value)
            case Constant(constant=word):
                return Reading(pl.lit(word), (), "")
            case Joined():
                return self._joined(value)
            case Cases():
                return self._chosen(value)
        raise TypeError(f"no reading for {type(value).__name__}")

    def holds(self, condition: Condition) -> pl.Expr:
        """Whether ``condition`` holds: Boolean, never null; an empty cell is in no list."""
        column = pl.col(condition.column)
        if condition.empty:
            return column.is_null()
        if condition.not_empty:
            return column.is_not_null()
        if condition.within is not None:
            return column.is_in(self._mapping.listed(condition.within)).fill_null(False)
        return ~column.is_in(self._mapping.listed(condition.not_in or [])).fill_null(False)

    def shown(self, column: str) -> str:
        """The column of the document that stands behind ``column``."""
        return self._behind.get(column, column)

    def _from_column(self, value: FromColumn) -> Reading:
        steps = steps_of(value, self._mapping, self._zone)
        column = self.shown(value.report or value.column)
        text = steps[-1].text if steps else pl.col(value.column)
        return Reading(text, tuple(_fault(column, step) for step in steps), column)

    def _joined(self, value: Joined) -> Reading:
        parts = [self.read(part) for part in value.join]
        texts = [part.text for part in parts]
        together = pl.concat_str(
            texts if value.skip_empty else [text.fill_null("") for text in texts],
            separator=value.separator,
            ignore_nulls=value.skip_empty,
        )
        nothing = pl.all_horizontal([text.is_null() for text in texts])
        text = pl.when(nothing).then(None).otherwise(together)
        if value.normalise is not None:
            text = person_name(text)
        if value.ordinal_within is not None:
            text = _numbered(text, value.ordinal_within, value.separator)
        column = next((part.column for part in parts if part.column), "")
        faults = tuple(fault for part in parts for fault in part.faults)
        return Reading(text, faults, self.shown(value.report) if value.report else column)

    def _chosen(self, value: Cases) -> Reading:
        otherwise = self.read(value.otherwise) if value.otherwise is not None else None
        text = otherwise.text if otherwise else pl.lit(None, pl.String)
        faults = otherwise.faults if otherwise else ()
        columns = [otherwise.column] if otherwise else []
        for case in reversed(value.cases):
            holds, reading = self.holds(case.when), self.read(case.value)
            text = pl.when(holds).then(reading.text).otherwise(text)
            faults = (*_only(reading.faults, holds), *_only(faults, ~holds))
            columns.append(reading.column)
        column = next((name for name in reversed(columns) if name), _first_asked(value.cases))
        return Reading(text, faults, self.shown(column))


def _fault(column: str, step: Step) -> Fault:
    return Fault(column, step.rule, step.unread)


def _only(faults: tuple[Fault, ...], where: pl.Expr) -> tuple[Fault, ...]:
    return tuple(Fault(fault.column, fault.rule, fault.where & where) for fault in faults)


def _first_asked(cases: list[Case]) -> str:
    return cases[0].when.column


def _numbered(text: pl.Expr, within: list[str], separator: str) -> pl.Expr:
    keys = pl.struct(text.alias("_key"), *within)
    number = keys.map_batches(_ordinals, return_dtype=pl.UInt32)
    return pl.concat_str([text, number.cast(pl.String)], separator=separator)


def _ordinals(keys: pl.Series) -> pl.Series:
    """1 for the first row with a key, 2 for the second, and so on (UInt32).

    Few keys repeat, and counting within every key costs ten times as much as finding those.
    """
    places = keys.is_duplicated().arg_true()
    again = keys.gather(places).alias("key").to_frame()
    counted = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("key")
    ones = pl.repeat(1, keys.len(), dtype=pl.UInt32, eager=True)
    return ones.scatter(places, again.select(counted).to_series()).alias(keys.name)
