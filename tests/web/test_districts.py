"""A district's page shows the schools that somebody looks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.world import World
from tests.web.figures import page_of
from tests.web.people import Browser


@pytest.mark.parametrize(
    ("sought", "places"),
    [
        ("", "all"),
        ("ШКОЛА", "all"),
        (" № {name} ", "first"),  # a number is of a name, and no piece of a code
        ("{code}", "first"),
        ("{half}", "all"),  # all codes begin so
        ("{end}", "none"),
        ("<b>", "none"),
    ],
)
def test_by_a_part_of_the_name_or_the_beginning_of_the_code(
    resident: Callable[[str], Browser], region: World, sought: str, places: str
) -> None:
    schools = region.rows(
        "SELECT code, name FROM registry.schools WHERE district = 'd1' ORDER BY code"
    )
    codes, first = [row["code"] for row in schools], schools[0]
    assert len(codes) > 1
    words = {
        "name": first["name"].rpartition(" ")[2],
        "code": first["code"],
        "half": first["code"][:4],
        "end": first["code"][2:],
    }
    page = page_of(resident("d1-officer").get("/district/d1", q=sought.format(**words)))
    rows = page.get_element_by_id("schools").find("tbody").iter("tr")
    shown = sorted(row.get("data-school") for row in rows if row.get("data-school"))
    assert shown == {"all": codes, "first": codes[:1], "none": []}[places]
