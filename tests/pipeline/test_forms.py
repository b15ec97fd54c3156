"""Forms 1 to 5 as files, opened anew and compared cell by cell with what was written by hand.

Wording is compared with the documents' texts as they stand here, not with the profiles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.explain.addresses import Cut, Figure, Kind, Level
from pipeline.explain.office_form1 import office_count
from pipeline.forms.forms import FormsError, Wanted, write_daily, write_forms
from pipeline.hub import Hub
from pipeline.measuring.measured import NothingMeasuredError
from quality.form1 import COLUMNS
from tests.pipeline import forms_region as region
from tests.pipeline.conftest import emptied
from tests.pipeline.forms_region import BEFORE, LONG, ON

Cells = list[list[Any]]
Made = Callable[..., Path]

DISTRICT = "Северный район"
HIDDEN, NO_DATA = "скрыто", "нет данных"
FORM1 = (
    None,
    "Количество классов параллели в ОУ",
    "Количество классов параллели в ОУ, в которых заполняется Классный журнал (КЖ)",
    "Количество учащихся в классах параллели в ОУ",
    "Количество учащихся классов параллели, сведения о которых вносятся в электронный классный"
    " журнал",
    "Количество предметов учебного плана по параллели",
    "Количество предметов, по которым вносятся сведения в электронный классный журнал по параллели",
    "Количество учителей, имеющих нагрузку в классах параллели",
    "Количество учителей, имеющих доступ к электронному классному журналу в период проведения всех"
    " уроков в соответствии с нагрузкой в классах параллели",
)
LEVELS = [*(f"{n} классы" for n in range(1, 11)), "11 (12) классы"]
REGULATION = (
    "ОУ (краткое наименование)",
    "Наличие в ОУ регламента образовательного учреждения по предоставлению услуги по предоставлению"
    " информации о текущей успеваемости учащегося, ведения электронного дневника и электронного"
    " журнала учащегося (далее – регламент ОУ) (указывается дата утверждения регламента ОУ"
    " руководителем ОУ)",
    "Соответствие положений регламента ОУ положениям Регламента по предоставлению услуги по"
    " предоставлению информации о текущей успеваемости учащегося, ведения электронного дневника и"
    " электронного журнала учащегося, утвержденного распоряжением (указывается соответств./не"
    " соответствует)",
    "Размещение регламента ОУ и информации, предусмотренной регламентом ОУ на сайте ОУ (указывается"
    " ссылка на страницу официального сайта ОУ, где размещен регламент ОУ и дата размещения)",
)
# Form 2 of school 781001: wording, two declared cells, measured, difference.
RESPONSIBILITY: Cells = [
    ["ФИО, должность, контактный телефон ответственного за проведение мероприятий ОУ,"
     " обеспечивающих предоставление услуги",
     "Крутогорова Ия Львовна, методист", "8 (812) 555-01-01", "", ""],
    ["ФИО, контактный телефон заместителя руководителя ОУ по учебно-воспитательной работе,"
     " осуществляющего контроль предоставления услуги",
     "Щедролюбов Лев Ильич, заместитель директора", "8 (812) 555-01-02", "", ""],
    ["Период регистрации заявления в ОУ от момента подачи заявления в ОУ (указывается время в"
     " днях)", "1", "", "дольше всего 4 дн.", "заявлено 1 дн., измерено 4 дн."],
    ["Периодичность внесения данных в электронный классный журнал учителем (указывается на выбор:"
     " в день урока, _____ раз в неделю, _____ раз в месяц).",
     "☒ в день урока ☐ () раз в неделю", "☐ () раз в месяц",
     "в день урока: 95,0 % уроков (380 из 400)", ""],
    ["Обеспечение внесения данных в электронный классный журнал учителем (указывается да или нет)",
     "", "", "", ""],
    ["темы урока", "☒ да", "☐ нет", "97,8 % уроков (391 из 400)", ""],
    ["отметок, полученных в течение урока", "☒ да", "☐ нет", "75,0 % уроков (300 из 400)", ""],
    ["данных о пропуске урока обучающимися", "☐ да", "☒ нет", "100,0 % уроков (400 из 400)",
     "заявлено «нет», внесено в 400 из 400 уроков"],
    ["домашнее задание, заданное на уроке.", "☒ да", "☐ нет", "51,3 % уроков (200 из 390)",
     "заявлено «да», не внесено в 190 из 390 уроков"],
    ["Периодичность загрузки данных из подсистемы «Параграф» на портал «Петербургское образование»"
     " (указывается на выбор: ежедневно, _____ раз в неделю, _____ раз в месяц).",
     "☒ в день урока ☐ () раз в неделю", "☐ () раз в месяц",
     "5 раз в неделю: 87,5 % учебных дней (14 из 16)",
     "заявлено «ежедневно», измерено «5 раз в неделю»"],
    ["Наличие факта закрепления персональной ответственности за сопровождение услуги, в должностных"
     " регламентах (указывается да/нет):", "", "", "", ""],
    ["руководителя", "☒ да", "☐ нет", "", ""],
    ["должностных лиц, назначенных руководителем ОУ", "☐ да", "☒ нет", "", ""],
]  # fmt: skip
INTRODUCTION: Cells = [
    ["№", "Основное содержание мероприятия", "Выполнение"],
    ["1.", "Назначение ответственного лица за введение и использование электронных дневников и"
     " электронного журнала успеваемости.", "Крутогорова Ия Львовна; учитель информатики"],
    ["2.", "Информационная система электронного дневника и электронного журнала успеваемости,"
     " вводимая в МБОУ «СОШ № 1»:", "Параграф"],
    ["3.", "Наличие плана работы по введению электронных дневников и электронного журнала"
     " успеваемости.", "приказ от 01.09.2026 № 5"],
    ["4.", "Наличие локальных актов (указать конкретно названия)", "(реквизиты утверждения)"],
    ["4.1.", "Положение об электронном журнале", "приказ от 02.09.2026 № 6"],
    ["4.2.", "Регламент работы", "приказ от 03.09.2026 № 7"],
    ["5.", "Внесение необходимых изменений и дополнений в имеющиеся в муниципальном"
     " общеобразовательном учреждении локальные акты, в том числе в функциональные должностные"
     " обязанности лиц, участвующих в введении и использовании электронных дневников учащихся и"
     " электронного журнала успеваемости.", "(реквизиты утверждения)"],
    ["5.1.", NO_DATA, NO_DATA],
    ["6.", "Ознакомление с возможностями информационной системы электронного дневника и"
     " электронного журнала успеваемости, локальными актами по ее использованию:",
     "охват (в %)"],
    ["6.1.", "педагогические работники", "100 %"],
    ["6.2.", "родители (законные представители)", NO_DATA],
    ["6.3.", "обучающиеся", NO_DATA],
    ["7.", "Формы ознакомления педагогических работников, обучающихся и их родителей (законных"
     " представителей)", NO_DATA],
    ["8.", "Прием и регистрация заявлений родителей (законных представителей) о предоставлении"
     " информации о текущей успеваемости через информационную систему электронного дневника и"
     " электронного журнала успеваемости.", "80,0 % родителей (7а, 10б классы)"],
    ["9.", "Заполнение необходимых баз данных информационной системы электронного дневника и"
     " электронного журнала успеваемости.", NO_DATA],
    ["10.", "Обучение навыкам работы в информационной системе электронного дневника и электронного"
     " журнала успеваемости, оказание консультативной технической и методической помощи",
     "охват (в %)"],
    ["10.1.", "педагогические работники", NO_DATA],
    ["10.2.", "родители (законные представители)", NO_DATA],
    ["10.3.", "обучающиеся", "62,5 %"],
    ["11.", "Наличие на официальном сайте муниципального общеобразовательного учреждения ссылки на"
     " информационную систему электронного дневника и электронного журнала успеваемости", "есть"],
    ["12.", "Выдача индивидуальных логинов и паролей для доступа к электронному дневнику учащегося"
     " и электронному журналу успеваемости:", NO_DATA],
    ["12.1.", "родители (законные представители)", NO_DATA],
    ["12.2.", "педагогические работники", "90 % (заявлено), 100,0 % (измерено Сводом)"],
    ["12.3.", "обучающиеся (если предусмотрено информационной системой)", NO_DATA],
    ["13.", "Доля педагогических работников, работающих в информационной системе электронного"
     " дневника и электронного журнала успеваемости.", "75,0 %"],
    ["14.", "Активация пользователей (родителей) в информационной системе электронного дневника и"
     " электронного журнала успеваемости",
     "25,0 % от имеющих возможность воспользоваться услугой (7а, 10б классы)"],
    ["15.", "Дополнительная информация (по усмотрению учреждения)", NO_DATA],
]  # fmt: skip
LIST_HEAD = [
    "№", "Класс", "Предмет", "Замечание", "Число", "Дни", "Состояние", "С какого дня",
    "Как исправить",
]  # fmt: skip
FIX_TOPIC = "Впишите тему урока или выберите её из календарно-тематического плана."
TOPIC = "Не записана тема проведённого урока"


@pytest.fixture(scope="module")
def built(shared_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """The region is read only; it stays for all tests of this file."""
    emptied(shared_hub)
    region.build(shared_hub, tmp_path_factory.mktemp("region"))
    return shared_hub


@pytest.fixture
def made(built: Hub, tmp_path: Path) -> Made:
    def write(number: int, unit: str, name: str, **more: Any) -> Path:
        wanted = Wanted(number, unit, ON, BEFORE, **more)
        (path,) = write_forms(built, wanted, (name,), tmp_path / "out")
        return path

    return write


def sheet(path: Path, name: str) -> Cells:
    """Rows of a sheet; a space that does not break is a space."""
    rows = load_workbook(path)[name].iter_rows(values_only=True)
    return [[plain(cell) for cell in row] for row in rows]


def plain(cell: Any) -> Any:
    return cell.replace("\u00a0", " ") if isinstance(cell, str) else cell


def below(rows: Cells, first: Any, count: int) -> Cells:
    """``count`` rows from the one that begins with ``first``."""
    start = next(n for n, row in enumerate(rows) if row[0] == first)
    return [[cell or "" for cell in row] for row in rows[start : start + count]]


def word_tables(path: Path) -> list[Cells]:
    return [
        [[plain(cell.text) for cell in row.cells] for row in table.rows]
        for table in docx.Document(str(path)).tables
    ]


def pdf_text(path: Path) -> str:
    """All its words without blanks, so that line breaks do not matter."""
    pages = pypdfium2.PdfDocument(path)
    return flat("".join(page.get_textpage().get_text_bounded() for page in pages))


def flat(words: object) -> str:
    return re.sub(r"[\s\ufffe\u0002-]+", "", str(words))


def assert_told(path: Path, rows: Cells) -> None:
    """Every cell of ``rows`` is in the PDF."""
    told = pdf_text(path)
    missing = [cell for row in rows for cell in row if cell and flat(cell) not in told]
    assert missing == []


# Form 1


def form1_rows(seven: list[Any], eleven: list[Any]) -> Cells:
    counts = {"7 классы": seven, "11 (12) классы": eleven}
    return [[title, *counts.get(title, [0] * 8)] for title in LEVELS]


OWN_1 = form1_rows([2, 2, 50, 40, 14, 13, 29, 19], [1, 1, 20, 20, 12, 12, 18, 18])


def test_form1_of_a_school_shows_it_its_own_counts(made: Made) -> None:
    rows = sheet(made(1, "school 781001", "xlsx"), "Школа № 1")
    assert [row[0] for row in rows[:5]] == [
        "Статистика внедрения сервиса Электронный дневник в ОУ",
        "по состоянию на 18.09.2026",
        "(отдельно по каждому ОУ района)",
        "Район Северный район",
        "ОУ (краткое наименование) Школа № 1",
    ]
    assert [cell or None for cell in rows[6]] == list(FORM1)
    assert rows[7:18] == OWN_1
    assert rows[19][0] == "Руководитель ОУ _____ /"
    assert_told(made(1, "school 781001", "pdf"), [list(FORM1)[1:], *OWN_1])
    assert word_tables(made(1, "school 781001", "docx"))[0][1:] == [
        [str(cell) for cell in row] for row in OWN_1
    ]


def test_form1_of_a_district_hides_small_counts_in_every_file(made: Made) -> None:
    """At 11 (12) the second school has 9 pupils and 6 teachers; whatever would give them away goes
    too, and the same in all three kinds of file."""
    book = made(1, "district d1", "xlsx")
    assert load_workbook(book).sheetnames[0] == "Северный район  свод"
    hidden = [1, 1, HIDDEN, HIDDEN, 10, 10, HIDDEN, HIDDEN]
    second = sheet(book, LONG[:31])
    assert second[17] == ["11 (12) классы", *hidden]
    first = sheet(book, "Школа № 1")
    assert first[13] == ["7 классы", 2, 2, 50, 40, 14, 13, 29, 19]
    assert HIDDEN in first[17]
    whole, one, two = word_tables(made(1, "district d1", "docx"))
    assert two[11] == ["11 (12) классы", *map(str, hidden)]
    assert one[1:] == [[str(cell) for cell in row] for row in first[7:18]]
    assert len(whole) == 12
    cells = [row for name in load_workbook(book).sheetnames for row in sheet(book, name)]
    in_notes = 9  # three times under each of the three tables
    told = pdf_text(made(1, "district d1", "pdf"))
    assert told.count(HIDDEN) == in_notes + sum(row.count(HIDDEN) for row in cells)


def test_a_count_of_persons_is_told_to_offices_as_the_form_prints_it(
    built: Hub, made: Made
) -> None:
    """Cell by cell: what a page tells of a figure is what the file of the evening shows."""
    book = made(1, "district d1", "xlsx")
    told, printed = [], []
    for school, name, grades in (("781001", "Школа № 1", (7, 11)), ("781002", LONG, (7, 12))):
        rows = sheet(book, name[:31])
        for grade in grades:
            row = next(one for one in rows if one[0] == LEVELS[min(grade, 11) - 1])
            for column, code in enumerate(COLUMNS, 1):
                found = office_count(built, cell_of(school, grade, code))
                assert found is not None
                assert found.least == 10
                told.append(HIDDEN if found.count is None else found.count)
                printed.append(row[column])
    assert told == printed
    assert (told.count(HIDDEN), len(told)) == (printed.count(HIDDEN), 32)
    assert told.count(HIDDEN) >= 4


def test_what_no_form_prints_is_not_told_to_offices(built: Hub) -> None:
    with built.engine.begin() as connection:
        both = (
            'INSERT INTO quality.form_figures (as_of, run_id, form, school, row, "column", value)'
            " VALUES (:on, 'r', 'form1', '781001', '12', 'pupils', 3)"
        )
        connection.execute(text(both), {"on": ON})
    try:
        for grade in (11, 12):  # printed as one row; 20 of 23 would tell the other three
            assert office_count(built, cell_of("781001", grade, "pupils")) is None
    finally:
        with built.engine.begin() as connection:
            connection.execute(
                text("DELETE FROM quality.form_figures WHERE row = '12' AND value = 3")
            )
    assert office_count(built, cell_of("781001", 11, "pupils")) is not None
    another = replace(cell_of("781001", 7, "pupils"), first=ON)
    assert office_count(built, another) is None  # other days were not measured
    assert office_count(built, cell_of("781001", 8, "pupils")) is None
    assert office_count(built, cell_of("861001", 7, "pupils")) is None


def cell_of(school: str, grade: int, code: str) -> Figure:
    within = ((Cut.GRADE, str(grade)),)
    return Figure(Kind.FORM1, code, Level.SCHOOL, school, region.FIRST, ON, ON, within)


def test_form1_of_the_region_has_a_sheet_for_each_district(made: Made) -> None:
    names = load_workbook(made(1, "region", "xlsx")).sheetnames
    assert names == ["Регион  свод", "Северный район", "Южный район"]


# Form 2


def test_form2_says_what_is_declared_measured_and_different(made: Made) -> None:
    rows = sheet(made(2, "school 781001", "xlsx"), "Школа № 1")
    assert [row[0] for row in rows[:4]] == [
        "Информация об исполнении п. 3.2 Распоряжения",
        "(отдельно по каждому ОУ района)",
        "Район Северный район",
        "ОУ (краткое наименование) Школа № 1",
    ]
    head = ["Сведения", "Заявлено ОУ", "", "Измерено Сводом", "Расхождение"]
    assert below(rows, "Сведения", 14) == [head, *RESPONSIBILITY]
    assert "Руководитель ОУ _____ / _____" in [row[0] for row in rows]
    assert_told(made(2, "school 781001", "pdf"), RESPONSIBILITY)
    assert word_tables(made(2, "school 781001", "docx"))[0][1:] == RESPONSIBILITY


def test_form2_of_a_school_without_a_passport_says_so(made: Made) -> None:
    rows = below(sheet(made(2, "school 781002", "xlsx"), LONG[:31]), RESPONSIBILITY[0][0], 13)
    assert rows[0][1:] == [NO_DATA, NO_DATA, "", ""]
    assert rows[5][1:] == ["☐ да", "☐ нет", "10,0 % уроков (10 из 100)", "не заявлено"]
    assert rows[2][1:] == [NO_DATA, "", NO_DATA, "не заявлено"]
    assert rows[9][3:] == ["ежедневно: 100,0 % учебных дней (16 из 16)", "не заявлено"]


def test_form2_of_a_district_begins_with_the_differences(made: Made) -> None:
    book = made(2, "district d1", "xlsx")
    assert load_workbook(book).sheetnames == [f"Свод {DISTRICT}", "Школа № 1", LONG[:31]]
    head, first, second = below(sheet(book, f"Свод {DISTRICT}"), "ОУ", 3)
    assert head == ["ОУ", "Паспорт", "Расхождения"]
    assert first[:2] == ["Школа № 1", "Паспорт ОУ: версия 1, действует с 01.09.2026."]
    assert first[2].split("\n") == [
        "Период регистрации заявления в ОУ от момента подачи заявления в ОУ: заявлено 1 дн.,"
        " измерено 4 дн.",
        "данных о пропуске урока обучающимися: заявлено «нет», внесено в 400 из 400 уроков",
        "домашнее задание, заданное на уроке: заявлено «да», не внесено в 190 из 390 уроков",
        "Периодичность загрузки данных из подсистемы «Параграф» на портал «Петербургское"
        " образование»: заявлено «ежедневно», измерено «5 раз в неделю»",
    ]
    assert second == [LONG, NO_DATA, "паспорт не заполнен: сравнивать не с чем"]
    assert below(sheet(book, "Школа № 1"), RESPONSIBILITY[0][0], 13) == RESPONSIBILITY


def test_form2_of_the_region_names_nobody(made: Made, built: Hub) -> None:
    before = releases(built)
    book = made(2, "region", "xlsx")
    rows = below(sheet(book, "Свод Регион"), "Район", 4)
    assert rows == [
        ["Район", "ОУ", "С паспортом", "Без расхождений"],
        [DISTRICT, 2, 1, ""],
        ["Южный район", 1, 1, ""],
        ["Всего", 3, 2, ""],
    ]
    told = "".join(str(cell) for name in load_workbook(book).sheetnames
                   for row in sheet(book, name) for cell in row)  # fmt: skip
    assert region.RESPONSIBLE not in told
    assert releases(built) == before


# Form 3


def test_form3_is_a_row_for_each_school(made: Made) -> None:
    rows = sheet(made(3, "district d1", "xlsx"), DISTRICT)
    expected = [
        list(REGULATION),
        ["Школа № 1", "15.01.2026", "соответств.", "https://school1.example/reglament, 20.01.2026"],
        [LONG, NO_DATA, NO_DATA, NO_DATA],
    ]
    assert [row[0] for row in rows[:3]] == [
        "Информация об исполнении п.п. 3.1, 3.3 Распоряжения",
        "(сводная по всем ОУ района)",
        "Район Северный район",
    ]
    assert below(rows, REGULATION[0], 3) == expected
    assert [row[0] for row in rows[8:10]] == [
        "Дата заполнения таблицы: 18 / 09 / 2026",
        "Начальник отдела образования администрации _____ района Санкт-Петербурга _____ / _____",
    ]
    assert_told(made(3, "district d1", "pdf"), expected)
    assert word_tables(made(3, "district d1", "docx"))[0] == expected


def test_form3_of_the_region_adds_up_and_shows_each_district(made: Made) -> None:
    book = made(3, "region", "xlsx")
    assert load_workbook(book).sheetnames == ["Свод Регион", DISTRICT, "Южный район"]
    assert below(sheet(book, "Свод Регион"), "Район", 4) == [
        ["Район", "ОУ", "С регламентом", "Соответств.", "Размещён на сайте"],
        [DISTRICT, 2, 1, 1, 1],
        ["Южный район", 1, "", "", ""],
        ["Всего", 3, 1, 1, 1],
    ]


# Form 4


def test_form4_of_a_school(made: Made) -> None:
    rows = sheet(made(4, "school 861001", "xlsx"), "СОШ № 1")
    assert [row[0] for row in rows[:2]] == [
        "Отчет о введении электронных дневников учащихся и электронного журнала успеваемости в МБОУ"
        " «СОШ № 1»",
        "(по состоянию на 18.09.2026)",
    ]
    assert below(rows, "№", len(INTRODUCTION)) == INTRODUCTION
    problems = [
        ["Содержание проблемы", "Решение проблемы (полностью, частично)"],
        ["Нет доступа в кабинете 12", "частично"],
    ]
    filled = [[cell for cell in row if cell] for row in rows]
    start = filled.index(["Возникшие проблемы и результат их решения:"])
    assert filled[start + 1 : start + 3] == problems
    assert any(str(row[0]).startswith("Примечание: отчеты, предоставляемые") for row in rows)
    assert_told(made(4, "school 861001", "pdf"), [*INTRODUCTION, *problems])
    assert word_tables(made(4, "school 861001", "docx")) == [INTRODUCTION, problems]


def test_form4_of_offices_hides_shares_of_few(made: Made) -> None:
    """The second school has 3 teachers who do not work in the system, 2 without access, and 5
    active guardians; the first one's shares would give them away by the sum."""
    for unit, total in (("district k1", "Когалым"), ("region", "Регион")):
        book = made(4, unit, "xlsx")
        rows = sheet(book, f"Свод {total}")
        assert below(rows, f"{total}: всего", 1) == [
            [f"{total}: всего", "76,7 %", "21,6 %", HIDDEN, "75,0 %"]
        ]
    book = made(4, "district k1", "xlsx")
    assert below(sheet(book, "Свод Когалым"), "СОШ № 1", 2) == [
        ["СОШ № 1", "80,0 %", HIDDEN, "100,0 %", HIDDEN],
        ["СОШ № 8", "60,0 %", HIDDEN, HIDDEN, HIDDEN],
    ]
    second = {row[0]: row[2] for row in sheet(book, "СОШ № 8")}
    assert [second[n] for n in ("8.", "13.", "14.")] == [
        "60,0 % родителей (5а классы)", HIDDEN, HIDDEN,
    ]  # fmt: skip
    assert pdf_text(made(4, "district k1", "pdf")).count(flat("25,0 %")) == 0


# Form 5


def test_form5_tells_new_open_and_fixed(made: Made) -> None:
    rows = sheet(made(5, "school 781001", "xlsx"), "Школа № 1")
    assert [row[0] for row in rows[:4]] == [
        "Перечень замечаний по ведению Электронного классного журнала",
        "ОУ Школа № 1",
        "По состоянию на 18.09.2026; предыдущая проверка 04.09.2026",
        "Новое: 3; не устранено: 2; устранено: 1",
    ]
    expected: Cells = [
        LIST_HEAD,
        ["учитель № 1A1A1A", *[""] * 8],
        [1, "7а", "Алгебра", TOPIC, 2, "02.09, 03.09", "не устранено", "03.09.2026", FIX_TOPIC],
        [2, "10б", "Алгебра", TOPIC, 1, "09.09", "новое", "10.09.2026", FIX_TOPIC],
        ["учитель № 2B2B2B", *[""] * 8],
        [1, "7а", "Физика", "Не записано домашнее задание", 1, "18.09", "новое", "18.09.2026",
         "Впишите задание; если оно не задавалось, поставьте отметку «не задано»."],
        [2, "7а", "Физика", "Нет отметки о проведении урока", 1, "02.09", "устранено",
         "03.09.2026", ""],
        ["Не относится к одному учителю", *[""] * 8],
    ]  # fmt: skip
    assert below(rows, "№", len(expected)) == expected
    assert below(rows, "№", 9)[-1][3:7] == [
        "Нет принятой выгрузки за учебный день", 1, "10.09", "новое",
    ]  # fmt: skip
    assert_told(made(5, "school 781001", "pdf"), expected)


def test_form5_names_teachers_in_the_schools_own_copy_alone(made: Made) -> None:
    names = {region.T1: "Крутогорова И. Л."}
    own = sheet(made(5, "school 781001", "xlsx", names=names), "Школа № 1")
    assert {"Крутогорова И. Л.", "учитель № 2B2B2B"} <= {row[0] for row in own}
    book = made(5, "district d1", "xlsx", names=names)
    assert load_workbook(book).sheetnames == ["Свод", "Школа № 1", LONG[:31]]
    told = {row[0] for row in sheet(book, "Школа № 1")}
    assert "учитель № 1A1A1A" in told
    assert "Крутогорова И. Л." not in told
    assert below(sheet(book, "Свод"), "ОУ", 3) == [
        ["ОУ", "Новое", "Не устранено", "Устранено"],
        ["Школа № 1", 3, 2, 1],
        [LONG, "", "", ""],
    ]


def test_form5_of_a_school_without_remarks_says_so(made: Made) -> None:
    rows = sheet(made(5, "school 782003", "xlsx"), "Лицей № 3")
    assert below(rows, "№", 2)[1][0] == "Замечаний нет."


# Who is named, and what is not there


def releases(hub: Hub) -> list[tuple[Any, ...]]:
    with hub.engine.begin() as connection:
        query = (
            "SELECT school, ground, count, details FROM ops.action_log"
            " WHERE action = 'release_contacts' ORDER BY id"
        )
        return [tuple(row) for row in connection.execute(text(query))]


def test_contacts_leave_by_a_logged_release_only(made: Made, built: Hub) -> None:
    before = releases(built)
    made(2, "district d1", "xlsx")
    (release,) = releases(built)[len(before) :]
    assert release == (
        "781001",
        "Письмо Комитета по образованию Санкт-Петербурга от 06.12.2013 № 01-16-3792/13-0-0,"
        " Приложение 3: форма называет этих лиц",
        6,
        {
            "purpose": "form2",
            "passport": 1,
            "fields": [
                "deputy_name", "deputy_phone", "deputy_post", "responsible_name",
                "responsible_phone", "responsible_post",
            ],
        },
    )  # fmt: skip
    for number in (1, 3, 5):
        made(number, "district d1", "xlsx")
    assert len(releases(built)) == len(before) + 1


def test_what_is_written_every_day_names_nobody(built: Hub, tmp_path: Path) -> None:
    before = releases(built)
    paths = write_daily(built, ON, tmp_path)
    asked = {"d1": "123", "d2": "123", "k1": "4"}
    assert {path.name for path in paths} == {
        f"forma{number}_{code}_2026-09-18.{kind}"
        for code, numbers in asked.items()
        for number in numbers
        for kind in ("xlsx", "pdf")
    }
    assert releases(built) == before
    rows = sheet(tmp_path / "forma2_d1_2026-09-18.xlsx", "Школа № 1")
    assert below(rows, RESPONSIBILITY[0][0], 1)[0][1:3] == ["выдаётся по запросу"] * 2
    for path in paths:
        if path.suffix == ".pdf":
            assert flat(region.RESPONSIBLE) not in pdf_text(path)


def test_what_the_documents_do_not_ask_for_is_refused(built: Hub, tmp_path: Path) -> None:
    def refused(number: int, unit: str, kind: str = "xlsx") -> str:
        with pytest.raises(FormsError) as caught:
            write_forms(built, Wanted(number, unit, ON, BEFORE), (kind,), tmp_path / "none")
        return str(caught.value)

    assert refused(4, "school 781001") == "the documents of spb do not ask for form 4"
    assert refused(5, "school 781001", "docx").startswith("form 5 is no Word file")
    assert refused(1, "school 999").startswith("there is no school 999")
    with pytest.raises(NothingMeasuredError):
        write_forms(built, Wanted(1, "region", BEFORE, BEFORE), ("xlsx",), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_command(built: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVOD_HOME", str(built.settings.home))

    def svod(*arguments: str) -> Any:
        fixed = ("--on", "2026-09-18", "--out", str(tmp_path / "o"), "--by", "Отдел", "--json")
        return CliRunner().invoke(app, ["forms", *arguments, *fixed])

    done = svod("--form", "2", "--school", "781001", "--format", "pdf,xlsx,docx")
    assert done.exit_code == 0, done.output
    names = [Path(row["file"]).name for row in json.loads(done.stdout)]
    assert names == [f"forma2_781001_2026-09-18.{kind}" for kind in ("pdf", "xlsx", "docx")]
    assert all((tmp_path / "o" / name).stat().st_size > 5000 for name in names)
    with built.engine.begin() as connection:
        last = "SELECT actor FROM ops.action_log ORDER BY id DESC LIMIT 1"
        assert connection.execute(text(last)).scalar_one() == "Отдел"
    assert isinstance(svod("--form", "2").exception, FormsError)
    assert isinstance(svod("--form", "2", "--region", "--format", "doc").exception, FormsError)


@pytest.mark.parametrize("kind", ["xlsx", "pdf", "docx"])
def test_the_same_day_gives_the_same_bytes(made: Made, kind: str) -> None:
    assert made(2, "district d1", kind).read_bytes() == made(2, "district d1", kind).read_bytes()
