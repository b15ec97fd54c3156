"""The address of a figure: a line of text that says what was counted, where, when, as of when.

====================================================================  ==========================
address                                                               figure
====================================================================  ==========================
``measure/timeliness/school/781003/2026-09-01/2026-09-18@2026-09-18``  a measure
``measure/held/school/781003/class=5a/2026-09-01/…@…``                 of one class
``form1/pupils_with_data/school/781003/grade=5/2026-09-01/…@…``        a cell of form 1
``cause/source_unavailable/district/d1/2026-09-14/…@…``                days that have a cause
``remark/topic/school/781003/2026-09-01/…@…``                          remarks of a rule
``ledger/quarantined/school/781003/entity=mark/source=paragraf@run-1`` a counter of a run
``ledger/read/school/781003/source=paragraf@run-1``                    of all entities of a source
``ledger/withheld/school/781003/source=diary/reason=no_uid@run-1``     of a delivery to a portal
``card/topic/school/781003/4f2a91c07b3e@2026-09-18``                   what a card of a day counts
``coverage/active/school/781003@2026-09-18``                           pupils by consent and UID
``coverage/active/school/781003/class=5a@2026-09-18``                  of one class
====================================================================  ==========================

Values are percent-encoded where they hold anything but letters, digits and ``.-_~``. Whatever is
written is read back as the same address, and only the written form is read
(``pipeline.explain.read_address``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote

from pipeline.consents.coverage import OWN
from pipeline.ledger import OF_DELIVERY, Counter
from quality.form1 import COLUMNS
from quality.measures import MEASURES, REGION
from quality.uploads import Cause


class AddressError(ValueError):
    """No figure has this address; correct what the message names."""


class Kind(StrEnum):
    """What a figure counts."""

    MEASURE = "measure"
    FORM1 = "form1"
    CAUSE = "cause"
    REMARK = "remark"


class Level(StrEnum):
    """Whose figure it is."""

    SCHOOL = "school"
    DISTRICT = "district"
    REGION = "region"


class Cut(StrEnum):
    """What a figure of a school may be narrowed to, in the order of the address."""

    GRADE = "grade"
    CLASS = "class"
    SUBJECT = "subject"
    TEACHER = "teacher"


_CODES: dict[Kind, tuple[str, ...]] = {
    Kind.MEASURE: MEASURES,
    Kind.FORM1: COLUMNS,
    Kind.CAUSE: tuple(Cause),
}
_OF_LESSONS = frozenset(Cut)
_OF_PUPILS = frozenset({Cut.GRADE, Cut.CLASS, Cut.SUBJECT})
_NOWHERE: frozenset[Cut] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A figure of the days from ``first`` to ``last``, as known at the end of ``as_of``.

    ``within`` narrows a school's figure by keys of the journal (class, subject), a pseudonym
    (teacher), a number (grade). Raises ``AddressError`` for a figure that there cannot be.
    """

    kind: Kind
    code: str
    level: Level
    unit: str
    first: date
    last: date
    as_of: date
    within: tuple[tuple[Cut, str], ...] = ()

    def __post_init__(self) -> None:
        known = _CODES.get(self.kind)
        if not self.code or (known and self.code not in known):
            there = f"; есть: {', '.join(known)}" if known else ""
            raise AddressError(f"{self.kind}: нет показателя «{self.code}»{there}")
        if not self.unit or (self.level is Level.REGION and self.unit != REGION):
            raise AddressError(f"{self.level}: нет такого «{self.unit}»; у региона пишут region")
        if not self.first <= self.last <= self.as_of:
            raise AddressError(
                f"{self.first} … {self.last} @ {self.as_of}: период идёт от первого дня до"
                " последнего, а известно о нём не раньше последнего дня"
            )
        self._narrowed_well()

    def _narrowed_well(self) -> None:
        parts = [part for part, _ in self.within]
        if parts != [part for part in Cut if part in parts]:
            raise AddressError("уточнения идут по одному: grade, class, subject, teacher")
        if self.within and self.level is not Level.SCHOOL:
            raise AddressError("уточнять (grade, class, subject, teacher) можно только школу")
        if strange := [part for part in parts if part not in cuts_of(self.kind, self.code)]:
            raise AddressError(f"{self.kind}/{self.code}: нет разреза {strange[0]}")
        if self.kind is Kind.FORM1 and (self.level, parts) != (Level.SCHOOL, [Cut.GRADE]):
            raise AddressError("ячейка формы 1: школа и параллель, например grade=5")
        grade = dict(self.within).get(Cut.GRADE)
        if grade is not None and not (grade.isascii() and grade.isdigit() and len(grade) < 3):
            raise AddressError(f"grade={grade}: параллель — число, например 5")
        if not all(value for _, value in self.within):
            raise AddressError("у уточнения нет значения")

    def __str__(self) -> str:
        parts = [self.kind, self.code, self.level, self.unit]
        parts += [f"{part}={_quoted(value)}" for part, value in self.within]
        parts = [*map(_quoted, parts[:4]), *parts[4:], f"{self.first}", f"{self.last}"]
        return "/".join(parts) + f"@{self.as_of}"

    def cut(self, by: Cut) -> str | None:
        """What it is narrowed to."""
        return dict(self.within).get(by)

    def of_school(self, school: str) -> Figure:
        """The part of it that one school adds."""
        return Figure(
            self.kind, self.code, Level.SCHOOL, school, self.first, self.last, self.as_of,
            self.within,
        )  # fmt: skip


@dataclass(frozen=True)
class LedgerCounter:
    """A counter of the account of a run: of a school's entity, or source, or both; empty: all.

    Of a delivery the source is the portal, which is always said; ``reason`` narrows it further.
    """

    counter: Counter
    school: str
    run_id: str
    entity: str = ""
    source: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if not (self.school and self.run_id and (self.entity or self.source)):
            raise AddressError("счётчик прогона: нужны школа, прогон и сущность или источник")
        if self.of_delivery and not self.source:
            raise AddressError(f"{self.counter}: у счётчика доставки нужен портал: source=diary")
        if self.reason and not self.of_delivery:
            raise AddressError(f"{self.counter}: причина (reason) бывает у счётчика доставки")

    @property
    def of_delivery(self) -> bool:
        """Whether it counts records at a portal."""
        return self.counter in OF_DELIVERY

    def __str__(self) -> str:
        parts = ["ledger", self.counter, "school", _quoted(self.school)]
        parts += [f"entity={_quoted(self.entity)}"] if self.entity else []
        parts += [f"source={_quoted(self.source)}"] if self.source else []
        parts += [f"reason={_quoted(self.reason)}"] if self.reason else []
        return "/".join(parts) + f"@{_quoted(self.run_id)}"


@dataclass(frozen=True)
class CardAddress:
    """A card of a school on a day: of ``rule``, and ``ref`` (``quality.cards.Card.ref``)."""

    rule: str
    school: str
    ref: str
    day: date

    def __post_init__(self) -> None:
        if not (self.rule and self.school and self.ref):
            raise AddressError("карточка: нужны правило, школа и номер карточки")

    def __str__(self) -> str:
        rule, school, ref = map(_quoted, (self.rule, self.school, self.ref))
        return f"card/{rule}/school/{school}/{ref}@{self.day}"


@dataclass(frozen=True)
class CoverageCount:
    """``column`` (``pipeline.consents.coverage.OWN``) of a school on a day, as known now.

    ``class_key``: of this class of the journal; empty: of all classes, added up.
    """

    column: str
    school: str
    on: date
    class_key: str = ""

    def __post_init__(self) -> None:
        if self.column not in OWN:
            raise AddressError(f"«{self.column}»: нет такого столбца; есть: {', '.join(OWN)}")
        if not self.school:
            raise AddressError("число учеников по согласиям: нужна школа")

    def __str__(self) -> str:
        parts = ["coverage", self.column, "school", _quoted(self.school)]
        parts += [f"class={_quoted(self.class_key)}"] if self.class_key else []
        return "/".join(parts) + f"@{self.on}"


Address = Figure | LedgerCounter | CardAddress | CoverageCount


def cuts_of(kind: Kind, code: str) -> frozenset[Cut]:
    """What a figure can be narrowed to: days have no class, pupils' marks no teacher."""
    if kind is Kind.CAUSE or code == "upload_frequency":
        return _NOWHERE
    if kind is Kind.FORM1:
        return frozenset({Cut.GRADE})
    return _OF_PUPILS if code == "accumulation" else _OF_LESSONS


@lru_cache(maxsize=4096)  # a page has hundreds of addresses of a few units
def _quoted(value: str) -> str:
    return quote(value, safe="")
