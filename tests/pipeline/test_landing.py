"""Documents are landed as they came, their names as they may be shown."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from sqlalchemy import select

from connectors.base import RawDocument, Upload
from pipeline.hub import Hub
from pipeline.intake.landing import land, name_landed
from privacy.masks import HIDDEN_NAME, Masks
from schemas.tables import landing

UPLOAD = Upload(
    "781001", "2026-09-18", datetime(2026, 9, 18, 14, tzinfo=UTC), (date(2026, 9, 1),) * 2
)
DOCUMENTS = [
    RawDocument("pupils.csv", "ФИО\r\n".encode(), "text/csv"),
    RawDocument("Брянчихина 7а.xlsx", b"PK", ""),
]


@pytest.fixture
def nobody(hub: Hub) -> Masks:
    return hub.masks("781001")


@pytest.fixture
def known(hub: Hub) -> Masks:
    return Masks.of(pl.Series(["Брянчихина Анна Олеговна"]), hub.keys)


def names(hub: Hub) -> list[str]:
    with hub.engine.begin() as connection:
        return list(connection.execute(select(landing.c.name).order_by(landing.c.id)).scalars())


def landed(hub: Hub, masks: Masks) -> dict[str, int]:
    with hub.engine.begin() as connection:
        return land(hub.landing, connection, "lists", UPLOAD, DOCUMENTS, masks)


def test_a_name_is_hidden_until_the_school_is_known_and_then_if_it_names_somebody(
    hub: Hub, nobody: Masks, known: Masks
) -> None:
    first = landed(hub, nobody)
    assert set(first) == {document.name for document in DOCUMENTS}
    assert all(name.startswith(HIDDEN_NAME) for name in names(hub))
    with hub.engine.begin() as connection:
        name_landed(connection, "lists", UPLOAD, DOCUMENTS, known)
    plain, hidden = names(hub)
    assert plain == "pupils.csv"
    assert hidden.startswith(HIDDEN_NAME)
    assert hidden.endswith(".xlsx")
    assert landed(hub, known) == first
    assert names(hub) == [plain, hidden]


def test_what_was_landed_under_a_name_is_renamed_when_somebody_of_that_name_comes(
    hub: Hub, known: Masks
) -> None:
    other = Masks.of(pl.Series(["Жмелеватов Пётр Иванович"]), hub.keys)
    first = landed(hub, other)
    assert names(hub) == [document.name for document in DOCUMENTS]
    assert landed(hub, known) == first
    assert names(hub)[1].startswith(HIDDEN_NAME)
