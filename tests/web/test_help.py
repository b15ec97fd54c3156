"""The page that says how everything is counted, and the links to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from quality.profiles import load_profile
from quality.uploads import Cause
from reports.web.pages.counting import spoken, told_forms, told_measures
from reports.words import CAUSES
from tests.web.people import Browser

Opened = Callable[[str], Browser]


@pytest.mark.parametrize("login", ["operator", "d1-reader", "s1-reader"])
def test_it_defines_what_the_visitors_documents_ask(browser: Opened, login: str) -> None:
    text = unescape(browser(login).get("/help").text)
    profile = load_profile("spb")
    for one in (*profile.measures, *profile.forms):
        assert f'id="{one.code}"' in text
        assert one.citation.document in text
    for measure in profile.measures:
        assert measure.definition in text
    for cause in Cause:
        mark = f'class="mark c-{cause.value}">{CAUSES[cause].letter}</span>'
        row = text.split(f'id="cause-{cause.value}"')[1].split("</tr>")[0]
        assert mark in row
        assert spoken().causes[cause.value] in row


@pytest.mark.parametrize("path", ["/region", "/district/d1"])
def test_links_from_other_pages_meet_their_place(browser: Opened, path: str) -> None:
    opened = browser("operator")
    places = set(re.findall(r' id="([^"]+)"', opened.get("/help").text))
    asked = set(re.findall(r'href="/help#([^"]+)"', opened.get(path).text))
    assert {one.code for one in load_profile("spb").measures} <= asked
    assert asked <= places


def test_every_document_is_named_where_schools_have_several() -> None:
    several = [load_profile("spb"), load_profile("tomsk")]
    (fill_rate,) = (one for one in told_measures(several) if one.code == "fill_rate")
    assert [whose for whose, _ in fill_rate.by] == [one.title for one in several]
    assert len({citation.document for _, citation in fill_rate.by}) == 2


def test_a_form_that_documents_call_otherwise_stands_with_each_name() -> None:
    told = told_forms([load_profile("kogalym"), load_profile("spb")])
    assert [one.code for one in told].count("form5") == 2
    assert not any("{" in one.title for one in told)
