"""dBASE III tables, read strictly: the head is checked against the file before a record is read.

Types C, N, F, D and L; a memo field or a type of another program is refused, since its content
lies elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid
from connectors.formats.sniff import Kind, wrong_format
from connectors.formats.text import decode

HEAD = struct.Struct("<B3xIHH17xB2x")  # version, records, bytes of head and of record, code page
FIELD = struct.Struct("<11sc4xB15x")  # name, type, length
VERSION = 0x03  # dBASE III without memo fields
FIELDS = 255  # of the programs that write this form none has more
HEAD_END, FILE_END = b"\r", b"\x1a"
KEPT, DELETED = b" ", b"*"
CODE_PAGES = {0x65: "cp866", 0x26: "cp866", 0xC9: "cp1251"}  # 0: not said
MEMO_TYPES = "MGBP"


@dataclass(frozen=True)
class _Field:
    """A column: its slot in the record is ``start`` to ``end``, the deletion mark at 0."""

    name: bytes
    type: str
    start: int
    end: int


@dataclass(frozen=True)
class _Head:
    """``records`` as declared; ``body`` is the place of the first, ``size`` the bytes of each."""

    records: int
    body: int
    size: int
    code_page: int
    fields: list[_Field]


def read_grid(document: RawDocument, encodings: Sequence[str]) -> Grid | DocumentProblem:
    """Row 1 the names of the columns, then the records that are not deleted; lines are numbers
    of records. The code page in the head decides, else the first of ``encodings`` that reads all.

    Days become ``dd.mm.yyyy``, yes and no ``да`` and ``нет``; what does not look like a day or a
    yes stays as it is, for the contract to judge. The whole records of a file cut short are kept.
    """
    if not document.content.strip():
        return DocumentProblem(document.name, "empty_document")
    if problem := wrong_format(document, Kind.DBF):
        return problem
    head = _head(document.content)
    if isinstance(head, str):
        return DocumentProblem(document.name, "broken_document", None, None, head)
    encoding = _encoding(document.content, head, encodings)
    if encoding is None:
        return DocumentProblem(document.name, "wrong_encoding")
    return _grid(document.content, head, encoding)


def _head(content: bytes) -> _Head | str:
    """The head of the table, or in Russian why there is none."""
    if len(content) <= HEAD.size:
        return "файл короче своего заголовка"
    version, records, body, size, code_page = HEAD.unpack_from(content)
    if version != VERSION:
        return "это не таблица dBASE III или в ней есть поля memo"
    end = content.find(HEAD_END, HEAD.size, body)
    while end >= 0 and (end - HEAD.size) % FIELD.size:  # the byte may occur in a description
        end = content.find(HEAD_END, end + 1, body)
    # Some programs put one byte more after the end of the head.
    if end < 0 or body - end - 1 not in (0, 1) or len(content) < body:
        return "заголовок таблицы повреждён"
    fields = _fields(content[HEAD.size : end])
    if isinstance(fields, str):
        return fields
    if not fields or size != fields[-1].end:
        return "длина записи не равна сумме длин полей"
    return _Head(records, body, size, code_page, fields)


def _fields(descriptions: bytes) -> list[_Field] | str:
    fields = []
    start = 1
    for name, type_, length in FIELD.iter_unpack(descriptions):
        kind = type_.decode("latin-1")
        if kind in MEMO_TYPES:
            return "поля memo не читаются"
        if kind not in TEXTS or not length:
            return "поле неизвестного вида"
        fields.append(_Field(name.partition(b"\0")[0], kind, start, start + length))
        start += length
    return fields if len(fields) <= FIELDS else "слишком много полей"


def _encoding(content: bytes, head: _Head, encodings: Sequence[str]) -> str | None:
    said = CODE_PAGES.get(head.code_page)
    if head.code_page and said is None:
        return None
    names = b"\n".join(field.name for field in head.fields)
    body = content[head.body : head.body + head.records * head.size]
    letters = b"\n" + names + b"\n" + body
    tried = [said] if said else encodings
    return next((e for e in tried if isinstance(decode(letters, [e]), str)), None)


def _grid(content: bytes, head: _Head, encoding: str) -> Grid:
    whole = (len(content) - head.body) // head.size
    end = head.body + min(head.records, whole) * head.size
    starts, lines, odd = _places(content, head, end)
    columns = [
        _column(content, field, starts, encoding) for field in head.fields
    ]  # a slot is a place in bytes, so each is cut out and decoded by itself
    names = [field.name.decode(encoding, "replace").strip() or None for field in head.fields]
    grid = Grid([names, *zip(*columns, strict=True)], lines=[0, *lines], padded=False)
    if head.records > whole:
        grid.damage = f"файл оборван: записей {whole}, в заголовке {head.records}"
        grid.damaged_at = whole + 1
    elif content[end:].strip(FILE_END + b"\0 "):
        grid.damage = f"после {head.records} записей, указанных в заголовке, есть ещё данные"
        grid.damaged_at = head.records + 1
    elif odd:
        grid.damage = f"записей без признака удаления: {len(odd)}"
        grid.damaged_at = odd[0]
    return grid


def _places(content: bytes, head: _Head, end: int) -> tuple[list[int], list[int], list[int]]:
    """Places and numbers of the records to read, and numbers of those without a proper mark."""
    starts, lines, odd = [], [], []
    for number, start in enumerate(range(head.body, end, head.size), 1):
        mark = content[start : start + 1]
        if mark == KEPT:
            starts.append(start)
            lines.append(number)
        elif mark != DELETED:
            odd.append(number)
    return starts, lines, odd


def _column(
    content: bytes, field: _Field, starts: Sequence[int], encoding: str
) -> list[str | None]:
    text = TEXTS[field.type]
    first, last = field.start, field.end
    return [
        text(content[start + first : start + last].decode(encoding, "replace").strip(" \0"))
        for start in starts
    ]


def _plain(text: str) -> str | None:
    return text or None


def _day(text: str) -> str | None:
    """``20260905`` as ``05.09.2026``."""
    if len(text) == 8 and text.isascii() and text.isdigit():
        return f"{text[6:]}.{text[4:6]}.{text[:4]}"
    return text or None


def _flag(text: str) -> str | None:
    """``?`` is dBASE's own sign of a value that nobody entered."""
    if text in ("", "?"):
        return None
    return "да" if text in "TtYyДд" else "нет" if text in "FfNnНн" else text


TEXTS: dict[str, Callable[[str], str | None]] = {
    "C": _plain, "N": _plain, "F": _plain, "D": _day, "L": _flag,
}  # fmt: skip
