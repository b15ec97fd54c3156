"""Bytes to text in a declared encoding, strictly: a wrong encoding is told, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

BOM_UTF8 = b"\xef\xbb\xbf"
CUT = "\ufffd"  # stands for the half of a letter at the end of a file cut short
BOMS_UTF16 = (b"\xff\xfe", b"\xfe\xff")

# Two Cyrillic letters of UTF-8 in a row. In cp1251 the same bytes are «Р» or «С» followed by
# a sign, twice, and in cp866 box drawing: no word has that.
UTF8_LETTERS = re.compile(rb"[\xd0\xd1][\x80-\xbf][\xd0\xd1][\x80-\xbf]")

# Bytes that Russian text in this encoding hardly has, and Russian text in the other is full of.
# cp1251: letters of other Slavs, which are А-Я and some of а-п in cp866; signs that do occur
# («», –, №, §, a hard space) are not counted. cp866: box drawing and the like, which are А-Я
# and т-я in cp1251; № and the hard space are not counted.
STRANGE = {
    "cp1251": bytes([*range(0x80, 0x84), 0x86, 0x87, *range(0x89, 0x91), 0x98, *range(0x9A, 0xA0),
                     *range(0xA1, 0xA4), 0xA5, 0xAA, 0xAF]),
    "cp866": bytes([*range(0xB0, 0xE0), *range(0xF2, 0xFC), 0xFD, 0xFE]),
}  # fmt: skip
OTHER = {"cp1251": "cp866", "cp866": "cp1251"}
# A real text of a few words already has several strange bytes when read wrongly and none when
# read rightly; two may be a name from another language.
ENOUGH = 3
SAMPLE = 1024 * 1024  # bytes: the letters of a language are spread evenly


@dataclass(frozen=True)
class WrongEncoding:
    """``line`` (from 1) holds the first byte that does not belong."""

    line: int


def decode(content: bytes, encodings: Sequence[str]) -> str | WrongEncoding:
    """The text of ``content``: a byte order mark decides, else the first of ``encodings`` that
    reads the whole. ``encodings`` are names of ``schemas.layout.Encoding``.

    A file of two encodings is refused at the line where they meet. So is a file whose letters
    show that it is of the other Russian code page, since either reads any bytes as something.
    """
    if content.startswith(BOMS_UTF16):
        return WrongEncoding(1)
    if content.startswith(BOM_UTF8):
        content, encodings = content.removeprefix(BOM_UTF8), ["utf-8"]
    furthest = 1
    for encoding in encodings:
        text = _decoded(content, encoding)
        if isinstance(text, str):
            return text
        furthest = max(furthest, text.line)
    return WrongEncoding(furthest)


def _decoded(content: bytes, encoding: str) -> str | WrongEncoding:
    if encoding in STRANGE and (found := _foreign(content, encoding)) is not None:
        return WrongEncoding(_line(content, found))
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the end of the file cut a letter in two
            return content[: error.start].decode(encoding) + CUT
        return WrongEncoding(_line(content, error.start))


def _foreign(content: bytes, encoding: str) -> int | None:
    """Where ``content`` shows that it is not of this one-byte encoding; None if it does not."""
    if content.isascii():
        return None
    if (letters := UTF8_LETTERS.search(content)) is not None:
        return letters.start()
    sample = content[:SAMPLE]
    strange, other = (_count(sample, STRANGE[name]) for name in (encoding, OTHER[encoding]))
    if _is_utf8(content) or (strange >= ENOUGH and strange > 2 * other):
        return next(place for place, byte in enumerate(content) if byte > 127)
    return None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _count(content: bytes, of: bytes) -> int:
    return len(content) - len(content.translate(None, of))


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
