"""Figures as a page shows them, and as the database's own rows add up to them, counted apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import requests
from openpyxl import load_workbook

from tests.end_to_end.world import World
from tests.web.forms import parsed, words_of

SCHOOL = "781001"
FIRST, LAST = "2026-09-01", "2026-09-18"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Numerator and denominator by measure, of rows of lessons.
OF_LESSONS = {
    "fill_rate": "sum(filled), count(*)",
    "held": "sum(held), count(*)",
    "topic": "sum(topic), sum(held)",
    "homework": "sum(homework), sum(homework_due)",
    "attendance": "sum(attendance), sum(held)",
    "marks": "sum(marks), sum(held)",
    "timeliness": "sum(parts_in_time), sum(parts_judged)",
}
# The same of days that were measured, which are of schools; accumulation is of no day.
OF_DAYS = {
    "fill_rate": "sum(c.filled), sum(c.lessons)",
    "held": "sum(c.held), sum(c.lessons)",
    "topic": "sum(c.topic), sum(c.held)",
    "homework": "sum(c.homework), sum(c.homework_due)",
    "attendance": "sum(c.attendance), sum(c.held)",
    "marks": "sum(c.marks), sum(c.held)",
    "timeliness": "sum(c.parts_in_time), sum(c.parts_judged)",
    "upload_frequency": "sum(c.uploaded), sum(c.uploads_due)",
}
TITLES = {
    "fill_rate": "Полнота",
    "held": "Проведение",
    "topic": "Темы",
    "homework": "Домашние задания",
    "attendance": "Посещаемость",
    "marks": "Отметки",
    "timeliness": "Своевременность",
    "accumulation": "Накопляемость",
    "upload_frequency": "Периодичность выгрузки",
}
_OF = re.compile(r"([\d\u202f]+) из ([\d\u202f]+)")
Ratio = tuple[int, int]


@dataclass(frozen=True)
class Shown:
    """A figure of a page: its counts, its share in words, and where it is explained."""

    counts: Ratio
    share: str
    path: str


def ratio(words: str) -> Ratio:
    """``1 234 из 1 325`` as numbers."""
    found = _OF.search(words)
    assert found is not None, words
    numerator, denominator = (int(one.replace("\u202f", "")) for one in found.groups())
    return numerator, denominator


def figures_in(element: Any) -> list[Shown]:
    """The figures that can be opened in a part of a page."""
    return [
        Shown(ratio(one.get("title")), words_of(one), one.get("href"))
        for one in element.find_class("figure")
    ]


def tiles(page: Any) -> dict[str, list[Shown]]:
    """By measure: the figure of the range, and that of the last day."""
    return {one.get("data-measure"): figures_in(one) for one in page.find_class("tile")}


def table(page: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a table by the headings of its cells; what heads a row is called ``""``."""
    (found,) = [one for one in page.iter("table") if one.get("id") == name]
    return [
        {"": row.find("th")} | {cell.get("data-label"): cell for cell in row.iter("td")}
        for row in found.find("tbody").iter("tr")
    ]


def lesson_sums(
    region: World, measure: str, *, by: str = "'all'", first: str = FIRST, last: str = LAST
) -> dict[str | None, Ratio]:
    """What the lessons of the school add up to, by a column of them."""
    rows = region.rows(
        f"SELECT {by} AS unit, ARRAY[{OF_LESSONS[measure]}] AS counts FROM quality.lesson_cells"
        " WHERE school = :school AND date BETWEEN CAST(:first AS date) AND CAST(:last AS date)"
        " GROUP BY 1",
        school=SCHOOL,
        first=first,
        last=last,
    )
    return {row["unit"]: (int(row["counts"][0]), int(row["counts"][1])) for row in rows}


def day_sums(
    region: World, by: str, where: str = "true", *, first: str = FIRST, last: str = LAST
) -> dict[str, dict[str, Ratio]]:
    """What the days add up to, by measure, of each unit: ``by`` and ``where`` are of ``c``, the
    cells as they are known now, and ``s``, their schools."""
    rows = region.rows(
        f"SELECT {by} AS unit, ARRAY[{', '.join(OF_DAYS.values())}] AS counts"
        " FROM quality.day_cells c JOIN registry.schools s ON s.code = c.school"
        f" WHERE c.until IS NULL AND {where}"
        " AND c.day BETWEEN CAST(:first AS date) AND CAST(:last AS date) GROUP BY 1",
        first=first,
        last=last,
    )
    found: dict[str, dict[str, Ratio]] = {}
    for row in rows:
        counts = [int(one) for one in row["counts"]]
        pairs = zip(counts[::2], counts[1::2], strict=True)
        found[row["unit"]] = dict(zip(OF_DAYS, pairs, strict=True))
    return found


def sheets(answer: requests.Response) -> dict[str, list[list[Any]]]:
    """The cells of a workbook that was downloaded, row by row, by sheet; formulas as they are."""
    assert answer.status_code == 200, answer.url
    assert answer.headers["content-type"] == XLSX
    book = load_workbook(BytesIO(answer.content))
    return {sheet.title: [[c.value for c in row] for row in sheet.rows] for sheet in book}


def number(element: Any) -> int:
    """The whole number that an element shows."""
    return int("".join(words_of(element).split()))


def page_of(answer: requests.Response) -> Any:
    """The page of an answer that is one."""
    assert answer.status_code == 200, (answer.status_code, answer.url)
    return parsed(answer)
