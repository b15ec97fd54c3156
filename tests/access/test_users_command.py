"""``svod users``: accounts from the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pipeline.access import accounts, sessions
from pipeline.access.accounts import Account, AccountError, AccountRole, Level
from pipeline.cli import KNOWN, app
from pipeline.exits import Exit
from pipeline.hub import Hub
from schemas import tables
from tests.access.conftest import NOON

BY = ("--by", "Петрова")


@pytest.fixture(autouse=True)
def home(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of one district and one school."""
    with hub.engine.begin() as connection:
        connection.execute(tables.districts.insert(), {"code": "d1", "name": "Первый"})
        school = {"code": "781001", "name": "Школа", "district": "d1", "profile": "spb"}
        year = {"school_year": 2026, "connected_on": NOON.date()}
        connection.execute(tables.schools.insert(), school | year)
    monkeypatch.setenv("SVOD_HOME", str(hub.settings.home))


def svod(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["users", *arguments])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout) if "--json" in arguments else []


@pytest.mark.parametrize(
    ("role", "options", "level", "unit"),
    [
        ("operator", (), Level.REGION, "region"),
        ("district_officer", ("--district", "d1"), Level.DISTRICT, "d1"),
        ("school_deputy", ("--school", "781001"), Level.SCHOOL, "781001"),
        ("reader", ("--school", "781001"), Level.SCHOOL, "781001"),
    ],
)
def test_an_account_is_made_with_a_password_that_opens_it(
    engine: Engine, role: str, options: tuple[str, ...], level: Level, unit: str
) -> None:
    (row,) = svod("add", "somebody", "--role", role, *options, *BY, "--json")
    assert (row["login"], row["role"]) == ("somebody", role)
    with engine.begin() as connection:
        account = sessions.by_password(connection, "somebody", row["password"], NOON)
        assert isinstance(account, Account)
        assert (account.role, account.level, account.unit) == (AccountRole(role), level, unit)
        assert account.must_change


def test_who_comes_by_the_provider_has_no_password(engine: Engine) -> None:
    told = ("--role", "reader", "--district", "d1", "--subject", "s-1")
    (row,) = svod("add", "d1-reader", *told, *BY, "--json")
    assert row["password"] is None
    with engine.begin() as connection:
        account = accounts.find_subject(connection, "s-1")
        assert account is not None
        assert (account.login, account.must_change) == ("d1-reader", False)
        for guess in ("", "None"):
            guessed = sessions.by_password(connection, "d1-reader", guess, NOON)
            assert guessed is sessions.Refusal.WRONG


def test_what_cannot_be_is_refused(engine: Engine) -> None:
    with pytest.raises(AccountError, match="роль operator бывает на уровне: region"):
        svod("add", "somebody", "--role", "operator", "--district", "d1", *BY)
    with pytest.raises(AccountError, match="нет такой открытой"):
        svod("reset", "somebody", *BY)
    with engine.begin() as connection:
        assert accounts.listed(connection) == []


@pytest.mark.parametrize(
    ("role", "options", "told"),
    [
        ("district_officer", ("--district", "d7"), "района d7 в реестре нет: укажите один из d1;"),
        ("school_deputy", ("--school", "781002"), "школы 781002 в реестре нет: проверьте её код;"),
        ("reader", ("--school", "d1"), "школы d1 в реестре нет"),
        ("reader", ("--district", "781001"), "района 781001 в реестре нет"),
    ],
)
def test_a_unit_that_the_registry_has_not_gets_no_account(
    engine: Engine, role: str, options: tuple[str, ...], told: str
) -> None:
    with pytest.raises(AccountError, match=f"^{told}.*svod schools import$") as refused:
        svod("add", "somebody", "--role", role, *options, *BY)
    assert KNOWN[type(refused.value)] is Exit.USAGE
    with engine.begin() as connection:
        assert accounts.listed(connection) == []
        assert connection.execute(tables.events.select()).all() == []


def test_list_reset_and_disable(engine: Engine) -> None:
    (made,) = svod("add", "d1-officer", "--role", "district_officer", "--district", "d1", *BY,
                   "--json")  # fmt: skip
    (given,) = svod("reset", "d1-officer", *BY, "--json")
    assert given["password"] != made["password"]
    svod("disable", "d1-officer", *BY)
    (row,) = svod("list", "--json")
    assert row["disabled_at"]
    assert made["password"] not in json.dumps(row)
    with engine.begin() as connection:
        assert accounts.find(connection, "d1-officer") is None
        book = connection.execute(tables.events.select().order_by(tables.events.c.id)).all()
    assert [row.detail for row in book] == [
        f"{what} by Петрова" for what in ("created", "reset", "disabled")
    ]
