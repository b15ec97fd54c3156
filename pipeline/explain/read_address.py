"""Read the address of a figure from the line of text that it is written as."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import unquote

from pipeline.explain.addresses import (
    Address,
    AddressError,
    CardAddress,
    CoverageCount,
    Cut,
    Figure,
    Kind,
    LedgerCounter,
    Level,
)
from pipeline.ledger import Counter

_DATES = 2


def parse(text: str) -> Address:
    """The address written in ``text``. Raises ``AddressError``."""
    before, at, after = text.rpartition("@")
    parts = before.split("/")
    least, read = _READERS.get(parts[0], (5, _figure))
    if not at or len(parts) < least:
        raise AddressError(
            f"«{text}» не адрес числа; адрес: показатель/код/уровень/чей/с/по@на день, например"
            " measure/held/school/781003/2026-09-01/2026-09-18@2026-09-18; у счётчика прогона"
            " ledger/read/school/781003/source=paragraf@прогон; у числа"
            " учеников по согласиям coverage/active/school/781003@2026-09-18; адрес карточки"
            " печатает svod cards"
        )
    found = read(parts, after)
    if str(found) != text:
        raise AddressError(f"«{text}»: этот адрес пишут так: {found}")
    return found


def _figure(parts: list[str], as_of: str) -> Figure:
    kind, code, level, unit, *rest = parts
    within, days = rest[:-_DATES], rest[-_DATES:]
    if len(days) != _DATES:
        raise AddressError("в адресе нет первого и последнего дня")
    return Figure(
        kind=Kind(_one_of(kind, [*Kind, *_READERS])),
        code=unquote(code),
        level=Level(_one_of(level, list(Level))),
        unit=unquote(unit),
        first=_day(days[0]),
        last=_day(days[1]),
        as_of=_day(as_of),
        within=tuple((Cut(name), value) for name, value in _named(within, list(Cut)).items()),
    )


def _ledger(parts: list[str], run_id: str) -> LedgerCounter:
    _, counter, level, school, *rest = parts
    _one_of(level, [Level.SCHOOL])
    named = _named(rest, ["entity", "source", "reason"])
    return LedgerCounter(
        counter=Counter(_one_of(counter, list(Counter))),
        school=unquote(school),
        run_id=unquote(run_id),
        entity=named.get("entity", ""),
        source=named.get("source", ""),
        reason=named.get("reason", ""),
    )


def _card(parts: list[str], day: str) -> CardAddress:
    _, rule, level, school, *rest = parts
    _one_of(level, [Level.SCHOOL])
    return CardAddress(unquote(rule), unquote(school), unquote("/".join(rest)), _day(day))


def _coverage(parts: list[str], on: str) -> CoverageCount:
    _, column, level, school, *rest = parts
    _one_of(level, [Level.SCHOOL])
    named = _named(rest, ["class"])
    return CoverageCount(column, unquote(school), _day(on), named.get("class", ""))


# By the first word of an address: how many words it has at least, and what reads it.
_READERS: dict[str, tuple[int, Callable[[list[str], str], Address]]] = {
    "ledger": (4, _ledger),
    "card": (5, _card),
    "coverage": (4, _coverage),
}


def _named(parts: list[str], known: list[str]) -> dict[str, str]:
    found = {}
    for part in parts:
        name, _, value = part.partition("=")
        found[_one_of(name, known)] = unquote(value)
    return found


def _one_of(word: str, known: list[str]) -> str:
    if word not in known:
        raise AddressError(f"«{word}»: здесь пишут одно из: {', '.join(known)}")
    return word


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise AddressError(f"«{word}» не день; пишут 2026-09-18") from None
