"""Cards while they are being made: what is known of a cause before it is put into words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from quality.cards import Share, Waived, WaivedPart
from quality.causes import DANGLING


@dataclass(frozen=True)
class OfRule:
    """The remarks of one rule on a card; ``new``: those that the last check found first."""

    rule: str
    held: Counter[str]
    new: int


@dataclass
class Draft:
    """A cause; the fields are those of ``quality.cards.Card`` and ``Where``.

    ``by`` and ``key``: what a card of remarks is about (``quality.remark_causes``), nothing where
    it is what is left of a family; ``rules``, ``shares``: of remarks; ``gathered``: the causes that
    it tells together; ``keys``: how many missing things or codes it stands for; ``detail``: counts,
    from a finding or verdict.
    """

    source: str
    rule: str
    first: date
    fresh: bool
    gone: bool = False
    entity: str = ""
    column: str = ""
    key: str = ""
    keys: int = 1
    by: str = ""
    detail: str = ""
    documents: list[str] = field(default_factory=list)
    line: int | None = None
    held: Counter[str] = field(default_factory=Counter)
    fixed: int = 0
    class_key: str | None = None
    subject_key: str | None = None
    teacher: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    rules: list[OfRule] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    gathered: list[Draft] = field(default_factory=list)
    waived: list[WaivedPart] = field(default_factory=list)

    def place(self) -> dict[str, str | None]:
        """What a waiver may name of it."""
        missing = self.key if self.rule == DANGLING else None
        return {
            "class_key": missing if self.entity == "class_" else self.class_key,
            "subject_key": missing if self.entity == "subject" else self.subject_key,
            "teacher": missing if self.entity == "staff_member" else self.teacher,
            "key": self.key,
        }

    def excuse(self, waived: Waived) -> None:
        """Let a waiver cover all that it holds up."""
        self.waived.append(WaivedPart(waived, dict(self.held)))
        self.held = Counter()
