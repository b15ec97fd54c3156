"""``svod mappings new``: what a draft tells of each form of file, and what it never shows."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
import yaml

from mappings import load
from mappings.guessing import plain, synonyms
from mappings.language import FromColumn
from mappings.widths import wide_header
from pipeline.samples.draft import draft_of
from pipeline.samples.sample import SampleError, open_sample
from schemas.catalogue import field_names
from schemas.records import ENTITIES


@pytest.fixture
def drafted(tmp_path):
    """The YAML of the draft of these files."""

    def draft(**files: bytes | str):
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return yaml.safe_load(draft_of(open_sample(tmp_path), "nov"))

    return draft


def _book(**sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "utf-8"), (",", "cp1251"), ("|", "cp866"), ("\t", "utf-8")]
)
def test_delimiter_and_encoding(delimiter, encoding, drafted):
    rows = ["Класс;Параллель;Буква", "7а;7;а", "11б;11;б"]
    text = "\n".join(rows).replace(";", delimiter) + "\n"

    draft = drafted(classes__csv=text.encode(encoding))

    form = draft["documents"]["tables"]["classes"]["formats"][".csv"]
    assert (form["delimiter"], form["encodings"]) == (delimiter, [encoding])


def test_entities_fields_dates_and_codes(drafted):
    draft = drafted(
        ученики__csv="Код;Фамилия;Имя;Класс;Дата рождения;Зачислен;Рост\n"
        "1;Пнёв;Ян;7а;28.02.13;2020-09-01 10:00;150\n",
        каникулы__csv="Код;Название;Вид;Начало;Окончание\n"
        "1;Осенние;кан;26.10.2026;03.11.2026\n2;Праздник;;04.11.2026;04.11.2026\n",
    )

    pupils = draft["tables"]["pupils"]
    pupil, enrolment = pupils["feeds"]
    assert pupil["fields"] == {
        "person": "Код",
        "full_name": {"join": ["Фамилия", "Имя"], "separator": " ", "skip_empty": True},
        "birth_date": {"column": "Дата рождения", "date": "dd.mm.yy"},
    }
    assert enrolment["fields"]["start"] == {"column": "Зачислен", "date": "TODO"}
    assert pupils["ignore"] == ["TODO Рост"]
    assert draft["codes"]["vacations_kind"] == {"кан": "TODO 1 rows", None: "TODO 1 rows are empty"}
    assert draft["tables"]["vacations"]["feeds"][0]["fields"]["kind"] == {
        "column": "Вид",
        "codes": "vacations_kind",
    }


def test_sheets_captions_and_wide_journals(drafted):
    journal = _book(
        Журнал=[
            ["Класс:", "7а"],
            ["Период:", "01.09.2026 - 18.09.2026"],
            [],
            ["№", "ФИО", "05.09/3", "05.09/3/К", "12.09/1"],
            [1, "Брянчихин Олег", "5 Н", None, 4],
        ],
        Темы=[["Дата", "Урок", "Тема"], ["05.09.2026", "3", "Дроби"]],
    )

    draft = drafted(journal_001__xlsx=journal, journal_002__xlsx=journal)

    document = draft["documents"]["tables"]["journal"]
    assert document["file"] == "journal_[0-9]+"
    assert document["many"] is True
    assert document["formats"] == {".xlsx": {"kind": "sheet", "sheet": "Журнал", "header_row": 4}}
    assert document["caption"] == {"required": ["Класс"], "period": "Период"}
    assert document["wide"]["keep"] == ["ФИО"]
    assert document["wide"]["leave"] == ["№"]
    assert document["years"] == ["Дата"]
    assert set(draft["codes"]["mark_value"]) == {"4", "5"}
    assert draft["codes"]["absence"] == {"Н": "TODO 2 rows"}
    assert "Темы" in str(draft["documents"]["tables"]["lessons"]["formats"])


def test_xml_and_pages(drafted):
    draft = drafted(
        classes__xml='<Т имя="classes"><З><Код>1</Код><Параллель>7</Параллель></З></Т>',
        pupils__html='<html><body><table class="print"><tr><td>ФИО</td><td>Класс</td></tr>'
        "<tr><td>Ю Ян</td><td>7а</td></tr></table></body></html>",
        done__xml='<note made="2026-09-18T18:00:00+03:00" a="2026-09-01" b="2026-09-18"/>',
    )

    tables = draft["documents"]["tables"]
    assert tables["classes"]["formats"][".xml"] == {
        "kind": "xml",
        "root": "Т",
        "record": "З",
        "name": "имя",
    }
    assert tables["pupils"]["formats"][".html"] == {"kind": "html", "css": ["print"]}
    assert draft["documents"]["note"] == {
        "file": "done.xml",
        "format": "xml",
        "root": "note",
        "taken_at": "made",
        "first_day": "a",
        "last_day": "b",
    }


def test_an_unknown_table_is_left_to_a_person(drafted):
    draft = drafted(lunch__csv="Блюдо;Цена\nкаша;5\n")

    assert draft["tables"]["table"] == {"ignore": ["TODO Блюдо", "TODO Цена"]}


def test_no_personal_values(drafted, tmp_path):
    drafted(
        pupils__csv="Код;ФИО;Класс;Ягодкина Анна;Брянчихин Олег\n1;Пнёв Ян;7а;5;4\n",
        staff__csv="Код;ФИО;Должность;Доступ\n1;Жмелеватова Алёна;учитель;Жмелеватова\n"
        "2;Ю Ян;учитель;79001234567\n3;Ян Ю;учитель;да\n",
    )

    text = draft_of(open_sample(tmp_path), "nov")

    names = ("Ягодкин", "Брянчихин", "Пнёв", "Жмелеватова", "7900", "учитель")
    assert [name for name in names if name in text] == []
    assert "да: TODO 1 rows" in text
    assert "2 texts are not shown" in text
    assert "TODO name of column 4" in text


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"one column\n1\n"])
def test_nothing_to_draft(content, drafted):
    with pytest.raises(SampleError, match="no table"):
        drafted(x__csv=content)


@pytest.mark.parametrize("system", ["", "Звонница", "a/b", "../a", "1a"])
def test_a_system_is_named_like_a_folder(system, tmp_path):
    (tmp_path / "classes.csv").write_text("Класс;Параллель\n7а;7\n", encoding="utf-8")

    with pytest.raises(SampleError, match="latin"):
        draft_of(open_sample(tmp_path), system)


@pytest.mark.parametrize(
    ("columns", "header", "without_year"),
    [
        (["ФИО", "05.09", "06.09"], r"(?P<Дата>[0-9]{2}\.[0-9]{2})", True),
        (["ФИО", "2026-09-05", "2026-09-06"], "(?P<Дата>[0-9]{4}-[0-9]{2}-[0-9]{2})", False),
        (
            ["ФИО", "05.09.2026 3", "06.09.2026 1"],
            r"(?P<Дата>[0-9]{2}\.[0-9]{2}\.[0-9]{4})\ (?P<Урок>[0-9]{1,2})",
            False,
        ),
    ],
)
def test_headers_of_days(columns, header, without_year):
    found = wide_header(columns)

    assert found is not None
    assert (found.keep, found.header, found.without_year) == (("ФИО",), header, without_year)


@pytest.mark.parametrize("columns", [["ФИО", "Класс"], ["ФИО", "05.09"], []])
def test_headers_without_days(columns):
    assert wide_header(columns) is None


def test_the_dictionary_speaks_of_the_contract():
    for words in synonyms().tables.values():
        assert set(words.entities) <= set(ENTITIES)
    for entity, fields in synonyms().fields.items():
        assert set(fields) <= set(field_names(entity))


@pytest.mark.parametrize("name", ["paragraf/3.21", "eschool/1", "klassinfo/2", "eljur/1"])
def test_the_dictionary_knows_the_columns_of_the_bundled_profiles(name):
    told = [
        (feed.entity, field, value.column)
        for table in load(name).tables.values()
        if table.split is None
        for feed in table.feeds
        for field, value in feed.fields.items()
        if isinstance(value, FromColumn) and feed.entity in synonyms().fields
    ]
    unknown = [
        (entity, field, column)
        for entity, field, column in told
        # A scale is told from the mark itself where no column names it.
        for known in [{"scale": ["scale", "value"]}.get(field, [field])]
        if plain(column)
        not in [plain(word) for one in known for word in synonyms().fields[entity].get(one, [])]
    ]
    assert unknown == []
    assert len(told) > 20


def test_a_draft_of_a_bundled_system_finds_its_tables(tmp_path: Path):
    layout = load("eljur/1").documents
    for name, table in layout.tables.items():
        text = ",".join(table.columns) + "\n" + ",".join("1" for _ in table.columns) + "\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")

    tables = yaml.safe_load(draft_of(open_sample(tmp_path), "nov"))["tables"]

    first = {
        name: table["feeds"][0]["entity"] for name, table in tables.items() if "feeds" in table
    }
    assert first == {
        "classes": "class_",
        "term_marks": "term_mark",
        "groups": "group",
        "lessons": "lesson",
        "marks": "mark",
        "terms": "term",
        "curriculum": "curriculum_hours",
        "timetable": "timetable_slot",
        "pupils": "pupil",
        "subjects": "subject",
        "teachers": "staff_member",
        "vacations": "holiday",
    }
