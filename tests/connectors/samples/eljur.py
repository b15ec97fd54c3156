"""ЭлЖур: a delimited file a table and a manifest; everything has a numeric id."""

from __future__ import annotations

from tests.connectors.samples.delimited import write_delimited
from tests.connectors.samples.stage import DAY, UNTIL, Case, Cases, Stage

ELJUR_TABLES: dict[str, list[list[str]]] = {
    "periods": [["id", "name", "kind", "num", "start", "end"],
                ["1", "1 четверть", "quarter", "1", "2026-09-01", "2026-10-25"]],
    "vacations": [["id", "name", "kind", "start", "end"],
                  ["1", "Осенние", "vacation", "2026-10-26", "2026-11-03"]],
    "classes": [["id", "name", "parallel", "letter"], ["10", "7а", "7", "а"]],
    "subjects": [["id", "name"], ["20", "Алгебра"]],
    "groups": [["id", "class_id", "subject_id", "name"], ["40", "10", "20", "1 гр."]],
    "students": [["id", "lastname", "firstname", "middlename", "birthday", "class_id", "date_in",
                  "date_out"],
                 ["501", "Жмелеватов", "Пётр", "Ильич", "2013-02-01", "10", "2026-09-01", ""],
                 ["502", "Брянчихина", "Анна", "Львовна", "2013-04-03", "10", "2026-09-01", ""]],
    "teachers": [["id", "lastname", "firstname", "middlename", "position", "has_access"],
                 ["31", "Кузьмарова", "Ольга", "Игоревна", "учитель, завуч", "1"]],
    "plan": [["class_id", "subject_id", "hours"], ["10", "20", "3.5"]],
    "schedule": [["id", "class_id", "group_id", "subject_id", "teacher_id", "weekday", "num",
                  "valid_from", "valid_to"],
                 ["1", "10", "", "20", "31", "6", "2", "2026-09-01", "2027-05-31"]],
    "lessons": [["lesson_id", "date", "num", "class_id", "grp", "subject_id", "teacher_id",
                 "substitute_id", "topic", "homework", "no_homework", "conducted",
                 "absence_checked", "state", "created"],
                ["17", "2026-09-05", "2", "10", "", "20", "31", "", "Дроби, части", "№ 5", "0",
                 "1", "1", "", "2026-09-05 13:40"],
                ["18", "2026-09-12", "2", "10", "", "20", "31", "", "Степени", "", "1", "1", "1",
                 "", "2026-09-12 13:41"]],
    "marks": [["id", "student_id", "lesson_id", "subject_id", "date", "value", "nm", "countas",
               "created"],
              ["1", "501", "17", "20", "2026-09-05", "5", "classwork", "mark", "2026-09-05 13:45"],
              ["2", "502", "17", "20", "2026-09-05", "н", "", "absence", "2026-09-05 13:45"],
              ["3", "501", "18", "20", "2026-09-12", "3", "control", "mark", "2026-09-12 13:46"]],
    "finals": [["student_id", "subject_id", "period_id", "value", "created"],
               ["502", "20", "1", "4", "2026-09-18 15:00"]],
}  # fmt: skip


def _manifest() -> bytes:
    files = "".join(
        f'<file name="{table}.csv" rows="{len(rows) - 1}"/>' for table, rows in ELJUR_TABLES.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<export system="eljur" version="1.0" created="{DAY}T20:10:00+03:00" from="2026-09-01" '
        f'to="{DAY}">{files}</export>\n'
    ).encode()


def _case(stage: Stage) -> Case:
    folder = stage.folder
    write_delimited(folder, ELJUR_TABLES, ",", "utf-8")
    (folder / "manifest.xml").write_bytes(_manifest())
    return Case(stage.source("eljur", "eljur/1"), UNTIL, frozenset(ELJUR_TABLES))


ON_DISK = True
CASES: Cases = {"eljur": _case}
