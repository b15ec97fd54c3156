"""Thousands of needles in a heap of bytes, however the bytes spell them.

A heap is read as UTF-8, cp1251, cp866, UTF-16 and what stands in it as JSON's ``\\uXXXX``, as
``%D0``, as ``&#1040;``, in base64 or in hexadecimal; archives (XLSX, ZIP, gzip) are opened. Case
and ё/е do not matter. Numbers are found however their digits are parted.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick, MatchKind

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
_INVISIBLE = re.compile("[\u0301\u00ad\u200b-\u200d\u2060\ufeff]")
_NUMBER = re.compile(r"(?<!\d)\d[\d ()\u00a0.+-]{7,40}\d(?!\d)")
_PERCENT = re.compile(r"%[dD][01]")
# Letters of two bytes among others of one.
_WIDE = (
    (re.compile(rb"(?:[\x10-\x4f\x51]\x04|[\x20-\x7e]\x00){6,}"), "utf-16-le"),
    (re.compile(rb"(?:\x04[\x10-\x4f\x51]|\x00[\x20-\x7e]){6,}"), "utf-16-be"),
)
_DEEPEST = 3  # an archive in an archive, and what is encoded in it
_LENGTHS = (10, 11)  # digits of a phone without its prefix, of a SNILS


class Needles:
    """``words``: texts to find anywhere; those of digits and signs alone are found as numbers."""

    def __init__(self, words: Iterable[str]) -> None:
        self._spelled = {folded(word): word for word in dict.fromkeys(words)}
        self._numbers = {
            number(folded_word): word
            for folded_word, word in self._spelled.items()
            if not any(letter.isalpha() for letter in folded_word)
        }
        self._order = [word for word in self._spelled if len(word) > 4]
        self._automaton = AhoCorasick(self._order, matchkind=MatchKind.LeftmostLongest)

    def __len__(self) -> int:
        return len(self._spelled)

    def found_in(self, content: bytes) -> set[str]:
        """The needles that ``content`` holds, as they were given."""
        return {hit for text in readings(content) for hit in self._in_text(text)}

    def _in_text(self, text: str) -> Iterator[str]:
        for place in self._automaton.find_matches_as_indexes(text):
            yield self._spelled[self._order[place[0]]]
        for found in _NUMBER.findall(text):
            for digits in _numbers_in(found):
                if digits in self._numbers:
                    yield self._numbers[digits]


def folded(text: str) -> str:
    """``text`` as it is compared."""
    return _INVISIBLE.sub("", text).lower().replace("ё", "е")


def number(text: str) -> str:
    """The digits of ``text``; of a phone those after the prefix."""
    digits = re.sub(r"\D", "", text)
    return digits[1:] if len(digits) == 11 and re.match(r"\+?[78][ (]*9", text) else digits


def readings(content: bytes, depth: int = 0) -> Iterator[str]:
    """Every text that somebody may read out of ``content``, folded."""
    if depth < _DEEPEST:
        for inner in _unpacked(content):
            yield from readings(inner, depth + 1)
    for text in _decoded(content):
        yield folded(text)
        plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text
        plain = unquote(plain) if _PERCENT.search(plain) else plain
        plain = unescape(plain) if "&#" in plain else plain
        if plain is not text:
            yield folded(plain)
    if depth < 1:
        for hidden in _hidden(content):
            yield from readings(hidden, depth + 1)


def _decoded(content: bytes) -> Iterator[str]:
    try:
        yield content.decode("utf-8")
    except UnicodeDecodeError:
        for encoding in ("utf-8", "cp1251", "cp866"):
            yield content.decode(encoding, errors="replace")
    for pattern, encoding in _WIDE:
        if found := pattern.findall(content):
            yield "\n".join(wide.decode(encoding) for wide in found)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return
    elif content[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)


def _hidden(content: bytes) -> Iterator[bytes]:
    """What stands in ``content`` in base64 and in hexadecimal, one after the other."""
    parts = [_from_base64(found) for found in _BASE64.findall(content)]
    yield b"\n".join(parts)
    yield b"\n".join(binascii.unhexlify(found) for found in _HEX.findall(content))


def _from_base64(text: bytes) -> bytes:
    bare = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    return base64.b64decode(bare + b"=" * (-len(bare) % 4))


def _numbers_in(spelled: str) -> Iterator[str]:
    """Runs of whole groups of digits that have the length of a number we know."""
    groups = re.findall(r"\d+", spelled)
    for start in range(len(groups)):
        joined = ""
        for group in groups[start:]:
            joined += group
            if len(joined) in _LENGTHS:
                yield joined
                if len(joined) == 11 and joined[0] in "78":
                    yield joined[1:]
            if len(joined) >= max(_LENGTHS):
                break
