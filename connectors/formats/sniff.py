"""What the bytes of a document really are, whatever its name says.

Schools rename files by hand, and journal systems save a web page as ``.xls``. A document of
another kind than its reader expects is refused by name (rule ``wrong_format``), before a parser
that forgives much makes something of it.
"""

from __future__ import annotations

import re
from enum import Enum

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.text import BOM_UTF8

SHORTEST = 8  # fewer bytes tell nothing: they may be what is left of anything
BEGINNING = 1024  # bytes looked at: any kind shows itself there


class Kind(Enum):
    """Kinds of documents; the value is their Russian name. ``MARKUP`` begins with a tag and may
    be a page or XML."""

    XLSX = "книга XLSX"
    ODS = "таблица OpenDocument"
    DOCX = "документ Word"
    ZIP = "архив ZIP"
    OLE = "книга XLS или документ старого Office"
    DBF = "таблица DBF"
    PDF = "документ PDF"
    RTF = "документ RTF"
    MHT = "веб-архив MHT"
    HTML = "страница HTML"
    XML = "документ XML"
    MARKUP = "документ с разметкой XML или HTML"
    GZIP = "архив GZIP"
    SEVEN_ZIP = "архив 7-Zip"
    RAR = "архив RAR"
    PICTURE = "картинка"
    TEXT = "текст"


ARCHIVES = frozenset({Kind.ZIP, Kind.GZIP, Kind.SEVEN_ZIP, Kind.RAR})

SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
    (b"%PDF-", Kind.PDF),
    (b"{\\rtf", Kind.RTF),
    (b"\x1f\x8b", Kind.GZIP),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"\x89PNG", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF8", Kind.PICTURE),
)
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without members
# A name inside that tells what a ZIP holds; names of members are never packed.
ZIPPED = (
    (b"xl/workbook", Kind.XLSX),
    (b"word/document", Kind.DOCX),
    (b"opendocument.spreadsheet", Kind.ODS),
)
# Control characters no text has; 0x1A ends files of old systems.
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
DBF_VERSIONS = frozenset((0x03, 0x04, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5))
DBF_HEAD = 32


def wrong_format(document: RawDocument, *expected: Kind) -> DocumentProblem | None:
    """The refusal of ``document`` if it is plainly none of ``expected``."""
    kind = kind_of(document.content)
    if kind is None or kind in expected:
        return None
    return DocumentProblem(document.name, "wrong_format", None, None, f"это {kind.value}")


def kind_of(content: bytes) -> Kind | None:
    """What ``content`` is; None where nothing tells."""
    if len(content) < SHORTEST:
        return None
    if content.startswith(ZIP_SIGNATURES):
        return next((kind for name, kind in ZIPPED if name in content), Kind.ZIP)
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            return kind
    if _is_dbf(content):
        return Kind.DBF
    beginning = content[:BEGINNING].removeprefix(BOM_UTF8).lstrip()
    if not beginning or CONTROL.search(beginning):
        return None
    return _kind_of_text(beginning)


def _kind_of_text(beginning: bytes) -> Kind:
    if beginning[:13].lower() == b"mime-version:":
        return Kind.MHT
    if not beginning.startswith(b"<"):
        return Kind.TEXT
    if PAGE.search(beginning):
        return Kind.HTML
    return Kind.XML if beginning.startswith(b"<?xml") else Kind.MARKUP


def _is_dbf(content: bytes) -> bool:
    """A version, a day that exists, and a head whose length fits its fields."""
    if len(content) <= DBF_HEAD or content[0] not in DBF_VERSIONS:
        return False
    month, day = content[2], content[3]
    head = int.from_bytes(content[8:10], "little")
    return month <= 12 and day <= 31 and head > DBF_HEAD and b"\r" in content[head - 2 : head]
