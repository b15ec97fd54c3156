"""What was written for a school, a district or the region: files by day, to be taken from a page.

Beside the folders of ``hand_out`` a district and the region have what is written every day, in the
folder of the day itself. A file is known by its day and name as they were listed here; nothing that
a reader says ever becomes a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.forms.hand_out import PRIVATE, Unit, files_of, folder_of
from quality.measures import REGION

_DAILY = r"(?:otchet|forma\d+)_{unit}_{day}\.[a-z]+"


@dataclass(frozen=True)
class HandedFile:
    """A file; ``private``: it names people of the school; ``size``: bytes."""

    on: date
    name: str
    private: bool
    size: int
    path: Path


def handed_files(reports: Path, unit: Unit, *, private: bool) -> list[HandedFile]:
    """The files of ``unit``, newest day first; ``private``: for the school's own people, also what
    names people."""
    return [one for day in _days(reports) for one in _of_day(reports, day, unit, private=private)]


def handed_file(
    reports: Path, unit: Unit, on: date, name: str, *, private: bool
) -> HandedFile | None:
    """The file of that day and name among those of ``unit``: of the private ones, or of the
    others. None where it has none."""
    found = _of_day(reports, on, unit, private=private)
    return next((one for one in found if one.name == name and one.private == private), None)


def _days(reports: Path) -> list[date]:
    found = []
    for folder in reports.iterdir() if reports.is_dir() else ():
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if folder.is_dir() and folder.name == day.isoformat():
            found.append(day)
    return sorted(found, reverse=True)


def _of_day(reports: Path, on: date, unit: Unit, *, private: bool) -> Iterator[HandedFile]:
    for path in [*_daily(reports, on, unit), *files_of(reports, on, unit)]:
        yield from _handed(path, on, private=False)
    if private and unit.level == "school":
        folder = folder_of(reports, on, unit.level, unit.code) / PRIVATE
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.name.startswith((".", "~")):
                yield from _handed(path, on, private=True)


def _daily(reports: Path, on: date, unit: Unit) -> list[Path]:
    """What is written every day for a district or the region."""
    folder = reports / on.isoformat()
    mistakable = unit.level == "district" and unit.code == REGION
    if unit.level == "school" or mistakable or not folder.is_dir():
        return []
    said = re.compile(_DAILY.format(unit=re.escape(unit.code), day=on.isoformat()))
    return sorted(path for path in folder.iterdir() if said.fullmatch(path.name))


def _handed(path: Path, on: date, *, private: bool) -> Iterator[HandedFile]:
    """The file at ``path``; nothing where it is none, or leads elsewhere."""
    if path.is_file() and not path.is_symlink():
        yield HandedFile(on, path.name, private, path.stat().st_size, path)
