"""The XSD field by field at its bounds, the shape and the code lists, and a site's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.contingent import read_codes, read_shape
from connectors.contingent.checks import sift, snils_holds
from connectors.contingent.shape import FOLDER
from connectors.errors import Misconfigured
from tests.connectors.contingent import DATA, codes, upsert

XS = "{http://www.w3.org/2001/XMLSchema}"
SHAPE = read_shape()
LISTS = Path(__file__).parents[2] / "mappings" / "targets" / "contingent.yml"

# Type, field: values that pass, values that do not. None: no element.
DAYS = (["1900-01-01", "2024-02-29", "2100-12-31"],
        ["1899-12-31", "2101-01-01", "2023-02-29", "01.09.2026", "2026-9-1", "2026-09-01Z",
         "2026-09-01T00:00:00", "", None])  # fmt: skip
OPTIONAL_DAYS = ([*DAYS[0], None], DAYS[1][:-1])
UIDS = (["a", "0f:3.x-Y_z", "a" * 128], ["", "a" * 129, "a b", "ключ", None])
ORDERS = (["1", "17-у/2", "а" * 50], ["", " 1", "1 ", "а" * 51])
BOUNDS: dict[tuple[str, str], tuple[list[Any], list[Any]]] = {
    ("class", "name"): (["5 а", "а" * 50], ["", " 5", "а" * 51, None]),
    ("class", "grade_level"): ([1, 12, "7"], [0, 13, "", "пять", None]),
    ("class", "letter"): (["а", "а" * 10, None], ["", "а" * 11]),
    ("class", "academic_year"): (["2026/2027"], ["2026", "2026-2027", "1999/2000", "", None]),
    ("class", "program"): (["12", "15", 13], ["11", "16", "", None]),
    ("class", "open_at"): DAYS,
    ("class", "close_at"): OPTIONAL_DAYS,
    ("person", "lastname"): (["Ё", "Салтыков-Щедрин", "ван дер Ваальс", "а" * 100],
                             ["", "а" * 101, "О'К", "А.", "А--Б", "А ", " А", "А1", None]),
    ("person", "firstname"): (["Лев", "Anna Maria"], ["", "Л.", None]),
    ("person", "patronymic"): (["Ильич", "Али оглы", None], ["", "И."]),
    ("person", "birthdate"): DAYS,
    ("person", "gender"): ([1, "2"], [0, 3, "м", "", None]),
    ("person", "snils"): (["112-233-445 95", None], ["112-233-44595", "11223344595", "", "а"]),
    ("person", "citizenship"): (["1", 4, None], ["0", "5", "643", ""]),
    ("person", "document_type"): (["4", "11", 31], ["0", "5", "18", "20", "32", ""]),
    ("person", "document_series"): (["II-АК", "а" * 50], ["", "а" * 51]),
    ("person", "document_number"): (["504913", "а" * 50], ["", "а" * 51]),
    ("person", "document_issued"): OPTIONAL_DAYS,
    ("education", "person"): UIDS,
    ("education", "class"): UIDS,
    ("education", "education_form"): (["11", "22"], ["10", "14", "", None]),
    ("education", "program"): (["12", "14"], ["11", "", None]),
    ("education", "training_begin_at"): DAYS,
    ("education", "training_end_at"): OPTIONAL_DAYS,
    ("education", "deduction_reason"): (["1", "9", None], ["0", "5", ""]),
    ("education", "begin_order_number"): ([*ORDERS[0], None], ORDERS[1]),
    ("education", "begin_order_date"): OPTIONAL_DAYS,
    ("education", "end_order_number"): ([*ORDERS[0], None], ORDERS[1]),
    ("education", "end_order_date"): OPTIONAL_DAYS,
    ("movement", "person"): UIDS,
    ("movement", "kind"): (["enrolment", "transfer", "withdrawal"], ["зачисление", "", None]),
    ("movement", "date"): DAYS,
    ("movement", "order_number"): (ORDERS[0], [*ORDERS[1], None]),
    ("movement", "order_date"): DAYS,
    ("movement", "from_class"): ([*UIDS[0], None], UIDS[1][:-1]),
    ("movement", "to_class"): ([*UIDS[0], None], UIDS[1][:-1]),
    ("movement", "other_school"): (["Школа № 5", "а" * 500, None], ["", "а" * 501]),
}  # fmt: skip


def element(kind: str, /, **changed: Any) -> etree._Element:
    """A record as XML, past all other checks."""
    block = SHAPE.blocks[kind]
    record = SHAPE.element(block.record, uid="u1", op="upsert", hash="h1")
    for field, value in {**DATA[kind], **changed}.items():
        if value is not None:
            SHAPE.inside(record, block.fields[field]).text = str(value)
    return record


def test_every_field_has_its_bounds() -> None:
    fields = {(kind, field) for kind, block in SHAPE.blocks.items() for field in block.fields}
    assert fields == BOUNDS.keys()
    assert {(kind, field) for kind, data in DATA.items() for field in data} == fields


@pytest.mark.parametrize(("kind", "field"), BOUNDS, ids=lambda part: str(part))
def test_bounds(kind: str, field: str) -> None:
    passing, failing = BOUNDS[kind, field]
    name = SHAPE.blocks[kind].fields[field]
    for value in passing:
        assert SHAPE.broken(element(kind, **{field: value})) is None, value
    for value in failing:
        why = SHAPE.broken(element(kind, **{field: value}))
        assert why is not None, value
        if value is not None:
            assert why.startswith(f"{SHAPE.blocks[kind].record}/{name}: "), (value, why)
        assert len(str(value)) < 4 or str(value) not in why


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({"uid": "a b", "op": "upsert"}, "@uid"),
        ({"uid": "a", "op": "drop"}, "@op"),
        ({"uid": "a"}, "Class"),
        ({"op": "upsert"}, "Class"),
        ({"uid": "a", "op": "upsert", "hash": ""}, "@hash"),
        ({"uid": "a", "op": "upsert", "name": "x"}, "@name"),
    ],
)
def test_attributes(attributes: dict[str, str], place: str) -> None:
    record = element("class")
    record.attrib.clear()
    record.attrib.update(attributes)
    why = SHAPE.broken(record)
    assert why is not None
    assert place in why


def test_fields_have_an_order_and_stand_once() -> None:
    record = element("class")
    record.append(record[0])
    assert SHAPE.broken(record) is not None
    twice = element("class")
    twice.insert(1, etree.fromstring(etree.tostring(twice[0])))
    assert SHAPE.broken(twice) is not None


@pytest.mark.parametrize(
    ("snils", "holds"),
    [
        ("112-233-445 95", True),
        ("112-233-445 59", False),
        ("087-654-303 00", True),  # the sum is 202, the rest 0
        ("087-654-303 01", False),
        ("001-001-998 77", True),  # the last number without a control number
        ("001-001-999 77", False),
        ("112-233-44595", False),
        ("112-233-445 9٥", False),
        ("", False),
        (11223344595, False),
    ],
)
def test_control_number(snils: object, holds: bool) -> None:
    assert snils_holds(snils) is holds


def number_of(total: int) -> str:
    """Nine digits whose sum by the weights 9 to 1 is ``total``."""
    digits = []
    for weight in range(9, 0, -1):
        digits.append(min(9, total // weight))
        total -= digits[-1] * weight
    assert total == 0
    return "".join(map(str, digits))


@pytest.mark.parametrize(("total", "control"), [(99, 99), (100, 0), (101, 0), (102, 1), (201, 0)])
def test_control_number_around_the_hundred(total: int, control: int) -> None:
    number = number_of(total)
    told = f"{number[:3]}-{number[3:6]}-{number[6:]} {{:02}}"
    assert [c for c in range(100) if snils_holds(told.format(c))] == [control]


@pytest.mark.parametrize("kind", ["4", "16", "17", "21", "22", "23", "24", "25", "26", "29", "31"])
def test_documents_without_a_series(kind: str) -> None:
    record = upsert("person", document_type=kind, document_series=None)
    ready, refused = sift([record], SHAPE, codes())
    assert (len(ready), refused) == (1, {})


def test_enumerations_are_the_lists() -> None:
    tree = etree.parse(str(FOLDER / "codes.xsd"))
    found = {
        simple.get("name"): {e.get("value") for e in simple.iter(f"{XS}enumeration")}
        for simple in tree.iter(f"{XS}simpleType")
    }
    lists = codes().lists
    assert found == {
        "".join(part.capitalize() for part in name.split("_")): set(of.codes)
        for name, of in lists.items()
    }


def test_citizenship_comes_back_under_other_codes() -> None:
    assert codes().received["citizenship"] == {"0": "1", "1": "3", "2": "4", "3": "2"}


def test_the_lists_say_what_is_assumed() -> None:
    marks = {name: of.mark for name, of in codes().lists.items()}
    assumed = {name for name, mark in marks.items() if mark == "ASSUMED"}
    assert assumed == {"deduction_reason", "movement_kind"}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("mark: V", "mark: maybe", "mark"),
        ('male: "1"', 'male: "7"', "7 is no code of the list gender"),
        ('seriesless: ["4"', 'seriesless: ["99"', "document_type"),
        ('education_form: "11"', 'education_form: "99"', "education_form"),
        ('version: "1.0"', "versio: 1", "version"),
        ("lists:", "lists: [", "not YAML"),
    ],
)
def test_lists_that_do_not_fit_are_told_with_their_place(old: str, new: str, place: str) -> None:
    text = LISTS.read_text("utf-8")
    assert old in text
    with pytest.raises(Misconfigured, match=place):
        read_codes(text.replace(old, new))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's copy of the schema."""
    return Path(shutil.copytree(FOLDER, tmp_path / "xsd"))


def test_a_site_brings_a_schema_and_names_of_its_own(site: Path) -> None:
    for path in (site / "shape.yml", site / "class.xsd"):
        path.write_text(path.read_text("utf-8").replace("GradeLevel", "Parallel"), "utf-8")
    common = site / "common.xsd"
    common.write_text(common.read_text("utf-8").replace('"GradeLevel"', '"Parallel"'), "utf-8")
    shape = read_shape(site)
    [ready], _ = sift([upsert("class")], shape, codes())
    assert ready.xml[1].tag == "{urn:svod:contingent:1.0}Parallel"
    assert SHAPE.broken(ready.xml) is not None


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("packet.xsd", 'schemaLocation="common.xsd"', 'schemaLocation="nowhere.xsd"'),
        ("packet.xsd", "</xs:schema>", ""),
        ("class.xsd", 'type="GradeLevel"', 'type="Unknown"'),
        ("shape.yml", "blocks:", "block:"),
        ("shape.yml", "version:", "version: ["),
    ],
)
def test_a_schema_that_cannot_be_read(site: Path, file: str, old: str, new: str) -> None:
    text = (site / file).read_text("utf-8")
    assert old in text
    (site / file).write_text(text.replace(old, new), "utf-8")
    with pytest.raises(Misconfigured) as caught:
        read_shape(site)
    assert str(site) in caught.value.where
    with pytest.raises(Misconfigured):
        read_shape(site / "nowhere")
