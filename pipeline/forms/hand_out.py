"""What a school, a district and the region are given: of each month which files, from which folder.

Whoever makes a file for one of them puts it into its folder of that business date::

    <reports>/<date>/schools/<code>/      list of remarks, by codes of people
    <reports>/<date>/schools/<code>/private/   what names people: for the school alone, never mailed
    <reports>/<date>/districts/<code>/    forms of the district
    <reports>/<date>/region/              forms of the region

A file goes out if it lies in the folder itself; nothing below it does.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, or_, select

from pipeline.forms.report import REGION_TITLE
from quality.measures import REGION
from schemas.tables import districts, schools

PRIVATE = "private"


class Kind(StrEnum):
    """What is handed out; to whom is told by ``LEVELS``."""

    SCHOOL_REMARKS = "school_remarks"
    DISTRICT_FORMS = "district_forms"
    REGION_FORMS = "region_forms"
    SCHOOL_REMINDERS = "school_reminders"  # a letter without files, when an office asks for it


LEVELS = {
    Kind.SCHOOL_REMARKS: "school",
    Kind.DISTRICT_FORMS: "district",
    Kind.REGION_FORMS: REGION,
    Kind.SCHOOL_REMINDERS: "school",
}
_WITHOUT_FILES = frozenset({Kind.SCHOOL_REMINDERS})
_FOLDERS = {"school": "schools", "district": "districts"}


@dataclass(frozen=True)
class Unit:
    """A school, a district or the region, with its name as people know it."""

    level: str
    code: str
    name: str


def units(
    connection: Connection, kind: Kind, on: date, chosen: Sequence[str] | None = None
) -> list[Unit]:
    """Who is given the files of ``kind`` on a day, by code: schools that are connected and not
    closed, districts that have one; of them those ``chosen``, by default all. Nobody, where
    ``kind`` has no files."""
    if kind in _WITHOUT_FILES:
        return []
    there = (schools.c.connected_on <= on) & or_(
        schools.c.closed_on.is_(None), schools.c.closed_on > on
    )
    match LEVELS[kind]:
        case "school":
            query = select(schools.c.code, schools.c.name).where(there)
        case "district":
            with_schools = select(schools.c.district).where(there)
            query = select(districts.c.code, districts.c.name).where(
                districts.c.code.in_(with_schools)
            )
        case _:
            return [Unit(REGION, REGION, REGION_TITLE)]
    rows = connection.execute(query.order_by("code"))
    return [Unit(LEVELS[kind], *row) for row in rows if chosen is None or row.code in chosen]


def folder_of(reports: Path, on: date, level: str, unit: str) -> Path:
    """Where the files of a unit lie; see above."""
    above = reports / on.isoformat()
    return above / unit if level == REGION else above / _FOLDERS[level] / unit


def files_of(reports: Path, on: date, unit: Unit) -> list[Path]:
    """The finished files of ``unit``, by name; none that names people."""
    folder = folder_of(reports, on, unit.level, unit.code)
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~"))
    )


def private_folder(reports: Path, on: date, school: str) -> Path:
    """The folder of what names people of ``school``, made for its owner's eyes alone."""
    folder = folder_of(reports, on, "school", school) / PRIVATE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        half.unlink()  # of a process that had this number and was killed
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content.encode())
    half.replace(path)


# When and by what a workbook, a document or a PDF was written: not what it says.
_ZIPPED_TRIFLES = frozenset({"docProps/core.xml", "docProps/app.xml"})
_PDF_TRIFLES = re.compile(rb"/(CreationDate|ModDate)\s*\([^)]*\)|/ID\s*\[[^\]]*\]")


def content_hash(paths: Iterable[Path]) -> str:
    """A hash of what files are called and what they say, 64 hex digits.

    The same workbook, document or PDF written anew has the same one. Raises ``OSError``.
    """
    whole = hashlib.sha256()
    for path in sorted(paths, key=lambda one: one.name):
        whole.update(f"{path.name}\0{said(path)}\0".encode())
    return whole.hexdigest()


def said(path: Path) -> str:
    """The hash of what one file says. Raises ``OSError``."""
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped:
            names = sorted(set(zipped.namelist()) - _ZIPPED_TRIFLES)
            parts = [f"{name}\0{hashlib.sha256(zipped.read(name)).hexdigest()}" for name in names]
        content = "\0".join(parts).encode()
    elif content.startswith(b"%PDF"):
        content = _PDF_TRIFLES.sub(b"", content)
    return hashlib.sha256(content).hexdigest()
