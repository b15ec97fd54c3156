"""How the sources call things, as docs/source-formats.md has them.

People are ``@`` and their number: no name stands in a key. docs/sandbox-truth.md says how to turn
them into what the source calls a person.
"""

from __future__ import annotations

from sandbox.members import Class, Person
from sandbox.model import Group, Lesson, Mark, School, Slot, Subject, Term
from sandbox.sources.dnevnik_words import Ids
from sandbox.sources.netschool_journal import LETTERS
from sandbox.view import ShownLesson


class Keys:
    """The keys of one school."""

    def __init__(self, school: School) -> None:
        self._system = school.system
        self._ids = Ids(school.number)

    def _key(self, kind: str, code: int, name: str) -> str:
        match self._system:
            case "dnevnik_ru":
                return str(self._ids(kind, code))
            case "netschool":
                return name
            case _:
                return str(code)

    def class_(self, class_: Class) -> str:
        return self._key("group", class_.code, class_.name)

    def subject(self, subject: Subject) -> str:
        return self._key("subject", subject.code, subject.name)

    def term(self, term: Term) -> str:
        return self._key("period", term.code, term.name)

    def group(self, group: Group | None) -> str:
        """Empty for a lesson of the whole class."""
        if group is None:
            return ""
        return self._key("subgroup", group.code, f"{group.class_.name}|{group.name}")

    def person(self, person: Person) -> str:
        return f"@{person.code}"

    def source_person(self, person: Person, class_: Class | None = None) -> str:
        """What the source calls the person; NetSchool knows a pupil within the class."""
        name = f"{class_.name}|{person.full_name}" if class_ else person.full_name
        return self._key("person", person.code, name)

    def place(self, lesson: Lesson) -> str:
        """Date, number, class, group and subject: the key of a remark on a lesson."""
        slot = lesson.slot
        parts = (self.class_(slot.class_), self.group(slot.group), self.subject(slot.subject))
        return "|".join((str(lesson.day), str(slot.number), *parts))

    def lesson(self, lesson: Lesson) -> str:
        """The lesson's own key in the source."""
        slot = lesson.slot
        group = slot.group.name if slot.group else ""
        course = f"{slot.class_.name}|{group}|{slot.subject.name}"
        return self._key("lesson", lesson.code, f"{course}|{lesson.day}|{slot.number}")

    def mark(self, mark: Mark, shown: ShownLesson) -> str:
        """NetSchool counts the marks of a cell; the others number them."""
        name = ""
        if self._system == "netschool":
            cell = [m for m in shown.marks if (m.pupil, m.work) == (mark.pupil, mark.work)]
            place = next(n for n, m in enumerate(cell, start=1) if m is mark)
            name = f"{self.lesson(shown.lesson)}|{LETTERS[mark.work]}|{place}"
        return f"{self._key('mark', mark.code, name)}|{self.person(mark.pupil.person)}"


def teacher_of(slot: Slot, shown: ShownLesson | None) -> Person:
    """Who gave the lesson: the substitute, else the teacher."""
    substitute = shown.lesson.substitute if shown is not None and shown.filled else None
    return (substitute or slot.teacher).person
