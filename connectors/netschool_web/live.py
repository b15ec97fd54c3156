"""The plan asked of a live service, whose data may change while we read.

Classes and pupils are lists of places, read again at the end (``connectors.consistent``). A
diary is too dear for that: there are as many as pupils and weeks. But a lesson is seen by many
pupils, so one that moved meanwhile stands on two days, by the diaries read before and after; those
days are then asked again of the whole class. What still contradicts itself is what the service
says, and is left to the check of duplicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.consistent import AskAll, Placed, read_settled
from connectors.errors import AccessDenied, Unavailable
from connectors.netschool_web.answers import rows_of
from connectors.netschool_web.diaries import lessons_of
from connectors.netschool_web.plan import ENTRUSTED, STAGES, Ask, Heard, Scope

# Further readings of days on which a lesson contradicts itself: one to see the move as it ended,
# one more for whoever was still at it.
REREADINGS = 2

Answered = list[tuple[Ask, bytes]]


def read_all(scope: Scope, ask_all: AskAll[Ask]) -> Answered:
    """Every question of the plan with its answer. Raises Retriable or Fatal."""
    answered = read_settled(_LivePlan(scope), ask_all)
    for _ in range(REREADINGS):
        stale = _contradicting(answered)
        if not stale:
            break
        anew = dict(zip((ask.key for ask in stale), ask_all(stale), strict=True))
        answered = [(ask, anew.get(ask.key, content)) for ask, content in answered]
        for ask in stale:
            _said(ask, anew[ask.key])
    return answered


@dataclass(frozen=True)
class _LivePlan:
    scope: Scope

    def walk(self, answers: AskAll[Ask]) -> list[Ask]:
        heard = Heard()
        plan: list[Ask] = []
        for stage in STAGES:
            asks = list(stage(self.scope, heard))
            for ask, content in zip(asks, answers(asks), strict=True):
                # Diaries tell no later stage anything; they are read once all are there.
                rows = [] if ask.table == "diary" else _said(ask, content)
                if heard.hear(ask, rows) or (ask.table == "classes" and not rows):
                    raise Unavailable("the answer lacks an id", where=ask.where)
            plan += asks
        if not heard.pupils:  # an account that lost its rights sees empty lists
            raise Unavailable("no class has a pupil", where="GET /webapi/grade/studentList")
        if len(heard.strangers()) == len(heard.pupils):
            raise AccessDenied(
                "no pupil's diary is entrusted to the account",
                where=ENTRUSTED,
                fix="have the school's administrator entrust the diaries of all pupils to it",
            )
        return plan

    def placed(self, ask: Ask, content: bytes) -> Counter[Placed] | None:
        """Pupils by class. Somebody in two classes is two records, or would move without end."""
        if ask.table not in ("classes", "students"):
            return None
        rows = _said(ask, content)
        if not all(isinstance(row, dict) for row in rows):
            raise Unavailable("the answer has an unknown shape", where=ask.where)
        if ask.table == "classes":
            return Counter((f"class {row.get('id')}",) for row in rows)
        return Counter((f"pupil {row.get('id')}", ask.class_) for row in rows)

    def resting_on(
        self,
        ask: Ask,
        moved: Iterable[Placed],  # noqa: ARG002  # whoever it was, the same is stale
        asks: Sequence[Ask],
    ) -> Iterable[Ask]:
        """The reports of the class, in which a newcomer may stand, and who is entrusted to us."""
        for other in asks:
            is_report = other.call.shape is bytes
            if (is_report and other.class_ == ask.class_) or other.table == "entrusted":
                yield other


def _contradicting(answered: Answered) -> list[Ask]:
    """Diaries of the days on which some lesson stands for one pupil and not for another."""
    days: dict[tuple[str, str], set[str]] = {}
    for ask, content in answered:
        if ask.table == "diary":
            for lesson in _lessons(ask, content):
                key = ask.class_, str(lesson.get("classmeetingId"))
                days.setdefault(key, set()).add(str(lesson.get("day"))[:10])
    stale = {
        (class_, day) for (class_, _), found in days.items() if len(found) > 1 for day in found
    }
    return [
        ask
        for ask, _ in answered
        if ask.days is not None
        and any(
            class_ == ask.class_ and ask.days[0].isoformat() <= day <= ask.days[1].isoformat()
            for class_, day in stale
        )
    ]


def _lessons(ask: Ask, content: bytes) -> Iterable[Any]:
    try:
        return list(lessons_of(_said(ask, content)[0]))
    except TypeError:
        raise Unavailable("the answer has an unknown shape", where=ask.where) from None


def _said(ask: Ask, content: bytes) -> list[Any]:
    """The elements of an answer in JSON, none of a page."""
    if ask.call.shape is bytes:
        return []
    try:
        return rows_of(content, ask)
    except ValueError:
        raise Unavailable("the answer has an unknown shape", where=ask.where) from None
