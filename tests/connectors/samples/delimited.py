"""Delimited text, written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def delimited(rows: Sequence[Sequence[str]], delimiter: str, encoding: str) -> bytes:
    """Rows with CRLF; a cell that holds the delimiter stands in quotes."""
    lines = [delimiter.join(_quoted(cell, delimiter) for cell in row) for row in rows]
    return "".join(line + "\r\n" for line in lines).encode(encoding)


def write_delimited(
    folder: Path, tables: Mapping[str, Sequence[Sequence[str]]], delimiter: str, encoding: str
) -> None:
    """A file ``<table>.csv`` for each of ``tables``, header first."""
    for table, rows in tables.items():
        (folder / f"{table}.csv").write_bytes(delimited(rows, delimiter, encoding))


def _quoted(cell: str, delimiter: str) -> str:
    return f'"{cell}"' if delimiter in cell else cell
