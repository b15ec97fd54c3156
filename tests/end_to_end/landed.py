"""Landed documents opened without the product's readers: what stands at a line of one."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import openpyxl
from lxml import html

from tests.end_to_end.world import World

YEAR = 2026
Table = dict[int, list[str]]  # values by line


@dataclass(frozen=True)
class Read:
    """``tables``: one, or the sheets or tables of a page, whose rows are numbered each from 1;
    ``above``: what a page or a request says of all its rows; ``heads``: of one column."""

    tables: list[Table]
    above: set[str]
    heads: set[str]


class Landed:
    """The documents of a hub, by the id of their landing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows = {
            row["id"]: row for row in world.rows("SELECT id, name, sha256 FROM ops.landing")
        }
        self.read = cache(self._read)

    def _read(self, document_id: int) -> Read:
        row = self._rows[document_id]
        name, content = row["name"], self._world.hub.landing.get(row["sha256"])
        if name.startswith(("GET ", "POST ")):
            answer = (list(_values(one)) for one in json.loads(content))
            return Read([_numbered(answer)], set(re.findall(r"[^/?&= ]+", name)), set())
        if name.endswith(".xlsx"):
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
            return _page([_cells(sheet.values) for sheet in book.worksheets], [])
        if name.endswith(".html"):
            page = html.fromstring(content.decode("utf-8").encode(), parser=_UTF8)
            tables = [
                _cells([[c.text_content() for c in row] for row in table.iter("tr")])
                for table in page.iter("table")
            ]
            caption = [p.text_content() for p in page.iter("p") if p.get("class") == "caption"]
            return _page(tables, caption)
        if name.endswith(".csv"):
            lines = _text(content).splitlines()
            return Read([_numbered(line.split(";") for line in lines)], set(), set())
        assert name.endswith(".xml"), name
        records = content.decode("utf-8").split("\n")
        return Read([_numbered(re.findall(r">([^<>]+)<", one) for one in records)], set(), set())


_UTF8 = html.HTMLParser(encoding="utf-8")


def _page(tables: list[Table], caption: Sequence[str]) -> Read:
    """A page of a journal: whose it is above, its days in the heads of the columns."""
    above = {part.strip() for line in caption for part in line.split(":", 1)}
    heads: set[str] = set()
    for table in tables:
        for cells in table.values():
            if cells and cells[0].endswith(":"):
                above.update(cells)
            for cell in cells:
                if found := re.fullmatch(r"(\d\d)\.(\d\d)/(\d+)(?:/(.+))?", cell):
                    day = f"{YEAR}-{found[2]}-{found[1]}"
                    heads.add("|".join(filter(None, (day, found[3], found[4]))))
    return Read(tables, above, heads)


def _cells(rows: Any) -> Table:
    return _numbered([str(cell) for cell in row if cell not in (None, "")] for row in rows)


def _numbered(rows: Any) -> Table:
    return {number: [dated(value) for value in values] for number, values in enumerate(rows, 1)}


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _values(one)
    elif value is not None:
        yield str(value)


def dated(text: str) -> str:
    """A date as an ISO date, anything else as it is."""
    found = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", text.strip())
    return f"{found[3]}-{found[2]}-{found[1]}" if found else text.strip()
