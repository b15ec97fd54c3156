"""Documents spoilt at random, each from a seed, so that any of them can be made again."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

# What breaks readers more often than chance would find it.
TOKENS = (
    b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", b'"', b'""', b";", b"\r", b"\n", b"\r\n",
    b"<", b">", b"</", b"/>", b"&", b"&e;", b"&#0;", b"&#1;", b"&lt;", b"<!--", b"-->", b"<?x?>",
    b"<![CDATA[", b'<!DOCTYPE x [<!ENTITY e "x">]>', b"<td>", b"</table>", b"<table>", b"<tr>",
    b"</html>", b"<html>", b"<br>", b"<p>", b"\x01",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{", b"}", b"[]", b"null", b"-1", b"1e999", b"9" * 40, b"NaN", b"_line",
    b"_document", "Код".encode(),
    "Ё".encode("cp1251"), b"01.13.2026", b"../", b"=1+1", b"\xe2\x80\xae", b" " * 50, b"x" * 300,
)  # fmt: skip
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 2**70, 1.5, 1e308, "", "x", "\0", [], {}, [None], [[]], {"x": 1},
    "0000-00-00T00:00:00", "2026-09-05", "9" * 300,
)  # fmt: skip
LONGEST = 1_000_000  # bytes: mutations of mutations must not grow without end


def mutated(content: bytes, made: Random) -> bytes:
    """``content`` after one to eight changes. ZIP parts and JSON values are changed inside as
    often as outside, else checksums and syntax would stop nearly every change at the door."""
    if made.random() < 0.5:
        if content.startswith(b"PK\x03\x04"):
            content = _inside_zip(content, made)
        elif content[:1] in (b"{", b"["):
            content = _inside_json(content, made)
        else:
            content = _bytes(content, made)
    else:
        content = _bytes(content, made)
    return content[:LONGEST]


def _bytes(content: bytes, made: Random) -> bytes:
    for _ in range(made.choice((1, 1, 1, 2, 3, 5, 8))):
        content = made.choice(CHANGES)(content, made)
    return content


def _flip(content: bytes, made: Random) -> bytes:
    if not content:
        return content
    place = made.randrange(len(content))
    changed = content[place] ^ (1 << made.randrange(8))
    return content[:place] + bytes([changed]) + content[place + 1 :]


def _set_number(content: bytes, made: Random) -> bytes:
    width = made.choice((1, 2, 4))
    place = made.randrange(len(content) + 1)
    number = (made.choice(NUMBERS) & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    return content[:place] + number + content[place + width :]


def _insert(content: bytes, made: Random) -> bytes:
    place = made.randrange(len(content) + 1)
    return content[:place] + made.choice(TOKENS) * made.choice((1, 1, 1, 2, 50)) + content[place:]


def _overwrite(content: bytes, made: Random) -> bytes:
    place = made.randrange(len(content) + 1)
    token = made.choice(TOKENS)
    return content[:place] + token + content[place + len(token) :]


def _delete(content: bytes, made: Random) -> bytes:
    start, end = sorted(made.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[min(end, start + made.choice((1, 4, 64, end))) :]


def _repeat(content: bytes, made: Random) -> bytes:
    start, end = sorted(made.randrange(len(content) + 1) for _ in range(2))
    return content[:end] + content[start:end] * made.choice((1, 1, 2, 20)) + content[end:]


def _move(content: bytes, made: Random) -> bytes:
    start, end = sorted(made.randrange(len(content) + 1) for _ in range(2))
    rest = content[:start] + content[end:]
    place = made.randrange(len(rest) + 1)
    return rest[:place] + content[start:end] + rest[place:]


def _cut(content: bytes, made: Random) -> bytes:
    return content[: made.randrange(len(content) + 1)]


def _junk(content: bytes, made: Random) -> bytes:
    return made.randbytes(made.choice((1, 16, 600)))


def _recode(content: bytes, made: Random) -> bytes:
    """The whole or its second half in another encoding."""
    place = made.choice((0, len(content) // 2))
    encoding = made.choice(("cp1251", "cp866", "utf-16", "koi8-r"))
    tail = content[place:].decode("utf-8", "replace").encode(encoding, "replace")
    return content[:place] + tail


Change = Callable[[bytes, Random], bytes]
CHANGES: tuple[Change, ...] = (
    _flip, _flip, _set_number, _set_number, _insert, _insert, _overwrite, _delete, _repeat, _move,
    _cut, _recode, _junk,
)  # fmt: skip


def _inside_zip(content: bytes, made: Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old:
            parts = {name: old.read(name) for name in old.namelist()}
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        return _bytes(content, made)
    chosen = made.choice(sorted(parts)) if parts else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", made.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as new:
        for name, part in parts.items():
            if name == chosen and made.random() < 0.05:
                continue
            shown = made.choice(("../x", "a/../b", name.upper())) if made.random() < 0.02 else name
            new.writestr(shown, _bytes(part, made) if name == chosen else part)
    return out.getvalue()


def _inside_json(content: bytes, made: Random) -> bytes:
    try:
        value = json.loads(content)
    except ValueError:
        return _bytes(content, made)
    for _ in range(made.choice((1, 1, 2, 4))):
        value = _changed(value, made)
    return json.dumps(value).encode()


def _changed(value: Any, made: Random) -> Any:
    """``value`` with one value in it replaced, dropped or renamed."""
    if isinstance(value, dict) and value and made.random() < 0.9:
        key = made.choice(sorted(value))
        rest = {name: each for name, each in value.items() if name != key}
        act = made.random()
        if act < 0.1:
            return rest
        return rest | {key.swapcase() if act < 0.15 else key: _changed(value[key], made)}
    if isinstance(value, list) and value and made.random() < 0.9:
        place = made.randrange(len(value))
        again = made.random() < 0.1
        return [*value[:place], _changed(value[place], made), *value[place + (not again) :]]
    return made.choice(ODD_VALUES)
