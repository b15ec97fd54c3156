"""A school as the web service of NetSchool answers for it on one evening (section 9 of
docs/source-formats.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from html import escape
from typing import Any

from sandbox.curriculum import ENGLISH, NOT_SET
from sandbox.members import Pupil
from sandbox.model import Absence, Lesson, Mark, School, Term
from sandbox.params import SCHOOL_YEAR
from sandbox.view import ShownLesson, View

Json = dict[str, Any]

VERSION = "5.47.0"
MIDNIGHT = "T00:00:00"
SHORT_NAMES = {ENGLISH: "Англ.яз."}  # as the names of parts of a class begin

# Kinds of work: id, name, abbreviation. Only the third is what real servers are known to say.
HOMEWORK = 3
UNNAMED = "---Не указана---"  # what stands for the name of a work that nobody named
KINDS = {
    "homework": (HOMEWORK, "Домашнее задание", "ДЗ"),
    "oral": (10, "Ответ на уроке", "О"),
    "lesson": (12, "Работа на уроке", "РУ"),
    "control": (4, "Контрольная работа", "К"),
    "independent": (5, "Самостоятельная работа", "С"),
    "written": (6, "Письменная работа", "П"),
    "test": (2, "Тестирование", "Т"),
    "project": (7, "Проект", "ПР"),
}
WORDS = {("pass_fail", "pass"): "ЗЧ", ("pass_fail", "fail"): "НЗ"}
DEBT = ("code", "debt")
EXEMPT = ("code", "exempt")  # only a term mark can say so: in a lesson «ОСВ» is an absence
LETTERS = {
    "excused": "УП",
    "ill": "Б",
    "unexcused": "НП",
    "absent": "ОТ",
    "late": "ОП",
    "exempt": "ОСВ",
}

# Every kind of thing has a range of ids of its own.
CLASS, PUPIL, SUBJECT, TERM, STAFF, MEETING, WORK, VACATION = (n * 1_000_000 for n in range(1, 9))
YEAR_ID = 8987
WORKS_A_LESSON = 100


class Web:
    """The school of ``view``: every method is an answer, pages as HTML text."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._school: School = view.school

    # --- lists -----------------------------------------------------------------------------

    def classes(self) -> list[Json]:
        return [
            {
                "step": {"id": 1, "name": "1-4 кл."},
                "iup": False,
                "grade": {"id": c.grade, "name": str(c.grade)},
                "letter": c.letter,
                "funcType": "School",
                "profileId": 1305,
                "classType": {"id": 1, "name": "Общеобразовательный"},
                "chiefs": [],
                "plannedOccupancy": None,
                "hasClassNotWorkingTeacher": None,
                "id": CLASS + c.code,
                "name": c.name,
            }
            for c in self._school.classes
        ]

    def students(self, class_id: int) -> list[Json]:
        return [
            {"id": PUPIL + p.person.code, "fullName": p.person.full_name}
            for p in self.present
            if CLASS + p.class_.code == class_id
        ]

    @cached_property
    def present(self) -> list[Pupil]:
        """Pupils on the evening of the view, by name; those who left are shown no more."""
        pupils = [p for p in self._view.pupils if self._view.since(p.left) is None]
        return sorted(pupils, key=lambda p: p.person.full_name)

    def subjects(self) -> list[Json]:
        return [
            {
                "shortName": SHORT_NAMES.get(s.name),
                "teachers": None,
                "groups": None,
                "parentSubject": None,
                "subjectField": None,
                "globalSubject": {"id": s.code, "name": s.name.lower()},
                "order": None,
                "using": True,
                "usingInYear": True,
                "extraCurricular": False,
                "isModular": False,
                "useExemption": False,
                "direction": None,
                "id": SUBJECT + s.code,
                "name": s.name,
            }
            for s in self._school.subjects
        ]

    def terms(self) -> list[Json]:
        return [
            {
                "id": TERM + t.code,
                "termName": t.name,
                "termTypeId": 1,
                "startDate": f"{t.start}{MIDNIGHT}",
                "endDate": f"{t.finish}{MIDNIGHT}.000",
                "schoolYearId": YEAR_ID,
            }
            for t in self._school.terms
        ]

    def vacations(self) -> list[Json]:
        """The school's own; days off of everybody are no vacations."""
        return [
            {
                "startTime": f"{h.start}{MIDNIGHT}.00",
                "endTime": f"{h.finish}{MIDNIGHT}.000000",
                "id": VACATION + h.code,
                "name": h.name,
            }
            for h in self._school.holidays
            if h.kind != "Праздник"
        ]

    def staff(self) -> list[Json]:
        return [
            {
                "id": STAFF + t.person.code,
                "fio": t.person.full_name,
                "gender": "Ж" if t.person.female else "М",
                "staffPosition": t.position,
                "staffRoles": ["Учитель"],
            }
            for t in self._school.teachers
        ]

    def kinds(self) -> list[Json]:
        return [
            {"id": number, "name": name, "abbr": abbr, "order": place}
            for place, (number, name, abbr) in enumerate(KINDS.values(), start=1)
        ]

    def year(self) -> Json:
        return {"id": YEAR_ID, "name": f"{SCHOOL_YEAR}/{SCHOOL_YEAR + 1}"}

    def entrusted(self) -> Json:
        return {
            "students": [
                {
                    "studentId": PUPIL + p.person.code,
                    "nickName": p.person.full_name,
                    "className": p.class_.name,
                    "classId": CLASS + p.class_.code,
                }
                for p in self.present
            ],
            "currentStudentId": 0,
            "weekStart": f"{self._view.day - timedelta(days=self._view.day.weekday())}{MIDNIGHT}",
        }

    # --- the diary -------------------------------------------------------------------------

    def diary(self, pupil_id: int, first: date, last: date) -> Json:
        """Raises ``KeyError`` for a pupil whom the school does not have."""
        pupil = {PUPIL + p.person.code: p for p in self.present}[pupil_id]
        by_day: dict[date, list[ShownLesson]] = defaultdict(list)
        for shown in self._of_pupil[pupil.person.code]:
            if first <= shown.lesson.day <= last:
                by_day[shown.lesson.day].append(shown)
        return {
            "weekStart": f"{first}{MIDNIGHT}",
            "weekEnd": f"{last}{MIDNIGHT}",
            "weekDays": [
                {"date": f"{day}{MIDNIGHT}", "lessons": [self._lesson(s, pupil) for s in lessons]}
                for day, lessons in sorted(by_day.items())
            ],
            "termName": self._school.terms[0].name,
            "className": pupil.class_.name,
            "laAssigns": [],
        }

    @cached_property
    def _of_pupil(self) -> dict[int, list[ShownLesson]]:
        """Lessons by pupil, in their order; cancelled ones stand in no diary."""
        found: dict[int, list[ShownLesson]] = defaultdict(list)
        for shown in self._view.lessons:
            if not shown.lesson.status:
                for pupil in self._school.lesson_pupils(shown.lesson):
                    found[pupil.person.code].append(shown)
        for lessons in found.values():
            lessons.sort(key=lambda s: (s.lesson.day, s.lesson.slot.number))
        return found

    def _lesson(self, shown: ShownLesson, pupil: Pupil) -> Json:
        lesson, slot = shown.lesson, shown.lesson.slot
        begins = 8 * 60 + 30 + (slot.number - 1) * 55
        row: Json = {
            "classmeetingId": MEETING + lesson.code,
            "day": f"{lesson.day}{MIDNIGHT}",
            "number": slot.number,
            "relay": 1,
            "room": None,
            "startTime": _clock(begins),
            "endTime": _clock(begins + 45),
            "subjectName": slot.group.name if slot.group else slot.subject.name,
            "isEaLesson": False,
        }
        works = [*self._works(shown, pupil)]
        return {**row, "assignments": works} if works else row

    def _works(self, shown: ShownLesson, pupil: Pupil) -> Iterator[Json]:
        """Homework, and a work for every kind of mark given in the lesson; homework that was
        marked is one work with its text."""
        lesson = shown.lesson
        text = NOT_SET.lower() if lesson.not_set else lesson.homework
        signed = [m for m in shown.marks if self._sign(m) or self._is_debt(m)]
        columns = _columns(signed)
        if shown.filled and text:
            columns.setdefault(("homework", 0), [])
        absence = next((a for a in shown.absences if a.pupil is pupil), None)
        for (kind, again), marks in sorted(columns.items()):
            own = next((m for m in marks if m.pupil is pupil), None)
            name = (text or UNNAMED) if kind == "homework" else KINDS[kind][1]
            work = self._work(lesson, list(KINDS).index(kind) * 10 + again, kind, name)
            if own is not None:
                work["mark"] = self._mark(work["id"], own)
            elif absence is not None and kind != "homework":
                letter = LETTERS[absence.status]
                work["mark"] = _mark(work["id"], PUPIL + pupil.person.code, letter)
                absence = None
            elif again == 0:
                work["mark"] = None  # elsewhere the field is not there at all
            yield work

    def _work(self, lesson: Lesson, place: int, kind: str, text: str) -> Json:
        return {
            "id": WORK + lesson.code * WORKS_A_LESSON + place,
            "typeId": KINDS[kind][0],
            "assignmentName": text,
            "weight": 1,
            "dueDate": f"{lesson.day}{MIDNIGHT}",
            "classMeetingId": MEETING + lesson.code,
            "existsTestPlan": False,
        }

    def _mark(self, work: int, mark: Mark) -> Json:
        said = self._sign(mark)
        value = int(said) if said and said.isdigit() else said
        shown = _mark(work, PUPIL + mark.pupil.person.code, value, duty=self._is_debt(mark))
        return {**shown, "markDate": f"{mark.given}{MIDNIGHT}"}

    def _is_debt(self, mark: Mark) -> bool:
        return (mark.scale, mark.value_on(self._view.day)) == DEBT

    def _sign(self, mark: Mark) -> str | None:
        """How the mark is written; a system that has no sign for it shows nothing."""
        return _sign(mark.scale, mark.value_on(self._view.day))

    # --- reports ---------------------------------------------------------------------------

    def attendance(self, class_id: int, year: int, month: int) -> str:
        """The page of a month: a column per lesson for which absences were written down."""
        cells: dict[int, dict[str, str]] = defaultdict(dict)
        columns: dict[tuple[date, int], str] = {}
        for shown in self._view.lessons:
            lesson = shown.lesson
            if CLASS + lesson.slot.class_.code != class_id or not shown.absences:
                continue
            if (lesson.day.year, lesson.day.month) == (year, month):
                header = f"{lesson.day:%d.%m}/{lesson.slot.number}"
                columns[lesson.day, lesson.slot.number] = header
                for absence in shown.absences:
                    cells[absence.pupil.person.code][header] = self._letter(absence)
        headers = [columns[key] for key in sorted(columns)]
        return self._page("Посещаемость класса", class_id, headers, cells)

    def _letter(self, absence: Absence) -> str:
        return LETTERS[absence.status]

    def totals(self, class_id: int, term_id: int) -> str:
        """The page of a term: a column per subject of the class."""
        term = self._term(term_id)
        subjects = [h.subject for h in self._school.hours if CLASS + h.class_.code == class_id]
        cells: dict[int, dict[str, str]] = defaultdict(dict)
        for found in self._view.term_marks:
            if found.term is term:
                exempt = "ОСВ" if (found.scale, found.value) == EXEMPT else None
                said = exempt or _sign(found.scale, found.value)
                if said:
                    cells[found.pupil.person.code][found.subject.name] = said
        return self._page("Итоговые отметки", class_id, [s.name for s in subjects], cells)

    def _term(self, term_id: int) -> Term:
        return next(t for t in self._school.terms if TERM + t.code == term_id)

    def _page(
        self, title: str, class_id: int, headers: list[str], cells: dict[int, dict[str, str]]
    ) -> str:
        pupils = [p for p in self.present if CLASS + p.class_.code == class_id]
        rows = [["№", "ФИО", *headers]]
        for number, pupil in enumerate(pupils, start=1):
            own = cells[pupil.person.code]
            rows.append([str(number), pupil.person.full_name, *(own.get(h, "") for h in headers)])
        body = "\n".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        head = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'
        return (
            f"<html><head>{head}<title>{title}</title></head><body>\n"
            f'<table class="table-print">\n{body}\n</table>\n</body></html>\n'
        )


def _columns(marks: list[Mark]) -> dict[tuple[str, int], list[Mark]]:
    """Marks by the work they stand for: a pupil's second mark of a kind is a work of its own."""
    found: dict[tuple[str, int], list[Mark]] = defaultdict(list)
    for mark in marks:
        again = 0
        while any(m.pupil is mark.pupil for m in found.get((mark.work, again), [])):
            again += 1
        found[mark.work, again].append(mark)
    return found


def _sign(scale: str, value: str) -> str | None:
    return value if scale == "5" else WORDS.get((scale, value))


def _mark(work: int, pupil: int, value: int | str | None, *, duty: bool = False) -> Json:
    return {
        "assignmentId": work,
        "studentId": pupil,
        "mark": value,
        "dutyMark": duty,
        "resultScore": None,
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
