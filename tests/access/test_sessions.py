"""Sessions: when one ends, when an account is locked, and what the tables keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from pipeline.access import accounts, sessions
from pipeline.access.sessions import FEW, IDLE, LOCK, LONGEST, Refusal
from schemas import tables
from tests.access.conftest import NOON, PASSWORD, made

TICK = timedelta(microseconds=1)


def wrong(connection: Connection, times: int, login: str = "d1-officer") -> list[object]:
    return [sessions.by_password(connection, login, "не тот", NOON) for _ in range(times)]


def kinds(connection: Connection) -> list[tuple[str, str | None, str]]:
    rows = connection.execute(tables.events.select().order_by(tables.events.c.id))
    return [(row.kind, row.login, row.detail) for row in rows]


def test_one_less_than_too_many_does_not_lock(connection: Connection) -> None:
    account = made(connection)
    assert wrong(connection, FEW - 1) == [Refusal.WRONG] * (FEW - 1)
    assert sessions.by_password(connection, account.login, PASSWORD, NOON) == account
    assert wrong(connection, 1) == [Refusal.LOCKED]  # a password alone forgives nothing


def test_coming_in_forgives_what_went_wrong(connection: Connection) -> None:
    account = made(connection)
    wrong(connection, FEW - 1)
    sessions.begin(connection, account, NOON, complete=False)
    assert wrong(connection, 1) == [Refusal.LOCKED]
    sessions.begin(connection, account, NOON, complete=True)
    assert wrong(connection, FEW - 1) == [Refusal.WRONG] * (FEW - 1)


def test_a_lock_lasts_as_long_as_it_says(connection: Connection) -> None:
    account = made(connection)
    assert wrong(connection, FEW)[-1] is Refusal.LOCKED
    last = NOON + LOCK - TICK
    assert sessions.by_password(connection, account.login, PASSWORD, last) is Refusal.LOCKED
    assert sessions.is_locked(connection, account, last)
    assert sessions.by_password(connection, account.login, PASSWORD, NOON + LOCK) == account
    assert not sessions.is_locked(connection, account, NOON + LOCK)


def test_a_lock_is_one_accounts_own(connection: Connection) -> None:
    other = made(connection, "d2-officer")
    made(connection)
    wrong(connection, FEW)
    assert sessions.by_password(connection, other.login, PASSWORD, NOON) == other


def test_what_an_unknown_login_does_is_noted_without_it(connection: Connection) -> None:
    assert wrong(connection, FEW + 1, login="тайное слово") == [Refusal.WRONG] * (FEW + 1)
    assert kinds(connection) == [("refused", None, "")] * (FEW + 1)


def test_the_book_tells_refusals_and_locks(connection: Connection) -> None:
    account = made(connection)
    before = len(kinds(connection))
    wrong(connection, FEW + 1)
    session = sessions.begin(connection, account, NOON, complete=True)
    sessions.sign_out(connection, session, NOON)
    assert [(kind, detail) for kind, _, detail in kinds(connection)[before:]] == [
        *[("refused", "")] * (FEW - 1),
        ("locked", ""),
        ("refused", "locked"),
        ("signed_in", ""),
        ("signed_out", ""),
    ]


@pytest.mark.parametrize(("after", "there"), [(IDLE, True), (IDLE + TICK, False)])
def test_a_session_that_is_left_alone_ends(
    connection: Connection, after: timedelta, there: bool
) -> None:
    session = sessions.begin(connection, made(connection), NOON, complete=True)
    assert (sessions.current(connection, session.token, NOON + after) is not None) is there


@pytest.mark.parametrize(("after", "there"), [(LONGEST, True), (LONGEST + TICK, False)])
def test_a_session_that_is_used_ends_after_a_day(
    connection: Connection, after: timedelta, there: bool
) -> None:
    session = sessions.begin(connection, made(connection), NOON, complete=True)
    at = NOON
    while at + IDLE < NOON + after:
        at += IDLE
        assert sessions.current(connection, session.token, at) is not None
    assert (sessions.current(connection, session.token, NOON + after) is not None) is there


def test_looking_often_writes_no_row_each_time(connection: Connection) -> None:
    session = sessions.begin(connection, made(connection), NOON, complete=True)
    seen = tables.sessions.select().with_only_columns(tables.sessions.c.seen_at)
    for after, kept in ((60, 0), (61, 61), (90, 61)):
        sessions.current(connection, session.token, NOON + timedelta(seconds=after))
        assert connection.execute(seen).scalar_one() == NOON + timedelta(seconds=kept)


def test_ended_sessions_are_swept_away(connection: Connection) -> None:
    account = made(connection)
    sessions.begin(connection, account, NOON, complete=True)
    sessions.begin(connection, account, NOON + IDLE + TICK, complete=True)
    assert len(connection.execute(tables.sessions.select()).all()) == 1


def test_neither_token_nor_password_is_in_the_tables(connection: Connection) -> None:
    session = sessions.begin(connection, made(connection), NOON, complete=True)
    kept = str([connection.execute(t.select()).all() for t in (tables.accounts, tables.sessions)])
    assert session.csrf in kept
    assert session.token not in kept
    assert PASSWORD not in kept


def test_the_hash_of_a_token_opens_nothing(connection: Connection) -> None:
    sessions.begin(connection, made(connection), NOON, complete=True)
    (token,) = connection.execute(
        tables.sessions.select().with_only_columns(tables.sessions.c.token)
    ).scalars()
    assert sessions.current(connection, token, NOON) is None


def test_a_form_is_of_its_own_session(connection: Connection) -> None:
    account = made(connection)
    one, other = (sessions.begin(connection, account, NOON, complete=True) for _ in range(2))
    assert one.accepts(one.csrf)
    assert not any(one.accepts(csrf) for csrf in (other.csrf, "", "не то", one.csrf[:-1]))


def test_a_completed_session_has_another_token(connection: Connection) -> None:
    half = sessions.begin(connection, made(connection), NOON, complete=False)
    whole = sessions.completed(connection, half, NOON)
    assert sessions.current(connection, half.token, NOON) is None
    assert sessions.current(connection, whole.token, NOON) == whole
    assert (half.complete, whole.complete, half.csrf != whole.csrf) == (False, True, True)


def test_a_new_password_ends_every_session(connection: Connection) -> None:
    account = made(connection)
    session = sessions.begin(connection, account, NOON, complete=True)
    accounts.change_password(connection, account, "другая длинная фраза", NOON)
    assert sessions.current(connection, session.token, NOON) is None
