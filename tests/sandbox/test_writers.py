"""Tables as DBF, CSV, ZIP and XLSX, read back with other code."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from datetime import date

import openpyxl
import pytest

from sandbox.dbf import dbf
from sandbox.members import Flaw
from sandbox.params import Params
from sandbox.region import build
from sandbox.rows import Row, Table
from sandbox.sources import paragraf
from sandbox.view import View
from sandbox.writers import archive
from sandbox.writers import csv as write_csv
from sandbox.xlsx import texts_of, workbook

PAGES = {0x65: "cp866", 0xC9: "cp1251"}


def people() -> Table:
    return Table(
        "pupils",
        ["Код", "ДатаРождения", "Примечание"],
        [
            Row({"Код": 17, "ДатаРождения": "05.09.2014", "Примечание": "Ёлкин; «7а», § 1"}),
            Row({"Код": 18, "ДатаРождения": None, "Примечание": 'он сказал: "да"'}),
        ],
    )


def read_dbf(content: bytes) -> tuple[str, list[list[str]]]:
    """Code page, and rows with the header, by the published layout of dBASE III."""
    version, count, head, length = content[0], *struct.unpack_from("<IHH", content, 4)
    page = PAGES[content[29]]
    assert version == 3
    fields = [content[place : place + 32] for place in range(32, head - 1, 32)]
    assert content[head - 1] == 0x0D
    assert {field[11:12] for field in fields} == {b"C"}
    names = [field[:11].rstrip(b"\0").decode(page) for field in fields]
    widths = [field[16] for field in fields]
    assert length == 1 + sum(widths)
    assert len(content) == head + count * length + 1
    assert content[-1] == 0x1A
    rows = []
    for number in range(count):
        record = content[head + number * length :][:length]
        assert record[:1] == b" "
        cells, place = [], 1
        for width in widths:
            cells.append(record[place : place + width].decode(page).rstrip())
            place += width
        rows.append(cells)
    return page, [names, *rows]


def test_dbf_cuts_names_and_pads_texts() -> None:
    page, rows = read_dbf(dbf(people(), "pupils.dbf", "cp1251"))
    assert page == "cp1251"
    assert rows == [
        ["КОД", "ДАТАРОЖДЕН", "ПРИМЕЧАНИЕ"],
        ["17", "05.09.2014", "Ёлкин; «7а», § 1"],
        ["18", "", 'он сказал: "да"'],
    ]


def test_dbf_asks_where_the_code_page_has_no_letter() -> None:
    page, rows = read_dbf(dbf(people(), "pupils.dbf", "cp866"))
    assert page == "cp866"
    assert rows[1][2] == "Ёлкин; ?7а?, ? 1"


def test_dbf_cuts_long_texts_and_places_defects() -> None:
    flaw = Flaw("pupil", "Код", "bad_format")
    table = Table("pupils", ["Код"], [Row({"Код": "1"}), Row({"Код": "я" * 300}, [flaw])])
    _, rows = read_dbf(dbf(table, "pupils.dbf", "cp866"))
    assert rows[2] == ["я" * 254]
    assert (flaw.document, flaw.line) == ("pupils.dbf", 2)


def test_dbf_refuses_columns_it_cannot_tell_apart() -> None:
    table = Table("pupils", ["ДатаРождения", "ДатаРождениС"], [])
    with pytest.raises(ValueError, match="first 10 letters"):
        dbf(table, "pupils.dbf", "cp866")


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig"])
def test_csv_is_read_back(delimiter: str, encoding: str) -> None:
    content = write_csv(people(), "pupils.csv", encoding, delimiter)
    assert content.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    rows = list(csv.reader(io.StringIO(content.decode(encoding)), delimiter=delimiter))
    assert rows[1] == ["17", "05.09.2014", "Ёлкин; «7а», § 1"]
    assert rows[2] == ["18", "", 'он сказал: "да"']


def test_sheets_of_texts_and_merged_cells() -> None:
    content = workbook([("Лист1", texts_of(people(), "pupils.xlsx"))], {"Лист1": [(1, 0, 1)]})
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Лист1"]
    assert [str(found) for found in sheet.merged_cells.ranges] == ["A1:B1"]
    assert sheet["A2"].value == "17"


def test_archives_hold_the_files_they_are_made_of() -> None:
    files = {"marks.csv": b"1", "классы.csv": b"2"}
    with zipfile.ZipFile(io.BytesIO(archive(files))) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == files
    assert archive(files) == archive(files)


@pytest.mark.parametrize("form", [*paragraf.FORMATS, *paragraf.ARCHIVES])
def test_paragraf_in_every_format(form: str) -> None:
    """The same tables, each in a file or archive of its form; the same bytes every time."""
    params = Params(classes=1, schools_per_system=1)
    view = View(build(params, 0), date(2026, 9, 18))
    files = paragraf.documents(view, form)
    assert files == paragraf.documents(view, form)
    inside = dict(files)
    for name, content in files.items():
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                inside |= {member: packed.read(member) for member in packed.namelist()}
            del inside[name]
    manifest = inside.pop("manifest.xml").decode()
    assert {name.partition(".")[0] for name in inside} == {t.name for t in paragraf.tables(view)}
    assert all(f'имя="{name}"' in manifest for name in inside)
