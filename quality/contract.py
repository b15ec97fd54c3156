"""The contract of ``schemas.records`` on whole frames.

The verdict on every row comes from expressions derived from the models; only rows that
fail go through pydantic, for the exact field and rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from pydantic import ValidationError

from quality.expressions import rule_holds, typed_field
from quality.refused import in_shape
from schemas.catalogue import field_names, fields_of
from schemas.frames import ORIGIN, no_refusals
from schemas.records import ENTITIES, Record

_ACCEPTED = "_accepted"


@dataclass(frozen=True)
class Checked:
    """``accepted``: typed canonical frame; ``refusals``: one row per refused (record, field)."""

    accepted: pl.DataFrame
    refusals: pl.DataFrame


class ContractDisagreementError(RuntimeError):
    """The frame reading refuses what the model accepts: a fault of the hub, not of the data."""

    def __init__(self, entity: str, row: int) -> None:
        super().__init__(f"{entity}: the two readings of the contract differ on row {row}")


def check(entity: str, frame: pl.DataFrame) -> Checked:
    """The verdict of the contract on a canonical frame of Strings with its origin columns.

    Accepted columns are String, Int64, Float64, Boolean, Date or Datetime('us', 'UTC'). Raises
    ``KeyError`` for an unknown entity, ``ContractDisagreementError`` if the readings differ.
    """
    fields = fields_of(entity)
    readings = [typed_field(field) for field in fields]
    rules = [rule_holds(rule) for rule in ENTITIES[entity].RULES]
    typed = (
        frame.lazy()
        .select(
            *(reading.values for reading in readings),
            pl.all_horizontal([reading.holds for reading in readings]).alias(_ACCEPTED),
            *ORIGIN,
        )
        .with_columns(pl.all_horizontal([pl.col(_ACCEPTED), *rules]).alias(_ACCEPTED))
        .collect()
    )
    verdict = typed[_ACCEPTED].fill_null(False)
    return Checked(
        accepted=typed.drop(_ACCEPTED).filter(verdict),
        refusals=_refusals(entity, frame.filter(~verdict)),
    )


def _refusals(entity: str, refused: pl.DataFrame) -> pl.DataFrame:
    """Every broken rule of every row of ``refused``, in the words of the model."""
    if refused.is_empty():
        return no_refusals()
    model = ENTITIES[entity]
    broken = [
        (row, field, rule)
        for row, record in enumerate(refused.select(field_names(entity)).iter_rows(named=True))
        for field, rule in _broken(entity, model, record, row)
    ]
    reasons = pl.DataFrame(
        broken,
        schema={"_at": pl.UInt32, "field": pl.String, "rule": pl.String},
        orient="row",
    )
    rows = refused.with_row_index("_at").join(reasons, on="_at", maintain_order="left")
    return in_shape(rows, entity)


def _broken(
    entity: str, model: type[Record], record: dict[str, str | None], row: int
) -> list[tuple[str, str]]:
    """(field, rule) of each error. A condition between fields carries its field as message."""
    try:
        model.model_validate(record)
    except ValidationError as error:
        return [
            (str(e["loc"][0]) if e["loc"] else e["msg"], e["type"])
            for e in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise ContractDisagreementError(entity, row)
