"""The two executions of the contract agree: the frame's verdict and values are the model's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quality.contract import check
from schemas.catalogue import Field, field_names, fields_of
from schemas.codes import SCALE_VALUES
from schemas.fields import CalendarDate, Code, DecimalNumber, Flag, Instant, Text, WholeNumber
from schemas.records import ENTITIES

# What people, exports and attackers put into cells.
DIRTY = [
    "",
    " ",
    "\x00",
    "a\x00",
    "5\n",
    "\n5",
    "5\r\n",
    "true\n",
    "2026-09-05\n",
    "2026-02-30",
    "2024-02-29",
    "2023-02-29",
    "1900-02-29",
    "2000-02-29",
    "1899-12-31",
    "1900-01-01",
    "2100-12-31",
    "2101-01-01",
    "0000-01-01",
    "9999-12-31",
    "2026-13-01",
    "2026-9-5",
    "05.09.2026",
    "٢٠٢٦-٠٩-٠٥",
    "２０２６-09-05",
    "٣",
    "５",
    "²",
    "-0",
    "-5",
    "+5",
    "007",
    "5.0",
    "5.",
    ".5",
    "2,5",
    "1e3",
    "40.00",
    "40.01",
    "999999.99",
    "1000000",
    "9" * 18,
    "9" * 19,
    "-" + "9" * 18,
    "1_0",
    "0x10",
    "NaN",
    "inf",
    "2026-09-05T10:00:00+03:00",
    "2026-09-05T10:00:00+15:00",
    "2026-09-05T10:00:00+14:59",
    "2026-09-05T10:00:00-14:59",
    "2026-09-05T10:00:00+03:60",
    "2026-09-05T10:00:00+00:00",
    "2026-09-05T10:00:00-00:00",
    "2026-09-05T10:00:00Z",
    "2026-09-05T10:00:00",
    "2026-09-05T24:00:00+03:00",
    "2026-09-05T23:59:59+03:00",
    "2026-09-05T10:60:00+03:00",
    "2026-09-05T10:00:60+03:00",
    "2026-09-05 10:00:00+03:00",
    "2026-02-30T10:00:00+03:00",
    "1899-12-31T23:59:59-14:00",
    "1900-01-01T00:00:00+14:00",
    "2100-12-31T23:59:59-14:00",
    "2101-01-01T00:00:00+14:00",
    "2026-09-05T10:00:00+03:00\n",
    "TRUE",
    "Да",
    "true",
    "pass",
    "A9",
    "A8",
    "d1",
    "112-233-445 95",
    "112-233-445 95\n",
    "123456",
    "1234567890123",
    "a@b\x7f",
    "a@b",
    "@",
    "a@b@c",
    "Ёлкин-Пётр О'Нил мл.",
    "Иванов\u00a0Иван",
    "Иванов\u2028",
    "İstanbul",
    "\u0085",
    "я" * 10,
    "я" * 11,
    "я" * 200,
    "я" * 201,
    "👩‍👩‍👧" * 40,
    "e\u0301" * 100,
]


def _valid(field: Field) -> st.SearchStrategy[str]:
    match field.kind:
        case WholeNumber(least=least, most=most):
            return st.integers(least - 1, most + 1).map(str)
        case DecimalNumber(most=most):
            return st.decimals(0, most + 1, places=2).map(str)
        case CalendarDate():
            return st.dates(min_value=date(1899, 12, 1)).map(str)
        case Instant():
            offset = st.sampled_from(["+03:00", "-11:30", "+14:00", "+00:00"])
            clock = st.times().map(lambda at: at.replace(microsecond=0).isoformat())
            day = st.dates(min_value=date(1899, 12, 1), max_value=date(2101, 1, 2)).map(str)
            return st.builds("{}T{}{}".format, day, clock, offset)
        case Flag():
            return st.sampled_from(["true", "false"])
        case Code(members=members):
            return st.sampled_from([member.value for member in members])
        case Text(pattern=str()):
            return st.sampled_from(["112-233-445 95", "12345678", "Ёлкин Олег", "a@b.ru", "+7 9"])
    values = ["5", "10", "0", "pass", "debt", "A7", "middle", "7а", "Алгебра|05.09"]
    return st.sampled_from(values)


def _cell(field: Field) -> st.SearchStrategy[str | None]:
    anything = st.text(max_size=12)
    # Valid cells are many, so that most records fail by one field only, and many pass.
    usual = st.one_of(*[_valid(field)] * 12)
    strange = st.one_of(st.sampled_from(DIRTY), anything, st.none())
    return st.integers(0, 11).flatmap(lambda n: strange if n == 0 else usual)


def _records(entity: str) -> st.SearchStrategy[list[dict[str, str | None]]]:
    record = st.fixed_dictionaries({field.name: _cell(field) for field in fields_of(entity)})
    return st.lists(record, min_size=1, max_size=12)


def _verdict(entity: str, record: dict[str, str | None]) -> Any:
    """The model's typed values, or the set of (field, rule) it refuses with."""
    try:
        model = ENTITIES[entity].model_validate(record)
    except ValidationError as error:
        return {(str(e["loc"][0]) if e["loc"] else e["msg"], e["type"]) for e in error.errors()}
    return {name: _plain(getattr(model, name)) for name in field_names(entity)}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _agree(entity: str, records: list[dict[str, str | None]], canonical: Any) -> None:
    checked = check(entity, canonical(entity, records))
    accepted = {row["_row"]: row for row in checked.accepted.iter_rows(named=True)}
    refused = checked.refusals.group_by("_row").agg(pl.struct("field", "rule").alias("why"))
    why = {
        row["_row"]: {(w["field"], w["rule"]) for w in row["why"]}
        for row in refused.iter_rows(named=True)
    }
    for number, record in enumerate(records):
        verdict = _verdict(entity, record)
        if isinstance(verdict, set):
            assert number not in accepted
            assert why[number] == verdict
        else:
            assert number not in why
            assert {name: accepted[number][name] for name in verdict} == verdict


@pytest.mark.parametrize("entity", ENTITIES)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_random_records(entity, canonical, data):
    _agree(entity, data.draw(_records(entity)), canonical)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_dirty_value_in_every_field(entity, canonical, good):
    blank = dict.fromkeys(field_names(entity))
    records = [
        {**blank, **good[entity], name: value} for name in field_names(entity) for value in DIRTY
    ]
    _agree(entity, records, canonical)


@pytest.mark.parametrize("entity", ["mark", "term_mark"])
def test_every_scale_with_values_of_all_scales(entity, canonical, good):
    values = ["0", "1", "5", "6", "10", "11", "100", "101", "05", "pass", "low", "A0", "E1", "debt"]
    records = [
        {**dict.fromkeys(field_names(entity)), **good[entity], "scale": scale.value, "value": value}
        for scale in SCALE_VALUES
        for value in values
    ]
    _agree(entity, records, canonical)
