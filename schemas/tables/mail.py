"""Letters to schools, districts and the region, and the families who asked for paper."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

# Work mailboxes; the only place that holds an address.
contacts = Table(
    "contacts",
    metadata,
    Column("level", Text, primary_key=True, comment="school, district or region"),
    Column("unit", Text, primary_key=True),
    Column("address", Text, primary_key=True, comment="a work mailbox, no person's own"),
    schema="registry",
)

# Written before it is sent; a letter that is here is written by nobody a second time.
letters = Table(
    "letters",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False, comment="a value of pipeline.forms.hand_out.Kind"),
    Column("unit", Text, nullable=False),
    Column("month", Date, nullable=False, comment="the first day of the month it is about"),
    Column("content", Text, nullable=False, comment="hash of what its files say"),
    Column("recipient", Text, nullable=False, comment="keyed hash of the mailbox; empty: none"),
    Column("on_date", Date, nullable=False, comment="the business date of its files"),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("files", JSONB, nullable=False, comment="path, hash of what it says, size, attached"),
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False, comment="a value of pipeline.mail.letters.LetterState"),
    Column("rule", Text, comment="what stopped it: a key of schemas/rules.yml"),
    Column("detail", Text, nullable=False, server_default="", comment="stage and server's code"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0", comment="answers that never came"),
    Column("run_id", Text, nullable=False, comment="that wrote it"),
    Column("written_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settled_at", DateTime(timezone=True), comment="sent, or failed"),
    UniqueConstraint("kind", "unit", "month", "content", "recipient"),
    Index(None, "kind", "state"),
    schema="ops",
)

# Families who asked for a weekly printout instead of the diary's pages; none is deleted.
paper_diaries = Table(
    "paper_diaries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("school", Text, nullable=False),
    Column("pupil", Text, nullable=False, comment="pseudonym"),
    Column("asked_on", Date, nullable=False),
    Column("stopped_on", Date, comment="the first day without a printout; null: it goes on"),
    Column("paper", Text, nullable=False, server_default="", comment="its number and date"),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("stopped_by", Text),
    Column("stopped_at", DateTime(timezone=True)),
    CheckConstraint("stopped_on >= asked_on", name="stopped_later"),
    Index(None, "school", "pupil"),
    schema="ops",
)
