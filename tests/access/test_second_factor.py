"""Codes of an authenticator program: when one is taken, and that none is taken twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Connection

from pipeline.access import accounts, second_factor
from pipeline.access.accounts import Account
from pipeline.hub import Hub
from privacy.sealing import SealBrokenError
from schemas import tables
from tests.access.conftest import NOON, found, made

STEP = timedelta(seconds=30)  # NOON is the first moment of a step


@pytest.fixture
def account(connection: Connection) -> Account:
    return made(connection)


@pytest.fixture
def totp(connection: Connection, hub: Hub, account: Account) -> pyotp.TOTP:
    """The authenticator program of ``account``."""
    read = pyotp.parse_uri(second_factor.begin(connection, hub.keys, account))
    assert isinstance(read, pyotp.TOTP)
    assert (read.issuer, read.name) == ("Свод", account.login)
    return read


@pytest.mark.parametrize(
    ("off", "taken"),
    [
        (-2 * STEP, False),
        (-STEP, True),
        (timedelta(0), True),
        (STEP, True),
        (2 * STEP, False),
    ],
)
def test_a_clock_may_be_a_step_off(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP,
    off: timedelta, taken: bool,
) -> None:  # fmt: skip
    code = totp.at(NOON + off)
    assert second_factor.take(connection, hub.keys, account, code, NOON) is taken
    assert found(connection, account.login).factor_confirmed is taken


def test_a_code_and_those_before_it_are_taken_no_more(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP
) -> None:
    def take(code_of: datetime, at: datetime) -> bool:
        return second_factor.take(connection, hub.keys, account, totp.at(code_of), at)

    assert take(NOON, NOON)
    assert not take(NOON, NOON)
    assert not take(NOON, NOON + STEP)
    assert not take(NOON - STEP, NOON)
    assert take(NOON + STEP, NOON)


@pytest.mark.parametrize("code", ["", "000000 ", "не код", "12345678901234567890", "\u0661" * 6])
def test_what_is_no_code_is_not_taken(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP, code: str
) -> None:
    if code.strip() in {totp.at(NOON + n * STEP) for n in (-1, 0, 1)}:
        code = "000001"
    assert not second_factor.take(connection, hub.keys, account, code, NOON)


def test_a_code_may_have_a_space_in_it(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP
) -> None:
    code = totp.at(NOON)
    spaced = f" {code[:3]} {code[3:]} "
    assert second_factor.take(connection, hub.keys, account, spaced, NOON)


def test_without_a_secret_no_code_is_taken(
    connection: Connection, hub: Hub, account: Account
) -> None:
    code = pyotp.TOTP(pyotp.random_base32()).at(NOON)
    assert not second_factor.take(connection, hub.keys, account, code, NOON)
    assert second_factor.begun(connection, hub.keys, account) is None


def test_the_secret_is_told_until_it_is_confirmed(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP
) -> None:
    again = second_factor.begun(connection, hub.keys, account)
    assert again is not None
    assert pyotp.parse_uri(again).secret == totp.secret
    second_factor.take(connection, hub.keys, account, totp.at(NOON), NOON)
    assert second_factor.begun(connection, hub.keys, account) is None


def test_the_secret_is_sealed_and_bound_to_its_account(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP
) -> None:
    factor = tables.accounts.c.factor
    other = made(connection, "d2-officer")
    (kept,) = connection.execute(
        tables.accounts.select().with_only_columns(factor).where(factor.is_not(None))
    ).scalars()
    assert totp.secret.encode() not in kept
    moved = tables.accounts.update().where(tables.accounts.c.id == other.id)
    connection.execute(moved.values(factor=kept))
    with pytest.raises(SealBrokenError):
        second_factor.take(connection, hub.keys, other, totp.at(NOON), NOON)


def test_a_reset_takes_it_off(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP
) -> None:
    second_factor.take(connection, hub.keys, account, totp.at(NOON), NOON)
    accounts.reset(connection, account.login, "tests", NOON)
    assert not found(connection, account.login).factor_confirmed
    code = totp.at(NOON + STEP)
    assert not second_factor.take(connection, hub.keys, account, code, NOON + STEP)


def test_setting_it_is_noted_once(
    connection: Connection, hub: Hub, account: Account, totp: pyotp.TOTP
) -> None:
    for at in (NOON, NOON + STEP):
        assert second_factor.take(connection, hub.keys, account, totp.at(at), at)
    kinds = [row.kind for row in connection.execute(tables.events.select())]
    assert kinds.count("factor_set") == 1
