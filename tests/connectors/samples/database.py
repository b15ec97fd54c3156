"""A school's database on a Firebird server that is started once and stopped at the end."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.connectors.firebird import running
from tests.connectors.samples.stage import UNTIL, Case, Cases, Stage

NAME = "school.fdb"
SCHEMA = [
    "CREATE TABLE KLASS (ID INTEGER, NAZV VARCHAR(10), PARALLEL SMALLINT)",
    "CREATE TABLE UCHENIK (ID INTEGER, FAM VARCHAR(50), IM VARCHAR(50), DR DATE, KLASS_ID INTEGER,"
    " ZACH DATE, UID_ VARCHAR(12), FOTO BLOB SUB_TYPE BINARY)",
    "CREATE TABLE UROK (ID INTEGER, D DATE, N SMALLINT, KLASS_ID INTEGER, PREDMET_ID INTEGER,"
    " TEMA VARCHAR(200), DAN BOOLEAN, VNESENO TIMESTAMP)",
    "CREATE TABLE OTMETKA (ID INTEGER, UCHENIK_ID INTEGER, UROK_ID INTEGER, VES NUMERIC(4, 2),"
    " OTMETKA VARCHAR(5), SREDN DOUBLE PRECISION)",
    "INSERT INTO KLASS VALUES (10, '7а', 7)",
    "INSERT INTO UCHENIK VALUES (100, 'Жмелеватов', 'Пётр', '2013-02-01', 10, '2026-09-01',"
    " '12345678', 'x')",
    "INSERT INTO UCHENIK VALUES (101, 'Брянчихина', NULL, NULL, 10, '2026-09-01', NULL, NULL)",
    "INSERT INTO UROK VALUES (17, '2026-09-05', 2, 10, 20, 'Дроби; части', TRUE,"
    " '2026-09-05 13:40:00')",
    "INSERT INTO UROK VALUES (18, '2026-10-05', 2, 10, 20, 'Позже', FALSE, NULL)",
    "INSERT INTO OTMETKA VALUES (1, 100, 17, 1.50, '5', 4.25)",
]
QUERIES = {
    "classes": 'SELECT ID AS "Код", NAZV AS "Название", PARALLEL AS "Параллель" FROM KLASS',
    "pupils": (
        'SELECT ID AS "Код", FAM AS "Фамилия", IM AS "Имя", DR AS "ДатаРождения",'
        ' KLASS_ID AS "КодКласса", ZACH AS "ДатаЗачисления", UID_ AS "UID"'
        " FROM UCHENIK ORDER BY ID"
    ),
    "lessons": (
        'SELECT ID AS "Код", D AS "Дата", N AS "НомерУрока", TEMA AS "Тема", DAN AS "Проведен",'
        ' VNESENO AS "Внесено" FROM UROK WHERE D BETWEEN :first_day AND :last_day'
    ),
    "marks": 'SELECT ID AS "Код", VES AS "Вес", SREDN AS "Средняя" FROM OTMETKA',
}


@cache
def _address() -> str:
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(TemporaryDirectory(prefix="svod-firebird-"))
    server = stack.enter_context(running(Path(folder)))
    server.create(NAME, SCHEMA)
    return server.url(NAME)


def _case(stage: Stage) -> Case:
    settings = {"url": _address(), "queries": QUERIES}
    return Case(stage.source("database", "paragraf/3.21", settings), UNTIL, frozenset(QUERIES))


CASES: Cases = {"database": _case}
