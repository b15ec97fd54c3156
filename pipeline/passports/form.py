"""A passport as a school fills it in on a page: what is written there, and how it is read back.

Inputs are called by the code of their field; the lines of a list ``<list>.<number>.what`` and
``<list>.<number>.details``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from pipeline.hub import Hub
from pipeline.passports.values import (
    LINE,
    VALID_FROM,
    ValueRefusedError,
    declared,
    read_value,
)
from pipeline.passports.versions import Declared, OpenPassport
from quality.passports import PassportField, Value, passport_fields

MOST_LINES = 30  # of a list
EMPTY_LINES = 2  # offered beside those that are there
WHAT, DETAILS = "what", "details"


@dataclass
class Answers:
    """``declared``: None where something could not be taken; why, by the name of the input."""

    declared: Declared | None = None
    problems: dict[str, ValueRefusedError] = field(default_factory=dict)


def line_name(of_list: str, number: int, part: str) -> str:
    """What the input of a line is called."""
    return f"{of_list}.{number}.{part}"


def filled_in(passport: OpenPassport | None, contacts: Mapping[str, str]) -> dict[str, str]:
    """What stands in the inputs for a version; ``contacts``: released, by code."""
    if passport is None:
        return {}
    fields = passport_fields()
    said = {
        one.code: _written(one, passport.values[one.code])
        for one in fields.fields
        if one.code in passport.values
    }
    for one in fields.lists:
        for number, (what, details) in enumerate(passport.lists.get(one.code, [])):
            said[line_name(one.code, number, WHAT)] = what
            said[line_name(one.code, number, DETAILS)] = details
    return said | dict(contacts)


def lines_to_show(typed: Mapping[str, str], of_list: str) -> range:
    """The lines of a list that the page offers: those with something in them, and some empty."""
    used = [
        number
        for number in range(MOST_LINES)
        if any(typed.get(line_name(of_list, number, part)) for part in (WHAT, DETAILS))
    ]
    return range(min(max(used, default=-1) + 1 + EMPTY_LINES, MOST_LINES))


def read_answers(hub: Hub, school: str, typed: Mapping[str, str]) -> Answers:
    """What a school has typed into the inputs."""
    naming = hub.vault.naming(school, [words for words in typed.values() if words.strip()])
    reading = _Reading(typed, naming)
    valid_from = reading.value(VALID_FROM, VALID_FROM.code)
    values = {one.code: reading.value(one, one.code) for one in passport_fields().fields}
    lists = {one.code: list(reading.lines(one.code)) for one in passport_fields().lists}
    if valid_from is None and VALID_FROM.code not in reading.problems:
        reading.problems[VALID_FROM.code] = ValueRefusedError(
            "не указано, с какого дня", VALID_FROM.hint
        )
    if reading.problems:
        return Answers(None, reading.problems)
    since = date.fromisoformat(str(valid_from))
    kept = {code: lines for code, lines in lists.items() if lines}
    return Answers(declared(school, since, values, kept))


class _Reading:
    """One form; ``naming``: what of it names somebody of the school."""

    def __init__(self, typed: Mapping[str, str], naming: set[str]) -> None:
        self._typed, self._naming = typed, naming
        self.problems: dict[str, ValueRefusedError] = {}

    def value(self, one: PassportField, name: str) -> Value | None:
        words = self._typed.get(name, "")
        try:
            return read_value(one, words, lambda _: words in self._naming)
        except ValueRefusedError as error:
            self.problems[name] = error
            return None

    def lines(self, of_list: str) -> Iterator[tuple[str, str]]:
        for number in range(MOST_LINES):
            name = line_name(of_list, number, WHAT)
            what = self.value(LINE, name)
            details = self.value(LINE, line_name(of_list, number, DETAILS))
            if details is not None and what is None and name not in self.problems:
                self.problems[name] = ValueRefusedError("пусто", "впишите содержание")
            if what is not None:
                yield str(what), str(details or "")


def _written(one: PassportField, value: Value) -> str:
    """The value as ``PassportField.read`` takes it back."""
    if one.kind == "date":
        return str(value)  # as browsers fill it in
    if one.kind == "percent":
        return f"{value:g}".replace(".", ",")
    return one.words(value)
