"""Figures: measures with numerator and denominator, and the cells of the forms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Table, Text, func

from schemas.tables.base import metadata

measures = Table(
    "measures",
    metadata,
    Column("as_of", Date, primary_key=True, comment="business date the figure was known at"),
    Column("date_from", Date, primary_key=True),
    Column("date_to", Date, primary_key=True),
    Column("level", Text, primary_key=True, comment="school, district or region"),
    Column("unit", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("numerator", BigInteger, nullable=False),
    Column("denominator", BigInteger, nullable=False),
    Column("definition", Text, nullable=False, comment="version of the regulation profile"),
    Column("run_id", Text, nullable=False),
    Column("computed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    schema="quality",
)

form_figures = Table(
    "form_figures",
    metadata,
    Column("as_of", Date, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("row", Text, primary_key=True, comment="form 1: grade level"),
    Column("column", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
    schema="quality",
)
