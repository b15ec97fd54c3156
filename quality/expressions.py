"""The frame reading of the kinds of value in ``schemas.fields``.

``typed_field`` gives, for a String column, its typed values (null where the text is not a
value of the kind) and whether each text is acceptable. ``schemas.fields`` says the same for one
text in Python; tests/quality_contract holds the two equal. Rust's regular expressions know no
trailing-newline exception for ``$``, so the patterns are used as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.catalogue import Field
from schemas.codes import SCALE_VALUES
from schemas.fields import (
    DATE_PATTERN,
    DECIMAL_PATTERN,
    EARLIEST_DATE,
    INSTANT_PATTERN,
    LATEST_DATE,
    TEXT_PATTERN,
    WHOLE_PATTERN,
    CalendarDate,
    Code,
    DecimalNumber,
    Flag,
    Instant,
    Text,
    WholeNumber,
)
from schemas.records import AtLeastOne, NotBefore, OnScale, Rule

# What Python's own reading refuses inside the shape of an instant: the parser of frames would
# take 60 as a second, and any offset.
_CLOCK_PATTERN = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][+-](0[0-9]|1[0-4]):[0-5][0-9]$"


@dataclass(frozen=True)
class Typed:
    """Typed values, and ``holds``: true only where the text is acceptable."""

    values: pl.Expr
    holds: pl.Expr


def typed_field(field: Field) -> Typed:
    """The reading of column ``field.name``; ``holds`` is never null."""
    text = pl.col(field.name)
    reading = _typed(field, text)
    holds = pl.when(text.is_null()).then(field.optional).otherwise(reading.holds.fill_null(False))
    return Typed(reading.values.alias(field.name), holds)


def _typed(field: Field, text: pl.Expr) -> Typed:
    match field.kind:
        case Text(longest=longest, shortest=shortest, pattern=pattern):
            return Typed(text, _text(text, shortest, longest, pattern))
        case WholeNumber(least=least, most=most):
            number = text.cast(pl.Int64, strict=False)
            return Typed(number, text.str.contains(WHOLE_PATTERN) & number.is_between(least, most))
        case DecimalNumber(least=least, most=most):
            decimal = text.cast(pl.Float64, strict=False)
            within = decimal.is_between(least, most)
            return Typed(decimal, text.str.contains(DECIMAL_PATTERN) & within)
        case CalendarDate():
            day = text.str.to_date("%Y-%m-%d", strict=False)
            return Typed(day, text.str.contains(DATE_PATTERN) & _within_years(day))
        case Instant():
            return _instant(text)
        case Flag():
            return Typed(text == "true", text.is_in(["true", "false"]))
        case Code(members=members):
            return Typed(text, text.is_in([member.value for member in members]))
    raise TypeError(f"no reading for {type(field.kind).__name__}")


def _text(text: pl.Expr, shortest: int, longest: int, pattern: str | None) -> pl.Expr:
    holds = text.str.len_chars().is_between(shortest, longest) & text.str.contains(TEXT_PATTERN)
    return holds & text.str.contains(pattern) if pattern else holds


def _within_years(day: pl.Expr) -> pl.Expr:
    return day.is_between(EARLIEST_DATE, LATEST_DATE)


def _instant(text: pl.Expr) -> Typed:
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    shaped = text.str.contains(INSTANT_PATTERN) & text.str.contains(_CLOCK_PATTERN)
    moment = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_unit="us", strict=False)
    utc = moment.dt.convert_time_zone("UTC")
    return Typed(utc, shaped & _within_years(day) & utc.is_not_null())


def rule_holds(rule: Rule) -> pl.Expr:
    """Whether ``rule`` holds on typed columns; never null where all its fields are acceptable."""
    match rule:
        case NotBefore(field=field, earlier=earlier):
            return (pl.col(field) >= pl.col(earlier)).fill_null(True)
        case OnScale(field=field, scale=scale):
            return _on_scale(pl.col(field), pl.col(scale))
        case AtLeastOne(field=field, others=others):
            given = [pl.col(name).is_not_null() for name in (field, *others)]
            return pl.any_horizontal(given)
    raise TypeError(f"no reading for {type(rule).__name__}")


def _on_scale(value: pl.Expr, scale: pl.Expr) -> pl.Expr:
    on = pl.lit(False)
    for name, pattern in SCALE_VALUES.items():
        on = on | ((scale == name.value) & value.str.contains(pattern))
    return on
