"""The words in which a figure is explained: what a row is, and what keeps it from being counted."""

from __future__ import annotations

from reports.words import CAUSES

THINGS = {
    "lesson": "урок",
    "part": "часть урока",
    "pair": "ученик и предмет",
    "day": "день",
    "class": "класс",
    "pupil": "ученик",
    "subject": "предмет",
    "teacher": "учитель",
    "remark": "замечание",
}
PARTS = {
    "lesson": "запись урока",
    "attendance": "посещаемость",
    "substitution": "замена",
    "homework": "домашнее задание",
    "marks": "отметка",
} | {cause.value: style.title for cause, style in CAUSES.items()}

# A lesson may lack several things: they are parted by commas.
WHY = {
    "no_row": "есть в расписании, в журнале урока нет",
    "held": "нет отметки о проведении",
    "topic": "нет темы",
    "homework": "нет домашнего задания",
    "attendance": "не отмечена посещаемость",
    "marks": "нет отметок",
    "late": "внесено позже срока",
    "missing": "не внесено",
    "few_marks": "отметок меньше, чем требуется",
    "no_held_lesson": "нет ни одного проведённого урока",
    "no_data": "нет ни отметки, ни записи о посещаемости",
    "no_access": "нет действующей учётной записи",
} | {cause.value: style.title for cause, style in CAUSES.items()}

CLOCKS = {"source": "по часам журнала", "hub": "по чтениям Свода"}
_REQUESTS = ("GET ", "POST ")


def why_words(why: str | None) -> str:
    """What is lacking, in words; what has no word of its own (the detail of a remark) as it is."""
    if why is None:
        return ""
    if all(one in WHY for one in why.split(",")):
        return ", ".join(WHY[one] for one in why.split(","))
    return why


def origin_words(document: str | None, line: int | None, upload: str | None) -> str:
    """``lessons.xml:42, выгрузка 2026-09-14``; the answer of a live system by its request."""
    where = "" if upload is None else f"выгрузка {upload}"
    if document is None:
        return where or "место не сохранено"
    if document.startswith(_REQUESTS):
        return f"запрос {document}, запись {line}, {where}"
    return f"{document}:{line}, {where}"
