"""Who may make, see and close whose accounts; and the book of it, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from pipeline.access import accounts, sessions
from pipeline.access.accounts import LEVELS, Account, AccountError, AccountRole, Level, unit_of
from pipeline.access.events import Kind, book, note
from tests.access.conftest import NOON, made

UNITS = {Level.REGION: "region", Level.DISTRICT: "d1", Level.SCHOOL: "781001"}
ANY = [(role, level, UNITS[level]) for role in AccountRole for level in sorted(LEVELS[role])]


def of(role: AccountRole, level: Level, unit: str) -> Account:
    return Account(1, "somebody", role, level, unit)


def test_an_operator_manages_all() -> None:
    operator = of(AccountRole.OPERATOR, Level.REGION, "region")
    assert all(operator.manages(*one) for one in ANY)
    assert operator.resets


def test_a_schools_administrator_manages_deputies_and_readers_of_its_school() -> None:
    own = of(AccountRole.SCHOOL_ADMINISTRATOR, Level.SCHOOL, "781001")
    assert {one for one in ANY if own.manages(*one)} == {
        (AccountRole.SCHOOL_DEPUTY, Level.SCHOOL, "781001"),
        (AccountRole.READER, Level.SCHOOL, "781001"),
    }
    assert not own.manages(AccountRole.SCHOOL_DEPUTY, Level.SCHOOL, "781002")
    assert not own.manages(AccountRole.READER, Level.DISTRICT, "781001")
    assert not own.resets


@pytest.mark.parametrize(
    "role", [AccountRole.DISTRICT_OFFICER, AccountRole.SCHOOL_DEPUTY, AccountRole.READER]
)
def test_others_manage_nobody(role: AccountRole) -> None:
    for level in LEVELS[role]:
        account = of(role, level, UNITS[level])
        assert not account.makes
        assert not account.resets
        assert not any(account.manages(*one) for one in ANY)


def test_who_manages_sees_and_finds_those_alone(connection: Connection) -> None:
    school = {"level": "school", "unit": "781001"}
    administrator = made(connection, "s1-head", role="school_administrator", **school)
    made(connection, "s1-deputy", role="school_deputy", **school)
    made(connection, "s2-deputy", role="school_deputy", level="school", unit="781002")
    operator = made(connection, "operator", role="operator", level="region", unit="region")
    seen = [row["login"] for row in accounts.listed(connection, administrator)]
    assert seen == ["s1-deputy"]
    assert len(accounts.listed(connection, operator)) == len(accounts.listed(connection)) == 4
    assert accounts.managed(connection, administrator, "s1-deputy").unit == "781001"
    said = set()
    for login in ("s2-deputy", "operator", "nobody"):
        with pytest.raises(AccountError) as caught:
            accounts.managed(connection, administrator, login)
        said.add(str(caught.value).replace(login, ""))
    assert len(said) == 1  # nobody learns which accounts there are
    with pytest.raises(AccountError, match="свою учётную запись"):
        accounts.managed(connection, operator, "operator")


def test_the_last_sign_in_is_listed(connection: Connection) -> None:
    account = made(connection)
    assert accounts.listed(connection)[0]["signed_in_at"] is None
    for hours in (1, 2):
        at = NOON + timedelta(hours=hours)
        sessions.begin(connection, account, at, complete=True)
    sessions.begin(connection, account, NOON + timedelta(hours=3), complete=False)
    assert accounts.listed(connection)[0]["signed_in_at"] == NOON + timedelta(hours=2)


def test_a_unit_is_one() -> None:
    assert unit_of("", "") == (Level.REGION, "region")
    assert unit_of("d1", "") == (Level.DISTRICT, "d1")
    assert unit_of("", "781001") == (Level.SCHOOL, "781001")
    with pytest.raises(AccountError, match="или район, или школу"):
        unit_of("d1", "781001")


def test_a_subject_is_one_accounts(connection: Connection) -> None:
    made(connection, subject="at-provider")
    with pytest.raises(AccountError, match="у другой учётной записи"):
        made(connection, "d2-officer", subject="at-provider")


def test_a_change_of_a_schools_account_names_the_school(connection: Connection) -> None:
    made(connection, "s1-deputy", role="school_deputy", level="school", unit="781001")
    accounts.disable(connection, "s1-deputy", "tests", NOON)
    made(connection)
    told = {(row["login"], row["school"]) for row in book(connection, kind=Kind.ACCOUNT_CHANGED)}
    assert told == {("s1-deputy", "781001"), ("d1-officer", None)}


def test_the_book_is_read_page_by_page(connection: Connection) -> None:
    for number in range(5):
        kind = Kind.REFUSED if number % 2 else Kind.DOWNLOADED
        note(connection, kind, NOON, login=f"d{number % 2}-officer", detail=str(number))

    def told(**asked: object) -> list[str]:
        return [row["detail"] for row in book(connection, **asked)]  # type: ignore[arg-type]

    assert told() == ["4", "3", "2", "1", "0"]
    first = book(connection, most=2)
    assert [row["detail"] for row in first] == ["4", "3"]
    assert told(before=first[-1]["id"], most=2) == ["2", "1"]
    assert told(login="d1-officer") == told(kind=Kind.REFUSED) == ["3", "1"]
    assert told(login="d1-officer", kind=Kind.DOWNLOADED) == []
