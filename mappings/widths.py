"""Wide sheets of a sample: which columns are days, and what their headers look like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mappings.guessing import plain
from mappings.spellings import DateFormat

FEWEST = 2  # columns that must look like days
# How a day may be written in a header: pattern, format, whether the year is left out.
_DAYS: tuple[tuple[str, DateFormat, bool], ...] = (
    (r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}", "dd.mm.yyyy", False),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "iso_date", False),
    (r"[0-9]{2}\.[0-9]{2}", "dd.mm.yyyy", True),
)
_LESSON = r"[0-9]{1,2}"
_KIND = r"[^\s/0-9][^\s/]*"
_BETWEEN = r"[ /_-]"


@dataclass(frozen=True)
class WideHeader:
    """``keep``: columns beside the days, ``leave`` those that only count rows; ``days``: the
    columns of days; ``header``: the pattern of their names; ``written``: how a day is written."""

    keep: tuple[str, ...]
    leave: tuple[str, ...]
    days: tuple[str, ...]
    header: str
    written: DateFormat
    without_year: bool
    day: str = "Дата"
    lesson: str = "Урок"
    kind: str = "ВидРаботы"
    cell: str = "Ячейка"
    named: str = "Столбец"

    def groups(self) -> list[str]:
        """The columns that the header gives."""
        return list(re.compile(self.header).groupindex)

    def columns(self) -> list[str]:
        """The columns of the long table."""
        return [*self.keep, *self.groups(), self.cell, self.named]

    def layout(self) -> dict[str, Any]:
        """``wide`` of the layout."""
        leave = {"leave": list(self.leave)} if self.leave else {}
        return {
            "keep": list(self.keep),
            **leave,
            "header": self.header,
            "cell": self.cell,
            "named": self.named,
            "suspect": "[0-9]",
        }


def wide_header(columns: Sequence[str]) -> WideHeader | None:
    """The header of a wide sheet, or None if ``columns`` are those of a long table."""
    for day, written, without_year in _DAYS:
        shape = re.compile(rf"({day})(?:({_BETWEEN})({_LESSON}))?(?:({_BETWEEN}?)({_KIND}))?")
        found = {column: shape.fullmatch(column) for column in columns}
        matches = {column: match for column, match in found.items() if match}
        if len(matches) < FEWEST:
            continue
        pattern = f"(?P<Дата>{day})"
        pattern += _part("Урок", _LESSON, [(m[2], m[3]) for m in matches.values()])
        pattern += _part("ВидРаботы", _KIND, [(m[4], m[5]) for m in matches.values()])
        others = [column for column in columns if column not in matches]
        leave = tuple(column for column in others if plain(column) in ("", "пп", "п"))
        keep = tuple(column for column in others if column not in leave)
        return WideHeader(keep, leave, tuple(matches), pattern, written, without_year)
    return None


def _part(name: str, shape: str, found: list[tuple[str | None, str | None]]) -> str:
    """What follows the day: in all headers, in some, or in none."""
    between = {before or "" for before, text in found if text}
    if not between:
        return ""
    mark = re.escape(between.pop()) if len(between) == 1 else f"{_BETWEEN}?"
    pattern = f"{mark}(?P<{name}>{shape})"
    return pattern if all(text for _, text in found) else f"(?:{pattern})?"
