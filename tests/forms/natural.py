"""Canonical records with their local keys turned into what a person would say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from schemas.catalogue import Field, fields_of, natural_key
from tests.forms.expected import Record, Records

PEOPLE = {"pupil": "pupil", "staff": "staff_member", "guardian": "guardian"}
SOURCE_KEY = "source_key"


def natural(frames: dict[str, pl.DataFrame]) -> Records:
    """Accepted ``frames`` by entity as records without local keys.

    Raises ``KeyError`` for a reference to a record that is not there.
    """
    rows = {entity: frame.to_dicts() for entity, frame in frames.items()}
    names = _Names(rows)
    return {
        entity: [
            {
                field.name: names.said(field, row)
                for field in fields_of(entity)
                if field.name != SOURCE_KEY
            }
            for row in found
        ]
        for entity, found in rows.items()
    }


class _Names:
    """What each local key stands for, by entity."""

    def __init__(self, rows: Records) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        self._learn(rows, "class_", lambda row: row["name"])
        self._learn(rows, "subject", lambda row: row["name"])
        self._learn(rows, "term", lambda row: row["name"])
        for entity in PEOPLE.values():
            self._learn(rows, entity, lambda row: row["full_name"])
        classes = self._known["class_"]
        self._learn(rows, "group", lambda row: (classes[row["class_key"]], row["name"]))
        self._learn(rows, "lesson", self._lesson)

    def _learn(self, rows: Records, entity: str, say: Callable[[Record], Any]) -> None:
        key = natural_key(entity)[0]
        self._known[entity] = {row[key]: say(row) for row in rows.get(entity, [])}

    def _lesson(self, row: Record) -> tuple[Any, ...]:
        group = self._known["group"][row["group_key"]][1] if row["group_key"] else None
        class_, subject = row["class_key"], row["subject_key"]
        return (
            row["date"],
            row["number"],
            self._known["class_"][class_],
            group,
            self._known["subject"][subject],
        )

    def said(self, field: Field, row: Record) -> Any:
        value = row[field.name]
        entity = self._entity(field, row)
        return value if value is None or entity is None else self._known[entity][value]

    def _entity(self, field: Field, row: Record) -> str | None:
        if field.ref is not None:
            return field.ref.entity
        if field.person is not None:
            return PEOPLE[field.person.role]
        if field.name == "person":  # of a UID, whose role is a field of its own
            return PEOPLE[row["role"]]
        return None
