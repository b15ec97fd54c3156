"""What the contingent registry accepts in a record (docs/contingent-contract.md), written by hand.

A record's data are texts by field name, None where nothing stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

Data = dict[str, str | None]
Fault = tuple[str, str]  # field and what is wrong with it, in words
Check = Callable[[str], bool]

LETTERS = "A-Za-zА-Яа-яЁё"
_NAME = re.compile(rf"[{LETTERS}]+([ -][{LETTERS}]+)*")
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, 1)


def _day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).year >= 1900
    except ValueError:
        return False


def _snils(text: str) -> bool:
    if not re.fullmatch(r"\d\d\d-\d\d\d-\d\d\d \d\d", text, re.ASCII):
        return False
    number, control = text.replace("-", "")[:9], int(text[-2:])
    if int(number) < 1_001_999:
        return True
    rest = sum(int(n) * w for n, w in zip(number, _WEIGHTS, strict=True)) % 101
    return control == (0 if rest == 100 else rest)


def _name(text: str) -> bool:
    return len(text) <= 100 and _NAME.fullmatch(text) is not None


def _uid(text: str) -> bool:
    return re.fullmatch(r"[\w.:-]{1,128}", text, re.ASCII) is not None


def _up_to(longest: int) -> Check:
    return lambda text: 0 < len(text) <= longest and text == text.strip()


def _one_of(codes: str) -> Check:
    return set(codes.split()).__contains__


def _year(text: str) -> bool:
    found = re.fullmatch(r"(20\d\d)/(20\d\d)", text, re.ASCII)
    return found is not None and int(found[2]) == int(found[1]) + 1


_PROGRAMS = _one_of("12 13 14 15")
_DOCUMENTS = _one_of("4 11 12 13 14 15 16 17 21 22 23 24 25 26 27 28 29 30 31")

# Field -> its check; a name with a question mark may be empty.
FIELDS: dict[str, dict[str, Check]] = {
    "class": {
        "name": _up_to(50),
        "grade_level": _one_of("1 2 3 4 5 6 7 8 9 10 11 12"),
        "letter?": _up_to(10),
        "academic_year": _year,
        "program": _PROGRAMS,
        "open_at": _day,
        "close_at?": _day,
    },
    "person": {
        "lastname": _name,
        "firstname": _name,
        "patronymic?": _name,
        "birthdate": _day,
        "gender": _one_of("1 2"),
        "snils?": _snils,
        "citizenship?": _one_of("1 2 3 4 643"),  # 643: the country, as the REST variant tells it
        "document_type?": _DOCUMENTS,
        "document_series?": _up_to(50),
        "document_number?": _up_to(50),
        "document_issued?": _day,
    },
    "education": {
        "person": _uid,
        "class": _uid,
        "education_form": _one_of("11 12 13 21 22"),
        "program": _PROGRAMS,
        "training_begin_at": _day,
        "training_end_at?": _day,
        "deduction_reason?": _one_of("1 2 3 4 9"),
        "begin_order_number?": _up_to(50),
        "begin_order_date?": _day,
        "end_order_number?": _up_to(50),
        "end_order_date?": _day,
    },
    "movement": {
        "person": _uid,
        "kind": _one_of("enrolment transfer withdrawal"),
        "date": _day,
        "order_number": _up_to(50),
        "order_date": _day,
        "from_class?": _uid,
        "to_class?": _uid,
        "other_school?": _up_to(500),
    },
}


def faults(kind: str, data: Data) -> list[Fault]:
    """What is wrong with the data of a record, field by field; empty when nothing is."""
    known = {name.rstrip("?") for name in FIELDS[kind]}
    found = [("", "лишнее поле") for name in data if name not in known]
    for name, check in FIELDS[kind].items():
        value = data.get(name.rstrip("?"))
        if value is None and not name.endswith("?"):
            found.append((name, "нет обязательного поля"))
        elif value is not None and not check(value):
            found.append((name.rstrip("?"), "значение не по правилам"))
    return found or _together(kind, data)


def _together(kind: str, data: Data) -> list[Fault]:
    """What fields that are right by themselves say together."""
    if kind == "person" and not (
        data.get("snils") or (data.get("document_type") and data.get("document_number"))
    ):
        return [("snils", "нужен СНИЛС или документ")]
    begin, end = (data.get(f"training_{part}_at") for part in ("begin", "end"))
    if kind == "education" and end and begin and end < begin:
        return [("training_end_at", "раньше начала обучения")]
    if kind == "education" and data.get("deduction_reason") and not end:
        return [("deduction_reason", "причина отчисления без даты отчисления")]
    if kind == "class" and (data.get("close_at") or "9999") < (data.get("open_at") or ""):
        return [("close_at", "раньше открытия класса")]
    return []


def references(kind: str, data: Data) -> list[tuple[str, str, str]]:
    """The records that must be there: field, type, uid."""
    named = {
        "education": (("person", "person"), ("class", "class")),
        "movement": (("person", "person"), ("from_class", "class"), ("to_class", "class")),
    }.get(kind, ())
    return [(field, to, uid) for field, to in named if (uid := data.get(field))]
