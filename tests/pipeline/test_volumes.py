"""Half an export is not a school that shrank: floors, ceilings, and a person's word."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.hub import Hub
from pipeline.intake.collect import Run, collect_school
from pipeline.registry import RegionFile, RegionFileError, import_region, read_region
from pipeline.runs import SchoolState, Verdict
from quality.batch_history import keep_results
from quality.batch_suite import Batch
from quality.batches import BatchVerdict
from schemas.tables import uploads

SCHOOL = "781001"
COLUMNS = "Код;Фамилия;Имя;КодКласса;ДатаЗачисления"
TABLES = {
    "terms": "Код;Название;Вид;Номер;Начало;Окончание",
    "holidays": "Код;Название;Вид;Начало;Окончание",
    "classes": "Код;Название;Параллель;Литера\r\n10;7а;7;а",
    "subjects": "Код;Название",
    "groups": "Код;КодКласса;КодПредмета;Название",
    "curriculum": "КодКласса;КодПредмета;ЧасовВНеделю",
    "staff": "Код;Фамилия;Имя;ДоступКЖ",
    "guardians": "Код;КодУченика;Фамилия",
    "movements": "Код;КодУченика;Вид;Дата;НомерПриказа;ДатаПриказа;ИзКласса;ВКласс",
    "timetable": "Код;КодКласса;КодПредмета;ДеньНедели;НомерУрока",
    "lessons": "Код;Дата;НомерУрока;КодКласса;КодПредмета;Проведен;Состояние",
    "marks": "Код;КодУченика;КодУрока;КодПредмета;ДатаУрока;Отметка;Шкала",
    "attendance": "КодУченика;КодУрока;Причина",
    "term_marks": "КодУченика;КодПредмета;КодПериода;Отметка;Шкала",
    "applications": "Код;КодУченика;ДатаЗаявления",
}


def write_upload(root: Path, day: str, pupils: int) -> None:
    folder = root / SCHOOL / day
    folder.mkdir(parents=True)
    names = "абвгдежзиклмнопрстуфхцчшщэюя"
    rows = [
        f"{100 + n};Жмелеватов{names[n % 28]}{names[n // 28]};Олег;10;01.09.2026"
        for n in range(pupils)
    ]
    files = TABLES | {"pupils": "\r\n".join([COLUMNS, *rows])}
    listed = ""
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes((content + "\r\n").encode("cp1251"))
        count = content.count("\r\n")
        listed += f'<Файл имя="{name}.csv" записей="{count}"/>'
    (folder / "manifest.xml").write_text(
        f'<Выгрузка система="Параграф" версия="3.21" школа="{SCHOOL}" '
        f'создана="{day}T17:40:00+03:00" с="2026-09-01" по="{day}">{listed}</Выгрузка>',
        "utf-8",
    )


def import_school(hub: Hub, root: Path, volumes: dict[str, dict[str, int]] | None = None) -> None:
    region = RegionFile.model_validate(
        {
            "region": "Регион",
            "zone": "Europe/Moscow",
            "school_year": 2026,
            "year_start": "2026-09-01",
            "year_end": "2027-05-31",
            "districts": [{"code": "d1", "name": "Береговой район"}],
            "schools": [
                {
                    "code": SCHOOL,
                    "name": "Школа № 1",
                    "district": "d1",
                    "profile": "spb",
                    "connected_on": "2026-09-16",
                    "volumes": volumes or {},
                    "sources": [
                        {
                            "kind": "paragraf",
                            "mapping": "paragraf/3.21",
                            "settings": {"root": str(root)},
                        }
                    ],
                }
            ],
        }
    )
    with hub.engine.begin() as connection:
        import_region(connection, region)


def collect(hub: Hub, day: str, *accepted: str) -> Verdict:
    run = Run(f"run-{day}-{len(accepted)}", date.fromisoformat(day), frozenset(accepted))
    [verdict] = collect_school(hub, SCHOOL, run)
    return verdict


def live_pupils(hub: Hub) -> int:
    with hub.engine.begin() as connection:
        return connection.execute(
            text("SELECT count(*) FROM journal.pupil WHERE vanished_at IS NULL")
        ).scalar_one()


def found(hub: Hub, run_id: str) -> list[tuple[str, str]]:
    with hub.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT rule, entity FROM ops.findings WHERE run_id = :run ORDER BY 1, 2"),
            {"run": run_id},
        )
        return [(rule, entity) for rule, entity in rows]


def accepted(hub: Hub) -> dict[str, bool]:
    with hub.engine.begin() as connection:
        return dict(connection.execute(text("SELECT ref, accepted FROM ops.uploads")).all())


def test_half_an_export_is_not_stored_until_a_person_says_so(hub: Hub, tmp_path: Path) -> None:
    import_school(hub, tmp_path)
    write_upload(tmp_path, "2026-09-16", 60)
    assert collect(hub, "2026-09-16").state is SchoolState.DONE
    write_upload(tmp_path, "2026-09-17", 30)
    verdict = collect(hub, "2026-09-17")
    assert (verdict.state, verdict.rule) == (SchoolState.FAILED, "volume_floor")
    assert "прочитано 30, было 60, ожидалось не меньше 54" in verdict.detail
    assert live_pupils(hub) == 60
    assert accepted(hub) == {"2026-09-16": True, "2026-09-17": False}
    assert found(hub, "run-2026-09-17-0") == [
        ("volume_floor", "enrolment"), ("volume_floor", "pupil")
    ]  # fmt: skip
    assert collect(hub, "2026-09-17", SCHOOL).state is SchoolState.DONE
    assert live_pupils(hub) == 30
    assert accepted(hub)["2026-09-17"]


def test_a_few_who_left_are_no_alarm(hub: Hub, tmp_path: Path) -> None:
    import_school(hub, tmp_path)
    write_upload(tmp_path, "2026-09-16", 60)
    collect(hub, "2026-09-16")
    write_upload(tmp_path, "2026-09-17", 54)
    assert collect(hub, "2026-09-17").state is SchoolState.DONE
    assert live_pupils(hub) == 54


@pytest.mark.parametrize(
    ("pupils", "state", "rule"),
    [
        (19, SchoolState.FAILED, "volume_floor"),
        (20, SchoolState.DONE, None),
        (25, SchoolState.DONE, None),
        (26, SchoolState.DONE, "volume_high"),
    ],
)
def test_bounds_that_the_region_file_states(
    hub: Hub, tmp_path: Path, pupils: int, state: SchoolState, rule: str | None
) -> None:
    import_school(hub, tmp_path, {"pupil": {"floor": 20, "ceiling": 25}})
    write_upload(tmp_path, "2026-09-16", pupils)
    assert collect(hub, "2026-09-16").state is state
    assert live_pupils(hub) == (0 if state is SchoolState.FAILED else pupils)
    assert found(hub, "run-2026-09-16-0") == ([(rule, "pupil")] if rule else [])


AUTUMN = [date(2026, 9, 18) + timedelta(weeks=n) for n in range(8)]  # Fridays


def remember(hub: Hub, pupils: list[int]) -> None:
    """The school uploaded on those Fridays and had so many pupils then."""
    with hub.engine.begin() as connection:
        for day, count in zip(AUTUMN, pupils, strict=False):
            taken = datetime.combine(day, time(17, 40), UTC)
            upload = {"school": SCHOOL, "source": "paragraf", "ref": f"{day}", "upload_date": day}
            connection.execute(
                insert(uploads).values(
                    **upload, taken_at=taken, accepted=True, run_id=f"judged-{day}"
                )
            )
            verdicts = [
                BatchVerdict("journal", "volume_floor", table, SCHOOL, True, count)
                for table in ("pupil", "enrolment")
            ]
            keep_results(connection, Batch(f"judged-{day}", day, [SCHOOL]), verdicts)


@pytest.mark.parametrize(
    ("past", "pupils", "refused"),
    [
        ([60, 60, 60, 60], 54, None),  # too few weeks: nine tenths, as for all
        ([60, 60, 60, 60], 53, "ожидалось не меньше 54: доля, общая для всех школ"),
        ([60, 60, 60, 60, 60], 55, None),
        (
            [60, 60, 60, 60, 60],
            54,
            "ожидалось не меньше 55: обычно 55–65, судя по неделям школы (4)",
        ),
        # A school whose pupils come and go is known to be so.
        ([60, 50, 60, 50, 60, 50, 60], 30, None),
        (
            [60, 50, 60, 50, 60, 50, 60],
            29,
            "ожидалось не меньше 30: обычно 30–110, судя по неделям школы (6)",
        ),
    ],
)
def test_bounds_that_the_school_has_taught(
    hub: Hub, tmp_path: Path, past: list[int], pupils: int, refused: str | None
) -> None:
    import_school(hub, tmp_path)
    remember(hub, past)
    write_upload(tmp_path, "2026-11-12", 60)
    with hub.engine.begin() as connection:
        connection.execute(text("UPDATE ops.uploads SET taken_at = '2026-09-01'"))
    assert collect(hub, "2026-11-12").state is SchoolState.DONE
    write_upload(tmp_path, "2026-11-13", pupils)
    verdict = collect(hub, "2026-11-13")
    if refused is None:
        assert (verdict.state, live_pupils(hub)) == (SchoolState.DONE, pupils)
    else:
        assert (verdict.rule, live_pupils(hub)) == ("volume_floor", 60)
        assert f"прочитано {pupils}, было 60, {refused}" in verdict.detail


def test_what_is_stated_overrides_what_was_taught(hub: Hub, tmp_path: Path) -> None:
    import_school(hub, tmp_path, {"pupil": {"floor": 20}})
    remember(hub, [60] * 8)
    write_upload(tmp_path, "2026-11-12", 60)
    collect(hub, "2026-11-12")
    shown = CliRunner(env={"SVOD_HOME": str(hub.settings.home)}).invoke(
        app, ["volumes", "--school", SCHOOL, "--on", "2026-11-13", "--json"]
    )
    assert shown.exit_code == 0, shown.output
    rows = {row["table"]: row for row in json.loads(shown.stdout)}
    assert rows["pupil"] == {
        "table": "pupil", "stored": 60, "least": 20, "least_from": "set",
        "most": 65, "most_from": "learnt", "weeks": 7,
    }  # fmt: skip
    assert (rows["enrolment"]["least"], rows["enrolment"]["least_from"]) == (55, "learnt")
    assert (rows["class_"]["least"], rows["class_"]["most"]) == (1, None)
    assert (rows["uploads"]["most"], rows["uploads"]["most_from"]) == (9, "suite")


def test_what_was_not_read_whole_is_told_as_that(hub: Hub, tmp_path: Path) -> None:
    import_school(hub, tmp_path)
    write_upload(tmp_path, "2026-09-16", 60)
    collect(hub, "2026-09-16")
    write_upload(tmp_path, "2026-09-17", 60)
    file = tmp_path / SCHOOL / "2026-09-17" / "pupils.csv"
    file.write_bytes(file.read_bytes()[:500])
    verdict = collect(hub, "2026-09-17")
    assert (verdict.state, verdict.rule) == (SchoolState.PARTLY, "broken_document")
    assert live_pupils(hub) == 60


@pytest.mark.parametrize(
    "volumes", ["{pupils: {floor: 1}}", "{pupil: {floor: 5, ceiling: 4}}", "{pupil: {least: 4}}"]
)
def test_bounds_that_cannot_be_meant_are_refused(tmp_path: Path, volumes: str) -> None:
    file = tmp_path / "region.yml"
    file.write_text(
        f"""
region: Регион
zone: Europe/Moscow
school_year: 2026
year_start: 2026-09-01
year_end: 2027-05-31
districts: [{{code: d1, name: Район}}]
schools:
  - code: "781001"
    name: Школа
    district: d1
    profile: spb
    connected_on: 2026-09-16
    volumes: {volumes}
    sources: [{{kind: lists, mapping: lists/1, settings: {{}}}}]
""",
        "utf-8",
    )
    with pytest.raises(RegionFileError, match=r"volumes|ceiling"):
        read_region(file)
