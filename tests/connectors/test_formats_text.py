"""Encodings: what is read, and that one Russian code page is not taken for the other."""

from __future__ import annotations

import pytest

from connectors.formats.text import CUT, WrongEncoding, decode

HEADER = "Код;Фамилия;Имя;Отчество;ДатаРождения\n"
# As journals really look: words, tokens, capitals, and signs beyond the alphabet.
TEXTS = {
    "lists": HEADER + "1;Щукин;Пётр;Ильич;05.09.2010\n",
    "tokens": "Отметка;Причина\nН/б;осв\nн/а;Опз\nЗач;Незач\n",
    "yes and no": "Проведен;БезДЗ\nда;нет\nнет;да\n",
    "capitals": "ФАМИЛИЯ;ИМЯ\nЩУКИН;ПЁТР\n",
    "topics": "Тема;Задание\nСложение дробей. § 5, № 12;Учить\nТуристы;Устный счёт\n",
    "numbers": HEADER + "1;2;3;4;05.09.2026\n" * 500,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_each_encoding_reads_its_own_and_refuses_the_others(text: str) -> None:
    for encoding in ("utf-8", "cp1251", "cp866"):
        if encoding == "cp866":
            text = text.replace("§", "п.")  # not in that page
        content = text.encode(encoding)
        assert decode(content, [encoding]) == text
        for other in {"utf-8", "cp1251", "cp866"} - {encoding}:
            assert isinstance(decode(content, [other]), WrongEncoding), (encoding, other)


@pytest.mark.parametrize(
    "text",
    [
        "Тема\n«Слово о полку Игореве» — чтение\n„Ночь“ – и… “день”\n",
        "Часов\n1\u00a0000\u00a0000\n2\u00a0000\u00a0000\n",
        "Тема\n® © ± § ° • ™\n",
        "Фамилия\nЉубиша\n",
    ],
)
def test_signs_beyond_the_alphabet_are_no_proof_against_cp1251(text: str) -> None:
    assert decode(text.encode("cp1251"), ["utf-8", "cp1251"]) == text


def test_the_first_encoding_that_reads_the_whole_is_taken() -> None:
    content = TEXTS["lists"].encode("cp866")
    assert decode(content, ["utf-8", "cp1251", "cp866"]) == TEXTS["lists"]


def test_a_mark_decides() -> None:
    assert decode("Щука".encode("utf-8-sig"), ["cp1251"]) == "Щука"
    assert decode("Щука".encode("utf-16"), ["utf-8", "cp1251"]) == WrongEncoding(1)
    assert decode(b"\xef\xbb\xbf" + "Щука".encode("cp1251"), ["cp1251"]) == WrongEncoding(1)


@pytest.mark.parametrize(("first", "second"), [("utf-8", "cp1251"), ("cp1251", "utf-8")])
def test_two_encodings_are_told_where_they_meet(first: str, second: str) -> None:
    content = HEADER.encode(first) + b"1;2;3;4;5\n" + "Щукин;Ильич\n".encode(second)
    assert decode(content, ["utf-8", "cp1251"]) == WrongEncoding(3)


def test_a_byte_that_is_no_letter_is_told_with_its_line() -> None:
    content = HEADER.encode("cp1251") + b"\x98\n"
    assert decode(content, ["utf-8", "cp1251"]) == WrongEncoding(2)


def test_half_of_a_letter_at_the_end_is_marked() -> None:
    assert decode("Щу".encode()[:-1], ["utf-8"]) == "Щ" + CUT
