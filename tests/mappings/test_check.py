"""``svod mappings check`` on samples of the bundled profiles, and ``list``, ``schema``."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.errors import ConnectorError
from mappings import load, profiles
from mappings.json_schema import printed
from mappings.met import HIDDEN
from pipeline.cli import app
from pipeline.exits import Exit
from pipeline.samples.check import check_sample
from pipeline.samples.sample import SampleError, open_sample

NOTE = """\
создано=2026-09-18T18:30:00+07:00
с=2026-09-01
по=2026-09-18
система=sd.tom.ru
"""
PUPILS = """\
Номер;ФИО;Дата рождения;Класс;Прибыл;Выбыл;СНИЛС
31;Брянчихин Олег;28.02.2013;7а;01.09.2020;;112-233-445 95
32;Ягодкина Анна;31.02.2013;7а;01.09.2020;;
"""
JOURNAL = """\
Дата;Урок;Класс;Подгруппа;Предмет;Номер ученика;Вид работы;Отметка;Записано;Заметка
05.09.2026;3;7а;;Алгебра;31;контрольная;5 4;05.09.2026 13:40;болеет
05.09.2026;3;7а;;Алгебра;32;контрольная;Ы;05.09.2026 13:40;
05.09.2026;3;7а;;Алгебра;33;контрольная;Брянчихин;05.09.2026 13:40;
05.09.2026;3;7а;;Алгебра;31;;Н/б;05.09.2026 13:40;
"""
PERSONAL = ("Брянчихин", "Ягодкина", "112-233", "28.02.2013", "31.02.2013", "болеет")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "upload").mkdir()
    files = {"готово.txt": NOTE, "pupils.csv": PUPILS, "journal.csv": JOURNAL}
    for name, text in files.items():
        (tmp_path / "upload" / name).write_text(text, encoding="utf-8")
    return tmp_path / "upload"


def _run(*arguments: str):
    return CliRunner().invoke(app, ["mappings", *arguments], catch_exceptions=False)


def _answer(*arguments: str):
    done = _run("check", *arguments, "--json")
    return json.loads(done.stdout), done.exit_code


def _read(sample: Path):
    return check_sample(
        load("eschool/1"), open_sample(sample), school_year=2026, zone="Europe/Moscow"
    )


def test_how_each_column_is_read(folder):
    answer, _ = _answer("eschool/1", str(folder))

    columns = {(one["table"], one["column"]): one for one in answer["columns"]}
    assert columns["pupils", "Дата рождения"] == {
        "table": "pupils",
        "column": "Дата рождения",
        "status": "read",
        "fields": ["pupil.birth_date: date dd.mm.yyyy"],
        "assumed": True,
    }
    assert columns["journal", "Заметка"]["status"] == "unknown"
    assert "mark.value: Знак: codes mark_value" in columns["journal", "Отметка"]["fields"]


def test_codes_with_meaning_and_count(folder):
    answer, _ = _answer("eschool/1", str(folder / "journal.csv"))

    told = [
        (one["code"], one["meaning"], one["state"], one["count"])
        for one in answer["codes"]
        if one["field"] in ("value", "status")
    ]
    assert told == [
        ("4", "4", "known", 1),
        ("5", "5", "known", 1),
        ("Ы", None, "unknown", 1),
        (HIDDEN, None, "unknown", 1),
        ("Н/б", "ill", "known", 1),
    ]


def test_what_would_be_lost_and_where(folder):
    answer, code = _answer("eschool/1", str(folder))

    places = {(one["rule"], one["document"], one["line"], one["field"]) for one in answer["losses"]}
    assert {
        ("unknown_column", "journal.csv", None, "Заметка"),
        ("unknown_code", "journal.csv", 3, "Отметка"),
        ("unknown_code", "journal.csv", 4, "Отметка"),
        ("bad_date", "pupils.csv", 3, "Дата рождения"),
        ("missing_document", "lessons.csv", None, ""),
    } <= places
    assert all(one["reason"] and one["fix"] for one in answer["losses"])
    entities = {one["entity"]: one for one in answer["entities"]}
    assert entities["mark"] == {
        "entity": "mark",
        "read": 4,
        "accepted": 2,
        "refused": 2,
        "duplicate": 0,
    }
    assert (entities["pupil"]["read"], entities["pupil"]["accepted"]) == (2, 1)
    assert code == Exit.MISCONFIGURED


def test_references_within_the_sample_are_asked(folder):
    journal = folder / "journal.csv"
    good = JOURNAL.replace("Ы", "3").replace("Брянчихин", "4").replace("болеет", "")
    journal.write_text(good, encoding="utf-8")

    report = _read(folder)

    lost = {(one.rule, one.line, one.field) for one in report.losses if one.line}
    # 33 is nobody, 32 was refused for the birth date; of lessons the sample holds none.
    assert lost == {
        ("bad_date", 3, "Дата рождения"),
        ("dangling_reference", 3, "Номер"),
        ("dangling_reference", 3, "Номер ученика"),
        ("dangling_reference", 4, "Номер ученика"),
    }


@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_personal_is_shown(as_json, folder):
    done = _run("check", "eschool/1", str(folder), *(["--json"] if as_json else []))

    assert "Отметка" in done.stdout
    assert [text for text in PERSONAL if text in done.stdout] == []


def test_the_table_names_everything_a_person_needs(folder):
    shown = " ".join(
        _run("check", "eschool/1", str(folder), "--against", "eschool/1").stdout.split()
    )

    for told in ("Tables", "Columns", "Codes", "UNKNOWN", "Records", "Would be lost"):
        assert told in shown
    assert "Changed since eschool/1 nothing to show" in shown


def test_lessons_of_the_year_before_are_told(folder):
    journal = JOURNAL.replace("05.09.2026;3", "05.05.2026;3")
    (folder / "journal.csv").write_text(journal, encoding="utf-8")

    lost = {(one.rule, one.line, one.field) for one in _read(folder).losses}

    assert ("other_year", 2, "Дата") in lost


def test_an_archive_is_read_as_the_folder(folder, tmp_path):
    packed = tmp_path / "upload.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)

    assert _read(packed) == _read(folder)


def test_a_clean_sample_ends_well(tmp_path):
    (tmp_path / "classes.csv").write_text("Класс;Параллель;Буква\n7а;7;а\n", encoding="utf-8")

    done = _run("check", "eschool/1", str(tmp_path / "classes.csv"))

    assert done.exit_code == Exit.DONE
    assert "everything in the sample is read" in done.stdout


def test_days_without_a_year_are_of_the_school_year(tmp_path):
    note = "<Экспорт/>"
    (tmp_path / "x.xml").write_text(note, encoding="utf-8")

    report = check_sample(
        load("eschool/1"), open_sample(tmp_path / "x.xml"), school_year=2026, zone="UTC"
    )

    assert [(one.rule, one.document) for one in report.losses] == [("unknown_document", "x.xml")]
    assert report.tables == []


def test_an_export_of_another_system_is_told_and_still_shown(folder):
    (folder / "готово.txt").write_text(NOTE.replace("sd.tom.ru", "другая"), encoding="utf-8")

    report = _read(folder)

    assert ("misconfigured", "готово.txt") in {(one.rule, one.document) for one in report.losses}
    assert {one.table for one in report.tables} == {"pupils", "journal"}


def test_differences_come_with_the_answer(folder):
    answer, _ = _answer("paragraf/3.21", str(folder), "--against", "3.20")

    assert {
        "change": "changed",
        "what": "column",
        "place": "pupils.pupil.snils",
        "before": "СтраховойНомер",
        "after": "СНИЛС",
    } in answer["changes"]


def test_a_sample_that_is_not_there(tmp_path):
    with pytest.raises(SampleError, match="no such file"):
        open_sample(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SampleError, match="no files"):
        open_sample(tmp_path / "empty")


def test_a_link_in_the_sample_is_not_followed(folder):
    (folder / "link.csv").symlink_to("/etc/hostname")

    with pytest.raises(ConnectorError):
        open_sample(folder)


def test_a_live_system_has_no_files_to_check(folder):
    with pytest.raises(SampleError, match="live source"):
        check_sample(load("dnevnik_ru/v2"), open_sample(folder), school_year=2026, zone="UTC")


def test_the_list_names_every_profile():
    rows = {row["profile"]: row for row in json.loads(_run("list", "--json").stdout)}

    assert list(rows) == profiles()
    assert rows["paragraf/3.20"]["base"] == "paragraf/3.21"
    assert rows["paragraf/3.20"]["school_years"] == "2025-2026"
    assert rows["eschool/1"]["assumed"] == rows["eschool/1"]["lines"]
    assert 0 < rows["netschool/5"]["assumed"] < rows["netschool/5"]["lines"]


def test_a_broken_profile_of_a_site_hides_no_other(tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/1.yml").write_text("system: own\n", encoding="utf-8")
    monkeypatch.setenv("SVOD_MAPPINGS", str(tmp_path))

    rows = {row["profile"]: row for row in json.loads(_run("list", "--json").stdout)}

    assert rows["own/1"]["title"].startswith("cannot be used: ")
    assert rows["own/1"]["folder"] == str(tmp_path)
    assert rows["eljur/1"]["folder"] == "bundled"


def test_the_schema_is_printed():
    assert _run("schema").stdout == printed()
