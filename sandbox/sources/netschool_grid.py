"""NetSchool's timetable as people see it: a column per class, parts of a class in one cell."""

from __future__ import annotations

from sandbox.model import Slot
from sandbox.rows import Row, Table, day_text
from sandbox.sources.netschool import WEEKDAYS, documents
from sandbox.view import View
from sandbox.xlsx import sheet_of, workbook

SCHEDULE = "schedule.xlsx"

# A line of the grid: day of the week, number of the lesson, first and last day.
Line = tuple[int, int, str | None, str | None]


def with_grid(view: View, form: str) -> dict[str, bytes]:
    """The files of an upload in which the grid stands for the list of lessons."""
    files = documents(view, form)
    del files["timetable.xlsx"]
    return {SCHEDULE: workbook([("Лист1", sheet_of(_grid(view), SCHEDULE))]), **files}


def _grid(view: View) -> Table:
    lines: dict[Line, Row] = {}
    for slot in view.school.slots:
        line = (slot.weekday, slot.number, day_text(slot.valid_from), day_text(slot.valid_to))
        row = lines.setdefault(line, _named(line))
        before = row.cells.get(slot.class_.name)
        said = _cell(slot)
        row.cells[slot.class_.name] = f"{before}, {said}" if before else said
    columns = ["День недели", "Урок", "С", "По", *(c.name for c in view.school.classes)]
    return Table("schedule", columns, list(lines.values()))


def _named(line: Line) -> Row:
    weekday, number, first, last = line
    return Row({"День недели": WEEKDAYS[weekday - 1], "Урок": number, "С": first, "По": last})


def _cell(slot: Slot) -> str:
    """Subject, or group with its subject in short, and the room."""
    taught = slot.group.name if slot.group else slot.subject.name
    room = 100 * (slot.class_.grade % 4 + 1) + (slot.group.code if slot.group else 0)
    return f"{taught} [{room}]"
