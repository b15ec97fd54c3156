"""Packages of office files without a clock: the same content gives the same bytes."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_PROPERTIES = "docProps/core.xml"
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms)")


def settled(package: bytes, day: date) -> bytes:
    """``package`` as if it were made at noon of ``day``, whatever the clock said."""
    made = BytesIO()
    stamp = f"{day.isoformat()}T12:00:00Z".encode()
    with ZipFile(BytesIO(package)) as source, ZipFile(made, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == _PROPERTIES:
                content = _STAMP.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            target.writestr(
                ZipInfo(name, (day.year, day.month, day.day, 12, 0, 0)), content, ZIP_DEFLATED
            )
    return made.getvalue()
