"""Accounts: how they are made, whose rows they see, and that a closed one is none."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from pipeline.access import accounts, sessions
from pipeline.access.accounts import LEVELS, AccountError, AccountRole, Level
from pipeline.access.passwords import WeakPasswordError
from pipeline.access.sessions import Refusal
from pipeline.scope import Scope
from schemas import tables
from tests.access.conftest import NOON, PASSWORD, found, made

UNITS = {Level.REGION: "region", Level.DISTRICT: "d1", Level.SCHOOL: "781001"}
SCOPES = {
    Level.REGION: Scope.of_region(),
    Level.DISTRICT: Scope.of_district("d1"),
    Level.SCHOOL: Scope.of_schools("781001"),
}


def create(connection: Connection, login: str, role: str, level: str, unit: str) -> str:
    return accounts.create(
        connection, login=login, role=AccountRole(role), level=Level(level), unit=unit,
        by="tests", at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize("role", AccountRole)
@pytest.mark.parametrize("level", Level)
def test_a_role_has_its_levels_and_its_scope(
    connection: Connection, role: AccountRole, level: Level
) -> None:
    if level not in LEVELS[role]:
        with pytest.raises(AccountError, match=f"роль {role} бывает на уровне"):
            create(connection, "somebody", role, level, UNITS[level])
        return
    create(connection, "somebody", role, level, UNITS[level])
    account = found(connection, "somebody")
    assert (account.scope, account.must_change) == (SCOPES[level], True)
    assert account.needs_factor is (role is AccountRole.OPERATOR)


@pytest.mark.parametrize("login", ["ab", "A-1", "офицер", "-ab", "a b c", "a" * 41, "ab\n", ""])
def test_a_login_is_a_post_in_small_letters(connection: Connection, login: str) -> None:
    with pytest.raises(AccountError, match="имя учётной записи — должность"):
        create(connection, login, "district_officer", "district", "d1")


@pytest.mark.parametrize(
    ("role", "level", "unit"),
    [
        ("operator", "region", "d1"),
        ("district_officer", "district", "region"),
        ("school_deputy", "school", ""),
        ("school_deputy", "school", "1,2"),
    ],
)
def test_a_unit_is_a_code(connection: Connection, role: str, level: str, unit: str) -> None:
    with pytest.raises(AccountError, match="код"):
        create(connection, "somebody", role, level, unit)


def test_a_login_is_taken_once_even_after_it_was_closed(connection: Connection) -> None:
    made(connection)
    accounts.disable(connection, "d1-officer", "tests", NOON)
    with pytest.raises(AccountError, match="уже есть"):
        create(connection, "d1-officer", "district_officer", "district", "d1")


def test_a_closed_account_is_found_nowhere(connection: Connection) -> None:
    account = made(connection, subject="at-provider")
    session = sessions.begin(connection, account, NOON, complete=True)
    assert accounts.find_subject(connection, "at-provider") == account
    accounts.disable(connection, account.login, "tests", NOON)
    assert accounts.find(connection, account.login) is None
    assert accounts.find_subject(connection, "at-provider") is None
    assert sessions.current(connection, session.token, NOON) is None
    assert sessions.by_password(connection, account.login, PASSWORD, NOON) is Refusal.WRONG
    with pytest.raises(AccountError, match="нет такой открытой"):
        accounts.reset(connection, account.login, "tests", NOON)
    with pytest.raises(AccountError, match="нет такой открытой"):
        accounts.disable(connection, account.login, "tests", NOON)


def test_a_session_of_an_account_that_is_closed_in_the_table_is_none(
    connection: Connection,
) -> None:
    session = sessions.begin(connection, made(connection), NOON, complete=True)
    connection.execute(tables.accounts.update().values(disabled_at=NOON))
    assert sessions.current(connection, session.token, NOON) is None


def test_a_subject_nobody_has_is_nobody(connection: Connection) -> None:
    made(connection)
    assert accounts.find_subject(connection, "at-provider") is None


def test_a_reset_gives_a_first_password_and_ends_what_was(connection: Connection) -> None:
    account = made(connection)
    session = sessions.begin(connection, account, NOON, complete=True)
    for _ in range(sessions.FEW):
        sessions.by_password(connection, account.login, "не тот", NOON)
    given = accounts.reset(connection, account.login, "tests", NOON)
    assert sessions.current(connection, session.token, NOON) is None
    assert sessions.by_password(connection, account.login, PASSWORD, NOON) is Refusal.WRONG
    now = sessions.by_password(connection, account.login, given, NOON)
    assert now == found(connection, account.login)
    assert found(connection, account.login).must_change


def test_a_weak_password_changes_nothing(connection: Connection) -> None:
    account = made(connection)
    session = sessions.begin(connection, account, NOON, complete=True)
    with pytest.raises(WeakPasswordError):
        accounts.change_password(connection, account, "короткий", NOON)
    assert sessions.current(connection, session.token, NOON) == session
    assert sessions.by_password(connection, account.login, PASSWORD, NOON) == account


def test_what_is_listed_holds_no_secret(connection: Connection) -> None:
    made(connection)
    (row,) = accounts.listed(connection)
    assert {"password", "factor", "subject", "id"}.isdisjoint(row)
    assert (row["login"], row["role"], row["disabled_at"]) == (
        "d1-officer",
        "district_officer",
        None,
    )


def test_each_change_is_in_the_book(connection: Connection) -> None:
    made(connection)
    accounts.reset(connection, "d1-officer", "Петрова", NOON)
    accounts.disable(connection, "d1-officer", "Петрова", NOON)
    rows = connection.execute(tables.events.select().order_by(tables.events.c.id)).all()
    assert [(row.kind, row.login, row.detail) for row in rows] == [
        ("account_changed", "d1-officer", "created by tests"),
        ("password_changed", "d1-officer", ""),
        ("account_changed", "d1-officer", "reset by Петрова"),
        ("account_changed", "d1-officer", "disabled by Петрова"),
    ]
    assert {row.at for row in rows} == {NOON}
