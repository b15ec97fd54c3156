"""What is wrong with a record before it is sent: the registry's own rules, then the schema.

A record that does not fit is answered ``rejected`` here and never leaves. Messages name the
element and the rule and never what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from connectors.base import Receipt
from connectors.contingent.codes import Codes
from connectors.contingent.shape import Shape

Record = Mapping[str, object]

# [V] educommon 3.39.4, educommon/django/db/validators/simple.py
SNILS = re.compile(r"\d{3}-\d{3}-\d{3} \d{2}", re.ASCII)
LAST_UNCONTROLLED = 1_001_998  # numbers up to 001-001-998 have no control number
NAME = re.compile(r"[a-zA-Zа-яА-ЯёЁ]([\s-]?[a-zA-Zа-яА-ЯёЁ])*")
NAME_FIELDS = ("lastname", "firstname", "patronymic")
OPERATIONS = ("upsert", "withdraw")


@dataclass(frozen=True)
class Ready:
    """A record fit to be sent. Of a withdrawal ``data`` are those before deletion, and ``hash`` is
    empty. ``xml`` is the record's element."""

    key: str
    op: str
    type: str
    hash: str
    data: Mapping[str, Any]
    xml: etree._Element


Why = tuple[str, str]  # code and message of a refusal


def sift(
    records: Sequence[Record], shape: Shape, codes: Codes
) -> tuple[list[Ready], dict[str, Receipt]]:
    """The records fit to be sent, and by key the refusals of the others.

    Record by record, since each has a verdict of its own; a batch is small.
    """
    ready: list[Ready] = []
    refused: dict[str, Receipt] = {}
    for record in records:
        found = _examine(record, shape, codes)
        if isinstance(found, Ready):
            ready.append(found)
        else:
            key = str(record["key"])
            refused[key] = Receipt(key, "rejected", None, *found)
    return ready, refused


def _examine(record: Record, shape: Shape, codes: Codes) -> Ready | Why:
    kind, op = str(record.get("type")), str(record.get("op"))
    if kind not in shape.blocks or op not in OPERATIONS:
        return "bad_record", "неизвестный вид записи или действие"
    data = record.get("data" if op == "upsert" else "was")
    if not isinstance(data, Mapping):
        return "no_data", f"{kind}: нет данных{' до удаления' if op == 'withdraw' else ''}"
    surplus = data.keys() - shape.blocks[kind].fields.keys()
    if surplus:
        return "schema", f"{kind}: полей, которых нет в схеме: {len(surplus)}"
    if any(isinstance(v, bool) or not isinstance(v, str | int | None) for v in data.values()):
        return "schema", f"{kind}: поле не строка и не целое число"
    why = _identity(data, codes) if kind == "person" else None
    if why is not None:
        return why
    digest = str(record.get("hash") or "") if op == "upsert" else ""
    try:
        xml = _element(shape, kind, {"uid": str(record["key"]), "op": op, "hash": digest}, data)
    except ValueError:  # lxml's, for signs that XML cannot hold; it would quote them
        return "schema", f"{shape.blocks[kind].record}: знаки, которых не бывает в XML"
    broken = shape.broken(xml)
    if broken is not None:
        return "schema", broken
    return Ready(str(record["key"]), op, kind, digest, data, xml)


def _element(
    shape: Shape, kind: str, attributes: Mapping[str, str], data: Mapping[str, Any]
) -> etree._Element:
    block = shape.blocks[kind]
    op = "delete" if attributes["op"] == "withdraw" else "upsert"
    element = shape.element(block.record, uid=attributes["uid"], op=op)
    if attributes["hash"]:
        element.set("hash", attributes["hash"])
    for field, name in block.fields.items():
        value = data.get(field)
        if value is not None:
            shape.inside(element, name).text = str(value)
    return element


def _identity(data: Mapping[str, Any], codes: Codes) -> Why | None:
    """Rules of identity that a schema cannot say, or says less clearly."""
    for field in NAME_FIELDS:
        value = data.get(field)
        if value is not None and not (isinstance(value, str) and NAME.fullmatch(value)):
            return "bad_name", f"{field}: буквы, между ними пробел или дефис; без точек, апострофов"
    snils = data.get("snils")
    if snils is not None and not snils_holds(snils):
        return "bad_snils", "snils: не по образцу 000-000-000 00 или не сходится контрольное число"
    kind, series, number = (data.get(f"document_{part}") for part in ("type", "series", "number"))
    if snils is None and (kind is None or number is None):
        return "no_identity", "person: нужен СНИЛС или документ с видом и номером"
    if kind is None and (series is not None or number is not None):
        return "bad_document", "document_type: у документа нет вида"
    if kind is not None and series is None and str(kind) not in codes.seriesless:
        return "bad_document", "document_series: у документа этого вида должна быть серия"
    return None


def snils_holds(snils: object) -> bool:
    """Whether ``snils`` has the form of one and its control number holds, if it must."""
    if not isinstance(snils, str) or not SNILS.fullmatch(snils):
        return False
    digits = [int(sign) for sign in snils if sign.isdigit()]
    if int("".join(map(str, digits[:9]))) <= LAST_UNCONTROLLED:
        return True
    total = sum(digit * weight for digit, weight in zip(digits, range(9, 0, -1), strict=False))
    return total % 101 % 100 == digits[9] * 10 + digits[10]
