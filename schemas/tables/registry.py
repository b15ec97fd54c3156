"""Schools of the region and how to reach their journals (loaded by ``svod schools import``)."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

school_years = Table(
    "school_years",
    metadata,
    Column("school_year", Integer, primary_key=True, comment="the year the school year began"),
    Column("zone", Text, nullable=False, comment="the region's time zone"),
    Column("start", Date, nullable=False),
    Column("finish", Date, nullable=False),
    schema="registry",
)

targets = Table(
    "targets",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("settings", JSONB, nullable=False, comment="${NAME} stands for an environment variable"),
    schema="registry",
)

districts = Table(
    "districts",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    schema="registry",
)

schools = Table(
    "schools",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("district", Text, ForeignKey(districts.c.code), nullable=False),
    Column("profile", Text, nullable=False, comment="regulation profile the school is bound to"),
    Column("school_year", Integer, nullable=False, comment="the year the open school year began"),
    Column("connected_on", Date, nullable=False, comment="first day the hub answers for"),
    Column("closed_on", Date, comment="first day on which there is no school; null: it is open"),
    Column(
        "volumes",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="floor and ceiling of an upload, by entity",
    ),
    schema="registry",
)

sources = Table(
    "sources",
    metadata,
    Column("school", Text, ForeignKey(schools.c.code, ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="a kind of connectors.registry"),
    Column("mapping", Text, nullable=False, comment="profile under mappings/profiles"),
    Column("settings", JSONB, nullable=False, comment="${NAME} stands for an environment variable"),
    schema="registry",
)

days_off = Table(
    "days_off",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", Text, nullable=False),
    schema="registry",
)

# What a school declares of itself for the forms, each version of it; the newest one of the latest
# ``valid_from`` that has come is in force (quality/passport.yml names the fields).
passports = Table(
    "passports",
    metadata,
    Column("school", Text, ForeignKey(schools.c.code, ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("valid_from", Date, nullable=False),
    Column("author", Text, nullable=False, comment="who entered it"),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("declared", JSONB, nullable=False, comment="values and lists that are of no person"),
    Column("sealed", LargeBinary, nullable=False, comment="names, posts and phones"),
    Column("content_hash", Text, nullable=False, comment="keyed, of all that it says"),
    schema="registry",
)
