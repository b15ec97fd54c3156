"""The people of a school, what is planted about them, and the class they belong to.

Numbers (``code``) are unique within a school. ``flaw`` on an object is the defect planted in
the row that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass
class Flaw:
    """A planted defect: the cell that is wrong, the rule that finds it, and where it was shown.

    ``kind`` is ``quarantine``, ``finding`` or ``duplicate``; ``document`` and ``line`` are known
    once the last upload is written.
    """

    entity: str
    field: str
    rule: str
    value: str | None = None
    kind: str = "quarantine"
    source: str = ""
    upload: str = ""
    document: str = ""
    line: int | None = None


@dataclass
class Person:
    """Somebody of a school; ``surname`` is the masculine nominative, the base of all forms."""

    code: int
    role: str  # pupil, staff or guardian
    female: bool
    base_surname: str
    surname: str
    given: str
    patronymic: str
    birth: date
    snils: str
    phone: str
    email: str
    uid: str | None = None
    uid_flaw: Flaw | None = None
    flaw: Flaw | None = None

    @property
    def full_name(self) -> str:
        return f"{self.surname} {self.given} {self.patronymic}"

    @property
    def usable_uid(self) -> str | None:
        """The UID a hub may use: one that is given and well formed."""
        return None if self.uid_flaw else self.uid


@dataclass(frozen=True)
class Document:
    """A document of a pupil; some kinds have no series."""

    kind: str
    series: str | None
    number: str
    issued: date


@dataclass(frozen=True)
class Papers:
    """What the school's office has seen of a pupil's papers; what it has not stays empty."""

    snils: bool = True  # whether the SNILS was handed in; the person has one all the same
    gender: str | None = None  # М or Ж
    citizenship: str | None = None
    document: Document | None = None


@dataclass
class Application:
    """A guardian's application for the diary; ``registered`` and ``refused`` may be missing."""

    code: int
    applied: date
    registered: date | None = None
    refused: date | None = None
    flaw: Flaw | None = None

    def active(self, on: date) -> bool:
        if self.flaw is not None or self.registered is None or self.registered > on:
            return False
        return self.refused is None or self.refused > on


@dataclass
class Class:
    code: int
    grade: int
    letter: str

    @property
    def name(self) -> str:
        return f"{self.grade}{self.letter}"


@dataclass
class Pupil:
    person: Person
    class_: Class
    enrolled: date
    left: date | None = None
    application: Application | None = None
    ability: float = 0.5
    exempt_from: str | None = None  # name of a subject the pupil does not take part in
    papers: Papers = Papers()

    def attends(self, day: date) -> bool:
        return self.enrolled <= day and (self.left is None or day < self.left)


@dataclass
class Guardian:
    person: Person
    pupil: Pupil
    relation: str


@dataclass
class Movement:
    """Comings and goings; ``other_school`` is whence a pupil came or whither one went.

    ``flaw`` sits on the order's number.
    """

    code: int
    pupil: Pupil
    kind: str  # Зачисление, Перевод or Выбытие
    day: date
    order: str
    from_class: Class | None = None
    to_class: Class | None = None
    other_school: str | None = None
    flaw: Flaw | None = None


@dataclass(frozen=True)
class Diligence:
    """How a teacher keeps the journal: the chance of each omission."""

    unfilled: float
    no_topic: float
    no_homework: float
    no_attendance: float
    no_marks: float
    late: float


@dataclass
class Teacher:
    person: Person
    position: str
    access: bool
    diligence: Diligence


@dataclass
class Stranger:
    """A row of a typed list that speaks of nobody at the school."""

    person: Person
    class_name: str
    flaw: Flaw
