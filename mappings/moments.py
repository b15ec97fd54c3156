"""Days and instants in the spellings that journal systems use.

All expressions are String in; a text that no spelling fits, or that names no day of the calendar,
gives null. Every pattern fixes the width of every part: parsers alone would take "1.9.2026" or
"60" seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import polars as pl

from mappings.spellings import DateFormat, InstantFormat

_MINUTES = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_CLOCK = rf"{_MINUTES}:[0-5][0-9]"
_FRACTION = r"(\.[0-9]{1,9})?"
_RU_DAY = r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}"
_ISO_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"  # no zone is further than +14:00
_WITH_OFFSET = rf"^{_ISO_DAY}T{_CLOCK}{_FRACTION}{_OFFSET}$"

_DATE_PATTERNS: dict[DateFormat, str] = {
    "dd.mm.yyyy": rf"^{_RU_DAY}$",
    "dd.mm.yy": r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$",
    "iso_date": rf"^{_ISO_DAY}$",
    "iso_naive": rf"^{_ISO_DAY}(T{_CLOCK}{_FRACTION})?$",
    "iso_offset": _WITH_OFFSET,
}
_INSTANT_PATTERNS: dict[InstantFormat, str] = {
    "dd.mm.yyyy HH:MM:SS": rf"^{_RU_DAY} {_CLOCK}$",
    "dd.mm.yyyy HH:MM": rf"^{_RU_DAY} {_MINUTES}$",
    "iso_space_minutes": rf"^{_ISO_DAY} {_MINUTES}$",
    "iso_naive": rf"^{_ISO_DAY}T{_CLOCK}{_FRACTION}$",
    "iso_offset": _WITH_OFFSET,
}
S = TypeVar("S", bound=str)
_CENTURY = "20"  # of a year in two digits


def read_day(text: pl.Expr, spellings: Sequence[DateFormat], zone: str) -> pl.Expr:
    """The day (Date) of ``text`` by the first of ``spellings`` that fits; ``zone`` is where the
    day of an instant with an offset is asked for."""
    return _first(text, spellings, _DATE_PATTERNS, lambda spelling: _day(text, spelling, zone))


def read_moment(text: pl.Expr, spellings: Sequence[InstantFormat], zone: str) -> pl.Expr:
    """The instant (Datetime in ``zone``) of ``text`` by the first of ``spellings`` that fits.

    An hour that the zone's clocks went through twice is its first passage; one that they left
    out is no instant.
    """
    return _first(
        text, spellings, _INSTANT_PATTERNS, lambda spelling: _moment(text, spelling, zone)
    )


def _first(
    text: pl.Expr,
    spellings: Sequence[S],
    patterns: dict[S, str],
    read: Callable[[S], pl.Expr],
) -> pl.Expr:
    readings = [pl.when(text.str.contains(patterns[one])).then(read(one)) for one in spellings]
    return readings[0] if len(readings) == 1 else pl.coalesce(readings)


def _day(text: pl.Expr, spelling: DateFormat, zone: str) -> pl.Expr:
    match spelling:
        case "dd.mm.yyyy":
            return text.str.to_date("%d.%m.%Y", strict=False)
        case "dd.mm.yy":
            whole = pl.concat_str(text.str.head(6), pl.lit(_CENTURY), text.str.slice(6))
            return whole.str.to_date("%d.%m.%Y", strict=False)
        case "iso_offset":
            return _with_offset(text, zone).dt.date()
        case _:
            return text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def _moment(text: pl.Expr, spelling: InstantFormat, zone: str) -> pl.Expr:
    match spelling:
        case "iso_offset":
            return _with_offset(text, zone)
        case "dd.mm.yyyy HH:MM:SS":
            wall, form = text, "%d.%m.%Y %H:%M:%S"
        case "dd.mm.yyyy HH:MM":
            wall, form = text, "%d.%m.%Y %H:%M"
        case "iso_space_minutes":
            wall, form = text, "%Y-%m-%d %H:%M"
        case _:
            wall, form = text.str.slice(0, 19), "%Y-%m-%dT%H:%M:%S"
    local = wall.str.to_datetime(form, time_unit="us", strict=False)
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")


def _with_offset(text: pl.Expr, zone: str) -> pl.Expr:
    """Seconds are enough: a fraction is cut, as in instants without an offset."""
    numeric = text.str.replace("Z", "+00:00", literal=True)
    whole = pl.concat_str(numeric.str.head(19), numeric.str.tail(6))
    instant = whole.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%:z", time_unit="us", time_zone="UTC", strict=False
    )
    return instant.dt.convert_time_zone(zone)
