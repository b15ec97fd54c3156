"""The operator's first day: from an empty hub to the first figures, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, text

from reports.web.pages.view import page
from reports.web.visit import Operating
from reports.words import plural, short_date

router = APIRouter()

_REACHED = """
SELECT
  (SELECT count(*) FROM registry.districts) AS districts,
  (SELECT count(*) FROM registry.schools WHERE closed_on IS NULL) AS schools,
  (SELECT count(*) FROM registry.sources) AS sources,
  (SELECT count(DISTINCT (school, source)) FROM ops.uploads WHERE accepted) AS taken,
  (SELECT max(business_date) FROM ops.runs WHERE verb = 'collect' AND state IN ('closed', 'partly'))
    AS run_on,
  (SELECT max(as_of) FROM quality.measures) AS as_of"""


@dataclass(frozen=True)
class Step:
    """A step of the first day. ``reached``: how far it has come, in words; empty: not done yet."""

    title: str
    advice: str
    command: str
    reached: str


@router.get("/first-day")
def first_day(visit: Operating) -> Response:
    """The steps, each with its command."""
    with visit.reading() as connection:
        steps = reached_steps(connection)
    return page(visit, "first_day.html.j2", steps=steps)


def reached_steps(connection: Connection) -> list[Step]:
    """The steps in their order, as the database has them."""
    row = connection.execute(text(_REACHED)).one()
    return [
        Step(
            "Добавить район",
            "Создайте файл региона region.yml: название, учебный год, районы с кодами.",
            "svod schools import region.yml",
            _count(row.districts, "район", "района", "районов"),
        ),
        Step(
            "Добавить школу",
            "Впишите в тот же файл школу: код, название, район, регламент и первый день, за который"
            " Свод отвечает. Повторный вызов ничего не портит.",
            "svod schools import region.yml",
            _count(row.schools, "школа", "школы", "школ"),
        ),
        Step(
            "Назвать источник",
            "У школы укажите вид журнала, файл соответствий и папку выгрузок или адрес системы."
            " Названия файлов соответствий даёт svod mappings list; ключи доступа берутся из"
            " переменных окружения.",
            "svod schools import region.yml",
            _count(row.sources, "источник", "источника", "источников"),
        ),
        Step(
            "Проверить файл соответствий",
            "Дайте команде образец выгрузки: она покажет, какие колонки и коды пропали бы. Сама"
            " проверка ничего не записывает; шаг считается сделанным, когда выгрузка принята.",
            "svod mappings check ПРОФИЛЬ ОБРАЗЕЦ",
            _count(row.taken, "журнал принят", "журнала приняты", "журналов принято"),
        ),
        Step(
            "Провести первый сбор",
            "Сбор, доставка, показатели и отчёты за один учебный день. Дальше это делает расписание"
            " каждый вечер.",
            "svod run --business-date ДАТА",
            f"сбор за {short_date(row.run_on)}" if row.run_on else "",
        ),
        Step(
            "Посмотреть",
            "Кто не ответил и почему, говорит команда; показатели — на странице региона.",
            "svod runs",
            f"показатели на конец дня {short_date(row.as_of)}" if row.as_of else "",
        ),
    ]


def _count(number: int, one: str, few: str, many: str) -> str:
    return f"{number} {plural(number, one, few, many)}" if number else ""
