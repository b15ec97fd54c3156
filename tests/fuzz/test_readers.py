"""Spoilt documents and junk for every reader: accepted or refused, never an exception.

A short and always equal part of what ``python -m tests.fuzz.run`` does at length.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import RawDocument
from connectors.formats.csv import read_csv, read_grid
from connectors.formats.grid import Grid, table_of
from connectors.formats.text import WrongEncoding, decode
from tests.fuzz.run import FOUND
from tests.fuzz.targets import Target, readers, sources, unfit

TARGETS = {target.name: target for target in readers()}
short = settings(max_examples=60, derandomize=True, deadline=None, database=None)


@pytest.fixture(scope="module")
def all_targets() -> Any:
    with sources() as found:
        yield TARGETS | {target.name: target for target in found}


def judged(target: Target, documents: list[RawDocument]) -> str:
    return unfit(target, target.read(documents))


@pytest.mark.parametrize("name", sorted(TARGETS))
@short
@given(seed=st.integers(0, 10**9))
def test_a_spoilt_document_is_accepted_or_refused(name: str, seed: int) -> None:
    assert judged(TARGETS[name], TARGETS[name].spoilt(seed)) == ""


@pytest.mark.parametrize("name", sorted(TARGETS))
@short
@given(junk=st.binary(max_size=300))
def test_junk_is_accepted_or_refused(name: str, junk: bytes) -> None:
    beginning = TARGETS[name].healthy[0].content[:9]
    for content in (junk, beginning + junk):
        document = RawDocument(TARGETS[name].healthy[0].name, content, "")
        assert judged(TARGETS[name], [document]) == ""


def test_a_spoilt_upload_is_accepted_or_refused(all_targets: dict[str, Target]) -> None:
    uploads = [target for name, target in all_targets.items() if name.startswith("source ")]
    assert len(uploads) > 10
    for target in uploads:
        for seed in range(5):
            assert judged(target, target.spoilt(seed)) == "", (target.name, seed)


def test_documents_that_once_broke_a_reader(all_targets: dict[str, Target]) -> None:
    kept = sorted(FOUND.glob("*.zip"))
    assert kept
    by_name = {name.replace(" ", "-"): target for name, target in all_targets.items()}
    for path in kept:
        target = by_name[path.stem.rpartition("-")[0]]
        assert judged(target, _documents(path)) == "", path.name


def _documents(path: Path) -> list[RawDocument]:
    with zipfile.ZipFile(path) as kept:
        return [RawDocument(part.filename, kept.read(part), "") for part in kept.infolist()]


WORDS = st.lists(
    st.sampled_from(
        ["Код", "Фамилия", "урок", "Н/б", "осв", "Щукин", "Ёлка", "ПЕРИОД", "да", "«Дроби»", "№ 5"]
    ),
    min_size=6,
    max_size=40,
)


@short
@given(words=WORDS, encoding=st.sampled_from(["utf-8", "cp1251"]))
def test_russian_words_are_read_in_their_encoding_and_no_other(
    words: list[str], encoding: str
) -> None:
    text = "\n".join(["Код;Фамилия;Имя;Отчество", *words])
    content = text.encode(encoding)
    assert decode(content, ["utf-8", "cp1251"]) == text
    assert decode(content, [encoding]) == text
    assert decode(content, ["utf-8", "cp866"] if encoding == "cp1251" else ["cp866"]) != text


@short
@given(words=WORDS)
def test_cp866_is_read_as_such_and_refused_as_cp1251(words: list[str]) -> None:
    text = "\n".join(["Код;Фамилия;Имя;Отчество", *words]).replace("«", '"').replace("»", '"')
    content = text.encode("cp866")
    assert decode(content, ["cp866"]) == text
    assert decode(content, ["utf-8", "cp1251", "cp866"]) == text
    assert isinstance(decode(content, ["utf-8", "cp1251"]), WrongEncoding)


# No quotes, so that the fast way is taken; other blanks than these are trimmed differently by
# the two libraries and mean nothing in a table.
CELLS = st.text(st.sampled_from("аЯ1 ;\t.=-\u00a0😀"), max_size=6)
LINES = st.lists(st.lists(CELLS, max_size=4).map(";".join), max_size=8)


@short
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), tail=st.sampled_from(["", "1;2", "\0"]))
def test_the_fast_way_through_a_csv_and_the_careful_one_say_the_same(
    lines: list[str], end: str, tail: str
) -> None:
    text = "".join(line + end for line in ["А;Б", *lines]) + tail
    document = RawDocument("a.csv", text.encode(), "")
    grid = read_grid(document, ["utf-8"])
    assert isinstance(grid, Grid)
    careful, fast = table_of("a.csv", grid), read_csv(document, ["utf-8"])
    assert fast.frame.equals(careful.frame)
    assert fast.problems == careful.problems
