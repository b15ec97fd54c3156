"""A reader who wants to know what a table of persons hides, by linear programming.

Shares nothing with the product: what is added up is added up here, and HiGHS solves the programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
from scipy.optimize import linprog

Cell = tuple[str, str]  # unit, column
Tree = Mapping[str, str]  # a unit or a column -> what it is added up into
Counts = Mapping[Cell, int]
Shown = Mapping[Cell, int | None]  # what is printed; None where it is hidden


def above(tree: Tree, value: str) -> list[str]:
    """``value`` and whatever it counts in."""
    return [value, *(above(tree, tree[value]) if value in tree else [])]


def leaves(tree: Tree) -> list[str]:
    return sorted(set(tree) - set(tree.values()))


def added_up(finest: Counts, units: Tree, wholes: Tree) -> dict[Cell, int]:
    """Every cell of the table, totals included."""
    sums: dict[Cell, int] = {}
    for (unit, column), count in finest.items():
        for cell in product(above(units, unit), above(wholes, column)):
            sums[cell] = sums.get(cell, 0) + count
    return sums


class Reader:
    """Knows what is ``shown``, how it is added up, and that what is hidden is no zero.

    ``finest``: the cells everything is a sum of, printed or not; ``totals``: all cells.
    """

    def __init__(
        self,
        shown: Shown,
        finest: Iterable[Cell],
        totals: Iterable[Cell],
        units: Tree,
        wholes: Tree,
    ) -> None:
        self._finest = list(finest)
        chains = [
            set(product(above(units, unit), above(wholes, column))) for unit, column in self._finest
        ]
        self._rows = {cell: np.array([float(cell in chain) for chain in chains]) for cell in totals}
        self._shown = dict(shown)

    def bounds(self, cell: Cell) -> tuple[float, float]:
        """The least and the most the cell can be; the most may be infinite."""
        equal = {c: n for c, n in self._shown.items() if n is not None}
        least = [c for c, n in self._shown.items() if n is None]
        ends = []
        for sign in (1, -1):
            found = linprog(
                sign * self._rows[cell],
                A_ub=-np.array([self._rows[c] for c in least]) if least else None,
                b_ub=-np.ones(len(least)) if least else None,
                A_eq=np.array([self._rows[c] for c in equal]) if equal else None,
                b_eq=np.array(list(equal.values())) if equal else None,
                bounds=(0, None),
                method="highs",
            )
            assert found.status in (0, 3), found.message  # solved, or without an upper bound
            ends.append(sign * found.fun if found.status == 0 else float("inf"))
        return ends[0], ends[1]

    def values(self, cell: Cell) -> float:
        """How many whole numbers the cell can be."""
        low, high = self.bounds(cell)
        return np.floor(high + 1e-6) - np.ceil(low - 1e-6) + 1 if high < float("inf") else high

    def told(self, cell: Cell, count: int) -> None:
        """The reader learns one more figure."""
        self._shown[cell] = count
