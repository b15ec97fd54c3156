"""Form 1, delivery and sums of the truth, recounted from Paragraf's files with other code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sandbox.generate import generate
from sandbox.params import Params

Row = dict[str, str]
Read = Callable[[Path, str], list[Row]]
TODAY = date(2026, 9, 18)


def day(text: str | None) -> date:
    """A date; the far future where there is none."""
    if not text:
        return date.max
    on, month, year = (int(part) for part in text.split("."))
    return date(year, month, on)


class Files:
    """A school's last upload without the rows that were refused."""

    def __init__(self, region: Any, read: Read, code: str) -> None:
        self.truth = {part: region.truth[part][code] for part in ("form1", "delivery")}
        self._folder = region.drop(code)
        self._read = read
        self._lost = {
            (d["entity"], d["line"])
            for d in region.truth["defects"]
            if d["school"] == code and d["kind"] != "finding"
        }

    def rows(self, table: str, entity: str) -> list[Row]:
        found = self._read(self._folder, table)
        return [row for row in found if (entity, int(row["#"])) not in self._lost]

    def uids(self) -> set[str]:
        return {r["Код"] for r in self.rows("pupils", "uid") if r.get("UID")}

    def agreed(self) -> set[str]:
        """Pupils whose guardian's application is registered and not refused."""
        left = {
            r["Код"] for r in self.rows("pupils", "pupil") if day(r.get("ДатаВыбытия")) <= TODAY
        }
        return {
            a["КодУченика"]
            for a in self.rows("applications", "consent")
            if day(a.get("ДатаРегистрации")) <= TODAY < day(a.get("ДатаОтказа"))
        } - left


@pytest.fixture(params=["xml", "csv"])
def files(request: pytest.FixtureRequest, region: Any, read_paragraf: Read) -> Files:
    return Files(region, read_paragraf, region.code("paragraf", request.param))


def fate(files: Files, rows: list[Row]) -> dict[str, Any]:
    uids, agreed = files.uids(), files.agreed()
    fates = Counter(
        "no_code"
        if r.get("Причина") == "осв"
        else "no_uid"
        if r["КодУченика"] not in uids
        else "delivered"
        if r["КодУченика"] in agreed
        else "no_consent"
        for r in rows
    )
    withheld = {reason: n for reason, n in fates.items() if reason != "delivered"}
    return {"due": len(rows), "delivered": fates["delivered"], "withheld": withheld}


def test_delivery(files: Files) -> None:
    truth = files.truth["delivery"]
    marks, absences = files.rows("marks", "mark"), files.rows("attendance", "attendance")
    assert truth["mark"] == fate(files, marks)
    assert truth["attendance"] == fate(files, absences)
    held = [
        x
        for x in files.rows("lessons", "lesson")
        if x["Проведен"] == "да" and x["Состояние"] == "План"
    ]
    blocked = truth["lesson"]["withheld"]["blocked_text"]
    assert (truth["lesson"]["due"], truth["lesson"]["delivered"]) == (
        len(held),
        len(held) - blocked,
    )
    assert {"no_uid", "no_consent"} <= set(truth["mark"]["withheld"])
    slots = len(files.rows("timetable", "timetable_slot"))
    assert truth["timetable"] == {"due": slots, "delivered": slots, "withheld": {}}


def test_a_system_without_a_timetable_delivers_none(region: Any) -> None:
    for code in region.codes("dnevnik_ru"):
        assert region.truth["delivery"][code]["timetable"]["due"] == 0


def test_form1(files: Files) -> None:
    held = [x for x in files.rows("lessons", "lesson") if x["Проведен"] == "да"]
    noted = {
        r["КодУченика"]
        for table, entity in (("marks", "mark"), ("attendance", "attendance"))
        for r in files.rows(table, entity)
    }
    access = {t["Код"] for t in files.rows("staff", "access_account") if t["ДоступКЖ"] == "да"}
    for grade, row in files.truth["form1"].items():
        codes = {c["Код"] for c in files.rows("classes", "class_") if c["Параллель"] == grade}
        given = [x for x in held if x["КодКласса"] in codes]
        pupils = {
            p["Код"]
            for p in files.rows("pupils", "pupil")
            if p["КодКласса"] in codes and day(p.get("ДатаВыбытия")) > TODAY
        }
        subjects = {
            h["КодПредмета"]
            for h in files.rows("curriculum", "curriculum_hours")
            if h["КодКласса"] in codes
        }
        teachers = {
            s["КодУчителя"]
            for s in files.rows("timetable", "timetable_slot")
            if s["КодКласса"] in codes
        }
        assert row == [
            len(codes),
            len({x["КодКласса"] for x in given}),
            len(pupils),
            len(pupils & noted),
            len(subjects),
            len(subjects & {x["КодПредмета"] for x in given}),
            len(teachers),
            len(teachers & access),
        ]


def test_districts_and_region_are_sums(region: Any) -> None:
    schools = region.truth["schools"]
    for measure in (
        "fill_rate",
        "held",
        "topic",
        "homework",
        "attendance",
        "marks",
        "upload_frequency",
    ):
        total = (0, 0)
        for district in region.truth["districts"]:
            own = [
                region.ratio(c, measure) for c, s in schools.items() if s["district"] == district
            ]
            summed = (sum(n for n, _ in own), sum(d for _, d in own))
            assert region.ratio(district, measure) == summed
            total = (total[0] + summed[0], total[1] + summed[1])
        assert region.ratio("region", measure) == total
        assert 0 < total[0] < total[1]


def test_what_pupils_and_schools_have(region: Any) -> None:
    """Defects of every kind are planted, and not everybody has a UID and a consent."""
    rules = {(d["source"], d["rule"]) for d in region.truth["defects"]}
    assert {
        ("lists", "person_not_found"),
        ("lists", "bad_format"),
        ("lists", "missing_value"),
        ("paragraf", "unknown_column"),
        ("netschool", "unknown_column"),
    } <= rules
    assert all(d["document"] for d in region.truth["defects"])
    assert all(d["line"] or d["rule"] == "unknown_column" for d in region.truth["defects"])
    for code in region.truth["schools"]:
        delivery = region.truth["delivery"][code]["mark"]
        assert delivery["due"] == delivery["delivered"] + sum(delivery["withheld"].values())
        assert delivery["due"] == region.truth["records"][code]["mark"]["accepted"]


def test_term_marks_come_in_the_last_week(tmp_path: Path, read_paragraf: Read) -> None:
    params = Params(seed=5, until=date(2026, 10, 24), schools_per_system=1, classes=1, districts=1)
    generate(params, tmp_path)
    rows = read_paragraf(tmp_path / "drops" / "781001" / "2026-10-24", "term_marks")
    subjects = read_paragraf(tmp_path / "drops" / "781001" / "2026-10-24", "curriculum")
    pupils = {r["КодУченика"] for r in rows}
    assert len(rows) == len(pupils) * len(subjects)
    early = read_paragraf(tmp_path / "drops" / "781001" / "2026-10-20", "term_marks")
    assert 0 < len(early) < len(rows)


def test_a_demo_region_has_a_school_without_mistakes(tmp_path: Path) -> None:
    params = Params(seed=5, schools_per_system=3, classes=1, districts=1)
    generate(params, tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    wrong = {d["school"] for d in truth["defects"]}
    assert set(truth["schools"]) - wrong == {"781003", "781006", "781009"}
    manifest = tmp_path / "drops" / "781003" / "2026-09-18" / "manifest.xml"
    assert etree.parse(str(manifest)).getroot().get("школа") == "781003"
