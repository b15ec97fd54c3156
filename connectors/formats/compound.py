"""The container of an old Office document: the one stream in it that holds a workbook.

A small file system of sectors chained by a table. Read here and not by ``xlrd``, which follows
a chain that bites its own tail for ever.
"""

from __future__ import annotations

import struct
from array import array

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD = 512
SECTOR_BITS = (9, 12)  # 512 bytes, or 4096 in the fourth version
LISTED_IN_HEAD = 109  # sectors of the table whose numbers stand in the head
LAST_SECTOR = 0xFFFFFFFA  # numbers above are signs: free, end of chain
ENTRY = 128
STREAM = 2
WORKBOOK_NAMES = ("Workbook", "Book")  # since Excel 97; before
LOCKED_NAMES = ("EncryptedPackage",)  # an XLSX under a password

DAMAGED = "книга повреждена"


class _Damaged(Exception):
    pass


def workbook_stream(content: bytes) -> bytes | str:
    """The workbook in ``content``, or in Russian why there is none.

    A workbook below 4096 bytes, which the format keeps in another place, does not occur: the
    styles alone that Excel writes are longer.
    """
    try:
        return _Container(content).workbook()
    except (_Damaged, struct.error, IndexError, ValueError):
        return DAMAGED


class _Container:
    def __init__(self, content: bytes) -> None:
        bits, _ = struct.unpack_from("<HH", content, 30)
        if not content.startswith(SIGNATURE) or bits not in SECTOR_BITS:
            raise _Damaged
        self._content = content
        self._size = 1 << bits
        self._sectors, rest = divmod(len(content) - self._size, self._size)
        if rest:  # cut short; the lost end may be of the workbook or not
            raise _Damaged
        self._directory, self._least, further = struct.unpack_from("<I4xI8xI", content, 48)
        self._next = self._table(further)

    def workbook(self) -> bytes | str:
        directory = self._stream(self._directory)
        names: dict[str, tuple[int, int]] = {}
        for place in range(0, len(directory) - ENTRY + 1, ENTRY):
            length, kind = struct.unpack_from("<HB", directory, place + 64)
            if kind == STREAM and 2 <= length <= 64:
                name = directory[place : place + length - 2].decode("utf-16-le", "replace")
                names.setdefault(name, struct.unpack_from("<II", directory, place + 116))
        if any(name in names for name in LOCKED_NAMES):
            return "книга под паролем"
        found = next((names[name] for name in WORKBOOK_NAMES if name in names), None)
        if found is None:
            return "в файле нет книги Excel"
        start, length = found
        stream = self._stream(start) if length >= self._least else b""
        if not stream or len(stream) < length:
            raise _Damaged
        return stream[:length]

    def _table(self, further: int) -> array[int]:
        """Which sector follows which."""
        listed = list(struct.unpack_from(f"<{LISTED_IN_HEAD}I", self._content, 76))
        per_sector = self._size // 4
        seen = 0
        while further <= LAST_SECTOR:
            seen += 1
            if seen > self._sectors:
                raise _Damaged
            *more, further = struct.unpack(f"<{per_sector}I", self._sector(further))
            listed += more
        table = array("I")
        for sector in listed:
            if sector <= LAST_SECTOR:
                if len(table) > self._sectors:  # a sector listed again and again
                    raise _Damaged
                table.frombytes(self._sector(sector))
        return table

    def _stream(self, start: int) -> bytes:
        pieces: list[bytes] = []
        sector = start
        while sector <= LAST_SECTOR:
            if len(pieces) > self._sectors:  # the chain bites its own tail
                raise _Damaged
            pieces.append(self._sector(sector))
            sector = self._next[sector]
        return b"".join(pieces)

    def _sector(self, number: int) -> bytes:
        if number >= self._sectors:
            raise _Damaged
        place = (number + 1) * self._size
        return self._content[place : place + self._size]
