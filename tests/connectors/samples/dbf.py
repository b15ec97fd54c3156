"""A dBASE III file written byte by byte: character fields only."""

from __future__ import annotations

import struct

CODE_PAGES = {"cp866": 0x65, "cp1251": 0xC9}
NAME = 10  # letters of a field's name


def dbf(columns: list[str], rows: list[list[str]], encoding: str) -> bytes:
    widths = [
        max([1, *(len(row[place].encode(encoding)) for row in rows)])
        for place in range(len(columns))
    ]
    head = 32 + 32 * len(columns) + 1
    length = 1 + sum(widths)
    out = struct.pack(
        "<BBBBLHH17xBxx", 3, 126, 9, 18, len(rows), head, length, CODE_PAGES[encoding]
    )
    for name, width in zip(columns, widths, strict=True):
        short = name[:NAME].upper().encode(encoding).ljust(11, b"\0")
        out += short + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
    out += b"\r"
    for row in rows:
        cells = [
            cell.encode(encoding).ljust(width, b" ")
            for cell, width in zip(row, widths, strict=True)
        ]
        out += b" " + b"".join(cells)
    return out + b"\x1a"
