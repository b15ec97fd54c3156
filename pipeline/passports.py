"""Passports of schools: kept as versions, entered by a person, in force by date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from pipeline.hub import Hub
from privacy.actions import Action, action_log_on
from privacy.passports import content_hash, seal_contacts
from quality.passports import Value, passport_fields
from schemas.tables import passports, schools

GROUND = "паспорт школы для форм отчётности; внесено оператором"

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
            Action("enter_passport", said.school, GROUND, len(said.contacts), details)
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
            lists={
                code: [(what, details) for what, details in lines]
                for code, lines in row.declared["lists"].items()
            },
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
