"""Accounts on a real PostgreSQL, as the dashboard's own role reads and writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine

from pipeline.access import accounts
from pipeline.access.accounts import Account, AccountRole, Level
from pipeline.database import connect
from pipeline.hub import Hub
from tests.pipeline.conftest import hub, shared_hub

__all__ = ["hub", "shared_hub"]
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PASSWORD = "семь мокрых зонтов на перроне"


@pytest.fixture
def engine(hub: Hub) -> Iterator[Engine]:
    made = connect(hub.settings, "svod_access")
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as opened:
        yield opened


def made(connection: Connection, login: str = "d1-officer", **changed: str) -> Account:
    """An account with ``PASSWORD``; a district officer unless ``changed``."""
    told = {"role": "district_officer", "level": "district", "unit": "d1"} | changed
    accounts.create(
        connection, login=login, role=AccountRole(told["role"]), level=Level(told["level"]),
        unit=told["unit"], by="tests", at=NOON, subject=told.get("subject"),
    )  # fmt: skip
    accounts.change_password(connection, found(connection, login), PASSWORD, NOON)
    return found(connection, login)


def found(connection: Connection, login: str) -> Account:
    """The open account of ``login``, which there is."""
    account = accounts.find(connection, login)
    assert account is not None
    return account
