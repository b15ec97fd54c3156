"""Changing one mark changes one mark; damage damages what it says and nothing else."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html
from openpyxl import load_workbook

from sandbox.damage import DamageError, damage
from sandbox.mutate import UnknownSchoolError, mutate

SIDE_FILES = {"mutations.json"}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in SIDE_FILES
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


@pytest.mark.parametrize(
    ("system", "form"),
    [
        ("paragraf", "xml"),
        ("paragraf", "csv"),
        ("netschool", "html"),
        ("netschool", "xlsx"),
        ("dnevnik_ru", "json"),
    ],
)
def test_two_changes_are_two_marks(spoilt: Any, system: str, form: str) -> None:
    code = spoilt.code(system, form)
    states = [digests(spoilt.folder)]
    told = []
    for _ in range(2):
        told.append(mutate(spoilt.folder, code))
        states.append(digests(spoilt.folder))
    assert changed(states[0], states[1]) == {told[0]["document"]}
    assert changed(states[1], states[2]) == {told[1]["document"]}
    assert told[0]["mark"] != told[1]["mark"]
    assert all(t["before"] != t["after"] for t in told)


def test_the_changed_mark_is_the_only_difference(spoilt: Any) -> None:
    code = spoilt.code("paragraf", "xml")
    path = spoilt.drop(code) / "marks.xml"
    before = path.read_text("utf-8").splitlines()
    told = mutate(spoilt.folder, code)
    after = path.read_text("utf-8").splitlines()
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(pairs) == 1
    assert (
        pairs[0][0].replace(f"<Отметка>{told['before']}<", f"<Отметка>{told['after']}<")
        == pairs[0][1]
    )
    row = etree.fromstring(pairs[0][1])
    assert row.findtext("Код") == str(told["mark"])
    pupils = etree.parse(str(spoilt.drop(code) / "pupils.xml")).getroot()
    pupil = next(p for p in pupils if p.findtext("Код") == str(told["pupil"]))
    assert pupil.findtext("UID", "").isdigit()


def test_a_mark_of_the_store(spoilt: Any) -> None:
    code = spoilt.codes("dnevnik_ru")[0]
    before = spoilt.store(code)
    mutate(spoilt.folder, code)
    after = spoilt.store(code)
    pairs = [(a, b) for a, b in zip(before["marks"], after["marks"], strict=True) if a != b]
    assert len(pairs) == 1
    assert {k for k in pairs[0][0]["row"] if pairs[0][0]["row"][k] != pairs[0][1]["row"][k]} <= {
        "value",
        "textValue",
        "mood",
    }
    assert before | {"marks": []} == after | {"marks": []}


@pytest.mark.parametrize(
    ("form", "how"),
    [
        (form, how)
        for form in ("xml", "csv", "html", "xlsx")
        for how in ("empty_file", "unknown_column", "unknown_code", "missing_file")
    ]
    + [
        ("xml", "broken_xml"),
        ("xlsx", "broken_xml"),
        ("xml", "wrong_encoding"),
        ("csv", "wrong_encoding"),
        ("html", "wrong_encoding"),
    ],
)
def test_damage_touches_one_document(spoilt: Any, form: str, how: str) -> None:
    system = "paragraf" if form in ("xml", "csv") else "netschool"
    code = spoilt.code(system, form)
    before = digests(spoilt.folder)
    told = damage(spoilt.folder, code, how)
    assert changed(before, digests(spoilt.folder)) == {told["document"]}
    assert told["document"].startswith(f"drops/{code}/2026-09-18/")
    path = spoilt.folder / told["document"]
    match how, form:
        case "empty_file", _:
            assert path.read_bytes() == b""
        case "missing_file", _:
            assert not path.exists()
        case "broken_xml", "xml":
            with pytest.raises(etree.XMLSyntaxError):
                etree.fromstring(path.read_bytes())
        case "broken_xml", _:
            with pytest.raises(zipfile.BadZipFile):
                zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        case "wrong_encoding", "csv":
            assert "Дата" in path.read_bytes().decode("cp866")
        case "wrong_encoding", _:
            with pytest.raises(UnicodeDecodeError):
                path.read_bytes().decode("utf-8")
        case "unknown_column", "html" | "xlsx":
            assert load_workbook(path).worksheets[0].cell(1, 4).value in ("Примечание", "Кабинет")
        case "unknown_code", "html":
            cells = [c.text for c in html.fromstring(path.read_bytes()).iter("td")]
            assert cells.count("Ю") == 1


def test_what_cannot_be_done_is_refused(spoilt: Any) -> None:
    online = spoilt.codes("dnevnik_ru")[0]
    with pytest.raises(DamageError, match="no_answer"):
        damage(spoilt.folder, online, "broken_xml")
    with pytest.raises(DamageError):
        damage(spoilt.folder, spoilt.code("paragraf", "xml"), "no_answer")
    with pytest.raises(UnknownSchoolError):
        damage(spoilt.folder, "1", "no_answer")
    with pytest.raises(UnknownSchoolError):
        mutate(spoilt.folder, "1")
