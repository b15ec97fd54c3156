"""The words of the page of consents and of the pages that explain its counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from privacy.consent import deadline_sources
from reports.explained import Meaning, origin_words
from reports.words import SOURCES, short_date

# By column of ``pipeline.consents.coverage.OWN``.
TITLES = {
    "pupils": "Учеников",
    "active": "Согласие действует",
    "ready": "из них с UID",
    "waiting": "Заявление подано, услуга не началась",
    "stopped": "Отказ или выбытие",
    "silent": "Заявления нет",
    "with_uid": "Всего с UID",
}
# What a column is called apart from the others.
_ALONE = {"pupils": "Ученики", "ready": "Согласие действует, есть UID", "with_uid": "Есть UID"}
_DEFINITIONS = {
    "pupils": "Ученики, которые в этот день есть в списке класса: уже зачислены и ещё не выбыли.",
    "active": "Ученики, за которых подано заявление и наступил день его регистрации, а отказа или"
    " выбытия после заявления не было.",
    "ready": "Ученики с действующим согласием и UID портала: только их записи уходят в дневник.",
    "waiting": "Ученики, за которых подано заявление, а дня регистрации нет или он ещё впереди.",
    "stopped": "Ученики, семья которых отказалась от услуги, или чьё согласие окончено выбытием или"
    " закрытием школы, если после этого не подано новое заявление.",
    "silent": "Ученики, за которых Свод не знает ни заявления, ни отказа: их нет ни в журнале, ни в"
    " списках школы, ни среди записей оператора.",
    "with_uid": "Ученики, у которых есть UID портала, с согласием и без него.",
}
_DEADLINES = {
    "active": ("start_days",),
    "waiting": ("register_days", "start_days"),
    "stopped": ("stop_days",),
}
TWICE = "Ученик двух классов посчитан в каждом."
KNOWN_NOW = (
    "Состояние — на этот день, а записи — какими Свод знает их сейчас: что внесли или исправили"
    " позже, уже учтено. UID — те, что есть сегодня."
)
STATES = {
    "active": "действует",
    "registered": "зарегистрировано, ещё не действует",
    "applied": "подано заявление",
    "refused": "отказ",
    "ended": "окончено",
    "not_applied": "заявления нет",
}
_ENTRY = "entry "


def meaning_of(column: str) -> Meaning:
    """What ``column`` counts; the documents are those of ``privacy/policies/consent.yml``."""
    title = _ALONE.get(column, TITLES[column])
    cited = [deadline_sources()[name] for name in _DEADLINES.get(column, ())]
    source = f"{'Срок' if len(cited) == 1 else 'Сроки'}: {'; '.join(cited)}" if cited else ""
    return Meaning(title, _DEFINITIONS[column], source)


HEADINGS = (
    "ученик", "класс", "согласие", "с какого дня", "UID", "откуда известно", "в списке класса",
)  # fmt: skip


def pupil_words(
    row: Mapping[str, Any],
    told: Sequence[Mapping[str, Any]],
    enrolled: Sequence[Mapping[str, Any]],
    called: Callable[[str], str] = str,
) -> dict[str, str]:
    """A row of ``pipeline.explain.coverage.ROWS`` under ``HEADINGS``, empty where nothing is known.

    ``told``, ``enrolled``: where consent and class were read (``pipeline.explain.origins``);
    ``called``: how a person is called whose pseudonym it gets.
    """
    said = (
        called(row["pupil"]),
        row["class_name"],
        STATES[row["state"]],
        short_date(row["since"]) if row["since"] else "",
        "есть" if row["uid"] else "нет",
        ": ".join(filter(None, (_told_by(row), _places(told)))),
        _places(enrolled),
    )
    return dict(zip(HEADINGS, said, strict=True))


def _places(origins: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(origin_words(one["document"], one["line"], one["upload"]) for one in origins)


def _told_by(row: Mapping[str, Any]) -> str:
    """Who says how the consent stands; an entry by its number and day, not by who entered it."""
    origin = row["origin"] or ""
    if origin.startswith(_ENTRY):
        number, on = origin.removeprefix(_ENTRY), short_date(row["entered_on"])
        return f"запись оператора № {number} от {on}"
    return _TOLD_BY.get(origin) or SOURCES.get(origin, origin)


_TOLD_BY = {
    "order": "приказ о выбытии",
    "list": "последний день в списке класса",
    "registry": "школа закрыта по реестру",
}
