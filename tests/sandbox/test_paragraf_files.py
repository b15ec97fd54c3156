"""Paragraf's files, read and counted here with other code, say what the truth says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

Read = Callable[[Path, str], list[dict[str, str]]]
FORMATS = ("xml", "csv")


def day(text: str) -> date | None:
    on, month, year = (int(part) for part in text.split("."))
    return None if (on, month) == (31, 9) else date(year, month, on)


def accepted(
    region: Any, code: str, entity: str, rows: list[dict[str, str]]
) -> list[dict[str, str]]:
    lines = {
        str(d["line"])
        for d in region.truth["defects"]
        if d["school"] == code and d["entity"] == entity and d["kind"] != "finding"
    }
    return [row for row in rows if row["#"] not in lines]


@pytest.mark.parametrize("form", FORMATS)
def test_rendered_records(region: Any, read_paragraf: Read, form: str) -> None:
    code = region.code("paragraf", form)
    folder = region.drop(code)
    truth = region.truth["records"][code]
    tables = {
        "terms": "term",
        "holidays": "holiday",
        "classes": "class_",
        "subjects": "subject",
        "groups": "group",
        "curriculum": "curriculum_hours",
        "staff": "staff_member",
        "pupils": "pupil",
        "guardians": "guardian",
        "movements": "movement",
        "load": "teaching_load",
        "timetable": "timetable_slot",
        "lessons": "lesson",
        "marks": "mark",
        "attendance": "attendance",
        "term_marks": "term_mark",
        "applications": "consent",
    }
    for table, entity in tables.items():
        assert truth[entity]["rendered"] == len(read_paragraf(folder, table)), table
    people = read_paragraf(folder, "pupils") + read_paragraf(folder, "staff")
    assert truth["uid"]["rendered"] == sum(bool(row.get("UID")) for row in people)
    for counts in truth.values():
        assert counts["rendered"] == (
            counts["accepted"] + counts["quarantined"] + counts["duplicate"]
        )


@pytest.mark.parametrize("form", FORMATS)
def test_manifest_counts(region: Any, read_paragraf: Read, form: str) -> None:
    folder = region.drop(region.code("paragraf", form))
    files = etree.parse(str(folder / "manifest.xml")).getroot().findall("Файл")
    assert {f.get("имя") for f in files} == {p.name for p in folder.iterdir()} - {"manifest.xml"}
    for entry in files:
        table = entry.get("имя", "").split(".")[0]
        assert int(entry.get("записей", "")) == len(read_paragraf(folder, table))


@pytest.mark.parametrize("form", FORMATS)
def test_every_defect_stands_where_the_truth_says(
    region: Any, read_paragraf: Read, form: str
) -> None:
    code = region.code("paragraf", form)
    found = [d for d in region.truth["defects"] if d["school"] == code]
    assert {d["rule"] for d in found} >= {
        "off_scale",
        "unknown_code",
        "bad_date",
        "dangling_reference",
        "conflicting_duplicate",
        "duplicate",
        "missing_value",
        "bad_format",
        "name_in_text",
    }
    shown = {
        "off_scale": "7",
        "bad_date": "31.09.2026",
        "missing_value": "",
        "dangling_reference": "9999999",
    }
    for defect in found:
        rows = read_paragraf(region.drop(code), defect["document"].split(".")[0])
        if defect["rule"] == "unknown_column":
            assert defect["line"] is None
            assert all(row[defect["field"]] for row in rows)
            continue
        row = next(r for r in rows if r["#"] == str(defect["line"]))
        if defect["rule"] in shown:
            assert row.get(defect["field"], "") == shown[defect["rule"]]
        if defect["rule"] == "duplicate":
            assert sum({**r, "#": ""} == {**row, "#": ""} for r in rows) == 2
        if defect["rule"] == "name_in_text":
            surnames = [p["surname"][:6] for p in region.truth["people"] if p["school"] == code]
            assert any(s in row[defect["field"]] for s in surnames)


def slots_on(region: Any, read_paragraf: Read, code: str) -> set[tuple[Any, ...]]:
    """(date, number, class, group, subject) of every scheduled lesson, cancelled ones too."""
    folder = region.drop(code)
    off = [(day(h["Начало"]), day(h["Окончание"])) for h in read_paragraf(folder, "holidays")]
    found = set()
    on = date(2026, 9, 1)
    while on <= date(2026, 9, 18):
        if not any(start <= on <= finish for start, finish in off if start and finish):
            for s in read_paragraf(folder, "timetable"):
                start, finish = day(s["ДействуетС"]), day(s["ДействуетПо"])
                now = start and finish and start <= on <= finish
                if now and int(s["ДеньНедели"]) == on.isoweekday():
                    found.add(
                        (
                            on,
                            s["НомерУрока"],
                            s["КодКласса"],
                            s.get("КодГруппы") or "",
                            s["КодПредмета"],
                        )
                    )
        on += timedelta(days=1)
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_measures_recounted_from_the_files(region: Any, read_paragraf: Read, form: str) -> None:
    code = region.code("paragraf", form)
    folder = region.drop(code)
    slots = slots_on(region, read_paragraf, code)
    lessons = {
        (
            day(x["Дата"]),
            x["НомерУрока"],
            x["КодКласса"],
            x.get("КодГруппы") or "",
            x["КодПредмета"],
        ): x
        for x in accepted(region, code, "lesson", read_paragraf(folder, "lessons"))
    }
    assert set(lessons) <= slots
    dead = {k for k, x in lessons.items() if x["Состояние"] != "План"}
    held = {k: x for k, x in lessons.items() if x["Проведен"] == "да" and k not in dead}
    marked = {m["КодУрока"] for m in accepted(region, code, "mark", read_paragraf(folder, "marks"))}
    noted = {
        a["КодУрока"]
        for a in accepted(region, code, "attendance", read_paragraf(folder, "attendance"))
    }
    topic = {k for k, x in held.items() if x.get("Тема")}
    due = {k for k, x in held.items() if x["БезДЗ"] == "нет"}
    homework = {k for k in due if held[k].get("ДомашнееЗадание")}
    attendance = {
        k for k, x in held.items() if x["ПосещаемостьОтмечена"] == "да" or x["Код"] in noted
    }
    marks = {k for k, x in held.items() if x["Код"] in marked}
    full = topic & attendance & marks & (homework | (set(held) - due))
    scheduled = len(slots) - len(dead)
    expected = {
        "held": (len(held), scheduled),
        "topic": (len(topic), len(held)),
        "homework": (len(homework), len(due)),
        "attendance": (len(attendance), len(held)),
        "marks": (len(marks), len(held)),
        "fill_rate": (len(full), scheduled),
    }
    assert {m: region.ratio(code, m) for m in expected} == expected
    assert 0 < len(full) < len(held) < scheduled


def test_uploads_grow_and_late_entries_come_later(region: Any, read_paragraf: Read) -> None:
    code = region.code("paragraf", "csv")
    days = [d for d, state in region.truth["uploads"][code].items() if state == "uploaded"]
    counts = [len(read_paragraf(region.drop(code, d), "marks")) for d in days]
    assert counts == sorted(set(counts))
    first = {x["Код"]: x for x in read_paragraf(region.drop(code, days[0]), "lessons")}
    last = {x["Код"]: x for x in read_paragraf(region.drop(code, days[-1]), "lessons")}
    assert set(first) <= set(last)
    assert any(first[k]["Проведен"] == "нет" and last[k]["Проведен"] == "да" for k in first)


def test_days_without_a_folder(region: Any) -> None:
    for code in region.codes("paragraf") + region.codes("netschool"):
        for on, state in region.truth["uploads"][code].items():
            assert region.drop(code, on).exists() == (state == "uploaded")
        states = list(region.truth["uploads"][code].values())
        assert region.ratio(code, "upload_frequency") == (states.count("uploaded"), 5)
