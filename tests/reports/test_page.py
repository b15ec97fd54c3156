"""The page, read back: its tables tell the figures, its charts have tables, nothing is outside."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import html

from quality.profiles import load_profile
from quality.uploads import Cause
from reports import charts
from reports.compliance import Figure, Report
from reports.page import render_page
from reports.words import CAUSES, grouped, long_date, plural


@pytest.fixture(params=["district", "region"])
def page(request: pytest.FixtureRequest) -> html.HtmlElement:
    return html.fromstring(render_page(request.getfixturevalue(request.param)))


def _cells(row: html.HtmlElement) -> list[str]:
    """Visible texts of a row's cells; a bar's title is no visible text."""
    cells = row.xpath("./th | ./td")
    return [" ".join(cell.xpath(".//text()[not(ancestor::svg)]")).strip() for cell in cells]


def test_headline_figures_and_their_definitions(district: Report) -> None:
    page = html.fromstring(render_page(district))
    for code in district.measures:
        (tile,) = page.xpath(f"//section[@id='itog']//div[@data-measure='{code}']")
        assert tile.xpath("string(.//div[@class='value'])") == district.figure(code).percent
        assert district.profile.measure(code).definition in tile.text_content()


def test_school_rows_tell_each_school_in_order(district: Report) -> None:
    page = html.fromstring(render_page(district))
    rows = page.xpath("//table[@id='t-schools']/tbody/tr")
    expected = [
        [s.name, *(s.figure(m).percent for m in district.measures)] for s in district.schools
    ]
    assert [_cells(row) for row in rows] == expected
    (foot,) = page.xpath("//table[@id='t-schools']/tfoot/tr")
    assert _cells(foot) == ["Всего", *(district.figure(m).percent for m in district.measures)]


def test_accumulation_has_a_column_where_a_document_asks_for_it(district: Report) -> None:
    def titles(report: Report) -> list[str]:
        page = html.fromstring(render_page(report))
        return [cell.text_content() for cell in page.xpath("//table[@id='t-schools']/thead/tr/th")]

    assert "Накопляемость" not in titles(district)
    assert "Накопляемость" in titles(replace(district, profiles=[load_profile("velikie_luki")]))


def test_parts_table_tells_counts(district: Report) -> None:
    page = html.fromstring(render_page(district))
    (row,) = page.xpath("//table[@id='t-parts']//tr[@data-measure='homework']")
    assert _cells(row)[1:] == [grouped(1250), grouped(1560), "310", "80,1 %"]


def test_calendar_has_a_letter_for_every_day(district: Report) -> None:
    page = html.fromstring(render_page(district))
    for school in district.schools:
        (row,) = page.xpath(f"//table[@id='t-uploads-1']/tbody/tr[@data-school='{school.code}']")
        letters = [CAUSES[school.days[day]].letter for day in district.days]
        assert [cell.text for cell in row.xpath("td")] == letters
    (foot,) = page.xpath("//table[@id='t-uploads-1']/tfoot/tr[@data-cause='school_did_not_fill']")
    assert sum(int(cell or 0) for cell in _cells(foot)[1:]) == 4


def test_forms_keep_the_official_wording(district: Report) -> None:
    page = html.fromstring(render_page(district))
    titles = [column.title for column in district.form1.form.columns]
    for number, block in enumerate(district.form1.blocks, start=1):
        (table,) = page.xpath(f"//table[@id='t-form-{number}']")
        assert _cells(table.xpath("thead/tr")[0]) == ["Параллель", *titles]
        told = [_cells(row) for row in table.xpath("tbody/tr")]
        assert told == [
            [title, *("скрыто" if count is None else str(count) for count in counts)]
            for title, counts in block.rows
        ]


def test_region_has_its_districts_worst_first_with_dashes(region: Report) -> None:
    page = html.fromstring(render_page(region))
    rows = [_cells(row) for row in page.xpath("//table[@id='t-districts']/tbody/tr")]
    assert rows[0][:3] == ["Северный район", "2", "58,9 %"]
    assert rows[1] == ["Южный район", "1", *["—"] * len(region.measures)]


def test_every_chart_names_itself_and_has_its_table(page: html.HtmlElement) -> None:
    figures = page.xpath("//figure")
    assert figures
    for figure in figures:
        assert figure.xpath(".//svg[@role='img']/@aria-label")
        assert page.xpath(f"//table[@id='{figure.get('data-table')}']")
    assert not page.xpath("//svg[not(ancestor::figure) and not(ancestor::table)]")


def test_nothing_comes_from_outside_and_nothing_runs(page: html.HtmlElement) -> None:
    assert not page.xpath("//script | //link | //img | //iframe | //*[@src]")
    assert all(address.startswith("#") for address in page.xpath("//@href"))
    assert not re.search(r"url\(|@import", page.xpath("string(//style)"))


def test_every_link_has_its_section(page: html.HtmlElement) -> None:
    for address in page.xpath("//nav//@href"):
        assert page.xpath(f"//section[@id='{address[1:]}']")


def test_names_are_escaped(district: Report) -> None:
    source = render_page(district)
    assert "Школа № 1 &lt;Восток&gt;" in source
    assert "<Восток>" not in source


def test_as_of_and_citations_are_told(page: html.HtmlElement) -> None:
    text = page.text_content()
    assert "18 сентября 2026 года" in text
    assert "01-16-3792/13-0-0" in page.xpath("string(//section[@id='opredeleniya'])")


def test_a_school_without_data_says_so(region: Report) -> None:
    page = html.fromstring(render_page(region))
    (row,) = page.xpath("//table[@id='t-ledger']//tr[@data-school='782003']")
    assert _cells(row)[1] == "Данные ещё не собирались."


def test_every_cause_has_a_letter_of_its_own_with_enough_contrast() -> None:
    assert set(CAUSES) == set(Cause)
    assert len({style.letter for style in CAUSES.values()}) == len(Cause)
    for style in CAUSES.values():
        lights = sorted((_luminance(style.fill), _luminance(style.ink)))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_bars_are_as_long_as_their_shares() -> None:
    drawn = html.fragment_fromstring(charts.share_bar(Figure(1, 4), "Темы"))
    assert drawn.xpath("//rect/@width") == ["100", "25.0"]
    assert charts.share_bar(Figure(0, 0), "Темы") == ""
    full, empty = charts.bars([("а", Figure(1, 1)), ("б", Figure())], "x"), charts.bars([], "x")
    widths = html.fragment_fromstring(full).xpath("//rect/@width")
    assert float(widths[1]) == float(widths[0])
    assert float(widths[3]) == 0.0
    assert "<rect" not in empty


def test_columns_share_the_height_by_count() -> None:
    drawn = html.fragment_fromstring(
        charts.cause_columns([("1", {Cause.UPLOADED: 3, Cause.HUB_FAULT: 1}), ("2", {})], "x")
    )
    heights = [float(height) for height in drawn.xpath("//rect/@height")]
    assert heights == [108.0, 36.0]


@pytest.mark.parametrize(
    ("number", "word"), [(1, "a"), (2, "b"), (5, "c"), (11, "c"), (12, "c"), (21, "a"), (22, "b")]
)
def test_plural(number: int, word: str) -> None:
    assert plural(number, "a", "b", "c") == word


def test_dates_are_words(district: Report) -> None:
    assert long_date(district.as_of) == "18 сентября 2026 года"
