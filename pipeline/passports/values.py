"""What a person writes into a passport, read and judged, whatever it was written in.

What cannot be taken is told with why and how to mend it, and never quoted: it may hold a name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from pipeline.passports.versions import Declared, Lists
from quality.passports import PassportField, Value, passport_fields

VALID_FROM = PassportField(code="valid_from", kind="date", title="Действует с")
LINE = PassportField(code="line", kind="text", title="")  # of a list: what it is, or its details


class ValueRefusedError(ValueError):
    """It is not taken: ``why``, and how to ``fix`` it, in Russian."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(f"{why}: {fix}")
        self.why, self.fix = why, fix


def read_value(
    one: PassportField, words: str | None, names_somebody: Callable[[str], bool]
) -> Value | None:
    """What ``words`` say for the field; None where they say nothing. Raises ``ValueRefusedError``.

    ``names_somebody``: whether a text names one of the school's people; such a text is refused,
    since it would stand in the clear.
    """
    try:
        value = one.read(words)
    except ValueError as error:
        raise ValueRefusedError("не понято", f"нужно: {error}") from None
    if one.kind == "text" and isinstance(value, str) and names_somebody(value):
        raise ValueRefusedError("в тексте назван человек", "уберите имя; для имён есть свои поля")
    return value


def declared(
    school: str, valid_from: date, values: Mapping[str, Value | None], lists: Lists
) -> Declared:
    """What ``values`` (by code of the field) declare; what is of persons apart."""
    personal = {one.code for one in passport_fields().fields if one.personal}
    said = {code: value for code, value in values.items() if value is not None}
    return Declared(
        school=school,
        valid_from=valid_from,
        values={code: value for code, value in said.items() if code not in personal},
        contacts={code: str(value) for code, value in said.items() if code in personal},
        lists=lists,
    )
