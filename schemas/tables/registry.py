"""Schools of the region and how to reach their journals (loaded by ``svod schools import``)."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, Table, Text
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
