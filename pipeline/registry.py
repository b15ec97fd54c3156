"""The region's schools and how to reach their journals (``svod schools import``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from quality.measures import REGION
from quality.volume_bounds import Bounds
from schemas.records import ENTITIES, District, School
from schemas.tables import contacts, days_off, districts, school_years, schools, sources, targets


class UnknownSchoolError(Exception):
    """The registry has no such school; correct the code, or import the school."""

    def __init__(self, school: str) -> None:
        super().__init__(
            f"the registry has no school {school!r}; correct the code or import the school"
        )


class RegionFileError(Exception):
    """The region file cannot be used; correct the line it names and import again."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


# A work mailbox. Names of mailboxes are Latin everywhere; a domain may be Cyrillic.
Mailbox = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-zА-Яа-яЁё-]+(\.[0-9A-Za-zА-Яа-яЁё-]+)+$")
]


class DistrictEntry(_Strict):
    code: str
    name: str
    contacts: list[Mailbox] = []  # where its forms go: pipeline/mail/post.py

    @model_validator(mode="after")
    def _keeps_the_contract(self) -> DistrictEntry:
        District(source_key=self.code, name=self.name)
        return self


class DayOff(_Strict):
    day: date
    name: str


class SourceEntry(_Strict):
    kind: str
    mapping: str
    settings: dict[str, Any]


class SchoolEntry(_Strict):
    code: str = Field(pattern=r"^[0-9A-Za-z_-]+$")
    name: str
    district: str
    profile: str
    connected_on: date
    closed_on: date | None = None  # first day on which there is no school
    contacts: list[Mailbox] = []  # where its list of remarks goes: pipeline/mail/post.py
    volumes: dict[str, Bounds] = {}  # by entity of schemas.records: quality/volume_bounds.py
    sources: list[SourceEntry] = Field(min_length=1)

    @model_validator(mode="after")
    def _keeps_the_contract(self) -> SchoolEntry:
        School(source_key=self.code, district_key=self.district, short_name=self.name)
        if self.closed_on is not None and self.closed_on <= self.connected_on:
            raise ValueError("closed_on: a school is closed later than it was connected")
        if strange := self.volumes.keys() - ENTITIES.keys():
            raise ValueError(f"volumes: no such entity: {', '.join(sorted(strange))}")
        return self


class RegionFile(_Strict):
    """The whole file: see docs/operator guide, or the sandbox's ``region.yml``."""

    region: str
    zone: str
    school_year: int
    year_start: date
    year_end: date
    days_off: list[DayOff] = []
    contacts: list[Mailbox] = []  # where the region's forms go
    districts: list[DistrictEntry]
    schools: list[SchoolEntry]
    targets: dict[str, dict[str, Any]] = {}  # settings of connectors.registry

    @model_validator(mode="after")
    def _districts_known(self) -> RegionFile:
        known = {district.code for district in self.districts}
        for school in self.schools:
            if school.district not in known:
                raise ValueError(f"school {school.code}: district {school.district} is not listed")
        return self


@dataclass(frozen=True)
class SchoolSource:
    """One journal of one school, as the collect step needs it."""

    school: str
    kind: str
    mapping: str
    settings: dict[str, Any]
    school_year: int
    year_start: date
    zone: str
    volumes: Mapping[str, Bounds] = field(default_factory=dict)


def read_region(path: Path) -> RegionFile:
    """The region file at ``path``. Raises ``RegionFileError`` that names file and field."""
    try:
        return RegionFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise RegionFileError(f"{path}: {error}") from error
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in error.errors()
        ]
        raise RegionFileError("\n".join(lines)) from error


def import_region(connection: Connection, region: RegionFile) -> dict[str, int]:
    """Add or update districts, schools and sources; returns how many of each the file has."""
    year = {
        "school_year": region.school_year,
        "zone": region.zone,
        "start": region.year_start,
        "finish": region.year_end,
    }
    _upsert(connection, school_years, year)
    for kind, settings in region.targets.items():
        _upsert(connection, targets, {"kind": kind, "settings": settings})
    _replace_contacts(connection, "region", REGION, region.contacts)
    for district in region.districts:
        _upsert(connection, districts, district.model_dump(exclude={"contacts"}))
        _replace_contacts(connection, "district", district.code, district.contacts)
    connection.execute(delete(days_off))
    for day in region.days_off:
        _upsert(connection, days_off, day.model_dump())
    for school in region.schools:
        _replace_contacts(connection, "school", school.code, school.contacts)
        row = school.model_dump(exclude={"sources", "contacts"}, mode="json") | {
            "connected_on": school.connected_on,
            "closed_on": school.closed_on,
        }
        _upsert(connection, schools, row | {"school_year": region.school_year})
        connection.execute(delete(sources).where(sources.c.school == school.code))
        for source in school.sources:
            _upsert(connection, sources, source.model_dump() | {"school": school.code})
    return {
        "districts": len(region.districts),
        "schools": len(region.schools),
        "sources": sum(len(school.sources) for school in region.schools),
    }


def school_codes(connection: Connection, *, open_on: date | None = None) -> list[str]:
    """Codes of all schools, or of those that are not closed on a day, in order."""
    query = select(schools.c.code).order_by(schools.c.code)
    if open_on is not None:
        query = query.where(_still_open(open_on))
    return list(connection.execute(query).scalars())


def schools_of(connection: Connection, district: str) -> list[str]:
    """Codes of the schools of ``district``, in order."""
    query = select(schools.c.code).where(schools.c.district == district)
    return list(connection.execute(query.order_by(schools.c.code)).scalars())


def _still_open(on: date) -> ColumnElement[bool]:
    return or_(schools.c.closed_on.is_(None), schools.c.closed_on > on)


def closed_on(connection: Connection, school: str) -> date | None:
    """The first day on which there is no such school, if that is known."""
    query = select(schools.c.closed_on).where(schools.c.code == school)
    closed: date | None = connection.execute(query).scalar_one()
    return closed


def source_kinds(connection: Connection, open_on: date) -> dict[str, set[str]]:
    """The kinds of each school's sources, by school; of schools that are not closed on that day."""
    kinds: dict[str, set[str]] = {}
    query = select(sources.c.school, sources.c.kind).join(
        schools, schools.c.code == sources.c.school
    )
    for school, kind in connection.execute(query.where(_still_open(open_on))):
        kinds.setdefault(school, set()).add(kind)
    return kinds


def school_sources(connection: Connection, school: str) -> list[SchoolSource]:
    """The journals of ``school``; typed lists last, since they speak of people in the journal."""
    rows = connection.execute(
        select(
            sources.c.school,
            sources.c.kind,
            sources.c.mapping,
            sources.c.settings,
            schools.c.school_year,
            school_years.c.start,
            school_years.c.zone,
            schools.c.volumes,
        )
        .join(schools, schools.c.code == sources.c.school)
        .join(school_years, school_years.c.school_year == schools.c.school_year)
        .where(sources.c.school == school)
        .order_by(sources.c.kind == "lists", sources.c.kind)
    )
    return [_school_source(row) for row in rows.mappings()]


def _school_source(row: RowMapping) -> SchoolSource:
    return SchoolSource(
        school=row["school"],
        kind=row["kind"],
        mapping=row["mapping"],
        settings=row["settings"],
        school_year=row["school_year"],
        year_start=row["start"],
        zone=row["zone"],
        volumes={entity: Bounds(**bounds) for entity, bounds in row["volumes"].items()},
    )


def open_year(connection: Connection, school: str) -> tuple[int, date]:
    """The school year that is open at ``school``: its name and its first day.

    Raises ``UnknownSchoolError``.
    """
    row = connection.execute(
        select(schools.c.school_year, school_years.c.start)
        .join(school_years, school_years.c.school_year == schools.c.school_year)
        .where(schools.c.code == school)
    ).one_or_none()
    if row is None:
        raise UnknownSchoolError(school)
    return int(row.school_year), row.start


@dataclass(frozen=True)
class ClosedYear:
    """The school year before the open one: its name, first and last day."""

    year: int
    start: date
    finish: date


def closed_year(connection: Connection, school: str) -> ClosedYear | None:
    """The year that closed last at ``school``; None in the first year of the hub."""
    row = connection.execute(
        select(school_years.c.school_year, school_years.c.start, school_years.c.finish)
        .join(schools, schools.c.school_year > school_years.c.school_year)
        .where(schools.c.code == school)
        .order_by(school_years.c.school_year.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else ClosedYear(*row)


def target_names(connection: Connection) -> set[str]:
    """The targets the region delivers to."""
    return set(connection.execute(select(targets.c.kind)).scalars())


def target_settings(connection: Connection, kind: str) -> dict[str, Any]:
    """Address and token of the target ``kind``. Raises ``RegionFileError`` when none is set."""
    query = select(targets.c.settings).where(targets.c.kind == kind)
    settings = connection.execute(query).scalar_one_or_none()
    if settings is None:
        raise RegionFileError(f"the region file names no target {kind!r}; add it and import again")
    return dict(settings)


def mailboxes(connection: Connection, level: str, unit: str) -> list[str]:
    """The addresses that the region file gives a school, a district or the region, in order."""
    of_unit = (contacts.c.level == level) & (contacts.c.unit == unit)
    query = select(contacts.c.address).where(of_unit).order_by(contacts.c.address)
    return list(connection.execute(query).scalars())


def _replace_contacts(connection: Connection, level: str, unit: str, addresses: list[str]) -> None:
    of_unit = (contacts.c.level == level) & (contacts.c.unit == unit)
    connection.execute(delete(contacts).where(of_unit))
    for address in addresses:
        _upsert(connection, contacts, {"level": level, "unit": unit, "address": address})


def _upsert(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    statement = insert(table).values(**row)
    keys = {column.name for column in table.primary_key}
    changes = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(
        statement.on_conflict_do_update(constraint=table.primary_key, set_=changes)
        if changes
        else statement.on_conflict_do_nothing()
    )
