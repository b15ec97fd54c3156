"""The words in which a figure is explained: what it is called, what a row of it is, and what keeps
a row from being counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from quality.profiles import Profile
from quality.regulations import Citation
from quality.remarks import remark_words
from reports.words import CAUSES, short_date
from schemas.rulebook import rule

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

KINDS = {"measure": "Показатель", "form1": "Форма 1", "remark": "Замечания"}
RUN_STATES = {
    "done": "выполнен",
    "nothing_new": "нового не было",
    "partly": "выполнен не полностью",
    "failed": "не выполнен",
}
CLOCKS = {"source": "по часам журнала", "hub": "по чтениям Свода"}
_REQUESTS = ("GET ", "POST ")


# What a counter of a run counts.
COUNTERS = {
    "read": "записи, которые дал журнал: строки его файлов или ответов",
    "accepted": "прочитанные записи, которые отвечают требованиям к данным",
    "quarantined": "записи, в которых что-то неверно: они ждут исправления и никуда не уходят",
    "duplicate": "записи, которые повторяют другую запись той же выгрузки",
    "created": "принятые записи, которых в Своде ещё не было",
    "changed": "принятые записи, которые в журнале изменили",
    "unchanged": "принятые записи, которые Свод уже знал такими",
    "vanished": "записи, которые Свод знал, а в полной выгрузке их больше нет",
}


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


@dataclass(frozen=True)
class Meaning:
    """What a figure is: ``definition``, ``source`` and ``version`` are empty where nothing says."""

    title: str
    definition: str = ""
    source: str = ""
    version: str = ""


def meaning(kind: str, code: str, regulation: Profile | None) -> Meaning:
    """What the figure ``code`` of ``kind`` (``pipeline.explain.addresses.Kind``) is by
    ``regulation``."""
    if kind == "cause":
        return Meaning(f"Дни: {PARTS[code]}")
    named = Meaning(f"{KINDS[kind]}: {code}")
    if kind == "remark" and (words := remark_words().get(code)):
        return Meaning(f"{KINDS[kind]}: {words.title}", words.why)
    if kind == "remark" or regulation is None:
        return named
    version = f"Определения: {regulation.definition}"
    if kind == "measure":
        measure = regulation.measure(code)
        return Meaning(measure.title, measure.definition, _cited(measure.citation), version)
    if not regulation.has_form(kind):
        return Meaning(named.title, version=version)
    form = regulation.form(kind)
    column = next((one.title for one in form.columns if one.code == code), code)
    return Meaning(column, form.title, _cited(form.citation), version)


def row_words(
    row: Mapping[str, Any], zone: ZoneInfo, called: Callable[[str], str] = str
) -> dict[str, str | int]:
    """A row of ``pipeline.explain.figure.NAMED`` by the headings of its table, empty where it has
    nothing.

    ``called``: how a person is called whose pseudonym it gets.
    """
    counted = "да" if row["counted"] else "нет"
    return {
        "засчитано": counted,
        "что": " ".join(filter(None, (THINGS[row["thing"]], PARTS.get(row["part"], "")))),
        "дата": short_date(row["date"]) if row["date"] else "",
        "№": row["number"] or "",
        "класс": row["class_name"] or row["class_key"] or "",
        "группа": row["group_key"] or "",
        "предмет": row["subject_name"] or row["subject_key"] or "",
        "учитель": called(row["teacher"]) if row["teacher"] else "",
        "ученик": called(row["pupil"]) if row["pupil"] else "",
        "почему": why_words(row["why"]),
        "отметок": "" if row["asked"] is None else f"{row['marks']} из {row['asked']}",
        "срок": _moment(row["due_at"], zone),
        "внесено": _entered(row, zone),
        "правило": _rule(row),
        "прогон": ", ".join(
            filter(None, (row["run_id"], RUN_STATES.get(row["run_state"], row["run_state"])))
        ),
    }


def _rule(row: Mapping[str, Any]) -> str:
    """Of a day why its upload was refused, in words; of another row the rule that holds for it."""
    if row["rule"] is None:
        return ""
    return rule(row["rule"]).reason if row["thing"] == "day" else str(row["rule"])


def _cited(citation: Citation) -> str:
    return f"Источник: {citation.document}, {citation.clause}"


def _entered(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    if row["not_after"] is None:
        return ""
    until = _moment(row["not_after"], zone)
    if row["clock"] == "hub":
        since = _moment(row["not_before"], zone)
        until = f"после {since}, не позже {until}" if since else f"не позже {until}"
    return f"{until}, {CLOCKS[row['clock']]}"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%d.%m.%Y %H:%M:%S}"
