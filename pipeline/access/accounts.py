"""Accounts of the dashboard: whose rows one sees, what it may do, how it is made and closed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from pipeline.access.events import Kind, note
from pipeline.access.passwords import check_strength, fresh_password, hashed
from pipeline.scope import Scope
from quality.measures import REGION
from schemas.tables import accounts, events, sessions

_LOGIN = re.compile(r"[a-z0-9][a-z0-9_-]{2,39}")
_UNIT = re.compile(r"[0-9A-Za-z_-]+")  # as ``pipeline.registry`` has it


class AccountRole(StrEnum):
    """What an account may do; ``LEVELS`` says for whom."""

    OPERATOR = "operator"
    DISTRICT_OFFICER = "district_officer"
    SCHOOL_ADMINISTRATOR = "school_administrator"
    SCHOOL_DEPUTY = "school_deputy"
    READER = "reader"


class Level(StrEnum):
    """Whose rows an account sees."""

    REGION = "region"
    DISTRICT = "district"
    SCHOOL = "school"


LEVELS: dict[AccountRole, frozenset[Level]] = {
    AccountRole.OPERATOR: frozenset({Level.REGION}),
    AccountRole.DISTRICT_OFFICER: frozenset({Level.DISTRICT}),
    AccountRole.SCHOOL_ADMINISTRATOR: frozenset({Level.SCHOOL}),
    AccountRole.SCHOOL_DEPUTY: frozenset({Level.SCHOOL}),
    AccountRole.READER: frozenset(Level),
}

# Whom a school's administrator makes and closes, of its own school.
OF_A_SCHOOL = frozenset({AccountRole.SCHOOL_DEPUTY, AccountRole.READER})


class AccountError(ValueError):
    """No such account can be made or changed; the message says why."""


@dataclass(frozen=True)
class Account:
    """An account that is not closed."""

    id: int
    login: str
    role: AccountRole
    level: Level
    unit: str
    must_change: bool = False
    factor_confirmed: bool = False
    has_password: bool = True  # else it comes in by the region's provider alone

    @property
    def scope(self) -> Scope:
        """Whose rows it sees."""
        return Scope.of_unit(self.level, self.unit)

    @property
    def is_of_school(self) -> bool:
        """Whether it belongs to a school's own people, to whom they may be named."""
        return self.role in (AccountRole.SCHOOL_ADMINISTRATOR, AccountRole.SCHOOL_DEPUTY)

    @property
    def decides(self) -> bool:
        """Whether it answers what schools ask for: an officer of their district, the operator."""
        return self.role in (AccountRole.DISTRICT_OFFICER, AccountRole.OPERATOR)

    @property
    def needs_factor(self) -> bool:
        """Whether a second factor is asked of it: of who changes things for others."""
        return self.role is AccountRole.OPERATOR

    @property
    def resets(self) -> bool:
        """Whether it may take another's password and second factor off."""
        return self.role is AccountRole.OPERATOR

    @property
    def makes(self) -> frozenset[AccountRole]:
        """Roles of accounts that it may make and close."""
        match self.role:
            case AccountRole.OPERATOR:
                return frozenset(AccountRole)
            case AccountRole.SCHOOL_ADMINISTRATOR:
                return OF_A_SCHOOL
            case _:
                return frozenset()

    def manages(self, role: AccountRole, level: Level, unit: str) -> bool:
        """Whether it may make, see and close such an account."""
        own = self.role is AccountRole.OPERATOR or (level, unit) == (self.level, self.unit)
        return own and role in self.makes


def unit_of(district: str, school: str) -> tuple[Level, str]:
    """Level and unit of who sees ``district`` or ``school``, or with neither the region. Raises
    ``AccountError`` for both."""
    if district and school:
        raise AccountError("укажите или район, или школу")
    if school:
        return Level.SCHOOL, school
    return (Level.DISTRICT, district) if district else (Level.REGION, REGION)


def create(
    connection: Connection,
    *,
    login: str,
    role: AccountRole,
    level: Level,
    unit: str,
    by: str,
    at: datetime,
    subject: str | None = None,
) -> str | None:
    """Make an account; its first password, to be changed at once. Raises ``AccountError``.

    ``subject``: who it is at the region's OpenID provider. Such an account has no password, until
    ``reset`` gives it one.
    """
    if not _LOGIN.fullmatch(login):
        raise AccountError(
            f"«{login}»: имя учётной записи — должность, не фамилия: от 3 до 40 строчных"
            " латинских букв, цифр, «-» и «_»"
        )
    if level not in LEVELS[role]:
        allowed = ", ".join(sorted(LEVELS[role]))
        raise AccountError(f"роль {role} бывает на уровне: {allowed}; указан {level}")
    if (level is Level.REGION) != (unit == REGION) or not _UNIT.fullmatch(unit):
        raise AccountError("у региона пишут region, у района и школы — их код")
    if connection.execute(_by_login(login)).first() is not None:
        raise AccountError(f"{login}: такая учётная запись уже есть")
    if subject and connection.execute(_by_subject(subject)).first() is not None:
        raise AccountError("такой пользователь поставщика входа уже есть у другой учётной записи")
    password = None if subject else fresh_password()
    row = {
        "login": login,
        "role": role.value,
        "level": level.value,
        "unit": unit,
        "password": hashed(password) if password else None,
        "must_change": password is not None,
        "subject": subject,
        "created_by": by,
        "created_at": at,
    }
    connection.execute(insert(accounts), row)
    _noted(connection, _existing(connection, login), "created", by, at)
    return password


def find(connection: Connection, login: str) -> Account | None:
    """The open account of ``login``."""
    row = connection.execute(_by_login(login)).mappings().one_or_none()
    return None if row is None or row["disabled_at"] else account_of(row)


def find_subject(connection: Connection, subject: str) -> Account | None:
    """The open account of who is ``subject`` at the provider."""
    row = connection.execute(_by_subject(subject)).mappings().one_or_none()
    return None if row is None or row["disabled_at"] else account_of(row)


def managed(connection: Connection, by: Account, login: str) -> Account:
    """The open account of ``login`` that ``by`` may close. Raises ``AccountError``: whether there
    is one elsewhere is not told."""
    found = find(connection, login)
    if found is None or not by.manages(found.role, found.level, found.unit):
        raise AccountError(f"{login}: нет такой открытой учётной записи")
    if found.id == by.id:
        raise AccountError("свою учётную запись закрывает и сбрасывает другой оператор")
    return found


def listed(connection: Connection, by: Account | None = None) -> list[dict[str, Any]]:
    """Accounts by login, without secrets: all, or those that ``by`` manages."""
    c, e = accounts.c, events.c
    last = (
        select(func.max(e.at))
        .where(e.login == c.login, e.kind == Kind.SIGNED_IN.value)
        .scalar_subquery()
    )
    query = select(
        c.login, c.role, c.level, c.unit, c.factor_confirmed, c.locked_until, c.disabled_at,
        c.created_by, c.created_at, last.label("signed_in_at"),
    ).order_by(c.login)  # fmt: skip
    rows = connection.execute(query).mappings()
    return [
        dict(row)
        for row in rows
        if by is None or by.manages(AccountRole(row["role"]), Level(row["level"]), row["unit"])
    ]


def change_password(connection: Connection, account: Account, password: str, at: datetime) -> None:
    """Keep a new password and end the account's sessions. Raises ``WeakPasswordError``."""
    check_strength(password, account.login)
    _change(connection, account.login, password=hashed(password), must_change=False)
    note(connection, Kind.CHANGED, at, login=account.login)


def reset(connection: Connection, login: str, by: str, at: datetime) -> str:
    """A new first password; the second factor and the lock are taken off. Raises
    ``AccountError``."""
    account = _existing(connection, login)
    password = fresh_password()
    _change(
        connection,
        login,
        password=hashed(password),
        must_change=True,
        factor=None,
        factor_confirmed=False,
        factor_step=None,
        failures=0,
        locked_until=None,
    )
    _noted(connection, account, "reset", by, at)
    return password


def disable(connection: Connection, login: str, by: str, at: datetime) -> None:
    """Close an account and its sessions; it is kept for the book. Raises ``AccountError``."""
    account = _existing(connection, login)
    _change(connection, login, disabled_at=at)
    _noted(connection, account, "disabled", by, at)


def account_of(row: RowMapping) -> Account:
    """The account of a row of ``access.accounts``."""
    return Account(
        id=row["id"],
        login=row["login"],
        role=AccountRole(row["role"]),
        level=Level(row["level"]),
        unit=row["unit"],
        must_change=row["must_change"],
        factor_confirmed=row["factor_confirmed"],
        has_password=row["password"] is not None,
    )


def _existing(connection: Connection, login: str) -> Account:
    found = find(connection, login)
    if found is None:
        raise AccountError(f"{login}: нет такой открытой учётной записи")
    return found


def _change(connection: Connection, login: str, **values: Any) -> None:
    changed = update(accounts).where(accounts.c.login == login).values(values)
    (account,) = connection.execute(changed.returning(accounts.c.id)).scalars()
    connection.execute(sessions.delete().where(sessions.c.account == account))


def _by_login(login: str) -> Select[Any]:
    return select(accounts).where(accounts.c.login == login)


def _by_subject(subject: str) -> Select[Any]:
    return select(accounts).where(accounts.c.subject == subject)


def _noted(connection: Connection, account: Account, what: str, by: str, at: datetime) -> None:
    school = account.unit if account.level is Level.SCHOOL else None
    detail = f"{what} by {by}"
    note(connection, Kind.ACCOUNT_CHANGED, at, login=account.login, school=school, detail=detail)
