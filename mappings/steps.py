"""The steps a text goes through: each gives the new text, and where it could not be read.

Texts that cannot be read stay as they were, so that the refusal shows what stood there. All
expressions are String in, String out; ``unread`` is Boolean and never null.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mappings.language import CodesBy, CodeTable, DateFormat, FromColumn, InstantFormat, Mapping

# Both patterns fix the width of every part: parsers alone would take "1.9.2026" or "60" seconds.
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_RU_DAY = r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}"
_ISO_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATE_PATTERNS: dict[DateFormat, str] = {
    "dd.mm.yyyy": rf"^{_RU_DAY}$",
    "iso_naive": rf"^{_ISO_DAY}(T{_CLOCK}(\.[0-9]{{1,9}})?)?$",
}
_INSTANT_PATTERNS: dict[InstantFormat, str] = {
    "dd.mm.yyyy HH:MM:SS": rf"^{_RU_DAY} {_CLOCK}$",
    "iso_naive": rf"^{_ISO_DAY}T{_CLOCK}(\.[0-9]{{1,9}})?$",
}


@dataclass(frozen=True)
class Step:
    """The text after a step; ``unread`` marks the rows that break ``rule``."""

    text: pl.Expr
    rule: str
    unread: pl.Expr


def steps_of(value: FromColumn, mapping: Mapping, zone: str) -> list[Step]:
    """The steps of ``value``, each applied to the text of the one before."""
    text = pl.col(value.column)
    steps: list[Step] = []
    if value.extract is not None:
        steps.append(extracted(text, value.extract))
    if value.normalise is not None:
        steps.append(Step(person_name(_last(steps, text)), "bad_format", pl.lit(False)))
    if value.date is not None:
        steps.append(day(_last(steps, text), value.date))
    if value.instant is not None:
        steps.append(moment(_last(steps, text), value.instant, zone))
    if value.decimal is not None:
        dotted = _last(steps, text).str.replace(",", ".", literal=True)
        steps.append(Step(dotted, "bad_number", pl.lit(False)))
    if value.codes is not None:
        steps.append(coded(_last(steps, text), mapping.code_table(value.codes)))
    if value.codes_by is not None:
        steps.append(coded_by(_last(steps, text), value.codes_by))
    return steps


def _last(steps: list[Step], text: pl.Expr) -> pl.Expr:
    return steps[-1].text if steps else text


def extracted(text: pl.Expr, pattern: str) -> Step:
    """The first group of ``pattern``, null if it took nothing; no match breaks bad_format."""
    matches = text.str.contains(pattern)
    taken = text.str.extract(pattern, 1)
    found = pl.when(taken != "").then(taken)
    return Step(
        pl.when(matches).then(found).otherwise(text), "bad_format", ~matches.fill_null(True)
    )


def person_name(text: pl.Expr) -> pl.Expr:
    """A full name as a key: case, ``ё`` and the number of spaces make no other person."""
    single_spaced = text.str.strip_chars().str.replace_all(r"\s+", " ")
    return single_spaced.str.to_lowercase().str.replace_all("ё", "е", literal=True)


def day(text: pl.Expr, written: DateFormat) -> Step:
    """A calendar day as ``YYYY-MM-DD``."""
    if written == "dd.mm.yyyy":
        parsed = text.str.to_date("%d.%m.%Y", strict=False)
    else:
        parsed = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    read = text.str.contains(_DATE_PATTERNS[written]) & parsed.is_not_null()
    spelled = pl.when(read).then(parsed.dt.to_string("%Y-%m-%d")).otherwise(text)
    return Step(spelled, "bad_date", text.is_not_null() & ~read)


def moment(text: pl.Expr, written: InstantFormat, zone: str) -> Step:
    """A wall clock of ``zone`` as ``YYYY-MM-DDTHH:MM:SS+HH:MM``.

    An hour that the zone's clocks went through twice is its first passage; one that they
    left out breaks bad_date.
    """
    form = "%d.%m.%Y %H:%M:%S" if written == "dd.mm.yyyy HH:MM:SS" else "%Y-%m-%dT%H:%M:%S"
    wall = text.str.slice(0, 19).str.to_datetime(form, time_unit="us", strict=False)
    local = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    read = text.str.contains(_INSTANT_PATTERNS[written]) & local.is_not_null()
    spelled = pl.when(read).then(local.dt.to_string("%Y-%m-%dT%H:%M:%S%:z")).otherwise(text)
    return Step(spelled, "bad_date", text.is_not_null() & ~read)


def coded(text: pl.Expr, table: CodeTable) -> Step:
    """Our word for their code; a code outside the table breaks unknown_code, never a default."""
    codes = {code: word for code, word in table.values.items() if code is not None}
    known = text.is_in(list(codes))
    ours = text
    if codes:
        words = list(codes.values())
        ours = text.replace_strict(list(codes), words, default=text, return_dtype=pl.String)
    if None in table.values:
        ours = pl.when(text.is_null()).then(pl.lit(table.values[None], pl.String)).otherwise(ours)
    unread = pl.lit(False) if table.others == "keep" else ~known.fill_null(True)
    return Step(ours, "unknown_code", unread)


def coded_by(text: pl.Expr, by: CodesBy) -> Step:
    """Our word for their code in the table that another column names."""
    ours, unread = text, pl.lit(False)
    for name, table in by.tables.items():
        step = coded(text, table)
        chosen = (pl.col(by.column) == name).fill_null(False)
        ours = pl.when(chosen).then(step.text).otherwise(ours)
        unread = unread | (chosen & step.unread)
    return Step(ours, "unknown_code", unread)
