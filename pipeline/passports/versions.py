"""Passports of schools: kept as versions, entered by a person, in force by date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from pipeline.hub import Hub
from privacy.actions import Action, action_log_on
from privacy.passports import content_hash, release_contacts, seal_contacts
from quality.passports import Value, passport_fields
from schemas.tables import action_log, passports, schools

GROUND = "паспорт школы для форм отчётности"
ENTERED = "enter_passport"
OWN_PASSPORT = "own_passport"  # what contacts are released for, beside the forms
OWN_GROUND = "152-ФЗ, ст. 5, ч. 6: школа проверяет и уточняет сведения, которые внесла сама"

Lists = Mapping[str, Sequence[tuple[str, str]]]  # by code: what it is, and its details


@dataclass(frozen=True)
class Declared:
    """What a school says of itself from a day on; ``contacts`` are of persons."""

    school: str
    valid_from: date
    values: Mapping[str, Value]
    contacts: Mapping[str, str]
    lists: Lists


@dataclass(frozen=True)
class Passport:
    """A version that is kept; ``sealed`` holds the contacts (``privacy.passports``)."""

    school: str
    version: int
    valid_from: date
    author: str
    entered_at: datetime
    values: Mapping[str, Value]
    lists: Lists
    sealed: bytes


def keep_passport(hub: Hub, said: Declared, by: str) -> bool:
    """Keep ``said`` as a new version; False if the same is in force from that day already."""
    content = json.dumps(
        [said.valid_from.isoformat(), dict(said.values), dict(said.contacts), dict(said.lists)],
        sort_keys=True,
        ensure_ascii=False,
    )
    hashed = content_hash(hub.keys, content)
    with hub.engine.begin() as connection:
        # Two files with the same school take turns.
        connection.execute(
            select(schools.c.code).where(schools.c.code == said.school).with_for_update()
        )
        if _latest_hash(connection, said) == hashed:
            return False
        versions = select(func.coalesce(func.max(passports.c.version), 0))
        version = connection.execute(versions.where(passports.c.school == said.school)).scalar_one()
        version += 1
        connection.execute(
            insert(passports).values(
                school=said.school,
                version=version,
                valid_from=said.valid_from,
                author=by,
                declared={"values": dict(said.values), "lists": dict(said.lists)},
                sealed=seal_contacts(hub.keys, said.school, version, said.contacts),
                content_hash=hashed,
            )
        )
        details = {"passport": version, "fields": sorted(said.contacts)}
        action_log_on(connection, by)(
            Action(ENTERED, said.school, GROUND, len(said.contacts), details)
        )
    return True


def passports_on(connection: Connection, on: date) -> dict[str, Passport]:
    """The passport of each school that has one in force on ``on``, by code."""
    query = (
        select(passports)
        .distinct(passports.c.school)
        .where(passports.c.valid_from <= on)
        .order_by(passports.c.school, passports.c.valid_from.desc(), passports.c.version.desc())
    )
    return {
        row.school: Passport(
            school=row.school,
            version=row.version,
            valid_from=row.valid_from,
            author=row.author,
            entered_at=row.entered_at,
            values=row.declared["values"],
            lists=_lists(row.declared),
            sealed=row.sealed,
        )
        for row in connection.execute(query)
    }


def listed(connection: Connection, on: date) -> list[dict[str, object]]:
    """Each school of the registry, and how its passport stands on ``on``; nobody is named."""
    known = passports_on(connection, on)
    fields = [field for field in passport_fields().fields if not field.personal]
    query = select(schools.c.code, schools.c.district).order_by(schools.c.code)
    rows = []
    for code, district in connection.execute(query):
        passport = known.get(code)
        missing = [f.title for f in fields if not passport or f.code not in passport.values]
        rows.append(
            {
                "school": code,
                "district": district,
                "version": passport.version if passport else None,
                "valid_from": passport.valid_from if passport else None,
                "author": passport.author if passport else None,
                "entered_at": passport.entered_at if passport else None,
                "declared": len(fields) - len(missing),
                "of": len(fields),
            }
        )
    return rows


def _latest_hash(connection: Connection, said: Declared) -> str | None:
    """The hash of the version that holds from the same day; None where there is none."""
    query = (
        select(passports.c.content_hash)
        .where(passports.c.school == said.school, passports.c.valid_from == said.valid_from)
        .order_by(passports.c.version.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


@dataclass(frozen=True)
class OpenPassport:
    """What of a version is of no person; ``contacts``: codes of the sealed fields that have one."""

    version: int
    valid_from: date
    author: str
    entered_at: datetime
    values: Mapping[str, Value]
    lists: Lists
    contacts: frozenset[str]


def versions_of(connection: Connection, school: str) -> list[OpenPassport]:
    """The versions of a school's passport, newest first; nothing sealed is read.

    Which contacts there are is told by the action log, in which every entry stands.
    """
    c = passports.c
    seen = (c.version, c.valid_from, c.author, c.entered_at, c.declared)
    rows = connection.execute(select(*seen).where(c.school == school).order_by(c.version.desc()))
    entered = _entered_contacts(connection, school)
    return [
        OpenPassport(
            version=row.version,
            valid_from=row.valid_from,
            author=row.author,
            entered_at=row.entered_at,
            values=row.declared["values"],
            lists=_lists(row.declared),
            contacts=entered.get(row.version, frozenset()),
        )
        for row in rows
    ]


def in_force(versions: Sequence[OpenPassport], on: date) -> OpenPassport | None:
    """The one of ``versions`` (newest first) that holds on a day, as ``passports_on`` has it."""
    known = [one for one in versions if one.valid_from <= on]
    return max(known, key=lambda one: (one.valid_from, one.version), default=None)


def _entered_contacts(connection: Connection, school: str) -> dict[int, frozenset[str]]:
    c = action_log.c
    query = select(c.details).where(c.school == school, c.action == ENTERED)
    details = connection.execute(query).scalars()
    return {one["passport"]: frozenset(one["fields"]) for one in details}


def _lists(declared: Mapping[str, Any]) -> Lists:
    return {
        code: [(what, details) for what, details in lines]
        for code, lines in declared["lists"].items()
    }


def own_contacts(hub: Hub, school: str, version: int) -> dict[str, str]:
    """The contacts of a version, told to ``school`` itself, which mends them; by code.

    ``hub.actor``: who asks. Raises as ``privacy.passports.release_contacts``.
    """
    c = passports.c
    with hub.engine.begin() as connection:
        query = select(c.sealed).where(c.school == school, c.version == version)
        envelope: bytes = connection.execute(query).scalar_one()
    return release_contacts(
        hub.keys,
        school,
        version,
        envelope,
        [one.code for one in passport_fields().fields if one.personal],
        purpose=OWN_PASSPORT,
        ground=OWN_GROUND,
        log=hub.log_action,
    )
