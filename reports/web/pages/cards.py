"""What a school has to mend: its cards, and what it asks not to have to mend for a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from pipeline.access.events import Kind
from pipeline.cards import text as card_text
from pipeline.cards import waiver_requests
from pipeline.cards.for_offices import guarded
from pipeline.cards.of_school import cards, last_day
from pipeline.cards.waiver_choices import choices, scope_of
from pipeline.cards.waiver_requests import Request, places_of, requests_of_school
from pipeline.cards.words import rule_title
from pipeline.entries import EntryRefusedError, Flaw
from pipeline.explain.addresses import CardAddress
from quality.cards import Card
from reports.remarks import shown_as
from reports.web.naming import REMARKS, Names, names_of
from reports.web.pages.guarding import sees_persons_counted, threshold
from reports.web.pages.moments import moments
from reports.web.pages.opened import path_of
from reports.web.pages.view import page
from reports.web.visit import AsSchool, OwnForm, OwnSchool, Unit, Visit, Visiting

router = APIRouter()
LONGEST = 500  # letters of a reason
FLAWS = {
    Flaw.NO_REASON: "Напишите причину.",
    Flaw.NAMES_SOMEBODY: "Причину увидят в районе, поэтому в ней не должно быть имён и фамилий."
    " Уберите их: хватит слов «учитель», «ученик», номера приказа.",
    Flaw.NOT_IN_YEAR: "Отсрочка должна кончаться в этом учебном году, не позже 31 августа.",
    Flaw.OVER: "Этот день уже прошёл. Укажите последний день отсрочки: сегодня или позже.",
    Flaw.NOT_OFFERED: "Такого на карточке уже нет: данные обновились. Выберите заново.",
}
TOO_LONG = f"Причина длиннее {LONGEST} знаков. Сократите её."
NO_DAY = "Укажите последний день отсрочки."


@dataclass(frozen=True)
class Shown:
    """A card on the page. ``rules``, ``places``: what may be asked of it, value and words; nothing
    where nothing may; ``asked``: how many requests about it wait; ``hidden``: whether a count is
    kept from this reader; ``path``: where its counts are explained."""

    card: Card
    path: str
    rules: Mapping[str, str]
    places: Mapping[str, str]
    asked: int
    hidden: bool

    @property
    def state(self) -> str:
        """What it looks like: ``quality.cards.CardState`` or ``excused``."""
        return "excused" if self.card.excused else self.card.state.value


@router.get("/school/{code}/cards")
def school_cards(visit: Visiting, unit: OwnSchool) -> Response:
    """The school's cards and requests."""
    return _page(visit, unit)


@router.post("/school/{code}/cards")
def asked(visit: Visiting, unit: AsSchool, form: OwnForm) -> Response:
    """Keep a request for a waiver, or say what to correct."""
    typed = {name: str(form.get(name, "")).strip() for name in ("rule", "place", "reason", "until")}
    try:
        until = date.fromisoformat(typed["until"])
    except ValueError:
        return _page(visit, unit, typed, NO_DAY)
    if len(typed["reason"]) > LONGEST:
        return _page(visit, unit, typed, TOO_LONG)
    with visit.reading() as connection:
        day = last_day(connection, [unit.code])
        found = cards(connection, unit.code, day) if day else []
    login, today = visit.account.login, visit.dashboard.clock().date()
    try:
        scope = scope_of(found, typed["rule"], typed["place"])
        made = waiver_requests.ask(
            visit.dashboard.hub, unit.code, scope, typed["reason"], login, until, today
        )
    except EntryRefusedError as error:
        if error.flaw is None:
            raise
        return _page(visit, unit, typed, FLAWS[error.flaw])
    visit.note(Kind.ENTERED, school=unit.code, detail=f"waiver request {made}")
    return RedirectResponse(f"/school/{unit.code}/cards#requests", 303)


def _page(
    visit: Visit, unit: Unit, typed: Mapping[str, str] | None = None, trouble: str = ""
) -> Response:
    with visit.reading() as connection:
        day = last_day(connection, [unit.code])
        found = cards(connection, unit.code, day) if day else []
        requests = requests_of_school(connection, unit.code)
        least = threshold(connection, unit)
    names = names_of(visit, unit, _teachers(found, requests), REMARKS, "cards")
    with visit.reading() as connection:
        places = places_of(connection, requests, names.known)
    shown = [
        _shown(
            visit,
            card,
            path_of(CardAddress(card.rule, unit.code, card.ref, day)),
            requests,
            names,
            least,
        )
        for card in found
        if day
    ]
    return page(
        visit,
        "cards.html.j2",
        status=400 if trouble else 200,
        unit=unit,
        day=day,
        cards=shown,
        requests=requests,
        places=places,
        typed=typed or {},
        trouble=trouble,
        offered=any((typed or {}).get("rule") in one.rules for one in shown),
        longest=LONGEST,
        today=visit.dashboard.clock().date(),
        names=names,
        moment=moments(visit),
        **WORDS,
    )


def _shown(
    visit: Visit, card: Card, path: str, requests: Sequence[Request], names: Names, least: int
) -> Shown:
    if not sees_persons_counted(visit):
        told = guarded(card, least)
        return Shown(told.card, path, {}, {}, 0, told.hidden)
    offered = choices(card)
    rules = {part.rule for part in card.parts}
    return Shown(
        card,
        path,
        offered.rules if visit.account.is_of_school else {},
        {one.words: names.known.get(one.teacher or "", one.words) for one in offered.places},
        sum(one.waits and one.scope.rule in rules for one in requests),
        hidden=False,
    )


def _teachers(found: Sequence[Card], requests: Sequence[Request]) -> list[str | None]:
    """Pseudonyms of the teachers who have something to mend; one who is missing has no name."""
    told = [share.teacher for card in found for share in card.shares]
    return told + [one.scope.teacher for one in requests]


def _shares(card: Card, names: Names) -> list[tuple[str, int]]:
    """Whose the remarks of ``card`` are, and how many."""
    codes = shown_as((share.teacher for share in card.shares if share.teacher), names.known)
    return [(card_text.whose(share, codes), share.remarks) for share in card.shares]


WORDS: dict[str, Any] = {
    "amount": card_text.amount_words,
    "counts": card_text.counts_words,
    "held": card_text.held_words,
    "new_in": card_text.new_in,
    "place": card_text.place_words,
    "rule_title": rule_title,
    "shares": _shares,
    "state": card_text.state_words,
    "SHOWN": card_text.SHOWN,
    "who": card_text.WHO,
}
