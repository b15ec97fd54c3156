"""Form 1 as offices see it: nobody can find a small count of persons, in any file of the day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest
from lxml import html
from openpyxl import load_workbook

from privacy.disclosure import Audience, NoThresholdError
from quality.form1 import COLUMNS
from quality.profiles import load_profile
from reports.compliance import Report, compliance_report
from reports.forms import CELLS, FormSection, PublishedForm, publish_form
from reports.page import render_page
from reports.workbook import write_workbook
from tests.reports.conftest import AS_OF, FIRST, FORM1, build_form, build_schools
from tests.support.attack import Cell, Reader, added_up

K = 10
PAIRS = {"pupils": "pupils_with_data", "teachers": "teachers_with_access"}
DISTRICTS = {"781001": "d1", "781002": "d1", "782003": "d2"}
UNITS = {school: f"district {code}" for school, code in DISTRICTS.items()} | {
    "district d1": "region",
    "district d2": "region",
}
# Numbers that stand nowhere else in a report. Of the first school's pupils three have no data, so
# its pupils with data are hidden, and those of the second guard them.
RARE = [
    ("781001", 7, (2, 2, 54817, 54814, 14, 13, 19, 19)),
    ("781002", 7, (3, 2, 63391, 61273, 15, 10, 21, 11)),
    ("782003", 7, (3, 2, 71429, 58543, 15, 10, 27, 11)),
]
ALONE = [*RARE[:2], ("782003", 7, (1, 1, 5, 5, 9, 9, 3, 2))]  # the only school of its district


def blocks(published: PublishedForm) -> dict[str, dict[str, tuple[int | None, ...]]]:
    units = [*(f"school {code}" for code in DISTRICTS), "district d1", "district d2", "region"]
    section = published.section((unit, unit.removeprefix("school ")) for unit in units)
    return {block.title: dict(block.rows) for block in section.blocks}


@pytest.mark.parametrize("rows", [FORM1, RARE, ALONE])
def test_all_files_of_a_day_together_tell_no_small_count(rows: list[Any]) -> None:
    shown = blocks(build_form(rows))
    for title, levels in (("7 классы", (7,)), ("11 (12) классы", (11, 12))):
        for whole, part in PAIRS.items():
            wholes = {part: whole, "rest": whole}
            finest: dict[Cell, int] = {}
            for school in DISTRICTS:
                own = [dict(zip(COLUMNS, c, strict=True)) for s, n, c in rows
                       if s == school and n in levels]  # fmt: skip
                finest[school, part] = sum(counts[part] for counts in own)
                finest[school, "rest"] = sum(counts[whole] - counts[part] for counts in own)
            true = added_up(finest, UNITS, wholes)
            printed = {
                (unit, column): form[title][COLUMNS.index(column)]
                for unit, form in shown.items()
                for column in (whole, part)
            }
            assert all(count in (None, true[cell]) for cell, count in printed.items())
            reader = Reader(printed, finest, true, UNITS, wholes)
            for cell, count in true.items():
                if 0 < count < K:
                    assert printed.get(cell) is None
                    assert reader.values(cell) >= K


def test_a_school_sees_its_own_figures_as_they_are() -> None:
    rows = [row for row in ALONE if row[0] == "782003"]
    published = build_form(rows, Audience.SCHOOL, {"782003": "d2"})
    (block,) = published.section([("school 782003", "Лицей № 3")]).blocks
    assert dict(block.rows)["7 классы"] == (1, 1, 5, 5, 9, 9, 3, 2)
    assert published.guard is None


def test_classes_and_subjects_count_no_persons() -> None:
    shown = blocks(build_form(ALONE))["782003"]["7 классы"]
    assert shown == (1, 1, None, None, 9, 9, None, None)


def test_the_order_of_the_cells_does_not_matter() -> None:
    assert build_form(ALONE).counts == build_form(ALONE[::-1]).counts


def test_a_profile_without_a_threshold_is_not_published() -> None:
    form, nothing = load_profile("spb").form("form1"), pl.DataFrame(schema=CELLS)
    with pytest.raises(NoThresholdError, match="elsewhere"):
        publish_form(form, nothing, {"781001": "d1"}, ["spb", "elsewhere"], Audience.OFFICES)


def reports() -> Iterator[Report]:
    """Of both districts and of the region, from one form, as ``pipeline.forms.report`` does."""
    form, schools = build_form(RARE), build_schools()
    names = {"d1": "Северный район", "d2": "Южный район"}
    for unit in (*names, "region"):
        level = "region" if unit == "region" else "district"
        yield compliance_report(
            level=level,
            unit=unit,
            title=names.get(unit, "Регион"),
            run_id="r1",
            period=(FIRST, AS_OF),
            profiles=[load_profile("spb")],
            schools=[s for s in schools if level == "region" or s.district == unit],
            form1=form,
            districts=names if level == "region" else {unit: names[unit]},
        )


def section_rows(section: FormSection, title: str) -> dict[str, tuple[int | None, ...]]:
    return next(dict(block.rows) for block in section.blocks if block.title == title)


def test_the_reports_of_a_day_are_slices_of_one_table() -> None:
    north, _, region = reports()
    assert section_rows(north.form1, "Северный район: свод") == section_rows(
        region.form1, "Северный район"
    )


def test_what_is_hidden_is_in_no_file(tmp_path: Path) -> None:
    hidden, shown = (b"54814", b"61273"), (b"54817", b"63391")
    north, south, region = reports()
    for report in (north, south, region):
        write_workbook(report, tmp_path / f"{report.unit}.xlsx")
        page = render_page(report).encode()
        with ZipFile(tmp_path / f"{report.unit}.xlsx") as archive:
            book = b"".join(archive.read(name) for name in archive.namelist())
        for file in (page, book):
            assert not any(number in file for number in hidden)
            assert all(number in file for number in shown) == (report is north)
        assert not any(number in repr(report).encode() for number in hidden)


def test_the_page_says_what_hidden_means_and_by_which_rule() -> None:
    north, *_ = reports()
    page = html.fromstring(render_page(north))
    (note,) = page.xpath("//section[@id='forma']//div[@class='guard']")
    words = note.text_content()
    assert "от 1 до 9" in words
    assert "которое показывается, кроме нуля): 10." in words
    assert "версия 3" in words
    (cells,) = [
        row.xpath("./td")
        for row in page.xpath("//table[@id='t-form-3']/tbody/tr")
        if row[0].text == "7 классы"
    ]
    assert [td.text for td in cells] == ["2", "2", "54817", "скрыто", "14", "13", "19", "19"]
    assert cells[3].get("title") == "скрыто, чтобы нельзя было узнать отдельного человека"


def test_the_workbook_says_it_too(tmp_path: Path) -> None:
    north, *_ = reports()
    write_workbook(north, tmp_path / "x.xlsx")
    sheet = load_workbook(tmp_path / "x.xlsx")["Форма 1"]
    told = [row[0] for row in sheet.iter_rows(values_only=True)]
    assert north.form1.guard is not None
    assert [words for words in told if words in north.form1.guard.notes] == list(
        north.form1.guard.notes
    )
    (hidden, *_) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "скрыто"]
    assert hidden.font.i
