"""Where a figure is explained, it is the same figure as on the page that led there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.web.figures import SCHOOL, Ratio, Shown, figures_in, page_of, ratio, table
from tests.web.forms import words_of
from tests.web.people import Browser

Resident = Callable[[str], Browser]
# A page with figures, who sees it, and of how many figures one is opened: of a school each takes a
# tenth of a second. No number here shares a divisor with the seven or eight figures of a row.
WALKS = [
    ("operator", "/region", 1),
    ("operator", "/region?from=2026-09-07&to=2026-09-17", 1),
    ("d1-officer", "/district/d1", 1),
    ("s1-deputy", f"/school/{SCHOOL}", 3),
    ("s1-reader", f"/school/{SCHOOL}?by=subject&from=2026-09-09&to=2026-09-16", 5),
    ("d1-reader", f"/school/{SCHOOL}?by=teacher&from=2026-09-14", 9),
]
MEASURES = 8  # accumulation has nothing to count in the sandbox's September
ROWS = 100  # of a page


def told(page: Any) -> Ratio:
    """The counts that a page of explanation states, and finds to be those that are kept."""
    (status,) = [one for one in page.iter("p") if one.get("role") == "status"]
    assert status.get("class") == "done", words_of(status)
    return ratio(page.get_element_by_id("counts").text_content())


def measures(figures: list[Shown]) -> set[str]:
    return {one.path.split("/")[3] for one in figures}


@pytest.mark.parametrize(("login", "path", "step"), WALKS)
def test_a_figure_is_explained_as_it_was_shown(
    resident: Resident, login: str, path: str, step: int
) -> None:
    opened = resident(login)
    walked = figures_in(page_of(opened.get(path)))[::step]
    assert len(walked) > MEASURES
    assert len(measures(walked)) >= MEASURES - 1
    for figure in walked:
        page = page_of(opened.get(figure.path))
        assert told(page) == figure.counts, figure.path
        (share,) = page.find_class("value")
        assert words_of(share) == figure.share, figure.path


def test_what_a_school_counts_is_there_row_by_row(resident: Resident) -> None:
    opened = resident("s1-deputy")
    walked = figures_in(page_of(opened.get(f"/school/{SCHOOL}")))[::5]
    walked = [one for one in walked if one.counts[1] <= ROWS]
    assert len(measures(walked)) > MEASURES // 2
    for figure in walked:
        numerator, denominator = figure.counts
        for which, count in (
            ("missing", denominator - numerator), ("counted", numerator), ("all", denominator),
        ):  # fmt: skip
            page = page_of(opened.get(figure.path, rows=which))
            (chosen,) = [a for a in page.iter("a") if a.get("aria-current") == "true"]
            assert words_of(chosen).endswith(f": {count}")
            assert (len(table(page, "rows")) if count else 0) == count, (figure.path, which)


@pytest.mark.parametrize("measure", ["fill_rate", "timeliness", "upload_frequency"])
def test_a_figure_of_the_region_is_opened_down_to_its_schools(
    resident: Resident, measure: str
) -> None:
    opened = resident("operator")
    page = page_of(opened.get("/region"))
    (total,) = [row for foot in page.iter("tfoot") for row in foot.iter("tr")]
    (whole,) = [one for one in figures_in(total) if measure in one.path.split("/")]
    districts = list(parts(opened, whole.path, whole.counts))
    assert len(districts) == 2
    schools = [school for path, counts in districts for school in parts(opened, path, counts)]
    assert len(schools) == 3
    for path, counts in schools:
        assert told(page_of(opened.get(path))) == counts, path


def parts(opened: Browser, path: str, counts: Ratio) -> Iterator[tuple[str, Ratio]]:
    """What a figure of these counts is made of, each with its path; they add up to it."""
    page = page_of(opened.get(path))
    assert told(page) == counts
    found = [
        (row[""].find("a").get("href"), (number(row["Засчитано"]), number(row["Всего"])))
        for row in table(page, "parts")
    ]
    assert (sum(n for _, (n, _) in found), sum(d for _, (_, d) in found)) == counts
    return iter(found)


def number(cell: Any) -> int:
    return int(words_of(cell).replace(" ", ""))


def test_a_day_of_the_calendar_is_explained(resident: Resident) -> None:
    opened = resident("d1-officer")
    page = page_of(opened.get("/district/d1"))
    days = [a for cell in page.find_class("day") for a in cell.iter("a")]
    assert len(days) == 4, "two schools on two days"
    for day in days:
        on, _, cause = day.get("title").partition(": ")
        explained = page_of(opened.get(day.get("href")))
        assert told(explained) == (1, 1)
        assert words_of(next(explained.iter("h1"))) == f"Дни: {cause}"
        (of,) = explained.find_class("as-of")
        assert f"; {on};" in words_of(of)
