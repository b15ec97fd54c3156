"""Passports: from the file into the hub, each fault told with its cell, nothing else lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import insert, text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.hub import Hub
from pipeline.passports.file import PassportFileError, Problem, read_passports, write_template
from pipeline.passports.versions import Declared, keep_passport, listed, passports_on
from privacy.people import people_of
from quality.passports import passport_fields, places
from schemas.tables import districts, schools
from tests.privacy.samples import SCHOOL, journal

NAMES = {"781001": "Школа № 1", "781002": "Школа № 2", "781003": "Школа № 3"}
DAY = date(2026, 9, 1)
NAME = "Крутогорова Ия Львовна"
SPOILED = "Непонятное, что не должно попасть в сообщение"
Fill = Callable[..., Path]


def nobody(_school: str, _words: str) -> bool:
    return False


@pytest.fixture
def known(hub: Hub) -> Hub:
    with hub.engine.begin() as connection:
        connection.execute(insert(districts).values(code="d1", name="Район"))
        for code, name in NAMES.items():
            connection.execute(
                insert(schools).values(
                    code=code, name=name, district="d1", profile="spb", school_year=2026,
                    connected_on=DAY,
                )
            )  # fmt: skip
    return hub


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """The template with cells written over: by code of the school and title of the column."""

    def write(cells: dict[str, dict[str, Any]], lines: list[tuple[Any, ...]] = []) -> Path:  # noqa: B006
        path = tmp_path / "passports.xlsx"
        write_template(path, NAMES, DAY)
        book = load_workbook(path)
        sheet = book["Паспорт"]
        columns = {cell.value: cell.column for cell in sheet[1]}
        for number, code in enumerate(NAMES, start=3):
            for title, value in cells.get(code, {}).items():
                sheet.cell(number, columns[title]).value = value
        for line in lines:
            book["Перечни"].append(line)
        book.save(path)
        return path

    return write


def test_the_template_asks_for_every_field_and_tells_how(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_template(path, NAMES, DAY)
    book = load_workbook(path)
    titles, hints, *rows = list(book["Паспорт"].iter_rows(values_only=True))
    assert titles[3:] == tuple(one.title for one in passport_fields().fields)
    assert all(hints)
    assert [row[:2] for row in rows] == list(NAMES.items())
    offered = {one.formula1 for one in book["Паспорт"].data_validations.dataValidation}
    assert {'"да,нет"', '"соответств.,не соответствует"', '"есть,нет"'} == offered
    assert read_passports(path, NAMES, nobody).declared == []  # nobody has declared anything yet


def test_what_a_file_says_is_read_whole(fill: Fill) -> None:
    path = fill(
        {
            "781001": {
                "Регламент ОУ: дата утверждения": date(2026, 1, 15),
                "Регламент ОУ: дата размещения на сайте": "20.01.2026",
                "Регистрация заявления: дней": 0,
                "Внесение данных учителем: периодичность": "3 раза в неделю",
                "Загрузка данных на портал: периодичность": "Ежедневно",
                "Вносятся темы урока": "ДА",
                "Ознакомлены родители, %": "62,5 %",
                "Ответственный: ФИО": NAME,
                "Ответственный: рабочий телефон": "8 (812) 555-01-01 доб. 3",
            }
        },
        [("781001", "Проблема", "Нет сети", "частично"), ("781001", "Проблема", "Нет света", None)],
    )
    read = read_passports(path, NAMES, nobody)
    assert read.problems == []
    assert read.declared == [
        Declared(
            school="781001",
            valid_from=DAY,
            values={
                "regulation_date": "2026-01-15",
                "published_on": "2026-01-20",
                "registration_days": 0,
                "entry_frequency": "3 week",
                "upload_frequency": "day",
                "topic": "да",
                "aware_guardians": 62.5,
            },
            contacts={
                "responsible_name": NAME,
                "responsible_phone": "8 (812) 555-01-01 доб. 3",
            },
            lists={"problems": [("Нет сети", "частично"), ("Нет света", "")]},
        )
    ]


@pytest.mark.parametrize(
    ("title", "value", "fix"),
    [
        ("Регламент ОУ: дата утверждения", "31.02.2026", "нужно: дата вида 31.12.2026"),
        ("Регламент ОУ: ссылка на страницу сайта", "на сайте", "нужно: адрес вида https://…"),
        ("Регистрация заявления: дней", "пять", "нужно: целое число дней, без слов"),
        ("Регистрация заявления: дней", 1.5, "нужно: целое число дней, без слов"),
        ("Вносятся темы урока", "иногда", "нужно: одно из: «да», «нет»"),
        ("Внесение данных учителем: периодичность", "0 раз в неделю",
         "нужно: «в день урока», «N раз в неделю» или «N раз в месяц»"),
        ("Ознакомлены родители, %", 101, "нужно: число от 0 до 100"),
        ("Ответственный: рабочий телефон", "нет", "нужно: номер телефона"),
        ("Формы ознакомления", "x" * 1001, "нужно: не длиннее 1000 знаков"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_and_costs_its_own_school_only(
    fill: Fill, title: str, value: Any, fix: str
) -> None:
    good = {"Вносятся темы урока": "да"}
    bad = {"План работы: реквизиты утверждения": "№ 5", title: value}
    path = fill({"781001": good, "781002": bad, "781003": good})
    read = read_passports(path, NAMES, nobody)
    assert [one.school for one in read.declared] == ["781001", "781003"]
    (problem,) = read.problems
    cell = next(c for c in load_workbook(path)["Паспорт"][1] if c.value == title)
    assert problem == Problem("Паспорт", f"{cell.column_letter}4", "не понято", fix)


def test_messages_do_not_quote_a_cell(fill: Fill) -> None:
    path = fill({"781001": {one.title: SPOILED for one in passport_fields().fields}})
    read = read_passports(path, NAMES, nobody)
    assert len(read.problems) > 10
    assert SPOILED not in str(read.problems)


def test_a_formula_is_refused(fill: Fill) -> None:
    read = read_passports(fill({"781001": {"Вносятся темы урока": '="да"'}}), NAMES, nobody)
    assert read.declared == []
    (problem,) = read.problems
    assert (problem.cell, problem.why) == ("P3", "ячейка с формулой")


def test_rows_of_strange_and_repeated_schools(fill: Fill) -> None:
    path = fill({"781001": {"Вносятся темы урока": "да"}})
    book = load_workbook(path)
    sheet = book["Паспорт"]
    for row, code in ((4, "999"), (5, "781001")):
        sheet.cell(row, 1).value = code
        sheet.cell(row, 16).value = "да"
    book.save(path)
    read = read_passports(path, NAMES, nobody)
    assert [one.school for one in read.declared] == ["781001"]
    assert [(one.cell, one.why) for one in read.problems] == [
        ("A4", "такой школы в Своде нет"),
        ("A5", "школа уже есть выше"),
    ]


def test_a_day_must_be_said(fill: Fill) -> None:
    path = fill({"781001": {"Вносятся темы урока": "да", "Действует с": ""}})
    read = read_passports(path, NAMES, nobody)
    assert read.declared == []
    assert [(one.cell, one.why) for one in read.problems] == [("C3", "не указано, с какого дня")]


def test_bad_lines_cost_their_school_and_name_their_cell(fill: Fill) -> None:
    topic = {"Вносятся темы урока": "да"}
    path = fill(
        {"781001": topic, "781002": topic},
        [
            ("781001", "Прочее", "а", "б"),
            ("781002", "Проблема", "Нет сети", "частично"),
            ("999", "Проблема", "а", "б"),
            ("781003", "Проблема", None, "б"),
        ],
    )
    read = read_passports(path, NAMES, nobody)
    assert [one.school for one in read.declared] == ["781002"]
    assert [(one.sheet, one.cell, one.why) for one in read.problems] == [
        ("Перечни", "B3", "такого раздела нет"),
        ("Перечни", "A5", "такой школы в Своде нет"),
        ("Перечни", "C6", "пусто"),
    ]


def test_a_lost_column_is_told_and_nothing_is_taken_for_undeclared(fill: Fill) -> None:
    path = fill({"781001": {"Вносятся темы урока": "да"}})
    book = load_workbook(path)
    book["Паспорт"]["P1"].value = "Темы"
    book.save(path)
    read = read_passports(path, NAMES, nobody)
    assert read.declared == []
    assert [(one.cell, one.why) for one in read.problems] == [
        ("", "нет колонки «Вносятся темы урока»"),
        ("P1", "такой колонки в паспорте нет"),
    ]


def test_without_whole_lines_no_passport_is_taken(fill: Fill) -> None:
    path = fill({"781001": {"Вносятся темы урока": "да"}}, [("781001", "Проблема", "а", "б")])
    book = load_workbook(path)
    book["Перечни"]["C1"].value = "Что"
    book.save(path)
    read = read_passports(path, NAMES, nobody)
    assert read.declared == []
    assert [(one.sheet, one.why) for one in read.problems] == [
        ("Перечни", "нет колонки «Содержание»"),
        ("Перечни", "такой колонки в паспорте нет"),
    ]


def test_another_file_is_no_file_of_passports(tmp_path: Path) -> None:
    text_file, book = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    text_file.write_bytes("не книга".encode())
    Workbook().save(book)
    for path, why in ((text_file, "a.xlsx"), (book, "нужны листы «Паспорт» и «Перечни»")):
        with pytest.raises(PassportFileError, match=why):
            read_passports(path, NAMES, nobody)


def test_a_text_that_names_somebody_of_the_school_is_refused(known: Hub, fill: Fill) -> None:
    known.vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), known.keys))
    (full_name, *_) = known.vault.names(SCHOOL).to_list()
    said = {"Дополнительная информация": f"Обратиться: {full_name}", "Вносятся темы урока": "да"}
    path = fill({SCHOOL: said})
    read = read_passports(path, {SCHOOL, *NAMES}, known.vault.names_somebody)
    assert read.declared == []
    (problem,) = read.problems
    assert problem.why == "в тексте назван человек"
    assert full_name not in str(problem)


# Kept in the hub


def said(topic: str = "да", valid_from: date = DAY, school: str = "781001") -> Declared:
    return Declared(school, valid_from, {"topic": topic}, {"responsible_name": NAME}, {})


def in_force(hub: Hub, on: date) -> tuple[int, str]:
    with hub.engine.begin() as connection:
        found = passports_on(connection, on)["781001"]
    return found.version, str(found.values["topic"])


def test_twice_the_same_is_one_version(known: Hub) -> None:
    assert keep_passport(known, said(), "Отдел")
    assert not keep_passport(known, said(), "Кто-то другой")
    assert keep_passport(known, said("нет"), "Отдел")
    assert keep_passport(known, said(), "Отдел")  # back again is a version of its own
    assert in_force(known, DAY) == (3, "да")


def test_the_latest_day_that_has_come_is_in_force(known: Hub) -> None:
    keep_passport(known, said("нет", date(2027, 1, 1)), "Отдел")
    keep_passport(known, said("да", date(2026, 9, 1)), "Отдел")
    assert in_force(known, date(2026, 12, 31)) == (2, "да")
    assert in_force(known, date(2027, 1, 1)) == (1, "нет")
    with known.engine.begin() as connection:
        assert passports_on(connection, date(2026, 8, 31)) == {}


def test_names_are_sealed_and_in_no_log(known: Hub) -> None:
    keep_passport(known, said(), "Отдел")
    with known.engine.begin() as connection:
        rows = [
            *connection.execute(text("SELECT row_to_json(p)::text FROM registry.passports p")),
            *connection.execute(text("SELECT row_to_json(l)::text FROM ops.action_log l")),
        ]
        sealed = connection.execute(text("SELECT sealed FROM registry.passports")).scalar_one()
        entered = connection.execute(
            text("SELECT actor, action, school, count, details FROM ops.action_log")
        ).all()
    assert [tuple(row) for row in entered] == [
        ("Отдел", "enter_passport", "781001", 1,
         {"passport": 1, "fields": ["responsible_name"]})
    ]  # fmt: skip
    assert len(rows) == 2
    assert NAME not in str(rows)
    assert NAME.encode() not in sealed


def test_the_list_tells_how_much_each_school_declares(known: Hub) -> None:
    keep_passport(known, said(), "Отдел")
    with known.engine.begin() as connection:
        first, second, third = listed(connection, DAY)
    fields = len([one for one in passport_fields().fields if not one.personal])
    assert (first["school"], first["version"], first["declared"]) == ("781001", 1, 1)
    assert (second["version"], second["declared"], third["of"]) == (None, 0, fields)
    assert NAME not in str(first)


def test_the_commands(known: Hub, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVOD_HOME", str(known.settings.home))

    def svod(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        done = CliRunner().invoke(app, ["passports", *arguments, "--json"])
        return done.exit_code, json.loads(done.stdout)

    path = fill({"781001": {"Вносятся темы урока": "да"}, "781002": {"Вносятся темы урока": "кто"}})
    counts = {"read": 1, "new": 1, "unchanged": 0, "problems": 1}
    code, (told,) = svod("import", str(path), "--by", "Отдел")
    assert code == 3
    assert {name: told[name] for name in counts} == counts
    assert told["found"][0]["cell"] == "P4"
    _, (again,) = svod("import", str(path), "--by", "Отдел")
    assert (again["new"], again["unchanged"]) == (0, 1)
    code, rows = svod("list", "--on", "2026-09-18", "--district", "d1")
    assert (code, [row["version"] for row in rows]) == (0, [1, None, None])
    made = CliRunner().invoke(app, ["passports", "template", str(path.with_name("new.xlsx"))])
    assert made.exit_code == 0
    assert load_workbook(path.with_name("new.xlsx")).sheetnames == ["Паспорт", "Перечни"]


# Words in the forms


def test_choices_and_rhythms_are_boxes() -> None:
    said = places({"topic": "нет", "entry_frequency": "2 month", "upload_frequency": "day"})
    assert (said["topic_yes"], said["topic_no"], said["homework_yes"]) == ("☐", "☒", "☐")
    assert [said[f"entry_frequency_{unit}"] for unit in ("day", "week", "month")] == list("☐☐☒")
    assert (said["entry_frequency_month_times"], said["entry_frequency_week_times"]) == ("2", "")
    assert said["upload_frequency"] == "ежедневно"
    assert said["entry_frequency"] == "2 раза в месяц"
    assert said["plan"] == "нет данных"
