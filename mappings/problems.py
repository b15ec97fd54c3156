"""What can be wrong with a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake: ``path`` is the place inside the YAML, keys joined by dots."""

    path: str
    what: str
    fix: str


class MappingError(ValueError):
    """A profile that cannot be used; the operator corrects ``file`` as each problem says."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        lines = [f"{file}: {p.path or 'top'}: {p.what}. Fix: {p.fix}" for p in problems]
        super().__init__("\n".join(lines))
        self.file = file
        self.problems = list(problems)
