# ruff: noqa: E501
from __future__ import annotations

import pytest

from privacy.contacts import Contact, contacts_in

FOUND = {
    Contact.PHONE: """8 (921) 555-14-16|8-921-555-14-16|8(921)5551416|+7 (921) 555 14 16|8.921.555.14.16
8 921 5551416|921-555-14-16|(921) 555-14-16|тел. 555-14-16|тел 5551416|позвонить маме 9215551416|89215551416
+79215551416|8921-555-14-16|8921 555 14 16|8 921 555 1416|7 (921) 555-14-16|8 (81368) 2-15-44|8 812 395-52-11
т.89215551416|номер 89215551416|8 9215551416|8/921/555-14-16|сбор в 9:00, тел. 8-905-331-56-19""",
    Contact.EMAIL: """name@mail.ru|NAME.SURNAME@MAIL.RU|name (a) mail.ru|name[at]mail.ru|name @ mail . ru
name собака mail точка ru|name(собака)mail.ru|учитель@школа.рф|name at mail dot ru|name@mail,ru""",
    Contact.SNILS: """СНИЛС: 136 701 314 35|136-701-314 35|снилс 123-456-789 00|13670131435""",
    Contact.DOCUMENT: """паспорт серии 4015 № 742768|паспорт № 4015 742768|Паспорт 4015742768|40 15 742768
серия 40 15 №742768|загранпаспорт 75 1234567|св-во о рождении III-СН 123456|II-АК 858142|ИНН 781234567890
свидетельство о рождении: серия II-АК номер 858142|свидетельство о рождении II АК 858142
полис 7812345678901234|карта 2200 1234 5678 9012|паспорт 40-15 742768""",
    Contact.MESSENGER: """@teach_43a|https://t.me/+abcDEF|vk.com/id12345|скайп: live_teach5|телеграм: klass_7b
wa.me/79215551416|https://vk.me/join/abc|chat.whatsapp.com/AbCd12|вк id12345678|klass_7b в телеграме""",
}
PASSED = """№ 89211, стр. 45-46, § 8|Вычислить 8 921 555 : 5|3,14159 · 12 345 678 округлить|1941-1945 гг.
ISBN 978-5-09-071234-5, стр. 12|Упр. 112, 113, 114, 115, 116|Округлить 79 211 234 567 до миллионов
НОД(123456789, 987654321)|Решу ЕГЭ, вариант 40151234|https://uchi.ru/homeworks/teacher/new|2026-09-18
12.09.2026 - 19.09.2026|Сложите 4015 и 123456|№ 123-125, 130-135, 140|с. 45-46, 50-51, 60-61
№ 1.12, 1.13, 1.14, 1.15|стр. 102 № 34 35 36 37 38|12 13 14 15 16 17|в 10:00, 11:30, 12:45
8 000 000 000 : 4|8 912 345 678|9 123 456 789 прочитать|https://vk.com/video-12345_6789
урок 12, https://resh.edu.ru/subject/lesson/7690/start/313/|№ 8.10 - 8.15, 9.20|р.т. 10 11 12
20 11 2026 г. 15 16|номера 512, 513, 514|Номер 1234567 в учебнике|1 2 3 4 5 6 7 8 9 10
a@b не адрес: символы|018-373-996 78|точка, отрезок, луч|Собака бежит. Точка в конце"""


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, texts in FOUND.items() for text in texts.replace("\n", "|").split("|")],
)
def test_ways_to_reach_a_person_are_found(kind: Contact, text: str) -> None:
    assert kind in {found for found, _, _ in contacts_in(text)}


@pytest.mark.parametrize("text", PASSED.replace("\n", "|").split("|"))
def test_exercises_dates_and_lessons_pass(text: str) -> None:
    assert list(contacts_in(text)) == []


def test_the_piece_is_the_number_alone() -> None:
    text = "мама: 8 (921) 555-14-16, звонить"
    assert [text[start:end] for _, start, end in contacts_in(text)] == ["8 (921) 555-14-16"]
