"""Bytes to text in the declared encoding, strictly: a wrong encoding is told, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

BOM_UTF8 = b"\xef\xbb\xbf"
CUT = "\ufffd"  # stands for the half of a letter at the end of a file cut short
BOMS_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class WrongEncoding:
    """``line`` (from 1) holds the first byte that does not belong."""

    line: int


def decode(content: bytes, encoding: str) -> str | WrongEncoding:
    """The text of ``content``. ``encoding`` is ``utf-8`` (a byte order mark is dropped),
    or ``cp1251``; bytes that are plainly UTF-8 are refused as cp1251, which would take most of
    them for letters."""
    if content.startswith(BOMS_UTF16):
        return WrongEncoding(1)
    if encoding == "cp1251" and (line := _utf8_line(content)):
        return WrongEncoding(line)
    body = content.removeprefix(BOM_UTF8) if encoding == "utf-8" else content
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the end of the file cut a letter in two
            return body[: error.start].decode(encoding) + CUT
        return WrongEncoding(body.count(b"\n", 0, error.start) + 1)


def _utf8_line(content: bytes) -> int:
    """Line of the first letter beyond ASCII if all such letters are UTF-8; else 0."""
    if content.isascii():
        return 0
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return 0
    first = next(i for i, letter in enumerate(text) if ord(letter) > 127)
    return text.count("\n", 0, first) + 1
