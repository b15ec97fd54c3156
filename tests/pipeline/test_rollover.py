"""A new school year: pupils move up, and nothing of the old year changes or is taken for new."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from pipeline import migrate
from pipeline.database import connect
from pipeline.delivery.destinations import DIARY
from pipeline.delivery.plan import plan_school
from pipeline.hub import Hub
from pipeline.registry import RegionFile, import_region
from pipeline.runs import SchoolState
from tests.pipeline.test_volumes import SCHOOL, TABLES, collect

PUPILS = "Код;Фамилия;Имя;КодКласса;ДатаЗачисления\r\n"
LESSONS = (
    "Код;Дата;НомерУрока;КодКласса;КодПредмета;КодУчителя;Тема;БезДЗ;Проведен;Состояние;"
    "ПосещаемостьОтмечена;Внесено\r\n"
)
MARKS = "Код;КодУченика;КодУрока;КодПредмета;ДатаУрока;Отметка;Шкала;ВидРаботы\r\n"


def lesson(code: int, day: str, class_: int) -> str:
    return f"{code};{day};1;{class_};20;;Тема;да;да;План;да;\r\n"


def mark(code: int, lesson_code: int, day: str) -> str:
    return f"{code};100;{lesson_code};20;{day};5;5;Урок\r\n"


def write(root: Path, day: str, covers: tuple[str, str], **tables: str) -> None:
    folder = root / SCHOOL / day
    folder.mkdir(parents=True)
    listed = ""
    for name, content in ({k: f"{v}\r\n" for k, v in TABLES.items()} | tables).items():
        (folder / f"{name}.csv").write_bytes(content.encode("cp1251"))
        listed += f'<Файл имя="{name}.csv" записей="{content.count(chr(10)) - 1}"/>'
    (folder / "manifest.xml").write_text(
        f'<Выгрузка система="Параграф" версия="3.21" школа="{SCHOOL}" создана="{day}T17:40:00"'
        f' с="{covers[0]}" по="{covers[1]}">{listed}</Выгрузка>',
        "utf-8",
    )


def old_year(**more: str) -> dict[str, str]:
    return {
        "classes": "Код;Название;Параллель;Литера\r\n10;7а;7;а\r\n",
        "subjects": "Код;Название\r\n20;Алгебра\r\n",
        "pupils": f"{PUPILS}100;Жмелеватов;Олег;10;01.09.2026\r\n",
        "lessons": LESSONS + lesson(17, "20.05.2027", 10),
        "marks": MARKS + mark(1, 17, "20.05.2027"),
    } | more


def new_year(**more: str) -> dict[str, str]:
    return (
        old_year()
        | {
            "classes": "Код;Название;Параллель;Литера\r\n11;8а;8;а\r\n",
            "pupils": f"{PUPILS}100;Жмелеватов;Олег;11;01.09.2027\r\n",
            "lessons": LESSONS + lesson(18, "03.09.2027", 11),
            "marks": MARKS + mark(2, 18, "03.09.2027"),
        }
        | more
    )


def open_year(hub: Hub, root: Path, year: int) -> None:
    migrate.open_school_year(connect(hub.settings, "owner"), year)
    region = RegionFile.model_validate(
        {
            "region": "Регион",
            "zone": "Europe/Moscow",
            "school_year": year,
            "year_start": f"{year}-09-01",
            "year_end": f"{year + 1}-05-31",
            "districts": [{"code": "d1", "name": "Район"}],
            "schools": [
                {
                    "code": SCHOOL, "name": "Школа № 1", "district": "d1", "profile": "spb",
                    "connected_on": "2026-09-16",
                    "sources": [
                        {"kind": "paragraf", "mapping": "paragraf/3.21",
                         "settings": {"root": str(root)}}
                    ],
                }
            ],
        }
    )  # fmt: skip
    with hub.engine.begin() as connection:
        import_region(connection, region)


def rows(hub: Hub, query: str) -> list[tuple[Any, ...]]:
    with hub.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def facts(hub: Hub) -> dict[str, list[tuple[Any, ...]]]:
    """What is live, by year."""
    return {
        entity: rows(
            hub,
            f"SELECT school_year, key FROM journal.{entity} WHERE vanished_at IS NULL"
            " ORDER BY school_year, key",
        )
        for entity in ("class_", "lesson")
    } | {
        "pupils_of_classes": rows(
            hub,
            "SELECT school_year, class_key FROM journal.enrolment WHERE vanished_at IS NULL"
            " ORDER BY 1, 2",
        )
    }


OLD = {
    "class_": [(2026, "10")], "lesson": [(2026, "17")], "pupils_of_classes": [(2026, "10")],
}  # fmt: skip
BOTH = {
    "class_": [(2026, "10"), (2027, "11")],
    "lesson": [(2026, "17"), (2027, "18")],
    "pupils_of_classes": [(2026, "10"), (2027, "11")],
}


def close_the_old_year(hub: Hub, root: Path) -> None:
    open_year(hub, root, 2026)
    write(root, "2027-05-28", ("2026-09-01", "2027-05-28"), **old_year())
    assert collect(hub, "2027-05-28").state is SchoolState.DONE
    assert facts(hub) == OLD
    open_year(hub, root, 2027)


def test_pupils_move_up_and_the_old_year_stays(hub: Hub, tmp_path: Path) -> None:
    close_the_old_year(hub, tmp_path)
    write(tmp_path, "2027-09-06", ("2027-09-01", "2027-09-06"), **new_year())
    assert collect(hub, "2027-09-06").state is SchoolState.DONE
    assert facts(hub) == BOTH
    pupils = rows(hub, "SELECT school_year, key FROM journal.pupil ORDER BY 1")
    assert [year for year, _ in pupils] == [2026, 2027]
    assert len({key for _, key in pupils}) == 1  # one and the same child


def test_an_export_of_the_old_year_is_history(hub: Hub, tmp_path: Path) -> None:
    close_the_old_year(hub, tmp_path)
    changed = old_year(lessons=LESSONS, marks=MARKS)
    write(tmp_path, "2027-08-20", ("2026-09-01", "2027-05-31"), **changed)
    assert collect(hub, "2027-09-02").state is SchoolState.NOTHING_NEW
    assert facts(hub) == OLD


def test_an_export_of_both_years_gives_only_the_new(hub: Hub, tmp_path: Path) -> None:
    close_the_old_year(hub, tmp_path)
    both = new_year(
        lessons=LESSONS + lesson(17, "20.05.2027", 11) + lesson(18, "03.09.2027", 11),
        marks=MARKS + mark(1, 17, "20.05.2027") + mark(2, 18, "03.09.2027"),
    )
    write(tmp_path, "2027-09-06", ("2027-05-01", "2027-09-06"), **both)
    assert collect(hub, "2027-09-06").state is SchoolState.DONE
    assert facts(hub) == BOTH
    refused = rows(hub, "SELECT entity, rule FROM ops.quarantine ORDER BY 1")
    assert refused == [("lesson", "other_year"), ("mark", "other_year")]


def test_the_new_year_leaves_what_was_delivered_of_the_old(hub: Hub, tmp_path: Path) -> None:
    """Class 10 is 8а now, and the subject keeps its number: nothing of the old year is renamed."""
    open_year(hub, tmp_path, 2026)
    write(tmp_path, "2027-05-28", ("2026-09-01", "2027-05-28"), **old_year())
    collect(hub, "2027-05-28")
    before = plan_school(hub, DIARY, SCHOOL, date(2027, 5, 28), "plan-old")
    assert before.create == 1
    old = sent(hub)
    open_year(hub, tmp_path, 2027)
    moved = new_year(
        classes="Код;Название;Параллель;Литера\r\n10;8а;8;а\r\n",
        pupils=f"{PUPILS}100;Жмелеватов;Олег;10;01.09.2027\r\n",
        lessons=LESSONS + lesson(17, "03.09.2027", 10),
        marks=MARKS + mark(1, 17, "03.09.2027"),
    )
    write(tmp_path, "2027-09-06", ("2027-09-01", "2027-09-06"), **moved)
    collect(hub, "2027-09-06")
    after = plan_school(hub, DIARY, SCHOOL, date(2027, 9, 6), "plan-new")
    assert (after.create, after.update, after.withdraw) == (2, 0, 0)
    new = sent(hub)
    assert old.items() < new.items()
    groups = sorted(payload["group_name"] for payload in new.values())
    assert groups == ["7 а", "8 а"]


def sent(hub: Hub) -> dict[str, dict[str, Any]]:
    """Lessons the diary should hold, by key."""
    query = "SELECT key, payload FROM outbox.desired WHERE entity = 'lesson'"
    return dict(rows(hub, query))  # type: ignore[arg-type]  # pairs
