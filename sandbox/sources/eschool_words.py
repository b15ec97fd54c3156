"""Signs of marks and absences that the Tomsk e-school and KlassInfo share."""

from __future__ import annotations

from sandbox.model import Mark, TermMark
from sandbox.view import View

ABSENCES = {
    "late": "Опз",
    "ill": "Н/б",
    "excused": "Н/у",
    "unexcused": "Н/н",
    "absent": "Н",
    "exempt": "осв",
}
# «осв» in a journal frees from the lesson and is no mark; in the totals it frees from the subject.
_MARKS = {
    ("code", "debt"): "Д",
    ("pass_fail", "pass"): "Зач",
    ("pass_fail", "fail"): "Нез",
    ("code", "not_assessed"): "н/а",
    ("code", "no_marks"): "безотм",
}
_TOTALS = {**_MARKS, ("code", "exempt"): "осв"}


def mark_sign(mark: Mark, view: View) -> str | None:
    """The sign of a mark, or None for one that the systems have no sign for."""
    value = mark.value_on(view.day)
    return value if mark.scale == "5" else _MARKS.get((mark.scale, value))


def total_sign(total: TermMark) -> str | None:
    """The sign of a term mark, or None as in ``mark_sign``."""
    return total.value if total.scale == "5" else _TOTALS.get((total.scale, total.value))
