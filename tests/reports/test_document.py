"""One document, three files: every text is there, pages are whole, no clock is in the bytes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import docx
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from fontTools.ttLib import TTFont
from openpyxl import load_workbook

from reports.document import Cell, Document, Look, Section, Table, named_apart
from reports.docx import to_docx
from reports.pdf import to_pdf
from reports.xlsx import to_xlsx

DAY = date(2026, 9, 18)
LETTERS = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя№«»–—☒☐…"
LONG = (
    "Муниципальное бюджетное общеобразовательное учреждение «Средняя общеобразовательная школа с"
    " углублённым изучением отдельных предметов художественно-эстетического цикла № {}»"
)
URL = "https://example.edu/" + "ochen-dlinnyj-put/" * 12
HEAD = ["Школа", "Адрес", "Число"]
FONTS = Path(__file__).parents[2] / "reports" / "fonts"


def document(schools: int = 40, *, landscape: bool = False) -> Document:
    rows = [[Cell(LONG.format(n)), Cell(URL, Look.MUTED), Cell(n)] for n in range(1, schools + 1)]
    table = Table((50, 40, 10), [[Cell(title) for title in HEAD]], rows)
    letters = Table((1, 2), [], [[Cell("=1+1"), Cell(LETTERS, Look.BOLD)]], caption="Буквы")
    section = Section(
        name="Район: свод [1]",
        title="Сводная <форма> & перечень",
        lines=["Район Северный"],
        tables=[table, letters],
        closing=["Начальник отдела _____ / _____"],
        notes=["Приложение 2"],
        landscape=landscape,
    )
    return Document("Сводная форма", DAY, [section, replace(section, landscape=not landscape)])


def flat(words: str) -> str:
    """Without what breaking into lines adds or takes."""
    return re.sub(r"[\s\u00ad\ufffe\u0002-]+", "", words)


@pytest.fixture(scope="module")
def pdf() -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(to_pdf(document()))


@pytest.mark.parametrize("write", [to_xlsx, to_pdf, to_docx])
def test_the_same_document_gives_the_same_bytes(
    write: Callable[[Document], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(document(3))
    monkeypatch.setattr("time.time", lambda: 2e9)  # zip entries would be stamped by it
    assert write(document(3)) == first
    assert write(document(4)) != first


@pytest.mark.parametrize("write", [to_xlsx, to_docx])
def test_office_files_are_of_the_day_of_the_document(write: Callable[[Document], bytes]) -> None:
    package = ZipFile(BytesIO(write(document(1))))
    assert {entry.date_time[:3] for entry in package.infolist()} == {(2026, 9, 18)}
    stamps = re.findall(rb">(\d{4}-[^<]+)</dcterms", package.read("docProps/core.xml"))
    assert stamps == [b"2026-09-18T12:00:00Z"] * 2


# PDF


def objects(page: Any) -> list[Any]:
    return list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=5))


def test_pages_are_a4_either_way(pdf: pypdfium2.PdfDocument) -> None:
    sizes = [tuple(round(side) for side in page.get_size()) for page in pdf]
    assert set(sizes) == {(595, 842), (842, 595)}
    assert sizes == sorted(sizes)  # each section keeps to its own way


def test_every_text_lies_within_its_page_and_its_margins(pdf: pypdfium2.PdfDocument) -> None:
    for page in pdf:
        width, height = page.get_size()
        boxes = [one.get_bounds() for one in objects(page)]
        assert boxes
        for left, bottom, right, top in boxes:
            assert 20 < left <= right < width - 20
            assert 15 < bottom <= top < height - 20


def test_cells_do_not_run_into_one_another(pdf: pypdfium2.PdfDocument) -> None:
    """Texts of the second column begin right of all texts of the first one, and so on."""
    page = pdf[0]
    width = page.get_size()[0] - 68
    borders = [34 + width * share for share in (0, 0.5, 0.9, 1)]
    cells = [one.get_bounds() for one in objects(page) if one.get_bounds()[3] < 740]
    table = [box for box in cells if box[1] > 40]
    assert len(table) > 20
    for left, _, right, _ in table:
        column = sum(left >= border - 0.5 for border in borders)
        assert right <= borders[column] + 0.5


def test_every_text_of_the_document_is_on_the_pages(pdf: pypdfium2.PdfDocument) -> None:
    """Nothing cut: titles, 40 schools twice, letters, what stands below."""
    told = flat("".join(page.get_textpage().get_text_bounded() for page in pdf))
    for n in range(1, 41):
        assert told.count(flat(LONG.format(n))) == 2
    assert told.count(flat(URL)) == 80
    assert told.count(flat(LETTERS)) == 2
    for words in ("Сводная <форма> & перечень", "Начальник отдела _____ / _____", "Буквы", "=1+1"):
        assert told.count(flat(words)) == 2


def test_each_page_of_a_table_repeats_its_head(pdf: pypdfium2.PdfDocument) -> None:
    pages = [page.get_textpage().get_text_bounded() for page in pdf]
    assert len(pages) > 5
    for number, words in enumerate(pages, start=1):
        if LONG[:20] in words:
            assert all(title in words for title in HEAD)
        assert f"Стр. {number} из {len(pages)}" in words


def test_fonts_are_embedded_and_ours(pdf: pypdfium2.PdfDocument) -> None:
    names = set()
    for page in pdf:
        for one in objects(page):
            font = pdfium.FPDFTextObj_GetFont(one.raw)
            assert pdfium.FPDFFont_GetIsEmbedded(font) == 1
            name = ctypes.create_string_buffer(100)
            pdfium.FPDFFont_GetBaseFontName(font, name, 100)
            names.add(name.value.decode().split("+")[-1])
    assert names == {"DejaVuSansCondensed", "DejaVuSansCondensed-Bold"}


def test_no_letter_is_drawn_as_a_square(pdf: pypdfium2.PdfDocument) -> None:
    """Each letter of the pages has a glyph in both fonts, and is known as that letter."""
    known = [set(TTFont(path).getBestCmap()) for path in sorted(FONTS.glob("*.ttf"))]
    assert len(known) == 2
    for page in pdf:
        text = page.get_textpage()
        words = text.get_text_bounded()
        assert "\ufffd" not in words
        for letter in set(words) - {"\r", "\n", "\ufffe", "\u0002"}:
            assert all(ord(letter) in one for one in known), letter
        assert not any(
            pdfium.FPDFText_HasUnicodeMapError(text.raw, n) for n in range(text.count_chars())
        )


def test_a_letter_that_the_font_lacks_is_a_sign_and_no_square() -> None:
    section = Section("A", "Школа 😀 № 1")
    page = pypdfium2.PdfDocument(to_pdf(Document("A", DAY, [section])))[0]
    assert "Школа \ufffd № 1" in page.get_textpage().get_text_bounded()


def test_a_cell_higher_than_a_page_goes_on_overleaf() -> None:
    long = "\n".join(f"строка {n}" for n in range(150))
    table = Table((1, 1), [[Cell("А"), Cell("Б")]], [[Cell("одна"), Cell(long)]])
    made = pypdfium2.PdfDocument(to_pdf(Document("A", DAY, [Section("A", "A", tables=[table])])))
    told = "".join(page.get_textpage().get_text_bounded() for page in made)
    assert all(f"строка {n}" in told for n in range(150))


def test_pages_show_ink_where_the_texts_are(pdf: pypdfium2.PdfDocument) -> None:
    """Drawn as a picture: something dark in the table, nothing at the edges of the paper."""
    for page in pdf:
        picture = page.render(scale=1).to_pil().convert("L")
        width, height = picture.size
        assert picture.getextrema()[0] < 60
        for box in ((0, 0, width, 25), (0, 0, 25, height), (width - 25, 0, width, height)):
            assert picture.crop(box).getextrema()[0] == 255


# XLSX


def test_a_workbook_holds_every_cell() -> None:
    book = load_workbook(BytesIO(to_xlsx(document(2))))
    sheet = book.worksheets[0]
    assert book.sheetnames == ["Район  свод  1", "Район  свод  1 (2)"]
    told = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert told == [
        ["Сводная <форма> & перечень", None, None],
        ["Район Северный", None, None],
        [None, None, None],
        HEAD,
        [LONG.format(1), URL, 1],
        [LONG.format(2), URL, 2],
        [None, None, None],
        ["Буквы", None, None],
        ["=1+1", None, LETTERS],
        [None, None, None],
        ["Начальник отдела _____ / _____", None, None],
        ["Приложение 2", None, None],
    ]
    assert sheet["A9"].data_type == "s"  # no formula


def test_a_workbook_is_ready_for_paper() -> None:
    book = load_workbook(BytesIO(to_xlsx(document(40))))
    for sheet, way in zip(book.worksheets, ("portrait", "landscape"), strict=True):
        setup = sheet.page_setup
        assert (setup.paperSize, setup.orientation) == ("9", way) or (
            int(setup.paperSize), setup.orientation) == (9, way)  # fmt: skip
        assert (setup.fitToWidth, setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$4:$4"
        assert sheet.print_area == f"'{sheet.title}'!$A$1:$C$50"
        assert "&P" in sheet.oddFooter.right.text
        assert sheet["A5"].alignment.wrap_text


def test_rows_of_a_sheet_are_high_enough_for_their_texts() -> None:
    """A printed sheet cuts what is higher than its row."""
    for sheet in load_workbook(BytesIO(to_xlsx(document(3)))).worksheets:
        for row in sheet.iter_rows(min_row=5, max_row=7):
            for cell in row:
                width = sheet.column_dimensions[cell.column_letter].width
                lines = len(str(cell.value)) / width
                assert sheet.row_dimensions[cell.row].height >= 15 * lines


# DOCX


def test_a_word_file_holds_every_cell() -> None:
    word = docx.Document(BytesIO(to_docx(document(2))))
    cells = [[cell.text for cell in row.cells] for row in word.tables[0].rows]
    assert cells == [HEAD, [LONG.format(1), URL, "1"], [LONG.format(2), URL, "2"]]
    assert [[c.text for c in row.cells] for row in word.tables[1].rows] == [["=1+1", LETTERS]]
    told = [paragraph.text for paragraph in word.paragraphs]
    for words in ("Сводная <форма> & перечень", "Район Северный", "Буквы", "Приложение 2"):
        assert told.count(words) == 2


def test_a_word_file_is_a4_and_repeats_heads() -> None:
    word = docx.Document(BytesIO(to_docx(document(2))))
    sizes = [(round(s.page_width.mm), round(s.page_height.mm)) for s in word.sections]
    assert sizes == [(210, 297), (297, 210)]
    head, *rows = word.tables[0].rows
    assert head._tr.xpath("./w:trPr/w:tblHeader")
    assert not any(row._tr.xpath("./w:trPr/w:tblHeader") for row in rows)
    for section, table in zip(word.sections, (word.tables[0], word.tables[2]), strict=True):
        room = section.page_width - section.left_margin - section.right_margin
        assert sum(cell.width for cell in table.rows[0].cells) <= room + 1000


def test_cells_may_stand_over_several_columns() -> None:
    row = [Cell("учитель", Look.BOLD, 2), Cell(5)]
    table = Table((1, 1, 1), [[Cell("а"), Cell("б"), Cell("в")]], [row])
    one = Document("A", DAY, [Section("A", "A", tables=[table])])
    sheet = load_workbook(BytesIO(to_xlsx(one))).worksheets[0]
    assert "A4:B4" in {str(area) for area in sheet.merged_cells.ranges}
    word = docx.Document(BytesIO(to_docx(one)))
    assert [cell.text for cell in word.tables[0].rows[1].cells] == ["учитель", "учитель", "5"]
    with pytest.raises(ValueError, match="does not fill 3 columns"):
        Table((1, 1, 1), [], [[Cell("а")]])


def test_sheets_are_named_apart() -> None:
    named = named_apart([Section(name, "") for name in ("Школа/1", "Школа 1", "x" * 40, "x" * 40)])
    assert [one.name for one in named] == [
        "Школа 1", "Школа 1 (2)", "x" * 31, "x" * 27 + " (2)",
    ]  # fmt: skip
