"""A school in small, as each system would show it, and a scripted server on loopback.

Everything is written by hand from docs/source-formats.md; all people are invented.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.base import RawDocument, Source
from connectors.registry import Link, make_source

YEAR_START = date(2026, 9, 1)
ZONE = "Europe/Moscow"
SCHOOL = "781001"
TOKEN = "key-of-781001"
DAY = "2026-09-18"


@dataclass(frozen=True)
class Reply:
    """What the scripted server says; ``cut`` promises more bytes than it sends."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        return cls(json.dumps(value).encode(), status, headers)


@dataclass(frozen=True)
class Heard:
    """A request as the server heard it."""

    name: str  # method, path and query
    headers: Mapping[str, str]
    body: bytes


class Server:
    """Answers by name; replies in ``faults`` come first, one per request."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply | Callable[[Heard], Reply]] = {}
        self.faults: list[Reply] = []
        self.heard: list[Heard] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def reply(self, heard: Heard) -> Reply:
        with self._lock:
            self.heard.append(heard)
            if self.faults:
                return self.faults.pop(0)
        found = self.replies.get(heard.name, Reply.json({"no": "such route"}, 404))
        return found if isinstance(found, Reply) else found(heard)

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # closed over below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                heard = Heard(f"{self.command} {self.path}", dict(self.headers), body)
                reply = server.reply(heard)
                length = len(reply.body) + (100 if reply.cut else 0)
                lines = [f"HTTP/1.1 {reply.status} -", f"Content-Length: {length}"]
                lines += [f"{name.replace('_', '-')}: {v}" for name, v in reply.headers.items()]
                self.wfile.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
                self.close_connection = reply.cut

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Keeps the test output clean."""

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
def link(time_: Time) -> Link:
    return Link(sleep=time_.sleep, clock=time_.clock)


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def doc() -> Callable[[str, bytes], RawDocument]:
    return lambda name, content: RawDocument(name, content, "application/octet-stream")


# --- workbooks -------------------------------------------------------------------------------


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                if value is not None:
                    sheet.cell(number, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def make_workbook() -> Callable[..., bytes]:
    return workbook


# --- Paragraf --------------------------------------------------------------------------------

PARAGRAF_ROWS: dict[str, list[dict[str, str]]] = {
    "terms": [{"Код": "1", "Название": "1 четверть", "Вид": "Четверть", "Номер": "1"}],
    "classes": [{"Код": "10", "Название": "7а", "Параллель": "7", "Литера": "а"}],
    "subjects": [{"Код": "20", "Название": "Алгебра"}],
    "pupils": [
        {"Код": "100", "Фамилия": "Жмелеватов", "Имя": "Пётр", "КодКласса": "10"},
        {"Код": "101", "Фамилия": "Брянчихина", "Имя": "Анна", "КодКласса": "10"},
    ],
    "lessons": [
        {"Код": "17", "Дата": "05.09.2026", "НомерУрока": "2", "Тема": "Дроби; части"},
        {"Код": "18", "Дата": "07.09.2026", "НомерУрока": "1", "Тема": "Степени"},
    ],
    "marks": [
        {"Код": "1", "КодУченика": "100", "КодУрока": "17", "Отметка": "5"},
        {"Код": "2", "КодУченика": "101", "КодУрока": "18", "Отметка": "4"},
    ],
}
PARAGRAF_TABLES = [
    "terms", "holidays", "classes", "subjects", "groups", "curriculum", "staff", "pupils",
    "guardians", "movements", "timetable", "lessons", "marks", "attendance", "term_marks",
    "applications",
]  # fmt: skip


def paragraf_xml(table: str, rows: list[dict[str, str]]) -> bytes:
    fields = ["".join(f"<{n}>{v}</{n}>" for n, v in row.items()) for row in rows]
    records = "".join(f"<Запись>{text}</Запись>\n" for text in fields)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<Таблица имя="{table}">\n'
    return (head + records + "</Таблица>\n").encode()


def paragraf_csv(rows: list[dict[str, str]]) -> bytes:
    columns = list(rows[0]) if rows else ["Код"]
    lines = [columns, *([row[name] for name in columns] for row in rows)]
    quoted = [[f'"{v}"' if ";" in v else v for v in line] for line in lines]
    return "".join(";".join(line) + "\r\n" for line in quoted).encode("cp1251")


def manifest(form: str, **changed: str) -> bytes:
    said = {
        "система": "Параграф", "версия": "3.21", "школа": SCHOOL,
        "создана": f"{DAY}T17:40:00+03:00", "с": "2026-09-01", "по": DAY, "режим": "полная",
    } | changed  # fmt: skip
    attributes = " ".join(f'{name}="{value}"' for name, value in said.items())
    files = "\n".join(
        f'  <Файл имя="{table}.{form}" записей="{len(PARAGRAF_ROWS.get(table, []))}"/>'
        for table in PARAGRAF_TABLES
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<Выгрузка {attributes}>\n{files}\n</Выгрузка>\n".encode()


def write_paragraf(folder: Path, form: str) -> None:
    folder.mkdir(parents=True)
    for table in PARAGRAF_TABLES:
        rows = PARAGRAF_ROWS.get(table, [])
        content = paragraf_xml(table, rows) if form == "xml" else paragraf_csv(rows)
        (folder / f"{table}.{form}").write_bytes(content)
    (folder / "manifest.xml").write_bytes(manifest(form))


@pytest.fixture
def make_manifest() -> Callable[..., bytes]:
    return manifest


# --- NetSchool -------------------------------------------------------------------------------

NETSCHOOL_LISTS: dict[str, list[list[str]]] = {
    "terms": [["Период", "Вид", "Номер", "Начало", "Окончание"],
              ["1 четверть", "Четверть", "1", "01.09.2026", "25.10.2026"]],
    "vacations": [["Название", "Вид", "Начало", "Окончание"]],
    "classes": [["Класс", "Параллель", "Литера"], ["7а", "7", "а"]],
    "pupils": [["Класс", "ФИО", "Дата рождения", "Зачислен", "Выбыл"],
               ["7а", "Жмелеватов Пётр", "01.02.2013", "01.09.2026"],
               ["7а", "Брянчихина Анна", "03.04.2013", "01.09.2026"]],
    "staff": [["ФИО", "Должность", "Доступ к журналу"], ["Кузьмарова Ольга", "учитель", "да"]],
    "curriculum": [["Класс", "Предмет", "Часов в неделю"], ["7а", "Алгебра", "3"]],
    "timetable": [["Класс", "Группа", "Предмет", "Учитель", "День недели", "Урок", "С", "По"],
                  ["7а", None, "Алгебра", "Кузьмарова Ольга", "Сб", "2", "01.09.2026",
                   "31.05.2027"]],
}  # fmt: skip
JOURNAL = [
    ["№", "ФИО", "05.09/2", "05.09/2/К", "12.09/2"],
    ["1", "Жмелеватов Пётр", "УП", None, "5 4"],
    ["2", "Брянчихина Анна", None, "3", None],
]
TOPICS = [
    ["Дата", "Урок", "Тема", "Домашнее задание", "Учитель", "Замена", "Проведен", "Посещаемость",
     "Состояние"],
    ["05.09.2026", "2", "Дроби", "№ 5", "Кузьмарова Ольга", None, "да", "да", None],
    ["12.09.2026", "2", "Степени", "не задано", "Кузьмарова Ольга", None, "да", "да", None],
]  # fmt: skip
TOTALS = [
    ["Период", "Класс", "ФИО", "Предмет", "Отметка"],
    ["1 четверть", "7а", "Брянчихина Анна", "Алгебра", "4"],
]
CAPTION = [
    ["Класс:", "7а"], ["Предмет:", "Алгебра"], ["Группа:", None],
    ["Период:", "01.09.2026 - 18.09.2026"],
]  # fmt: skip


def html_table(css: str, rows: list[list[str | None]]) -> str:
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cell or ''}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<table class="table-print {css}">\n{body}\n</table>'


def journal_html() -> bytes:
    caption = "<br>".join(f"{name} {value or ''}" for name, value in CAPTION)
    return (
        '<html><head><meta charset="utf-8"></head><body>\n'
        f'<p class="caption">{caption}</p>\n'
        f"{html_table('journal', JOURNAL)}\n{html_table('topics', TOPICS)}\n</body></html>\n"
    ).encode()


def journal_xlsx() -> bytes:
    return workbook(("Журнал", [*CAPTION, [], *JOURNAL]), ("Темы", TOPICS))


def write_netschool(folder: Path, form: str) -> None:
    folder.mkdir(parents=True)
    for table, rows in NETSCHOOL_LISTS.items():
        (folder / f"{table}.xlsx").write_bytes(workbook(("Лист1", rows)))
    totals = f"<html><body>{html_table('totals', TOTALS)}</body></html>".encode()
    journal = journal_html() if form == "html" else journal_xlsx()
    (folder / f"journal_001.{form}").write_bytes(journal)
    if form == "xlsx":
        totals = workbook(("Лист1", TOTALS))
    (folder / f"totals_001.{form}").write_bytes(totals)
    (folder / "export.txt").write_text(
        f"версия=5.47\nсоздано={DAY}T18:05:00+03:00\nс=2026-09-01\nпо={DAY}\n", "utf-8"
    )


# --- Lists -----------------------------------------------------------------------------------


def write_lists(folder: Path) -> None:
    folder.mkdir(parents=True)
    uid = (
        "Роль;ФИО;Класс;UID\r\n"
        "ученик;Жмелеватов Пётр;7а;12345678\r\n"
        "сотрудник;Кузьмарова Ольга;;87654321\r\n"
    )
    (folder / "uid_2026-09-10.csv").write_bytes(uid.encode("utf-8-sig"))
    (folder / "uid_2026-09-02.csv").write_bytes("Роль;ФИО;Класс;UID\r\n".encode("cp1251"))
    rows = [
        ["Номер", "ФИО ребёнка", "Класс", "ФИО заявителя", "Дата заявления", "Дата регистрации",
         "Дата отказа"],
        ["5", "Жмелеватов Пётр", "7а", "Жмелеватова Инна", "02.09.2026", "03.09.2026"],
    ]  # fmt: skip
    (folder / "applications_2026-09-08.xlsx").write_bytes(workbook(("Лист1", rows)))


# --- Dnevnik.ru ------------------------------------------------------------------------------

BIG = 1_000_000_000_000_000_000


def twin(name: str, number: int) -> dict[str, Any]:
    return {name: float(BIG + number), f"{name}_str": str(BIG + number)}


def twins(name: str, *numbers: int) -> dict[str, Any]:
    return {
        name: [float(BIG + n) for n in numbers],
        f"{name}_str": [str(BIG + n) for n in numbers],
    }


CLASS_, SUBGROUP, ALGEBRA = BIG + 1, BIG + 2, BIG + 3


def dnevnik_lesson(number: int, group: int, day: str, *teachers: int) -> dict[str, Any]:
    return (
        twin("id", number) | twin("group", group) | twins("works", number + 100)
        | twins("teachers", *teachers)
        | {"title": " Дроби ", "date": f"{day}T00:00:00", "number": 2, "status": "Conducted",
           "subject": twin("id", 3) | {"name": "Алгебра"}}
    )  # fmt: skip


def dnevnik_work(lesson: int, kind: str, text: str | None) -> dict[str, Any]:
    return (
        twin("id", lesson + 100)
        | twin("lesson", lesson)
        | {"type": kind, "text": text, "tasks": []}
    )


def dnevnik_mark(number: int, person: int, lesson: int, value: str) -> dict[str, Any]:
    return (
        twin("id", number) | twin("person", person) | twin("lesson", lesson) | twin("workType", 70)
        | {"type": "Mark5", "value": value, "textValue": value, "date": "2026-09-05T12:00:00"}
    )  # fmt: skip


def dnevnik_replies(until: date) -> dict[str, Any]:
    """Answers by request name (below ``/v2``) of a school of one class and one subgroup."""
    windows = []
    start = YEAR_START
    while start <= until:
        windows.append((start.isoformat(), min(start + timedelta(days=29), until).isoformat()))
        start += timedelta(days=30)
    group, sub, school = f"/edu-groups/{CLASS_}", f"/edu-groups/{SUBGROUP}", "/schools/42"
    both = dnevnik_lesson(11, 2, "2026-09-06", 31)
    mark = {"type": "Mark5", "value": "5"}
    finals = [
        {"subject": twin("id", 3), "final-mark": twin("id", 90) | mark},
        {"subject": twin("id", 4), "final-mark": twin("id", 91) | mark | {"value": "4"}},
    ]
    replies: dict[str, Any] = {
        "GET /users/me/context": {"schoolIds": [42], "schoolIds_str": ["42"]},
        f"GET {school}/edu-groups": [
            twin("id", 1) | twins("parentIds") | {"type": "Group", "name": "7а"},
            twin("id", 2) | twins("parentIds", 1) | {"type": "Subgroup", "name": "7а/1"},
        ],
        f"GET {school}/teachers": [twin("Id", 31) | {"LastName": "Кузьмарова", "DateBirth": None}],
        f"GET {school}/membership?schoolMembershipType=Staff": [
            twin("person", 31) | twin("userId", 5) | {"active": True}
        ],
        "GET /work-types/42": [twin("id", 70) | {"kind": "ControlWork", "kindId": 6, "weight": 1}],
        f"GET {group}/subjects": [twin("id", 3) | {"name": "Алгебра", "knowledgeArea": None}],
        f"GET {group}/reporting-periods": [
            twin("id", 60) | {"start": "2026-09-01T00:00:00", "type": "Quarter", "number": 1}
        ],
        f"GET {group}/persons?includeArchive=true": [
            twin("id", 21) | {"lastName": "Жмелеватов", "userId": None, "userId_str": None}
        ],
        f"GET {group}/final-marks": [
            twin("person", 21)
            | {"reportingPeriod": twin("id", 60), "per-subject-final-marks": finals}
        ],
        "POST /edu-groups": [
            twin("group", 1) | {"students": [twin("person", 21) | {"membershipstatus": "Active"}]}
        ],
        "POST /works/many": [
            dnevnik_work(10, "Homework", "№ 5"),
            dnevnik_work(11, "LessonWork", None),
        ],
    }
    entry = twin("person", 21) | twin("lesson", 10) | {"status": "Attend", "comment": None}
    lessons = [dnevnik_lesson(10, 1, "2026-09-05", 31, 32), both]
    for place, (first, last) in enumerate(windows):
        log = f"/lesson-log-entries/group/{CLASS_}?subject={ALGEBRA}&from={first}&to={last}"
        replies |= {
            f"GET {group}/lessons/{first}/{last}": [] if place else lessons,
            f"GET {sub}/lessons/{first}/{last}": [] if place else [both],
            f"GET {group}/marks/{first}/{last}": [] if place else [dnevnik_mark(50, 21, 10, "5")],
            f"GET {log}": [] if place else [entry],
        }
    return replies


def serve_dnevnik(server: Server, until: date) -> None:
    for name, value in dnevnik_replies(until).items():
        method, _, path = name.partition(" ")
        server.replies[f"{method} /v2{path}"] = Reply.json(value)


# --- every source, ready to be read ------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A source with one healthy upload; ``filled`` are tables that must hold rows."""

    source: Source
    until: date
    filled: frozenset[str]


PARAGRAF_FILLED = frozenset(PARAGRAF_ROWS)
NETSCHOOL_FILLED = frozenset({*NETSCHOOL_LISTS, "journal", "topics", "totals"} - {"vacations"})
DNEVNIK_FILLED = frozenset(
    {"classes", "subjects", "reporting_periods", "persons", "students", "teachers", "membership",
     "lessons", "works", "work_types", "marks", "log_entries", "final_marks"}
)  # fmt: skip


@pytest.fixture
def make_case(tmp_path: Path, server: Server, link: Link) -> Callable[[str], Case]:
    """A case by name: ``paragraf-csv``, ``netschool-html``, ``lists``, ``dnevnik_ru``, ..."""

    def make(name: str) -> Case:
        kind, _, form = name.partition("-")
        settings: dict[str, Any] = {"root": str(tmp_path)}
        until, filled = date(2026, 9, 18), frozenset({"uid", "applications"})
        if kind == "paragraf":
            write_paragraf(tmp_path / SCHOOL / DAY, form)
            filled = PARAGRAF_FILLED
        elif kind == "netschool":
            write_netschool(tmp_path / SCHOOL / DAY, form)
            filled = NETSCHOOL_FILLED
        elif kind == "lists":
            write_lists(tmp_path / SCHOOL / "lists")
        else:
            until, filled = date(2026, 10, 5), DNEVNIK_FILLED
            serve_dnevnik(server, until)
            settings = {"base_url": f"{server.url}/v2", "token": TOKEN, "school_id": "42"}
        source = make_source(kind, SCHOOL, settings, zone=ZONE, year_start=YEAR_START, link=link)
        return Case(source, until, filled)

    return make
