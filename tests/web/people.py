"""Accounts of every role, and how each of them comes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
import requests
from sqlalchemy import delete, select, text

from pipeline.access import accounts, second_factor
from pipeline.access.accounts import AccountRole, Level
from reports.web.visit import Dashboard
from schemas import tables

PASSWORD = "семь мокрых зонтов на перроне"
TIMEOUT = 60  # seconds; a page takes far less
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Person:
    """Who may come in; ``secret``: of the second factor, where there is one."""

    login: str
    role: AccountRole
    level: Level
    unit: str
    secret: str = ""


def enrol(dashboard: Dashboard, person: Person) -> Person:
    """Make the account of ``person``: its own password, for an operator the second factor."""
    at = dashboard.clock()
    with dashboard.accounts.begin() as connection:
        accounts.create(
            connection, login=person.login, role=person.role, level=person.level,
            unit=person.unit, by="tests", at=at,
        )  # fmt: skip
        account = accounts.find(connection, person.login)
        assert account is not None
        accounts.change_password(connection, account, PASSWORD, at)
        if not account.needs_factor:
            return person
        uri = second_factor.begin(connection, dashboard.hub.keys, account)
        secret = str(pyotp.parse_uri(uri).secret)
        before = at - timedelta(seconds=30)  # so that the code of this moment is still unused
        code = pyotp.TOTP(secret).at(before)
        assert second_factor.take(connection, dashboard.hub.keys, account, code, at)
    return Person(person.login, person.role, person.level, person.unit, secret)


@contextmanager
def residing(dashboard: Dashboard, people: Iterable[Person]) -> Iterator[dict[str, Person]]:
    """Fresh accounts of ``people``, by login; afterwards there is no account at all."""
    yield {one.login: enrol(dashboard, one) for one in people}
    with dashboard.accounts.begin() as connection:
        connection.execute(delete(tables.sessions))
        connection.execute(delete(tables.accounts))


@dataclass(frozen=True)
class Enrolled:
    """People with the rows of their accounts: Argon2 takes its time, so that a row is made once."""

    people: dict[str, Person]
    rows: list[dict[str, Any]]

    @classmethod
    def of(cls, dashboard: Dashboard, people: Iterable[Person]) -> Enrolled:
        """Enrol ``people`` and take down what that wrote."""
        with residing(dashboard, people) as known, dashboard.accounts.begin() as connection:
            rows = connection.execute(select(tables.accounts)).mappings()
            return cls(known, [dict(row) for row in rows])

    @contextmanager
    def residing(self, dashboard: Dashboard) -> Iterator[dict[str, Person]]:
        """The same accounts again, as fresh as they were, and with their numbers: a second factor
        is sealed for the number of its account."""
        names = [column.name for column in tables.accounts.c]
        again = text(
            f"INSERT INTO access.accounts ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
            f" VALUES ({', '.join(f':{name}' for name in names)})"
        )
        with residing(dashboard, []):
            with dashboard.accounts.begin() as connection:
                connection.execute(again, self.rows)
            yield dict(self.people)


class Browser:
    """A session of ``person``, without a browser's drawing; ``get`` and ``post`` follow leads."""

    def __init__(self, url: str, person: Person | None = None, at: datetime | None = None) -> None:
        self.url = url
        self.session = requests.Session()
        if person is not None:
            assert at is not None
            self.sign_in(person, at)

    def sign_in(self, person: Person, at: datetime) -> requests.Response:
        answer = self.send("/sign-in", login=person.login, password=PASSWORD)
        if person.secret:
            code = pyotp.TOTP(person.secret).at(at)
            answer = self.send("/sign-in/code", code=code)
        return answer

    def get(self, path: str, **parameters: str) -> requests.Response:
        return self.session.get(self.url + path, params=parameters, timeout=TIMEOUT)

    def send(self, path: str, **fields: Any) -> requests.Response:
        """Post a form as it stands, from the dashboard's own origin."""
        headers = {"Origin": self.url}
        return self.session.post(self.url + path, data=fields, headers=headers, timeout=TIMEOUT)

    def post(self, page: str, action: str = "", **fields: Any) -> requests.Response:
        """Open ``page`` and send its form with these ``fields``."""
        found = CSRF.search(self.get(page).text)
        assert found is not None, f"{page} has no form"
        return self.send(action or page, csrf=found[1], **fields)
