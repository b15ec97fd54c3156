"""Disclosure control: which cells of a table of persons must not be shown outside a school.

A count of persons from 1 to ``threshold`` - 1 is sensitive and hidden; zero is shown. A hidden cell
can often be computed from the totals that are shown, so others are hidden with it. The proof
that it is enough is constructive: for every hidden cell there are *moves*. A move takes persons
from some of the finest cells to others, so that the table stays a table of counts whose totals add
up, and changes hidden cells only. So whoever sees what is shown cannot tell the true table
from the moved ones, and by the moves the hidden cell takes at least ``threshold`` different values.

It protects against readers of the tables, not against a school that subtracts its own figures. The
search is a loop over the hidden cells: each choice depends on what the former ones have hidden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from math import inf

import polars as pl
import yaml

Cell = tuple[str, ...]  # one value of each dimension
Parents = Mapping[str, str]  # a value of a dimension -> the value it is added up into


@dataclass(frozen=True)
class Part:
    """Two columns of a form that count persons: ``part`` of ``whole``."""

    whole: str
    part: str


@dataclass(frozen=True)
class DisclosurePolicy:
    """``policies/disclosure.yml``: the threshold, and what counts persons, by form."""

    version: str
    threshold: int
    persons: Mapping[str, tuple[Part, ...]]


@cache
def disclosure_policy() -> DisclosurePolicy:
    """The policy in force. Raises ``ValueError`` for a threshold that hides nothing."""
    text = files("privacy.policies").joinpath("disclosure.yml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    threshold = int(content["threshold"]["persons"])
    if threshold < 2 or content["zero"] != "shown":
        raise ValueError("policies/disclosure.yml: the threshold is at least 2, zero is shown")
    persons = {
        form: tuple(Part(**pair) for pair in pairs) for form, pairs in content["persons"].items()
    }
    return DisclosurePolicy(str(content["version"]), threshold, persons)


def suppress(
    cells: pl.DataFrame,
    dimensions: Mapping[str, Parents],
    threshold: int,
    by: Sequence[str] = (),
) -> pl.DataFrame:
    """``cells`` with ``suppressed`` (Boolean): which of them must not be shown.

    ``cells``: the columns of ``dimensions`` (String), of ``by``, and ``count`` (integer); one row
    per cell, totals included, whatever a reader can see or compute. A dimension says which value
    is added up into which; values that nothing is added up into are the finest. Each group of
    ``by`` is a table of its own, with no total over groups. Finest cells not given are zero.
    Raises ``ValueError`` if a total is not the sum of its parts, or a count is negative.
    """
    rows: dict[tuple[object, ...], list[tuple[int, Cell, int]]] = defaultdict(list)
    order = list(dimensions)
    for number, row in enumerate(cells.iter_rows(named=True)):
        group = tuple(row[name] for name in by)
        rows[group].append((number, tuple(row[name] for name in order), row["count"]))
    hidden: set[int] = set()
    for group_rows in rows.values():
        given = {cell: count for _, cell, count in group_rows}
        if len(given) != len(group_rows):
            raise ValueError("a cell is given twice")
        found = _Table(given, [dimensions[name] for name in order], threshold).hidden()
        hidden |= {number for number, cell, _ in group_rows if cell in found}
    flags = [number in hidden for number in range(cells.height)]
    return cells.with_columns(suppressed=pl.Series(flags, dtype=pl.Boolean))


@dataclass(frozen=True)
class _Move:
    """``changed``: every cell it changes; ``up`` and ``down``: how far the cell can go.

    ``drained``: the finest cells that lose persons as the cell goes up.
    """

    changed: frozenset[Cell]
    drained: frozenset[Cell]
    up: float
    down: float


class _Table:
    """One table whose dimensions are trees; see ``suppress``."""

    def __init__(self, given: Mapping[Cell, int], parents: Sequence[Parents], threshold: int):
        self._threshold = threshold
        self._parents = parents
        tops = [set(tree.values()) for tree in parents]
        self._chains: dict[tuple[int, str], list[str]] = {}
        self._finest = {
            cell: count
            for cell, count in given.items()
            if count and not any(value in top for value, top in zip(cell, tops, strict=True))
        }
        self._sums: dict[Cell, int] = defaultdict(int)
        self._below: dict[Cell, list[Cell]] = defaultdict(list)
        for cell, count in self._finest.items():
            for total in self._totals(cell):
                self._sums[total] += count
                self._below[total].append(cell)
        for cell, count in given.items():
            if count < 0 or self._sums.get(cell, 0) != count:
                raise ValueError(f"the total {cell} is {count}, its parts are another number")
        self._leaves = [sorted({cell[k] for cell in self._finest}) for k in range(len(parents))]
        self._depths = [
            max((len(self._chain(k, leaf)) for leaf in leaves), default=1)
            for k, leaves in enumerate(self._leaves)
        ]
        self._given = given
        self._hidden = self._sums.keys() - given.keys()  # what nobody shows is hidden already

    def hidden(self) -> set[Cell]:
        """The sensitive cells, and those that must go with them."""
        waiting = sorted(c for c, count in self._given.items() if 0 < count < self._threshold)
        self._hidden |= set(waiting)
        while waiting:
            waiting = sorted({new for cell in waiting for new in self._protect(cell)})
        return self._hidden & self._given.keys()

    def _protect(self, cell: Cell) -> set[Cell]:
        """Hide what it takes for ``cell`` to take ``threshold`` values; the newly hidden."""
        start = max(
            self._below[cell], key=lambda leaf: (leaf in self._hidden, self._finest[leaf], leaf)
        )
        at_hand = [
            move
            for move in self._moves(cell, start, among_hidden=True)
            if move.changed <= self._hidden
        ]
        if _enough(at_hand, self._threshold):
            return set()
        for reach in range(1, max(self._depths) + 2):
            moves = sorted(
                self._moves(cell, start, reach=reach),
                key=lambda move: (self._cost(move), sorted(move.changed)),
            )
            ways = [[move] for move in moves if _enough([move], self._threshold)][:1]
            ways += [_gathered(at_hand, moves, self._threshold)]
            chosen = min((way for way in ways if way), key=self._cost_of_all, default=[])
            if chosen:
                new = {changed for move in chosen for changed in move.changed} - self._hidden
                self._hidden |= new
                return new & self._given.keys()
        raise AssertionError("moving persons in from nowhere always protects")

    def _moves(
        self, cell: Cell, start: Cell, *, reach: int | None = None, among_hidden: bool = False
    ) -> Iterator[_Move]:
        """Moves that begin at the finest cell ``start`` and change ``cell`` by one.

        In each dimension persons come from another finest value, or from outside the table
        (None), which changes every total of the dimension.
        """
        options = [
            [
                other
                for other in (*leaves, None)
                if not self._within(k, other, cell[k])
                and (reach is None or self._distance(k, start[k], other) <= reach)
            ]
            for k, leaves in enumerate(self._leaves)
        ]
        for others in product(*options):
            corners = self._corners(start, others)
            if not all(corner in self._finest for corner in corners):
                continue
            if among_hidden and not self._hidden.issuperset(corners):
                continue
            yield self._move(corners)

    def _corners(self, start: Cell, others: Sequence[str | None]) -> dict[Cell, int]:
        """The finest cells of a move and whether they gain (1) or lose (-1)."""
        sides = [
            [(here, 1)] if other is None else [(here, 1), (other, -1)]
            for here, other in zip(start, others, strict=True)
        ]
        corners = {}
        for corner in product(*sides):
            sign = 1
            for _, one in corner:
                sign *= one
            corners[tuple(value for value, _ in corner)] = sign
        return corners

    def _move(self, corners: Mapping[Cell, int]) -> _Move:
        changes: dict[Cell, int] = defaultdict(int)
        for corner, sign in corners.items():
            for total in self._totals(corner):
                changes[total] += sign
        # A hidden cell is never zero, so a finest cell can give all its persons but one.
        room = {sign: [self._finest[c] - 1 for c, s in corners.items() if s == sign]
                for sign in (1, -1)}  # fmt: skip
        return _Move(
            changed=frozenset(cell for cell, change in changes.items() if change),
            drained=frozenset(cell for cell, sign in corners.items() if sign < 0),
            up=min(room[-1], default=inf),
            down=min(room[1], default=inf),
        )

    def _cost(self, move: _Move) -> int:
        """What the reader loses: totals weigh ten times as much as their parts."""
        return sum(
            10 ** (sum(len(self._parents[k]) and self._height(k, v) for k, v in enumerate(cell)))
            for cell in move.changed - self._hidden
        )

    def _cost_of_all(self, moves: Sequence[_Move]) -> int:
        return sum(map(self._cost, moves))

    def _height(self, k: int, value: str) -> int:
        """How many levels of the dimension lie below ``value``."""
        return self._depths[k] - len(self._chain(k, value))

    def _distance(self, k: int, one: str, other: str | None) -> int:
        """How many levels up the two values meet; outside is farther than any of the table."""
        if other is None:
            return self._depths[k] + 1 if len(self._chain(k, one)) > 1 else 1
        common = set(self._chain(k, other))
        chain = self._chain(k, one)
        return next((n for n, value in enumerate(chain) if value in common), len(chain))

    def _within(self, k: int, value: str | None, node: str) -> bool:
        return value is not None and node in self._chain(k, value)

    def _chain(self, k: int, value: str) -> list[str]:
        """``value`` and whatever it is added up into, step by step."""
        known = self._chains.get((k, value))
        if known is None:
            above = self._parents[k].get(value)
            known = [value] if above is None else [value, *self._chain(k, above)]
            self._chains[k, value] = known
        return known

    def _totals(self, cell: Cell) -> Iterator[Cell]:
        """``cell`` and every total it counts in."""
        return product(*(self._chain(k, value) for k, value in enumerate(cell)))


def _enough(moves: Sequence[_Move], threshold: int) -> bool:
    """Whether a cell takes ``threshold`` values by ``moves``."""
    return bool(_gathered([], moves, threshold))


def _gathered(at_hand: Sequence[_Move], moves: Sequence[_Move], threshold: int) -> list[_Move]:
    """The first of ``moves`` that with those at hand are enough; none if all of them are not.

    Going up, moves add to one another unless they drain the same cell; going down, the best counts.
    """
    drained: set[Cell] = set()
    up, down = 0.0, 0.0
    for number, move in enumerate([*at_hand, *moves], start=1 - len(at_hand)):
        down = max(down, move.down)
        if drained.isdisjoint(move.drained):
            drained |= move.drained
            up += move.up
        if up + down >= threshold - 1:
            return list(moves[: max(number, 1)])
    return []
