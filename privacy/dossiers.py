"""Rows of the vault as frames, and what is sealed in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import (
    CollectionAggregate,
    ColumnElement,
    Connection,
    Table,
    Text,
    any_,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from privacy.keys import KeyRing
from privacy.people import BETWEEN_NAMES, DOSSIER, FORMER_NAMES
from privacy.sealing import seal_column, unseal_column
from schemas.tables.vault import people


def rows_of(
    connection: Connection, table: Table, names: Sequence[str], where: ColumnElement[bool]
) -> pl.DataFrame:
    """The columns ``names`` of the rows of ``table``, by pseudonym; String, sealed ones Binary."""
    query = select(*(table.c[name] for name in names)).where(where)
    return frame_of(connection.execute(query.order_by(table.c.pseudonym)).all(), names)


def dossiers(connection: Connection, keys: KeyRing, where: ColumnElement[bool]) -> pl.DataFrame:
    """``pseudonym``, ``school``, ``role`` and ``people.DOSSIER`` of ``people`` rows; String.

    Raises ``sealing.SealBrokenError`` or ``keys.UnknownKeyError``.
    """
    rows = rows_of(connection, people, ["pseudonym", "school", "role", "sealed"], where)
    said = unsealed(keys, people, rows).str.json_decode(
        pl.Struct(dict.fromkeys(DOSSIER, pl.String()))
    )
    return rows.select("pseudonym", "school", "role", dossier=said).unnest("dossier")


def borne_names(connection: Connection, keys: KeyRing, where: ColumnElement[bool]) -> pl.DataFrame:
    """``pseudonym``, ``full_name`` and ``people.FORMER_NAMES`` of ``people`` rows; String.

    Raises as ``dossiers``.
    """
    rows = rows_of(connection, people, ["pseudonym", "sealed"], where)
    said = unsealed(keys, people, rows).str.json_decode(
        pl.Struct({"full_name": pl.String(), FORMER_NAMES: pl.String()})
    )
    return rows.select("pseudonym", dossier=said).unnest("dossier")


def names_of(connection: Connection, keys: KeyRing, where: ColumnElement[bool]) -> pl.Series:
    """The full names of ``people`` rows, those borne before among them, each once; String."""
    borne = borne_names(connection, keys, where)
    former = borne[FORMER_NAMES].str.split(BETWEEN_NAMES).explode()
    return pl.concat([borne["full_name"], former.alias("full_name")]).drop_nulls().unique().sort()


def among(values: Sequence[str]) -> CollectionAggregate[bool]:
    """What a column is compared with to be one of ``values``, however many they are."""
    return any_(literal(list(values), ARRAY(Text)))


def sealed(keys: KeyRing, table: Table, names: pl.Series, contents: pl.Series) -> list[bytes]:
    """``contents`` sealed for the rows of the pseudonyms ``names`` in ``table``."""
    plain = (str(content).encode() for content in contents)
    return seal_column(keys, plain, _places(table, names))


def unsealed(keys: KeyRing, table: Table, rows: pl.DataFrame) -> pl.Series:
    """What is sealed in ``rows`` (``pseudonym``, ``sealed``) of ``table``; String."""
    opened = unseal_column(keys, rows["sealed"], _places(table, rows["pseudonym"]))
    return pl.Series([content.decode() for content in opened], dtype=pl.String)


def frame_of(rows: Sequence[Any], names: Sequence[str]) -> pl.DataFrame:
    """Rows of a query as a frame with the columns ``names``; String, sealed ones Binary."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.Binary if name == "sealed" else pl.String)
            for name, values in zip(names, columns, strict=True)
        }
    )


def _places(table: Table, names: pl.Series) -> list[bytes]:
    """A sealed value opens only in its own row of its own table."""
    return [place(table, name) for name in names]


def place(table: Table, pseudonym: str) -> bytes:
    """Associated data of the row of ``pseudonym``."""
    return f"{table.name}|{pseudonym}".encode()
