"""The registry's answers, read strictly, and its words made fit to be kept.

Each record sent has exactly one result, in any order; several faults of one record (field by
field) make one refusal. Anything else is ``Unavailable``: the batch may have been applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.base import Receipt
from connectors.contingent.checks import Ready
from connectors.errors import Unavailable

RECORD_SCHEMA: dict[str, pl.DataType] = {
    name: pl.String() for name in ("key", "type", "hash", "id")
}
RemoteId = Annotated[str, Field(coerce_numbers_to_str=True, min_length=1)]
Key = Annotated[str, Field(min_length=1)]


class Wire(BaseModel):
    """Base: the registry may add fields; the ones we read must be as agreed."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Status(StrEnum):
    """What the registry did with a record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


FITTING: dict[str, frozenset[Status]] = {
    "upsert": frozenset(Status) - {Status.WITHDRAWN},
    "withdraw": frozenset({Status.WITHDRAWN, Status.UNCHANGED, Status.REJECTED}),
}


class Result(Wire):
    """What became of one record; ``code`` and ``message`` only of a refused one."""

    key: Key
    status: Status
    id: RemoteId | None = None
    code: str = ""
    message: str = ""


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], value: Any, where: str) -> Model:
    """``value`` as ``model``. Raises ``Unavailable`` where it is not as agreed."""
    try:
        return model.model_validate(value)
    except ValidationError:  # its message would quote the answer
        raise Unavailable("the answer is not as agreed", where=where) from None


def receipts_of(
    results: Sequence[Result],
    sent: Sequence[Ready],
    where: str,
    names: frozenset[str] = frozenset(),
) -> dict[str, Receipt]:
    """The receipt of every record of ``sent``, by key; ``names`` of fields may stand in messages.

    Raises ``Unavailable`` for results that are missing, surplus or doubled, or that do not fit
    what was asked.
    """
    by_key = {result.key: result for result in results}
    if len(by_key) < len(results) or by_key.keys() != {record.key for record in sent}:
        raise Unavailable("the answer does not match the records sent", where=where)
    for record in sent:
        if by_key[record.key].status not in FITTING[record.op]:
            raise Unavailable("a result does not fit its operation", where=where)
    return {record.key: _receipt(by_key[record.key], record.data, names) for record in sent}


def _receipt(result: Result, data: Mapping[str, Any], names: frozenset[str]) -> Receipt:
    if result.status is not Status.REJECTED:
        return Receipt(result.key, result.status.value, result.id)
    code = result.code if re.fullmatch(r"[a-z][a-z_]{0,39}", result.code) else "registry_error"
    return Receipt(result.key, "rejected", result.id, code, sieved(result.message, data, names))


# Words of the trade that a message may spell with capitals; any other such word could be a name.
KNOWN_WORDS = frozenset(
    {"СНИЛС", "ФИО", "УФТТ", "ОКСМ", "XML", "XSD", "ID", "UID", "Не", "Нет", "Дата", "Документ"}
    | {"Запись", "Класс", "Код", "Лицо", "Неизвестная", "Неизвестный", "Неверный", "Поле", "Приказ"}
)
LONGEST_MESSAGE = 200
HIDDEN = "…"


def sieved(message: str, data: Mapping[str, Any], names: frozenset[str] = frozenset()) -> str:
    """``message`` without what could be somebody's data: the record's own values, words with
    capital letters (but ``names`` of fields) and numbers. The registry knows people and may quote
    them in its words."""
    told = message
    for value in sorted(_texts(data), key=len, reverse=True):
        told = re.sub(re.escape(value), HIDDEN, told, flags=re.IGNORECASE)
    known = KNOWN_WORDS | names
    told = re.sub(r"[^\W_]+", lambda word: word[0] if _plain(word[0], known) else HIDDEN, told)
    return re.sub(rf"{HIDDEN}([\s.\-/]*{HIDDEN})+", HIDDEN, told)[:LONGEST_MESSAGE]


def _texts(data: Mapping[str, Any]) -> Iterator[str]:
    """Values that are long enough to mean anything."""
    yield from (value for value in data.values() if isinstance(value, str) and len(value) > 1)


def _plain(word: str, known: frozenset[str]) -> bool:
    return word in known or (word.islower() and word.isalpha())


def records_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Live records as the caller knows them, columns of ``RECORD_SCHEMA``."""
    return pl.DataFrame(list(rows), schema=RECORD_SCHEMA)
