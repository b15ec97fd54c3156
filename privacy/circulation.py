"""A table of counts as a circulation, and which of its cells have to be hidden.

Units are added up in a tree, the parts of each unit into a whole. Such a table is a network: every
cell is an arc whose flow is its count, wholes flow down the tree and parts flow up, and what goes
into a node goes out of it. Another table with the same shown cells is another circulation that
differs along closed routes of hidden cells. So how far a hidden cell may lie from the truth is a
maximum flow, in whole persons and exact; the cheapest way to hide it better is a cheapest route.

The search is a loop over cells, since each choice depends on what the former ones have hidden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

UP, DOWN = 1, -1

# A count that is hidden costs more than any count is large: first few are hidden, then small ones.
CELL_COST, SIZE_COST = 1_000_000, 900_000
FAR_COST = CELL_COST // 5  # makes a way over a district's hidden total as dear as one more school
HEIGHT_COST = 10  # a total tells as much as ten of its parts


@dataclass(frozen=True)
class Arc:
    """A cell between two nodes; ``height``: how many levels of units lie below it.

    ``printed``: readers see it unless it is hidden. One that is not printed is known only as far as
    it follows from the others.
    """

    tail: str
    head: str
    count: int
    height: int
    printed: bool


Change = dict[int, int]  # by number of an arc, how much another table differs from the true one


class _Step(NamedTuple):
    arc: int
    sign: int  # the arc gains (UP) or loses (DOWN)


_Came = dict[str, tuple[str, _Step] | None]  # node -> whence and by which step; None: the start


@dataclass
class _Flow:
    """How far an arc goes in one direction, and what the other arcs change by then."""

    sign: int
    reached: int = 0
    change: Change = field(default_factory=dict)

    @property
    def arcs(self) -> frozenset[int]:
        return frozenset(arc for arc, by in self.change.items() if by)

    def follow(self, route: Iterable[_Step], width: int) -> None:
        for step in route:
            self.change[step.arc] = self.change.get(step.arc, 0) + step.sign * width
        self.reached += width


class Circulation:
    """``arcs`` of one table; see ``hide``. Arcs are known by their number."""

    def __init__(self, arcs: Sequence[Arc], threshold: int) -> None:
        self._arcs = arcs
        self._spread = threshold - 1  # of ``threshold`` values
        self._hidden = [not arc.printed for arc in arcs]
        # A printed zero is shown, so what is hidden is at least one.
        self._spares = [arc.count - int(arc.printed) for arc in arcs]
        self._costs = [
            (CELL_COST + min(arc.count, SIZE_COST)) * HEIGHT_COST**arc.height for arc in arcs
        ]
        # A route over hidden totals is not free: what is near is found first, and is as good.
        self._far = [FAR_COST * (HEIGHT_COST**arc.height - 1) for arc in arcs]
        self._sensitive = [n for n, arc in enumerate(arcs) if 0 < arc.count < threshold]
        self._witness: dict[int, frozenset[int]] = {}
        self._at: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for number, arc in enumerate(arcs):
            if arc.count or not arc.printed:
                self._at[arc.tail].append((number, UP, arc.head))
                self._at[arc.head].append((number, DOWN, arc.tail))

    def hide(self) -> set[int]:
        """The printed arcs that must not be shown: the sensitive ones and what guards them.

        Each sensitive arc then takes at least ``threshold`` values in tables that agree with
        whatever is shown. No guard is idle: with any of them shown this would not hold.
        """
        for number in self._sensitive:
            self._hidden[number] = True
        # Totals first, since what guards them lies below; then the smallest, the hardest to guard.
        for number in sorted(
            self._sensitive, key=lambda n: (-self._arcs[n].height, self._arcs[n].count, n)
        ):
            self._guard(number)
        self._show_idle_guards()
        return {n for n, arc in enumerate(self._arcs) if arc.printed and self._hidden[n]}

    def _guard(self, number: int) -> None:
        """Hide what it takes for the arc to take ``threshold`` values.

        Either several routes, as narrow as they come, or one that is wide enough: what costs less.
        """
        narrow = self._guard_piecemeal(number)
        cost = sum(self._costs[arc] for arc in narrow)
        if cost < 2 * CELL_COST:
            return  # one more is hidden, and none would not do
        self._set_hidden(narrow, False)
        wide = self._route(number, UP, {}, self._spread, cost)
        self._set_hidden([step.arc for step in wide] or narrow, True)
        if not self._is_guarded(number):
            raise AssertionError("a route that is wide enough guards")

    def _guard_piecemeal(self, number: int) -> list[int]:
        """Hide one cheapest route after the other until the arc is guarded; the newly hidden."""
        chosen: list[int] = []
        flows = (_Flow(UP), _Flow(DOWN))
        while not self._is_guarded(number, flows):
            routes = [
                self._route(number, flow.sign, flow.change, 1)
                for flow in flows
                if flow.sign == UP or flow.reached < self._spares[number]
            ]
            found = min((route for route in routes if route), key=self._cost)
            new = [step.arc for step in found if not self._hidden[step.arc]]
            self._set_hidden(new, True)
            chosen += new
        return chosen

    def _show_idle_guards(self) -> None:
        """Show again what later guards have made needless; the dearest first."""
        sensitive = set(self._sensitive)
        uses: dict[int, set[int]] = defaultdict(set)
        for number, witness in self._witness.items():
            for arc in witness:
                uses[arc].add(number)
        guards = [
            n
            for n, arc in enumerate(self._arcs)
            if arc.printed and self._hidden[n] and n not in sensitive
        ]
        for guard in sorted(guards, key=lambda n: (-self._costs[n], n)):
            self._hidden[guard] = False
            leaning = [n for n in sorted(uses[guard]) if guard in self._witness[n]]
            before = {n: self._witness[n] for n in leaning}
            if all(self._is_guarded(n) for n in leaning):
                for n in leaning:
                    for arc in self._witness[n]:
                        uses[arc].add(n)
            else:
                self._hidden[guard] = True
                self._witness |= before

    def _is_guarded(self, number: int, flows: Sequence[_Flow] = ()) -> bool:
        """Whether the arc takes ``threshold`` values; notes the arcs that prove it.

        ``flows``: up and down, as far as they were found when less was hidden.
        """
        up, down = flows or (_Flow(UP), _Flow(DOWN))
        self._widen(up, number, self._spread)
        if up.reached < self._spread:
            self._widen(down, number, self._spread - up.reached)
        self._witness[number] = up.arcs | down.arcs
        return up.reached + down.reached >= self._spread

    def _widen(self, flow: _Flow, number: int, wanted: int) -> None:
        """Bring ``flow`` to ``wanted`` if hidden arcs allow it: maximum flow by shortest routes."""
        if flow.sign == DOWN:
            wanted = min(wanted, self._spares[number])
        if self._arcs[number].tail == self._arcs[number].head:
            flow.reached = wanted  # in no sum with others
        while flow.reached < wanted:
            route = self._shortest(number, flow.sign, flow.change)
            if not route:
                return
            losing = [self._spare(s.arc, flow.change) for s in route if s.sign == DOWN]
            flow.follow(route, min([wanted - flow.reached, *losing]))

    def _spare(self, number: int, change: Change) -> int:
        """How far an arc can still go down; up it can go without end."""
        return self._spares[number] + change.get(number, 0)

    def _shortest(self, number: int, sign: int, change: Change) -> list[_Step]:
        """A closed route through the arc over hidden arcs, with few steps; empty if none.

        Sought from both ends: where there is none, the side with less hidden ends it soon.
        """
        start, end = self._ends(number, sign)
        came: dict[int, _Came] = {UP: {start: None}, DOWN: {end: None}}
        edges = {UP: [start], DOWN: [end]}
        while edges[UP] and edges[DOWN]:
            side = UP if len(edges[UP]) <= len(edges[DOWN]) else DOWN
            found: list[str] = []
            for node in edges[side]:
                for arc, gains, other in self._at[node]:
                    if (
                        other in came[side]
                        or arc == number
                        or not self._hidden[arc]
                        or (gains != side and self._spare(arc, change) < 1)
                    ):
                        continue
                    came[side][other] = (node, _Step(arc, gains * side))
                    if other in came[-side]:
                        return [*_back(came[UP], other), *_back(came[DOWN], other)]
                    found.append(other)
            edges[side] = found
        return []

    def _route(
        self, number: int, sign: int, change: Change, width: int, limit: float = inf
    ) -> list[_Step]:
        """The cheapest closed route through the arc with room for ``width``; empty if there is none
        for less than ``limit``. Hidden arcs cost nothing.
        """
        start, end = self._ends(number, sign)
        came: _Came = {start: None}
        best = {start: (0, 0)}
        waiting = [(0, 0, start)]
        done: set[str] = set()
        while waiting:
            cost, steps, node = heappop(waiting)
            if node == end:
                return list(_back(came, end))
            if node in done:
                continue
            done.add(node)
            for arc, gains, other in self._at[node]:
                if other in done or arc == number:
                    continue
                dearer = cost + (self._far[arc] if self._hidden[arc] else self._costs[arc])
                if (dearer, steps + 1) >= best.get(other, (limit, 0)):
                    continue
                if gains == UP or self._spare(arc, change) >= width:
                    best[other] = (dearer, steps + 1)
                    came[other] = (node, _Step(arc, gains))
                    heappush(waiting, (dearer, steps + 1, other))
        return []

    def _ends(self, number: int, sign: int) -> tuple[str, str]:
        """Where a route has to begin and end that closes through the arc."""
        arc = self._arcs[number]
        return (arc.head, arc.tail) if sign == UP else (arc.tail, arc.head)

    def _cost(self, route: Iterable[_Step]) -> int:
        return sum(self._costs[step.arc] for step in route if not self._hidden[step.arc])

    def _set_hidden(self, arcs: Iterable[int], hidden: bool) -> None:
        for number in arcs:
            self._hidden[number] = hidden


def _back(came: _Came, node: str) -> Iterator[_Step]:
    """The steps by which ``node`` was reached."""
    while (before := came[node]) is not None:
        node, step = before
        yield step
