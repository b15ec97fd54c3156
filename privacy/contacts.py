"""What leads to a person whoever it is: phones, addresses, SNILS, numbers of documents.

A number counts only in a form that exercises, pages and dates do not have, or beside a word that
says what it is. A SNILS counts if its control number holds, or if the text calls it one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum


class Contact(Enum):
    """What a piece of a text is."""

    PHONE = "phone"
    EMAIL = "email"
    SNILS = "snils"
    DOCUMENT = "document"
    MESSENGER = "messenger"


# A row of digits as people part them; what stands before it must not make it part of another.
_ROW = re.compile(r"(?<![\d])(?<!\d[.,])\+?\(?\d(?:[ ().\-\u2010-\u2015\u2212/_]{0,3}\d){4,}(?!\d)")
_PHONE_CALLED = re.compile(
    r"(?:(?<!р\.)\bт\.|тел\b|телеф|моб\b|мобил|звон|ватсап|вотсап|вацап|whats?app|вайбер|viber|"
    r"телег|telegram|\bтг\b|смс|sms|связь|\bmax\b|\bмакс\b)[^\d]{0,25}$",
    re.IGNORECASE,
)
# An area, and seven digits that are not parted by threes as a large number is.
_PART = r"[ .\-–/_]{0,3}"
_PHONE_FORMS = tuple(
    re.compile(form)
    for form in (
        # 8 921 555-14-16, (921) 555-1416, 8-921-5551416, 8921 55 51 416
        rf"\(?[78]?{_PART}\(?\d{{3,4}}\)?{_PART}(?:(?<=\D)\d{{7}}|"
        r"\d{3}[ .\-–_]\d{2}[ .\-–_]?\d{2}|\d{3}[ .\-–]\d{4}|"
        r"\d{2}[ \-–]\d{2}[ \-–]\d{2,3})",
        r"[78]?[ \-–]?\(\d{3,5}\)[ \-–]{0,2}[\d \-–]+",  # 8 (81368) 2-15-44
        r"[78][ \-–]\d{10}",
    )
)
_CITY_FORM = re.compile(r"\d{3}-\d{2}-\d{2}")
_COUNTRY, _AREAS = "78", "3489"  # what a phone of eleven digits starts with
_LONG, _WHOLE, _CITY, _TOWN = 11, 10, 7, 6

_SNILS = re.compile(r"(\d{3})[ .\-–]?(\d{3})[ .\-–]?(\d{3})[ .\-–/]?(\d{2})")
_SNILS_CALLED = re.compile(r"(?:снилс|страхов\w+\s+(?:номер|свид\w*))[^\d]{0,15}$", re.IGNORECASE)
# Numbers up to this one were given out before the control number was.
_LAST_UNCONTROLLED = 1_001_998

_GAP = r"[\s:.,№N/\-–]{0,4}"
_NUMBER = rf"(?:номер|ном\.?|no\.?)?{_GAP}"
_ROMAN = r"\b[IVXLCМХУПШ1l]{1,6}"
_DOT = r"\s?(?:[.,]|[(\[]?\b(?:точка|dot)\b[)\]]?)\s?"
_PATTERNS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        # Somebody @ somewhere.ru, also with the signs spelled out.
        (
            Contact.EMAIL,
            r"\b[\w.+-]+\s{0,2}(?:@|[(\[]\s?(?:собак\w|собачка|at|а|a)\s?[)\]]|"
            rf"(?<=\s)(?:собак\w|at)\b)\s{{0,2}}(?:[\w-]+{_DOT}){{1,5}}(?:[a-z]{{2,10}}|рф|ру|ком)\b",
        ),
        (Contact.MESSENGER, r"(?<![\w@.])@[a-z]\w{3,31}\b"),
        (
            Contact.MESSENGER,
            r"\b(?:t\.me|telegram\.(?:me|org|dog)|wa\.me|(?:chat\.)?whatsapp\.com|vk\.me"
            r"|viber\.com|max\.ru|join\.skype\.com|discord\.(?:gg|com/invite)|instagram\.com"
            r"|ok\.ru/(?!video)|vk\.com/(?!video|wall|clip|doc|away|music|app))/?[\w+./@?=-]+"
            r"|\b(?:tg|viber|whatsapp|skype)://?\S+|\bskype:\S+",
        ),
        # телеграм: klass_7b. A handle is told from a word by a figure or an underscore.
        (
            Contact.MESSENGER,
            r"(?:телег\w{0,5}|telegram|\bтг|\btg|\bвк(?:онтакте)?|\bvk|скайп\w?|skype|дискорд\w?"
            r"|discord|\bинст\w{0,8})(?:[\- ][а-я]{2,9})?(?:\s?[:\-–—]\s?|\s)"
            r"(?P<it>(?=[a-z.:]*[\d_])[a-z][\w.#:]{3,31})",
        ),
        (
            Contact.MESSENGER,
            r"(?:телег\w{0,5}|telegram|\bтг|\btg|\bвк(?:онтакте)?|\bvk|скайп\w?|skype|дискорд\w?"
            r"|discord|\bинст\w{0,8})\s?[:\-–—]\s?(?P<it>[a-z][\w.]{4,31})\b",
        ),
        (
            Contact.MESSENGER,
            r"\b(?P<it>(?=[a-z.]*[\d_])[a-z][\w.]{3,31})\s+(?:в|на)\s+(?:телег|тг|вк|дискорд|скайп)",
        ),
        # Паспорт 40 15 742768, серия 4015 номер 742768; two and seven digits abroad.
        (Contact.DOCUMENT, r"(?<![\d.,])\d{2}[ -]?\d{2}(?: ?№ ?|(?<=\d{2} \d{2}) ?| )\d{6}(?!\d)"),
        (
            Contact.DOCUMENT,
            r"(?:паспорт|пасп\.|серия|сери[ию]|сер\.|загран)[^\d]{0,25}"
            rf"(?P<it>\d{{2}}[\s-]?\d{{2}}{_GAP}{_NUMBER}\d{{6}}|\d{{2}}{_GAP}{_NUMBER}\d{{7}})(?!\d)",
        ),
        (Contact.DOCUMENT, r"(?:паспорт|удостоверени)[^\d]{0,25}(?P<it>\d{6,10})(?!\d)"),
        # Свидетельство о рождении II-АК № 858142.
        (Contact.DOCUMENT, rf"{_ROMAN}\s?[-–]\s?[А-ЯЁA-Z]{{2}}{_GAP}{_NUMBER}\d{{6}}(?!\d)"),
        (
            Contact.DOCUMENT,
            r"(?:свид[\w-]*\.?|св-во|св\.)\s[^\d]{0,35}"
            rf"(?P<it>(?:{_ROMAN}[\s\-–]*[А-ЯЁA-Z]{{2}}{_GAP})?{_NUMBER}\d{{6}})(?!\d)",
        ),
        (Contact.DOCUMENT, r"\bинн[^\d]{0,10}(?P<it>\d{12}|\d{10})(?!\d)"),
        (Contact.DOCUMENT, r"аттестат[^\d]{0,15}(?P<it>\d{14})(?!\d)"),
        # A policy of medical insurance, a bank card.
        (Contact.DOCUMENT, r"(?<![\d.,])[2-6]\d{3} \d{4} \d{4} \d{4}(?! ?\d)"),
        (Contact.DOCUMENT, r"(?:полис|омс|карт[аыу])[^\d]{0,20}(?P<it>\d{16})(?!\d)"),
    )
)
# What a text must hold to hold any of these: a cheap sieve for the many that do not.
SIEVE = (
    r"(?i)\d(?:[ \u00a0().\-\u2010-\u2015\u2212/_]{0,3}\d){4}|@"
    r"|собак|собач|точка|\bdot\b|[\[(]at|[\[(][аa][\])]|\.(?:me|com|gg)"
    r"|ok\.ru|max\.ru|://|skype|скайп|телег|telegr|\bтг\b|\btg\b|\bвк|\bvk\b|дискорд|discord|инст"
)


def contacts_in(text: str) -> Iterator[tuple[Contact, int, int]]:
    """Each piece of ``text`` that leads to a person, as kind, start and end; they may overlap."""
    text = text.replace("\u00a0", " ")
    for row in _ROW.finditer(text):
        for start, end in _parts(row.start(), row.group()):
            if (kind := _kind_of(text[start:end], text[:start])) is not None:
                yield kind, start, end
                break
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = "it" if "it" in pattern.groupindex else 0
            yield kind, match.start(group), match.end(group)


def _parts(at: int, row: str) -> Iterator[tuple[int, int]]:
    """The row, and what is left of it without numbers at its ends, the longest first."""
    words = [(at + one.start(), at + one.end()) for one in re.finditer(r"[^ ]+", row)]
    for length in range(len(words), 0, -1):
        for first in range(len(words) - length + 1):
            yield words[first][0], words[first + length - 1][1]


def _kind_of(row: str, before: str) -> Contact | None:
    row = re.sub(r"[\u2010-\u2015\u2212]", "-", row)
    digits = re.sub(r"\D", "", row)
    if _is_snils(row, called=_SNILS_CALLED.search(before) is not None):
        return Contact.SNILS
    if row.startswith("+"):
        return Contact.PHONE if len(digits) >= _LONG else None
    if before.rstrip().endswith(("№", "§", "ISBN")):
        return None
    called = _PHONE_CALLED.search(before) is not None
    return Contact.PHONE if _is_phone(row, digits, called=called) else None


def _is_phone(row: str, digits: str, *, called: bool) -> bool:
    if called and len(digits) in (_TOWN, _CITY, _WHOLE, _LONG):
        return True
    if _CITY_FORM.fullmatch(row):
        return True
    whole = len(digits) == _WHOLE and digits[0] in _AREAS and (row[0] in "(9" or "-" in row)
    long = len(digits) == _LONG and digits[0] in _COUNTRY and digits[1] in _AREAS
    if not (whole or long):
        return False
    if row == digits:
        return long and digits[0] == "8"
    return any(form.fullmatch(row) for form in _PHONE_FORMS)


def _is_snils(row: str, *, called: bool) -> bool:
    match = _SNILS.fullmatch(row)
    if match is None:
        return False
    number = match[1] + match[2] + match[3]
    weights = range(len(number), 0, -1)
    weighed = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))
    holds = weighed % 101 % 100 == int(match[4]) and int(number) > _LAST_UNCONTROLLED
    return called or holds
