"""The feeds of a draft: each field with the column it seems to come from, or TODO."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from mappings.guessing import Guess, day_format, decimal_mark, guess, instant_format
from mappings.met import may_be_shown, words_of
from mappings.widths import WideHeader
from schemas.catalogue import Field, fields_of
from schemas.fields import CalendarDate, Code, DecimalNumber, Flag, Instant

Yaml = dict[str, Any]

TODO = "TODO"
SIGN = "Знак"  # the column that the draft makes of a cell's tokens
MOST_CODES = 40  # different texts; a column that has more is no column of codes
# Marks are text to the contract, and yet codes: of a vocabulary and of a scale.
_MARKS = {("mark", "value"), ("term_mark", "value")}


@dataclass
class Codes:
    """The code tables of a draft, filled as they are met."""

    tables: dict[str, dict[str | None, str]] = field(default_factory=dict)

    def add(self, name: str, cells: pl.Series, hidden: set[str], *, empty: bool) -> str:
        """A table of the texts in ``cells``; ``empty``: an empty cell must mean something too."""
        counts = cells.drop_nulls().value_counts(name="count", sort=True)
        shown = [
            (str(text), int(count))
            for text, count in counts.iter_rows()
            if may_be_shown(str(text), hidden)
        ]
        table = self.tables.setdefault(name, {})
        if counts.height > MOST_CODES:
            return f"{TODO} {counts.height} different texts, no column of codes"
        table |= {text: f"{TODO} {count} rows" for text, count in shown}
        if empty and cells.null_count():
            table[None] = f"{TODO} {cells.null_count()} rows are empty"
        if len(shown) < counts.height:
            table[f"{TODO} codes"] = f"{TODO} {counts.height - len(shown)} texts are not shown"
        if not table:
            table[f"{TODO} codes"] = f"{TODO} the sample shows none"
        return name


def fields_of_long(
    name: str, guessed: Guess, frame: pl.DataFrame, caption: Sequence[str], codes: Codes
) -> tuple[list[Yaml], set[str]]:
    """Feeds of a table with a row per record, and the columns they read."""
    writer = _Long(name, guessed, frame, set(caption), codes)
    return [writer.feed(entity) for entity in guessed.entities], writer.used


class _Long:
    def __init__(
        self, name: str, guessed: Guess, frame: pl.DataFrame, caption: set[str], codes: Codes
    ) -> None:
        self._name = name
        self._guessed = guessed
        self._frame = frame
        self._caption = caption
        self._codes = codes
        self._hidden = _names(frame)
        self.used: set[str] = set()

    def feed(self, entity: str) -> Yaml:
        fields = {
            one.name: value
            for one in fields_of(entity)
            if (value := self._field(entity, one)) is not None
        }
        return {"entity": entity, "fields": fields}

    def _field(self, entity: str, one: Field) -> Any:
        column = self._guessed.columns.get((entity, one.name))
        if column is None and one.name == "scale":
            column = self._guessed.columns.get((entity, "value"))
        if column is None and (one.name == "full_name" or _is_person(one)):
            return self._by_name(one)
        if column is None:
            return None if one.optional else TODO
        self.used.add(column)
        if column in self._caption:
            return column
        return self._value(entity, one, column)

    def _by_name(self, one: Field) -> Any:
        """A full name in one column or three; a person without a number is known by it."""
        names = list(self._guessed.names)
        whole = self._guessed.columns.get((self._guessed.entities[0], "full_name"))
        key = {} if one.name == "full_name" else {"normalise": "person"}
        if names:
            self.used |= set(names)
            return {"join": names, "separator": " ", "skip_empty": True, **key}
        if whole is not None:
            self.used.add(whole)
            return {"column": whole, **key} if key else whole
        return None if one.optional else TODO

    def _value(self, entity: str, one: Field, column: str) -> Any:
        cells = self._frame[column]
        match one.kind:
            case CalendarDate():
                return {"column": column, "date": day_format(cells) or TODO}
            case Instant():
                return {"column": column, "instant": instant_format(cells) or TODO}
            case DecimalNumber():
                return {"column": column, "decimal": decimal_mark(cells)}
            case Code() | Flag():
                return self._coded(one, column, cells)
        return self._coded(one, column, cells) if (entity, one.name) in _MARKS else column

    def _coded(self, one: Field, column: str, cells: pl.Series) -> Yaml:
        name = f"{self._name}_{one.name}"
        told = self._codes.add(name, cells, self._hidden, empty=not one.optional)
        return {"column": column, "codes": told}


def _is_person(one: Field) -> bool:
    """A person the row itself is about."""
    return one.person is not None and one.name in {"person", "pupil"}


def _names(frame: pl.DataFrame) -> set[str]:
    """Words of the columns that seem to hold people's names: no code may show one."""
    found: set[str] = set()
    for table in ("pupils", "teachers", "guardians"):
        columns = guess(table, frame.columns)
        if columns is None:
            continue
        named = {column for (_, name), column in columns.columns.items() if name == "full_name"}
        for column in {*named, *columns.names}:
            for text in frame[column].drop_nulls().unique():
                found |= words_of(text)
    return found


def fields_of_wide(
    header: WideHeader, frame: pl.DataFrame, caption: Sequence[str], codes: Codes
) -> tuple[list[Yaml], set[str]]:
    """Feeds of a wide journal: tokens that are digits seem to be marks, the others absences."""
    guessed = guess("pupils", [*caption, *header.keep])
    found = {} if guessed is None else dict(guessed.columns)
    who = found.get(("pupil", "full_name")) or found.get(("pupil", "person"))
    class_ = found.get(("enrolment", "class_key"))
    subject = next((c for c in (*caption, *header.keep) if c in _subjects(caption, header)), None)
    groups = header.groups()
    day = {"column": header.day, "date": header.written}
    place: list[Any] = [one for one in (class_, subject) if one]
    place += [day, *([header.lesson] if header.lesson in groups else [])]
    key = {"column": who, "normalise": "person"} if who else TODO
    pupil = {"join": [class_, key]} if class_ and who else key
    _tokens(header, frame, codes)
    lesson = {"join": place, "report": header.cell}
    kind: Any = {"constant": TODO}
    if header.kind in groups:
        kinds = pl.Series("kind", [_kind(header, day) for day in header.days], dtype=pl.String)
        kind = {
            "column": header.kind,
            "codes": codes.add("work_type", kinds, set(), empty=True),
            "report": header.cell,
        }
    mark = {
        "entity": "mark",
        "when": {"column": SIGN, "not_in": "absence"},
        "fields": {
            "source_key": {
                "join": [*place, *([header.kind] if header.kind in groups else [])],
                "ordinal_within": [who or TODO],
                "report": header.cell,
            },
            "pupil": pupil,
            "lesson_key": lesson,
            "subject_key": subject or TODO,
            "date": day,
            "value": {"column": SIGN, "codes": "mark_value"},
            "scale": {"column": SIGN, "codes": "mark_scale"},
            "work_type": kind,
        },
    }
    absence = {
        "entity": "attendance",
        "when": {"column": SIGN, "in": "absence"},
        "fields": {
            "pupil": pupil,
            "lesson_key": lesson,
            "status": {"column": SIGN, "codes": "absence"},
        },
    }
    used = {one for one in (who, class_, subject, header.cell, header.named, *groups) if one}
    return [mark, absence], used


def _subjects(caption: Sequence[str], header: WideHeader) -> set[str]:
    found = guess("curriculum", [*caption, *header.keep])
    return (
        set()
        if found is None
        else {column for (_, name), column in found.columns.items() if name == "subject_key"}
    )


def _kind(header: WideHeader, column: str) -> str | None:
    match = re.fullmatch(header.header, column)
    return match[header.kind] if match else None


def _tokens(header: WideHeader, frame: pl.DataFrame, codes: Codes) -> None:
    """The tokens of all cells: as marks (twice: value and scale) and as absences."""
    cells = pl.concat([frame[day].rename("token") for day in header.days if day in frame.columns])
    tokens = cells.drop_nulls().str.extract_all(r"\S+").explode()
    hidden = _names(frame)
    figures = tokens.str.contains(r"^[0-9]+$")
    for name in ("mark_value", "mark_scale"):
        codes.add(name, tokens.filter(figures), hidden, empty=False)
    codes.add("absence", tokens.filter(~figures), hidden, empty=False)
