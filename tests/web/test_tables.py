"""Tables of figures: of units and of weeks, on the page and in its workbook, as the database's own
days add up to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from tests.end_to_end.world import World
from tests.web.figures import (
    FIRST,
    LAST,
    OF_LESSONS,
    SCHOOL,
    TITLES,
    Ratio,
    day_sums,
    figures_in,
    lesson_sums,
    page_of,
    sheets,
    table,
)
from tests.web.forms import whole_words_of, words_of
from tests.web.people import Browser

Resident = Callable[[str], Browser]
WEEK = "to_char(date_trunc('week', c.day), 'YYYY-MM-DD')"
NOTHING: Ratio = (0, 0)


@dataclass(frozen=True)
class Shown:
    """A page with tables, who sees it, and which schools it counts."""

    login: str
    path: str
    unit: str
    where: str


PAGES = {
    "region": Shown("operator", "/region", "region", "true"),
    "district": Shown("d1-officer", "/district/d1", "d1", "s.district = 'd1'"),
    "school": Shown("s1-deputy", f"/school/{SCHOOL}", SCHOOL, f"c.school = '{SCHOOL}'"),
}
# Accumulation, which the sandbox's September has not come to yet: of a class in a subject, the
# dates from and until which it was known so, and what it then was.
PAIRS = (
    ("781001", "1", "a", "2026-09-17", None, 7, 13),
    ("781001", "2", "a", "2026-09-18", None, 5, 14),
    ("781003", "5а", "a", "2026-09-18", None, 2, 12),
    ("781002", "9", "a", "2026-09-17", None, 4, 9),
    ("781001", "1", "b", "2026-09-17", "2026-09-18", 1, 99),
)
# What they add up to by unit, as known on a day that was measured.
ACCUMULATED: dict[str, dict[str, Ratio]] = {
    "2026-09-17": {"d1": (8, 112), "d2": (4, 9), "region": (12, 121), "781001": (8, 112)},
    "2026-09-18": {
        "region": (18, 48), "d1": (14, 39), "d2": (4, 9), "781001": (12, 27), "781003": (2, 12),
    },
}  # fmt: skip
# What a school is parted by: its sheet, whose lessons, and what accumulation of ``PAIRS`` each has;
# a class in a subject that several teachers share is nobody's.
THINGS: dict[str, tuple[str, str, dict[str | None, Ratio]]] = {
    "class": ("По классам", "class_key", {"1": (7, 13), "2": (5, 14)}),
    "subject": ("По предметам", "subject_key", {"a": (12, 27)}),
    "teacher": ("По учителям", "teacher", {None: (12, 27)}),
}
RANGES = [(FIRST, LAST), ("2026-09-07", "2026-09-17"), ("2026-09-07", "2026-09-09")]


# A school's accumulation as its evenings measured it; pages look when anything was measured last.
_MEASURE = """
UPDATE quality.measures m SET (numerator, denominator, computed_at) = (
  SELECT coalesce(sum(c.enough), 0), coalesce(sum(c.pairs), 0), clock_timestamp()
  FROM quality.pair_cells c WHERE c.school = m.unit AND c.as_of <= m.as_of
    AND (c.until IS NULL OR c.until > m.as_of))
WHERE m.level = 'school' AND m.measure = 'accumulation'"""


@pytest.fixture(scope="module", autouse=True)
def paired(region: World) -> Iterator[None]:
    """There is ``PAIRS`` meanwhile, and was when the days were measured."""
    (before,) = region.rows("SELECT coalesce(sum(pairs), 0)::int AS n FROM quality.pair_cells")
    assert before == {"n": 0}
    names = ("school", "class_key", "subject_key", "as_of", "until", "enough", "pairs")
    for pair in PAIRS:
        region.write(
            "INSERT INTO quality.pair_cells (school, source, class_key, subject_key, as_of, until,"
            " enough, pairs) SELECT :school, (SELECT min(source) FROM quality.lesson_cells l"
            " WHERE l.school = :school), :class_key, :subject_key, CAST(:as_of AS date),"
            " CAST(:until AS date), :enough, :pairs",
            **dict(zip(names, pair, strict=True)),
        )
    region.write(_MEASURE)
    yield
    region.write("DELETE FROM quality.pair_cells WHERE pairs > 0")
    region.write(_MEASURE)


def figures(sums: dict[str, dict[str, Ratio]], last: str) -> dict[str, dict[str, Ratio]]:
    """``sums`` with accumulation as known on the day ``last``."""
    known = ACCUMULATED.get(last, {})
    return {unit: own | {"accumulation": known.get(unit, NOTHING)} for unit, own in sums.items()}


def weeks(region: World, shown: Shown) -> dict[str, dict[str, Ratio]]:
    """Of the weeks of a page, by their words; accumulation is of a week's last measured day."""
    found = {}
    for key, sums in sorted(day_sums(region, WEEK, shown.where).items()):
        monday = date.fromisoformat(key)
        sunday = monday + timedelta(days=6)
        measured = ACCUMULATED[LAST] if key == "2026-09-14" else {}
        own = sums | {"accumulation": measured.get(shown.unit, NOTHING)}
        found[f"{monday:%d.%m}–{sunday:%d.%m.%Y}"] = own
    assert next(iter(found)) == "31.08–06.09.2026"
    return found


def read(row: Any) -> dict[str, Ratio]:
    """The figures of a row of a page by measure; nothing of nothing where a dash stands."""
    cells = {cell.get("data-label"): cell for cell in row.iter("td")}
    found = {}
    for measure, title in TITLES.items():
        shown = figures_in(cells[title])
        assert bool(shown) is not words_of(cells[title]).startswith("—")
        found[measure] = shown[0].counts if shown else NOTHING
    return found


def kept(rows: list[list[Any]], heading: str) -> dict[str, dict[str, Ratio]]:
    """The figures of a sheet by what stands under ``heading``; their shares are looked at."""
    (start,) = [n for n, row in enumerate(rows) if heading in row[:2]]
    found: dict[str, dict[str, Ratio]] = {}
    for row in rows[start + 1 :]:
        cells = dict(zip(rows[start], row, strict=True))
        own = found[cells[heading]] = {}
        for measure, title in TITLES.items():
            if f"{title}, доля" in cells:
                own[measure] = (cells[f"{title}, числитель"], cells[f"{title}, знаменатель"])
                assert cells[f"{title}, доля"] == share(*own[measure])
    return found


def share(numerator: int, denominator: int) -> Any:
    """A workbook keeps 16 digits."""
    return pytest.approx(numerator / denominator, abs=1e-12) if denominator else None


@pytest.mark.parametrize("level", PAGES)
def test_the_weeks_are_the_sums_of_their_days(
    resident: Resident, region: World, level: str
) -> None:
    shown = PAGES[level]
    wanted = weeks(region, shown)
    assert len(wanted) == 3
    for asked in ({}, {"from": "2026-09-07", "to": "2026-09-09"}):
        page = page_of(resident(shown.login).get(shown.path, **asked))
        (weekly,) = [one for one in page.iter("table") if one.get("data-chart") == "line"]
        rows = weekly.find("tbody").iter("tr")
        assert {words_of(row.find("th")): read(row) for row in rows} == wanted


@pytest.mark.parametrize("level", PAGES)
def test_the_workbook_has_the_same_weeks(resident: Resident, region: World, level: str) -> None:
    shown = PAGES[level]
    rows = sheets(resident(shown.login).get(shown.path, format="xlsx"))["По неделям"]
    wanted = weeks(region, shown)
    found = kept(rows, "Неделя")
    assert list(found) == list(wanted)
    assert found == wanted


@pytest.mark.parametrize(("first", "last"), RANGES)
def test_the_districts_and_their_sum(
    resident: Resident, region: World, first: str, last: str
) -> None:
    opened, asked = resident("operator"), {"from": first, "to": last}
    wanted = figures(day_sums(region, "s.district", first=first, last=last), last)
    page = page_of(opened.get("/region", **asked))
    districts, *_ = page.find_class("ranking")
    shown = {
        row.find("th").find("a").get("href"): read(row)
        for row in districts.find("tbody").iter("tr")
    }
    days = f"?from={first}&to={last}"
    assert shown == {f"/district/{code}{days}": own for code, own in wanted.items()}
    (total,) = districts.find("tfoot").iter("tr")
    whole = day_sums(region, "'region'", first=first, last=last)
    assert read(total) == figures(whole, last)["region"]
    rows = sheets(opened.get("/region", format="xlsx", **asked))["Районы"]
    assert [f"/district/{row[1]}{days}" for row in rows[2:]] == list(shown), "in the same order"
    assert kept(rows, "Код") == wanted


@pytest.mark.parametrize(("first", "last"), RANGES)
def test_the_schools_of_a_district(
    resident: Resident, region: World, first: str, last: str
) -> None:
    opened, asked = resident("d1-officer"), {"from": first, "to": last, "sort": "-marks"}
    own = day_sums(region, "c.school", "s.district = 'd1'", first=first, last=last)
    wanted = figures(own, last)
    page = page_of(opened.get("/district/d1", **asked))
    body = page.get_element_by_id("schools").find("tbody")
    shown = {row.get("data-school"): read(row) for row in body.iter("tr")}
    assert shown == wanted
    rows = sheets(opened.get("/district/d1", format="xlsx", **asked))["Школы"]
    assert [row[1] for row in rows[2:]] == list(shown), "in the same order"
    assert kept(rows, "Код") == wanted


@pytest.mark.parametrize(("first", "last"), RANGES)
def test_the_workbook_of_a_school_has_its_tiles(
    resident: Resident, region: World, first: str, last: str
) -> None:
    asked = {"from": first, "to": last, "format": "xlsx"}
    rows = sheets(resident("s1-deputy").get(f"/school/{SCHOOL}", **asked))["Показатели"]
    assert rows[1][0] == "По состоянию на 18.09.2026"
    of_days, of_last = (
        figures(day_sums(region, "c.school", PAGES["school"].where, first=day, last=until), until)
        for day, until in ((first, last), (LAST, LAST))
    )
    found = {row[0]: ((row[2], row[3]), (row[5], row[6])) for row in rows[3:]}
    assert found == {
        title: (of_days[SCHOOL][measure], of_last[SCHOOL][measure])
        for measure, title in TITLES.items()
    }
    for row in rows[3:]:
        assert [row[1], row[4]] == [share(row[2], row[3]), share(row[5], row[6])]


@pytest.mark.parametrize("by", THINGS)
def test_the_workbook_of_a_school_has_its_things(
    resident: Resident, region: World, by: str
) -> None:
    title, column, accumulated = THINGS[by]
    opened = resident("d1-officer")
    rows = sheets(opened.get(f"/school/{SCHOOL}", by=by, sort="topic", format="xlsx"))[title]
    found = kept(rows, "Ключ в журнале")
    sums = {measure: lesson_sums(region, measure, by=column) for measure in OF_LESSONS}
    assert found.keys() == sums["held"].keys() | accumulated.keys()
    for key, own in found.items():
        told = {measure: sums[measure].get(key, NOTHING) for measure in OF_LESSONS}
        assert own == told | {"accumulation": accumulated.get(key, NOTHING)}
    assert [row[2] for row in rows[2:]] == [own["fill_rate"][1] for own in found.values()]
    page = page_of(opened.get(f"/school/{SCHOOL}", by=by, sort="topic"))
    names = [whole_words_of(row[""]) for row in table(page, "things")]
    assert [row[0] for row in rows[2:]] == names, "in the same order, pseudonyms whole"
