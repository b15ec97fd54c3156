"""What the models of ``schemas.records`` say about each field, as plain data.

The bulk check, the table definitions and the privacy room all read the contract through
``fields_of``; none of them looks into pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

from schemas.fields import FreeText, Identity, Kind, PersonRef, Ref
from schemas.records import ENTITIES, Record

T = TypeVar("T")


@dataclass(frozen=True)
class Field:
    """One field of an entity: its kind of value and what it is about."""

    name: str
    kind: Kind
    optional: bool
    person: PersonRef | None
    identity: bool
    free_text: bool
    ref: Ref | None


@cache
def fields_of(entity: str) -> tuple[Field, ...]:
    """The fields of ``entity`` in the order of the model. Raises ``KeyError`` if unknown."""
    model = ENTITIES[entity]
    return tuple(_field(model, name) for name in model.model_fields)


def field_names(entity: str) -> list[str]:
    """The canonical columns of ``entity``, in order."""
    return [field.name for field in fields_of(entity)]


def natural_key(entity: str) -> tuple[str, ...]:
    """The fields that identify a record of ``entity`` within (school, source)."""
    return ENTITIES[entity].NATURAL_KEY


def _field(model: type[Record], name: str) -> Field:
    info = model.model_fields[name]
    marks: list[Any] = list(info.metadata) + _nested(info.annotation)
    kinds = [mark for mark in marks if isinstance(mark, Kind)]
    if len(kinds) != 1:
        raise TypeError(f"{model.__name__}.{name} must name exactly one kind of value")
    return Field(
        name=name,
        kind=kinds[0],
        optional=not info.is_required(),
        person=_first(marks, PersonRef),
        identity=any(isinstance(mark, Identity) for mark in marks),
        free_text=any(isinstance(mark, FreeText) for mark in marks),
        ref=_first(marks, Ref),
    )


def _nested(annotation: Any) -> list[Any]:
    """Markers inside ``Annotated[...] | None``."""
    if get_origin(annotation) is Annotated:
        return list(get_args(annotation)[1:])
    return [mark for arg in get_args(annotation) for mark in _nested(arg)]


def _first(marks: list[Any], kind: type[T]) -> T | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)
