"""Reading a source whose data may change while it is being read.

A journal is written in while we read it: a lesson moves from a day we have not asked about to
one we have, a pupil changes class. Asked only once, such a record is lost or doubled. So the
lists that say *where* records stand are read twice:

1. Everything the plan asks for is read, those lists before what rests on them.
2. Reverse pass: the lists are read again, the last one first. If every record stands where it
   stood, then it stood there at the moment between the two passes, and whatever was read in
   between belongs to that placing: the reading is settled.
3. Otherwise the newer answers count, what rests on the moved records is forgotten and read
   anew, and the lists once more, ``PASSES`` times in all. Then ``Unavailable``: the caller tries
   again later. A part is never given back.
4. Count check: whatever was seen in any pass must stand in the settled lists. A list that shrank
   meanwhile is refused in the same way, since a truncated answer looks exactly like this.

What changes *within* its place (a topic, one more mark) moves nothing and costs nothing; it is
seen as it was when its answer was given. A record that moves away and back between two passes
stays unseen.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol, TypeVar

from connectors.errors import Unavailable

log = logging.getLogger(__name__)

# Readings of the moving lists in all. Two settle a quiet school; a record that moves may show in
# one list before it shows in the other, so each takes up to two more, and there is room for two.
# Whoever moves more is at work on the timetable, and the school had better be read later.
PASSES = 6

# A record's key, unique in the whole source, then whatever says where it stands.
Placed = tuple[str, ...]


class Asked(Protocol):
    """A question as a plan names it."""

    @property
    def key(self) -> Hashable:
        """Equal for questions that have the same answer."""
        ...


AskT = TypeVar("AskT", bound=Asked)
AskAll = Callable[[Sequence[AskT]], list[bytes]]


class Plan(Protocol[AskT]):
    """What is asked of a source, and what its answers say about places."""

    def walk(self, answers: AskAll[AskT]) -> list[AskT]:
        """Every question, in order; ``answers`` gives the bytes of some of them, and only what
        they say may decide about the next ones. Raises Retriable or Fatal."""
        ...

    def placed(self, ask: AskT, content: bytes) -> Counter[Placed] | None:
        """The records that stand in a moving list, or None for any other answer."""
        ...

    def resting_on(
        self, ask: AskT, moved: Iterable[Placed], asks: Sequence[AskT]
    ) -> Iterable[AskT]:
        """Those of ``asks`` whose answers are stale since ``moved`` left or came to ``ask``."""
        ...


def read_settled(
    plan: Plan[AskT], ask_all: AskAll[AskT], passes: int = PASSES
) -> list[tuple[AskT, bytes]]:
    """Every question of the plan with an answer, all of one moment as far as places go.

    Raises ``Unavailable`` when the lists do not settle in ``passes`` readings or have shrunk, and
    whatever ``ask_all`` raises.
    """
    held: dict[Hashable, bytes] = {}
    seen: set[str] = set()

    def answers(asks: Sequence[AskT]) -> list[bytes]:
        lacking = [ask for ask in asks if ask.key not in held]
        held.update(zip((ask.key for ask in lacking), ask_all(lacking), strict=True))
        return [held[ask.key] for ask in asks]

    for reading in range(1, passes):
        asks = plan.walk(answers)
        before = _lists(plan, asks, held)
        now_there = {placed[0] for found in before.values() for placed in found}
        lists = [ask for ask in reversed(asks) if ask.key in before]
        moved = 0
        for ask, content in zip(lists, ask_all(lists), strict=True):
            after = _placed(plan, ask, content)
            seen.update(placed[0] for placed in (before[ask.key] | after))
            if after != before[ask.key]:
                moved += 1
                held[ask.key] = content
                difference = (after - before[ask.key]) | (before[ask.key] - after)
                for stale in plan.resting_on(ask, difference, asks):
                    held.pop(stale.key, None)
        if not moved:
            if gone := len(seen - now_there):
                raise Unavailable(f"{gone} records vanished while the source was read")
            return [(ask, held[ask.key]) for ask in asks]
        log.info("reading %d: %d of %d lists have moved", reading, moved, len(lists))
    raise Unavailable(f"the source changes while it is read; not settled in {passes} readings")


def _lists(
    plan: Plan[AskT], asks: Iterable[AskT], held: dict[Hashable, bytes]
) -> dict[Hashable, Counter[Placed]]:
    found = ((ask.key, plan.placed(ask, held[ask.key])) for ask in asks)
    return {key: placed for key, placed in found if placed is not None}


def _placed(plan: Plan[AskT], ask: AskT, content: bytes) -> Counter[Placed]:
    placed = plan.placed(ask, content)
    if placed is None:
        raise TypeError("a plan must not change its mind about what moves")
    return placed
