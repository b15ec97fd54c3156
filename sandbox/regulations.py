"""What the regulations of the pretend region ask, typed from their documents.

``spb``: letter of the St Petersburg education committee; ``velikie_luki``: Velikie Luki school 17
(numbers of its clauses: VLK); ``tomsk``: methodical materials of the Tomsk region (TMS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sandbox.model import Mark

PARTS = ("lesson", "attendance", "substitution", "homework")


@dataclass(frozen=True)
class Deadline:
    """Midnight that ends the ``days``-th day after the lesson's; or, where there are bells,
    ``minutes`` after the last lesson of ``whose`` day: ``teacher`` or ``class``."""

    days: int = 0
    minutes: int | None = None
    whose: str = ""


SAME_DAY = Deadline()


@dataclass(frozen=True)
class Needed:
    """Marks by hours a week: ``less`` where a subject has less than ``hours``, else ``more``."""

    less: int
    hours: float
    more: int

    def of(self, hours: float) -> int:
        return self.less if hours < self.hours else self.more


@dataclass(frozen=True)
class Regulation:
    """``parts``: deadlines of a lesson's parts; ``marks``: by rule, ``lesson_marks`` and so on.

    ``accumulation``: marks asked for by full weeks of the term, the longest first.
    ``after_lessons``: attended lessons in a row that ask for a mark, and lessons that are free
    after holidays. ``structure_by``: the day by which the year's structure is there.
    ``monthly``: rules that ask for something every month.
    """

    parts: dict[str, Deadline]
    marks: dict[str, Deadline] = field(default_factory=dict)
    no_backdating: bool = False
    accumulation: tuple[tuple[int, Needed], ...] = ()
    marks_to_grade: Needed | None = None
    term_marks: bool = False
    after_lessons: tuple[int, int] | None = None
    structure_by: date | None = None
    monthly: tuple[str, ...] = ()

    def marks_rule(self, mark: Mark) -> str | None:
        """The rule that gives the mark its deadline; None where there is none."""
        asked = {
            "control": ("control_marks", "written_marks", "lesson_marks"),
            "test": ("control_marks", "written_marks", "lesson_marks"),
            "written": ("written_marks", "lesson_marks"),
            "independent": ("written_marks", "lesson_marks"),
            "project": ("written_marks", "lesson_marks"),
        }.get(mark.work, ("lesson_marks",))
        return next((rule for rule in asked if rule in self.marks), None)


def _parts(homework: Deadline) -> dict[str, Deadline]:
    return {**dict.fromkeys(PARTS, SAME_DAY), "homework": homework}


REGULATIONS = {
    # Entered daily, for the lessons of that day: topic, homework, marks, absences, the substitute.
    "spb": Regulation(
        _parts(SAME_DAY),
        {"lesson_marks": SAME_DAY},
        monthly=("full_upload", "journal_check", "diary_check"),
    ),
    "velikie_luki": Regulation(
        _parts(Deadline(minutes=120, whose="teacher")),  # VLK 3.5, 3.6
        {"written_marks": Deadline(days=7)},  # VLK 3.6: results of works
        no_backdating=True,  # VLK 3.7.5
        # VLK 3.7.2, 3.7.3: more than two hours ask for more, which is one more at the mildest.
        accumulation=((4, Needed(2, 2.1, 3)), (3, Needed(1, 2.1, 2))),
        # VLK 3.7.1: what is not yet two hours counts as one.
        marks_to_grade=Needed(3, 2, 5),
        after_lessons=(2, 2),  # VLK, after 3.7.4
    ),
    "tomsk": Regulation(
        _parts(Deadline(minutes=90, whose="class")),  # TMS 2.7, 2.9, 2.10
        {
            "lesson_marks": SAME_DAY,  # TMS 2.5
            "control_marks": Deadline(days=3),  # TMS 2.11
            "written_marks": Deadline(days=7),  # TMS 2.12
        },
        no_backdating=True,
        term_marks=True,  # TMS 2.8, 2.13
        structure_by=date(2026, 9, 5),  # TMS 2.2, 7.5
    ),
}
