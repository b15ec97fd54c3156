"""What can be wrong with a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake: ``path`` is the place inside the YAML, keys joined by dots; ``file`` and
    ``line`` where it is written, if that is another file than the profile's own or known better.
    """

    path: str
    what: str
    fix: str
    file: str = ""
    line: int | None = None


class MappingError(ValueError):
    """A profile that cannot be used; the operator corrects ``file`` as each problem says."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(_told(file, problem) for problem in problems))
        self.file = file
        self.problems = list(problems)


def _told(file: str, problem: Problem) -> str:
    place = problem.file or file
    if problem.line is not None:
        place += f":{problem.line}"
    return f"{place}: {problem.path or 'top'}: {problem.what}. Fix: {problem.fix}"
