"""From live rows to kept figures to files, on a small region in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from openpyxl import load_workbook
from sqlalchemy import Engine, delete, insert, select, text, update

from pipeline.forms.report import report
from pipeline.measuring.measure import MeasureSummary, measure
from pipeline.measuring.measured import NothingMeasuredError
from quality.profiles import UnknownProfileError
from reports.gather import gather_schools
from schemas.tables import (
    districts,
    findings,
    form_figures,
    ledger,
    measures,
    quarantine,
    school_runs,
    schools,
    sources,
    uploads,
)

FROM, AS_OF = date(2026, 9, 14), date(2026, 9, 18)
SEEN = datetime(2026, 9, 18, 20, tzinfo=UTC)

Store = Callable[..., None]


def _put(engine: Engine, table: Any, *rows: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table), list(rows))


@pytest.fixture
def region(engine: Engine, store: Store) -> Engine:
    """s1 by timetable, s2 by lessons (d1); s3 that never sent anything (d2)."""
    places = [("s1", "d1", "paragraf"), ("s2", "d1", "dnevnik_ru"), ("s3", "d2", "netschool")]
    _put(engine, districts, {"code": "d1", "name": "Северный"}, {"code": "d2", "name": "Южный"})
    for school, district, kind in places:
        row = {"code": school, "name": f"Школа {school}", "district": district, "profile": "spb"}
        _put(engine, schools, row | {"school_year": 2026, "connected_on": FROM})
        _put(engine, sources, {"school": school, "kind": kind, "mapping": kind, "settings": {}})
    _put(engine, sources, {"school": "s1", "kind": "lists", "mapping": "lists", "settings": {}})
    store("class_", {"source_key": "7a"})
    store("timetable_slot", {}, {"weekday": 2, "valid_from": FROM})
    store("lesson", {})
    store("mark", {"lesson_key": "lesson0", "pupil": "p1"})
    store("attendance", {"lesson_key": "lesson0", "pupil": "p1"})
    store("enrolment", {"pupil": "p1", "class_key": "7a"})
    lessons = [{"attendance_taken": True}, {"topic": None}, {"status": "cancelled"}]
    store("lesson", *lessons, school="s2", source="dnevnik_ru")
    for n, accepted in enumerate([True, True, False, True]):
        day = FROM + timedelta(days=n)
        _put(engine, uploads, {"school": "s1", "source": "paragraf", "ref": day.isoformat(),
                               "upload_date": day, "taken_at": SEEN, "accepted": accepted,
                               "run_id": "r1"})  # fmt: skip
    _put(engine, school_runs, *(
        {"run_id": "r1", "verb": "collect", "school": school, "source": kind,
         "business_date": AS_OF, "state": state, "rule": rule, "finished_at": SEEN}
        for (school, _, kind), state, rule in zip(
            places, ["done", "done", "failed"], [None, None, "source_unavailable"], strict=True)
    ))  # fmt: skip
    _put(engine, ledger, *(
        {"run_id": "r1", "school": "s1", "source": "paragraf", "entity": entity,
         "counter": "read", "reason": "", "count": 5} for entity in ("lesson", "mark")
    ))  # fmt: skip
    return engine


def _basis(mapping: str) -> str:
    return "lessons" if mapping == "dnevnik_ru" else "timetable"


def _measure(engine: Engine, run_id: str = "m1") -> MeasureSummary:
    return measure(
        engine,
        run_id=run_id,
        business_date=AS_OF,
        date_from=FROM,
        zone="Europe/Moscow",
        schedule_basis=_basis,
    )


def _figures(engine: Engine) -> dict[tuple[str, str], tuple[int, int]]:
    with engine.connect() as connection:
        rows = connection.execute(select(measures)).mappings().all()
    return {(r["unit"], r["measure"]): (r["numerator"], r["denominator"]) for r in rows}


def test_figures_of_schools_district_and_region(region: Engine) -> None:
    summary = _measure(region)
    got = _figures(region)
    assert len(got) == summary.figures == 9 * (3 + 2 + 1)
    assert got["s1", "held"] == (1, 2)  # Monday's lesson, Tuesday's slot without a row
    assert got["s1", "fill_rate"] == (1, 2)
    assert got["s2", "topic"] == (1, 2)
    assert got["s2", "marks"] == (0, 2)
    assert got["d1", "held"] == got["region", "held"] == (3, 4)
    # Monday's lesson, attendance, homework and mark; Tuesday's slot that nobody filled.
    assert got["s1", "timeliness"] == (4, 5)
    assert got["s3", "held"] == got["d2", "held"] == (0, 0)
    assert got["s1", "upload_frequency"] == (3, 5)
    assert got["s2", "upload_frequency"] == (1, 5)  # Friday's reading went through
    assert got["s3", "upload_frequency"] == (0, 5)
    assert summary.region["held"] == (3, 4)


def test_cells_of_form1_and_of_the_calendar(region: Engine) -> None:
    _measure(region)
    with region.connect() as connection:
        cells = connection.execute(select(form_figures)).mappings().all()
    known = {(c["form"], c["school"], c["row"], c["column"]): c["value"] for c in cells}
    assert known["form1", "s1", "7", "pupils_with_data"] == 1
    days = {
        row: column for form, school, row, column in known if (form, school) == ("uploads", "s1")
    }
    assert days == {
        "2026-09-14": "uploaded",
        "2026-09-15": "uploaded",
        "2026-09-16": "data_rejected",
        "2026-09-17": "uploaded",
        "2026-09-18": "school_did_not_fill",
    }
    assert ("uploads", "s3", "2026-09-18", "source_unavailable") in known
    assert ("uploads", "s3", "2026-09-17", "hub_fault") in known


def test_measuring_again_changes_nothing_but_the_run(region: Engine) -> None:
    _measure(region)
    first = _figures(region)
    _measure(region, "m2")
    assert _figures(region) == first
    with region.connect() as connection:
        assert set(connection.execute(select(measures.c.run_id)).scalars()) == {"m2"}


def test_vanished_rows_and_other_years_do_not_count(region: Engine) -> None:
    with region.begin() as connection:
        connection.execute(text("UPDATE journal.mark SET vanished_at = now()"))
        connection.execute(text("UPDATE registry.schools SET school_year = 2027 WHERE code = 's2'"))
    _measure(region)
    got = _figures(region)
    assert got["s1", "marks"] == (0, 1)
    assert got["s2", "held"] == (0, 0)


def test_a_school_bound_to_no_known_profile_stops_the_measuring(region: Engine) -> None:
    with region.begin() as connection:
        connection.execute(text("UPDATE registry.schools SET profile = 'moscow' WHERE code = 's3'"))
    with pytest.raises(UnknownProfileError):
        _measure(region)
    assert _figures(region) == {}


def test_an_empty_region_is_measured_as_empty(engine: Engine) -> None:
    assert _measure(engine).schools == 0


def test_reports_are_written_for_districts_and_region(region: Engine, tmp_path: Path) -> None:
    _measure(region)
    paths = report(region, run_id="r1", business_date=AS_OF, out=tmp_path / "out")
    assert [path.name for path in paths] == [
        f"otchet_{unit}_2026-09-18.{kind}"
        for unit in ("d1", "d2", "region")
        for kind in ("html", "xlsx")
    ]
    page = html.fromstring((tmp_path / "out" / "otchet_d1_2026-09-18.html").read_text("utf-8"))
    assert [row.get("data-school") for row in page.xpath("//table[@id='t-schools']/tbody/tr")] == [
        "s2",
        "s1",
    ]
    assert "Школа s3" not in page.text_content()
    ledger_row = page.xpath("//table[@id='t-ledger']//tr[@data-school='s1']/td[2]/text()")
    assert ledger_row == ["10"]


def test_accumulation_is_measured_where_the_regulation_asks_for_it(
    region: Engine, store: Store
) -> None:
    with region.begin() as connection:
        connection.execute(
            update(schools).where(schools.c.code == "s1").values(profile="velikie_luki")
        )
    term = {"name": "1 четверть", "kind": "quarter", "number": 1}
    store("term", term | {"start": FROM - timedelta(weeks=5), "finish": AS_OF})
    store("curriculum_hours", {"class_key": "7a", "subject_key": "alg", "hours_per_week": 2.0})
    _measure(region)
    got = _figures(region)
    assert got["s1", "accumulation"] == (0, 1)  # one mark where two are asked
    assert got["s2", "accumulation"] == (0, 0)
    assert got["d1", "accumulation"] == (0, 1)
    with region.connect() as connection:
        told = gather_schools(connection, AS_OF).schools
    counts = {s.code: {r.rule: r.count for r in s.remarks} for s in told}
    assert counts["s1"]["accumulation"] == 1
    assert "accumulation" not in counts["s2"]


def test_a_region_whose_documents_know_no_form1_has_none(region: Engine, tmp_path: Path) -> None:
    with region.begin() as connection:
        connection.execute(update(schools).values(profile="tomsk"))
    _measure(region)
    pages = report(region, run_id="p1", business_date=AS_OF, out=tmp_path)
    page = html.fromstring(next(p for p in pages if p.suffix == ".html").read_text("utf-8"))
    assert page.xpath("//section[@id='shkoly']")
    assert not page.xpath("//section[@id='forma']")
    assert not page.xpath("//a[@href='#forma']")
    book = load_workbook(next(p for p in pages if p.suffix == ".xlsx"))
    assert "Школы" in book.sheetnames
    assert "Форма 1" not in book.sheetnames


def test_remarks_come_from_checks_findings_and_failed_runs(region: Engine, tmp_path: Path) -> None:
    refused = {"school": "s1", "source": "paragraf", "entity": "mark", "upload_ref": "x",
               "document": "marks.xml", "line": 1, "field": "value", "rule": "off_scale",
               "sealed": b"", "first_run": "r1", "last_run": "r1"}  # fmt: skip
    found = {"school": "s1", "source": "paragraf", "document": "x.xml", "rule": "unknown_document"}
    _put(region, quarantine, *(
        refused | {"record_lookup": str(n), "state": state}
        for n, state in enumerate(["open", "open", "gone"])
    ))  # fmt: skip
    _put(
        region,
        findings,
        found | {"upload_ref": "2026-09-17", "run_id": "r1"},
        found | {"upload_ref": "2026-09-17", "run_id": "r2"},  # the same upload, read again
        found | {"upload_ref": "2026-09-15", "run_id": "r0"},  # an earlier upload
    )
    judged = {"school": "s1", "source": "hub", "document": "journal.mark", "rule": "volume_low"}
    _put(
        region,
        findings,
        judged | {"upload_ref": "2026-09-18", "run_id": "r1", "detail": "volume_floor: 7"},
        judged | {"upload_ref": "2026-09-18", "run_id": "r2", "detail": "volume_floor: 5"},
        judged | {"upload_ref": "2026-09-17", "run_id": "r0", "detail": "volume_floor: 9"},
    )
    _measure(region)
    report(region, run_id="r1", business_date=AS_OF, out=tmp_path)
    page = html.fromstring((tmp_path / "otchet_region_2026-09-18.html").read_text("utf-8"))
    counts = {
        row.get("data-rule"): row.xpath("string(td[2])")
        for row in page.xpath("//table[@id='t-remarks']/tbody/tr")
    }
    assert counts["off_scale"] == "2"
    assert counts["unknown_document"] == "1"
    assert counts["volume_low"] == "1"
    assert counts["source_unavailable"] == "1"
    assert counts["topic"] == "1"
    assert counts["upload_frequency"] == "11"


def test_no_report_without_figures(region: Engine, tmp_path: Path) -> None:
    with region.begin() as connection:
        connection.execute(delete(measures))
    with pytest.raises(NothingMeasuredError):
        report(region, run_id="r1", business_date=AS_OF, out=tmp_path)
    assert list(tmp_path.iterdir()) == []
