"""Accounts of the dashboard, their sessions, and who came in and took what away.

No name of a person: an account is a post of an office or a school.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)

from schemas.tables.base import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("login", Text, nullable=False, unique=True, comment="small letters, digits, - and _"),
    Column("role", Text, nullable=False, comment="a value of pipeline.access.accounts.AccountRole"),
    Column("level", Text, nullable=False, comment="whose rows it sees: region, district, school"),
    Column("unit", Text, nullable=False, comment="code of the district or school, or region"),
    Column("password", Text, comment="Argon2id; null: signs in at the region's own provider only"),
    Column("must_change", Boolean, nullable=False, server_default="true"),
    Column("subject", Text, unique=True, comment="who it is at the OpenID provider"),
    Column("factor", LargeBinary, comment="sealed secret of the second factor"),
    Column("factor_confirmed", Boolean, nullable=False, server_default="false"),
    Column("factor_step", BigInteger, comment="the last time step whose code was taken"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("locked_until", DateTime(timezone=True)),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("disabled_at", DateTime(timezone=True)),
    schema="access",
)

# A session is known by a hash: who reads this table cannot sign in with it.
sessions = Table(
    "sessions",
    metadata,
    Column("token", Text, primary_key=True, comment="SHA-256 of the cookie"),
    Column(
        "account", BigInteger, ForeignKey("access.accounts.id", ondelete="CASCADE"), nullable=False
    ),
    Column("csrf", Text, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("complete", Boolean, nullable=False, comment="the second factor was given, or none is"),
    Index(None, "account"),
    schema="access",
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False, comment="a value of pipeline.access.events.Kind"),
    Column("login", Text, comment="of an account that there is; what was typed is not kept"),
    Column("school", Text, comment="whose rows or file, where it was one school's"),
    Column("detail", Text, nullable=False, server_default=""),
    Index(None, "at"),
    schema="access",
)
