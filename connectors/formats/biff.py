"""The records of an XLS workbook, made safe for ``xlrd``.

``xlrd`` spreads a hyperlink over every cell of its range and evaluates names, so a small file
can ask for hours. Only the records that hold cells and their meaning are left; the others keep
their place and length and get a number that means nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

BOF, EOF, CONTINUE = 0x0809, 0x0A, 0x3C
SHEET, LOCK = 0x85, 0x2F
FORMULAS = (0x06, 0x0206, 0x0406)
KEPT = frozenset(
    (
        BOF, EOF, CONTINUE, SHEET, LOCK, *FORMULAS,
        0x42,  # CODEPAGE
        0x22,  # DATEMODE
        0xFC,  # SST: the texts
        0x041E, 0xE0,  # FORMAT, XF: which numbers are days
        0x0203, 0x027E, 0xBD,  # NUMBER, RK, MULRK
        0x0204, 0xFD, 0xD6,  # LABEL, LABELSST, RSTRING
        0x0205, 0x0207,  # BOOLERR, STRING
        0x0221, 0x04BC, 0x0236,  # ARRAY, SHRFMLA, TABLEOP: stand between a formula and its text
    )
)  # fmt: skip
NOTHING = 0xFFFF
WORKSHEET = 0
HEAD = struct.Struct("<HH")  # number and length of a record


@dataclass(frozen=True)
class Workbook:
    """``stream`` without the records nobody needs; ``formulas`` of each worksheet, in order, as
    (row, column) from 1."""

    stream: bytes
    formulas: list[list[tuple[int, int]]]


@dataclass
class _Walk:
    """``formulas`` by the place where their part of the stream begins."""

    starts: list[int] = field(default_factory=list)
    formulas: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    depth: int = 0
    part: int = 0


def tamed(stream: bytes) -> Workbook | str:
    """The workbook in ``stream``, or in Russian why it is refused."""
    safe = bytearray(stream)
    walk = _Walk()
    place = 0
    while place + HEAD.size <= len(stream):
        number, length = HEAD.unpack_from(stream, place)
        if place == 0 and number != BOF:
            return "книга слишком старого вида или повреждена"
        if number == LOCK:
            return "книга под паролем"
        if number == 0 and length == 0 and walk.depth == 0:
            break  # zeros after the last part fill up the sector
        body = place + HEAD.size
        if body + length > len(stream):
            return "книга оборвана"
        if number not in KEPT:
            HEAD.pack_into(safe, place, NOTHING, length)
        elif length >= 4:
            _note(walk, number, place, stream[body : body + 6])
        elif number == EOF:
            walk.depth = max(0, walk.depth - 1)
        place = body + length
    return _checked(bytes(safe), walk)


def _note(walk: _Walk, number: int, place: int, beginning: bytes) -> None:
    if number == BOF:
        if walk.depth == 0:
            walk.part = place
            walk.formulas[place] = []
        walk.depth += 1
    elif number == EOF:
        walk.depth = max(0, walk.depth - 1)
    elif number == SHEET and len(beginning) == 6 and beginning[5] == WORKSHEET:
        walk.starts.append(int.from_bytes(beginning[:4], "little"))
    elif number in FORMULAS and walk.depth == 1:  # deeper ones are a chart's
        row, column = struct.unpack_from("<HH", beginning)
        walk.formulas[walk.part].append((row + 1, column + 1))


def _checked(stream: bytes, walk: _Walk) -> Workbook | str:
    """A sheet must begin where the walk saw a part begin, and no two of them in one place."""
    unseen = any(start not in walk.formulas for start in walk.starts)
    if unseen or len(set(walk.starts)) < len(walk.starts):
        return "книга повреждена"
    return Workbook(stream, [walk.formulas[start] for start in walk.starts])
