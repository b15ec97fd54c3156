"""The kinds of value a canonical record may hold.

Every value reaches the contract as text (or null), in one wire spelling:

==============  ==========================================  ==========================
kind            wire spelling                               Python / Polars type
==============  ==========================================  ==========================
``Text``        any text, trimmed, no control characters    ``str`` / ``String``
``WholeNumber`` ``-?`` and 1 to 18 digits                   ``int`` / ``Int64``
``DecimalNumber`` digits, optionally ``.`` and 1-2 digits   ``Decimal`` / ``Float64``
``CalendarDate`` ``YYYY-MM-DD``                             ``date`` / ``Date``
``Instant``     ``YYYY-MM-DDTHH:MM:SS+HH:MM``               ``datetime`` / ``Datetime[UTC]``
``Flag``        ``true`` or ``false``                       ``bool`` / ``Boolean``
``Code``        one of the members of an enumeration        ``StrEnum`` / ``String``
==============  ==========================================  ==========================

A kind is data: this module gives it a Python reading (used by pydantic), and
``quality.contract`` gives it a frame reading. A property test keeps the two equal.
The markers ``PersonRef``, ``Identity``, ``FreeText`` and ``Ref`` say what a value is
about; the privacy room and the referential check read them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# A school record older or younger than this is a typing slip, not history.
EARLIEST_DATE = date(1900, 1, 1)
LATEST_DATE = date(2100, 12, 31)

TEXT_PATTERN = r"^[^\x00-\x1f\x7f]+$"
WHOLE_PATTERN = r"^-?[0-9]{1,18}$"
DECIMAL_PATTERN = r"^[0-9]{1,6}(\.[0-9]{1,2})?$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
INSTANT_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$"


def _refuse(rule: str) -> PydanticCustomError:
    return PydanticCustomError(rule, rule)


class Kind:
    """Base of the value kinds: a wire spelling and its Python reading."""

    def read(self, text: str) -> Any:
        """The value of ``text``; raises ``PydanticCustomError`` whose type is the rule broken."""
        raise NotImplementedError(type(self).__name__)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def validate(value: Any) -> Any:
            return self.read(value) if type(value) is str else _refused_type()

        return core_schema.no_info_plain_validator_function(validate)


def _refused_type() -> Any:
    raise _refuse("missing_value")


@dataclass(frozen=True)
class Text(Kind):
    """Text of ``shortest`` to ``longest`` characters, matching ``pattern`` if one is given."""

    longest: int = 200
    shortest: int = 1
    pattern: str | None = None

    def read(self, text: str) -> str:
        if not self.shortest <= len(text) <= self.longest:
            raise _refuse("bad_length")
        if not re.search(TEXT_PATTERN.replace("$", r"\Z"), text):
            raise _refuse("bad_format")
        if self.pattern and not re.search(self.pattern.replace("$", r"\Z"), text):
            raise _refuse("bad_format")
        return text


@dataclass(frozen=True)
class WholeNumber(Kind):
    """A whole number between ``least`` and ``most``, both included."""

    least: int
    most: int

    def read(self, text: str) -> int:
        if not re.search(WHOLE_PATTERN.replace("$", r"\Z"), text):
            raise _refuse("bad_number")
        if not self.least <= int(text) <= self.most:
            raise _refuse("out_of_range")
        return int(text)


@dataclass(frozen=True)
class DecimalNumber(Kind):
    """A number with at most two decimals between ``least`` and ``most``, both included."""

    least: int
    most: int

    def read(self, text: str) -> Decimal:
        if not re.search(DECIMAL_PATTERN.replace("$", r"\Z"), text):
            raise _refuse("bad_number")
        if not self.least <= Decimal(text) <= self.most:
            raise _refuse("out_of_range")
        return Decimal(text)


@dataclass(frozen=True)
class CalendarDate(Kind):
    """A day of the region's calendar."""

    def read(self, text: str) -> date:
        if not re.search(DATE_PATTERN.replace("$", r"\Z"), text):
            raise _refuse("bad_date")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise _refuse("bad_date") from None
        if not EARLIEST_DATE <= day <= LATEST_DATE:
            raise _refuse("out_of_range")
        return day


@dataclass(frozen=True)
class Instant(Kind):
    """A moment with its offset from UTC."""

    def read(self, text: str) -> datetime:
        if not re.search(INSTANT_PATTERN.replace("$", r"\Z"), text):
            raise _refuse("bad_date")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _refuse("bad_date") from None
        if int(text[-5:-3]) > 14 or int(text[-2:]) > 59:  # no zone is further than +14:00
            raise _refuse("bad_date")
        if not EARLIEST_DATE <= moment.date() <= LATEST_DATE:
            raise _refuse("out_of_range")
        return moment


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no."""

    def read(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise _refuse("unknown_code")
        return text == "true"


@dataclass(frozen=True)
class Code(Kind):
    """A member of a closed list."""

    members: type[StrEnum]

    def read(self, text: str) -> StrEnum:
        try:
            return self.members(text)
        except ValueError:
            raise _refuse("unknown_code") from None


@dataclass(frozen=True)
class PersonRef:
    """The field names a person: outside the hub by the source's local key, inside by pseudonym."""

    role: str  # a value of records.PersonRole


@dataclass(frozen=True)
class Identity:
    """The field holds personal data; it goes to the vault and nowhere else."""


@dataclass(frozen=True)
class FreeText:
    """Words typed by a person; scanned for names before they are stored or leave."""


@dataclass(frozen=True)
class Ref:
    """The field holds the key of a record of ``entity`` in the same school and source."""

    entity: str
