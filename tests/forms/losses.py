"""What a form does not carry (``not_carried.yml``), applied to the records that are expected.

The smallest part of a statement is a ``Loss``: one field, one value, one entity. A loss that
changes nothing is a false statement, so each of them can be left out and must then be missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.forms.expected import Record, Records

FILE = Path(__file__).with_name("not_carried.yml")

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Loss:
    """``change`` maps an expected record to what the form shows of it, or None for nothing."""

    entity: str
    what: str
    reason: str
    change: Callable[[Record], Record | None]


def losses(form: str, truth: Records) -> list[Loss]:
    """Everything of ``truth`` that ``form``, such as ``paragraf/dbf-cp866``, does not carry: what
    the file says of it, and of every beginning of its name (``paragraf``, ``paragraf/dbf``)."""
    said = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found: list[Loss] = []
    school = _School(truth, found)
    for name, entities in said.items():
        if form == name or form.startswith((f"{name}/", f"{name}-")):
            for entity, statements in entities.items():
                found += _of_entity(entity, statements, school)
    return found


class _School:
    """What a statement about one record may ask of the others."""

    def __init__(self, truth: Records, found: list[Loss]) -> None:
        self._truth = truth
        self._found = found

    @cached_property
    def leavers(self) -> set[str]:
        return {record["pupil"] for record in self._truth["enrolment"] if record["finish"]}

    @cached_property
    def traced(self) -> set[Any]:
        """Lessons of which a mark or an absence arrives."""
        entries = {entity: self._truth[entity] for entity in ("mark", "attendance")}
        left = carried(entries, self._found)
        return {record["lesson_key"] for records in left.values() for record in records}


def named_forms() -> set[str]:
    """The names under which the file says something."""
    return set(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def carried(expected: Records, found: list[Loss]) -> Records:
    """``expected`` after all the losses."""
    return {
        entity: [
            left
            for record in records
            if (left := _after(record, [x for x in found if x.entity == entity])) is not None
        ]
        for entity, records in expected.items()
    }


def _after(record: Record, found: list[Loss]) -> Record | None:
    left: Record | None = record
    for loss in found:
        left = loss.change(left) if left is not None else None
    return left


def _of_entity(entity: str, statements: Any, school: _School) -> Iterator[Loss]:
    if isinstance(statements, str):
        yield Loss(entity, entity, statements, lambda _: None)
        return
    for statement in statements:
        said = dict(statement)
        reason = said.pop("reason")
        [(word, about)] = said.items()
        if word == "of_leavers":
            yield Loss(entity, f"{about} who left", reason, _of_leavers(school, about))
        elif word == "untraced":
            yield Loss(entity, f"untraced: {about}", reason, _untraced(school, about))
        else:
            yield from _WORDS[word](entity, about, reason)


def _of_leavers(school: _School, name: str) -> Callable[[Record], Record | None]:
    return lambda record: None if record[name] in school.leavers else record


def _untraced(school: _School, shown: Record) -> Callable[[Record], Record]:
    def change(record: Record) -> Record:
        group = record["group_key"]
        key = (
            record["date"],
            record["number"],
            record["class_key"],
            group[1] if group else None,
            record["subject_key"],
        )
        noted = record["homework"] or record["homework_not_set"] or key in school.traced
        return record if noted else {**record, **shown}

    return change


def _fields(entity: str, names: list[str], reason: str) -> Iterator[Loss]:
    for name in names:
        yield Loss(entity, name, reason, _changing(name, lambda _: None))


def _records(entity: str, fields: dict[str, list[Any]], reason: str) -> Iterator[Loss]:
    """Records with one of these values; ``given`` is any value."""
    for name, values in fields.items():
        for value in values:
            yield Loss(entity, f"{name}={value}", reason, _dropping(name, value))


def _shown_as(entity: str, fields: dict[str, dict[Any, Any]], reason: str) -> Iterator[Loss]:
    for name, words in fields.items():
        for ours, theirs in words.items():
            what = f"{name}: {ours} -> {theirs}"
            yield Loss(entity, what, reason, _changing(name, _replacing(ours, theirs)))


def _cut(entity: str, fields: dict[str, int], reason: str) -> Iterator[Loss]:
    for name, longest in fields.items():
        what = f"{name} over {longest}"
        yield Loss(entity, what, reason, _changing(name, _cutting(longest)))


def _letters(entity: str, fields: dict[str, dict[str, str]], reason: str) -> Iterator[Loss]:
    for name, letters in fields.items():
        for ours, theirs in letters.items():
            change = _changing(name, _spelling(ours, theirs))
            yield Loss(entity, f"{name}: {ours}", reason, change)


def _to_minutes(entity: str, names: list[str], reason: str) -> Iterator[Loss]:
    for name in names:
        change = _changing(name, lambda moment: moment.replace(second=0, microsecond=0))
        yield Loss(entity, f"seconds of {name}", reason, change)


_WORDS: dict[str, Callable[[str, Any, str], Iterator[Loss]]] = {
    "fields": _fields,
    "records": _records,
    "shown_as": _shown_as,
    "cut": _cut,
    "letters": _letters,
    "to_minutes": _to_minutes,
}


def _changing(name: str, change: Change) -> Callable[[Record], Record]:
    """A given value of the field changed; an empty one stays empty."""
    return lambda record: record if record[name] is None else {**record, name: change(record[name])}


def _dropping(name: str, value: Any) -> Callable[[Record], Record | None]:
    def drop(record: Record) -> Record | None:
        hit = record[name] is not None if value == "given" else record[name] == value
        return None if hit else record

    return drop


def _replacing(ours: Any, theirs: Any) -> Change:
    return lambda value: theirs if value == ours else value


def _cutting(longest: int) -> Change:
    return lambda text: text[:longest].strip()


def _spelling(ours: str, theirs: str) -> Change:
    return lambda text: text.replace(ours, theirs)
