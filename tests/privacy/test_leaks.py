from __future__ import annotations

import json

import pytest

from tests.privacy.samples import PEOPLE
from tests.support.leaks import Hit, find_people

PERSON = PEOPLE[0]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ученица Брянчихина отсутствует", {"surname"}),
        ("БРЯНЧИХИНА", {"surname"}),
        ("Алёна Петровна Брянчихина", {"surname", "full_name"}),
        ("Брянчихина Алена", {"surname", "full_name"}),
        ("Петровна,Алёна", {"full_name"}),
        ("снилс 101-000-037 29.", {"snils"}),
        ("10100003729", {"snils"}),
        ("тел. 8(900)000-00-01", {"phone"}),
        ('"+79000000001"', {"phone"}),
        ("<Bryanchihina.1@example.ru>", {"email"}),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "json"])
def test_planted_people_are_found(text: str, kinds: set[str], encoding: str) -> None:
    haystack = json.dumps([text]).encode() if encoding == "json" else text.encode(encoding)
    noise = b"<html>\xff\x00 781001 p0123456789abcdef "
    assert {hit.kind for hit in find_people(noise + haystack + b" end", PEOPLE)} == kinds


@pytest.mark.parametrize(
    "text",
    ["", "Брянчихинская", "Алёна", "Петровна", "101-000-037 22", "900 000-00-0", "2026-09-01"],
)
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    assert find_people(text.encode(), PEOPLE) == []


def test_each_hit_once_and_absent_fields_are_no_hits() -> None:
    assert find_people("Брянчихина Брянчихина None".encode(), PEOPLE) == [
        Hit("surname", PERSON["surname"] or "")
    ]
    assert find_people(b"None", [{"surname": None, "email": ""}]) == []
