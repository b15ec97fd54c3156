"""A small writer of dBASE III tables: character fields only, as Paragraf exports them."""

from __future__ import annotations

import struct

from sandbox.rows import Table

_CODE_PAGES = {"cp866": 0x65, "cp1251": 0xC9}  # byte 29 of the head
_WRITTEN = (126, 9, 1)  # no clock: years since 1900, month, day
_LONGEST_NAME = 10
_LONGEST_TEXT = 254
_HEAD_END, _FILE_END = b"\r", b"\x1a"


def dbf(table: Table, document: str, encoding: str) -> bytes:
    """``encoding``: cp866 or cp1251. Column names are cut to ten letters and in capitals; a text
    is cut to 254 letters, and a letter the code page has not becomes a question mark.

    Raises ``ValueError`` where two columns would be called the same.
    """
    names = [column.upper()[:_LONGEST_NAME] for column in table.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"{document}: columns whose first {_LONGEST_NAME} letters are the same")
    rows = [[_text(cell, encoding) for cell in cells] for cells in table.texts()]
    widths = [max([1, *(len(row[place]) for row in rows)]) for place in range(len(names))]
    table.place(document, first_line=1)
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(encoding), b"C", width, 0)
        for name, width in zip(names, widths, strict=True)
    )
    body = b"".join(
        b" " + b"".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in rows
    )
    head = struct.pack(
        "<B3BIHH17xB2x",
        3,
        *_WRITTEN,
        len(rows),
        32 + len(fields) + len(_HEAD_END),
        1 + sum(widths),
        _CODE_PAGES[encoding],
    )
    return head + fields + _HEAD_END + body + _FILE_END


def _text(cell: object, encoding: str) -> bytes:
    text = "" if cell is None else str(cell)
    return text[:_LONGEST_TEXT].encode(encoding, "replace")
