"""A district picks schools and gets a text for each: what is wrong, who mends it, where to look."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.world import World
from tests.web.forms import parsed, words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
PAGE = "/district/d1/reminders"


def chosen(opened: Browser, **asked: str) -> dict[str, bool]:
    """The schools in their order, and whether each is marked."""
    boxes = parsed(opened.get(PAGE, **asked)).xpath("//input[@type='checkbox']")
    return {one.get("value"): "checked" in one.attrib for one in boxes}


def texts(opened: Browser, **asked: str) -> list[str]:
    return [words_of(one) for one in parsed(opened.get(PAGE, **asked)).iter("pre")]


def test_the_worst_are_marked_and_come_first(browser: Opened, region: World) -> None:
    shown = chosen(browser("d1-officer"))
    rows = region.rows(
        "SELECT m.unit, sum(m.numerator)::float / sum(m.denominator) AS share"
        " FROM quality.measures m JOIN registry.schools s ON s.code = m.unit"
        " WHERE s.district = 'd1' AND m.level = 'school' AND m.measure = 'fill_rate'"
        " AND m.as_of = :on AND m.date_to = :on GROUP BY m.unit ORDER BY share, m.unit",
        on=region.last,
    )
    assert list(shown) == [row["unit"] for row in rows]
    assert [code for code, marked in shown.items() if marked] == list(shown)[:3]
    assert texts(browser("d1-officer")) == []


def test_the_text_tells_what_is_wrong_and_where_to_look(
    browser: Opened, region: World, url: str
) -> None:
    opened = browser("d1-officer")
    (said,) = texts(opened, school="781001")
    assert chosen(opened, school="781001") == {code: code == "781001" for code in chosen(opened)}
    assert f"{url}/school/781001/cards" in said
    assert "Полнота журнала за" in said
    assert "Что исправить в первую очередь: 1. " in said
    assert "Исправляет: " in said
    assert "Исправляет: оператор" not in said
    for name in region.hub.vault.names("781001"):
        assert name.split()[0] not in said


def test_schools_of_others_get_no_text(browser: Opened) -> None:
    opened = browser("d1-officer")
    assert texts(opened, school="781002") == []
    assert "781002" not in opened.get(PAGE, school="781002").text
    assert opened.get("/district/d2/reminders").status_code == 404
    assert opened.get(PAGE, school="<script>").status_code == 200


@pytest.mark.parametrize("login", ["d1-reader", "region-reader", "s1-administrator"])
def test_only_an_office_reminds(browser: Opened, login: str) -> None:
    assert browser(login).get(PAGE).status_code == 404


def test_the_operator_may_too(browser: Opened) -> None:
    assert len(texts(browser("operator"), school="781003")) == 1
