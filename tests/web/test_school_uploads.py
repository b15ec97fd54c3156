"""What came from a school, day by day: the ledger's counts, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reports.words import COLLECTED, grouped
from schemas.rulebook import rule
from tests.end_to_end.world import World
from tests.web.forms import parsed, words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
SCHOOL, PAGE = "781001", "/school/781001/uploads"


def days(opened: Browser, **asked: str) -> dict[str, Any]:
    """The articles of the page, by the day they are about."""
    found = parsed(opened.get(PAGE, **asked)).iter("article")
    return {words_of(next(one.iter("h2")))[:10]: one for one in found}


def test_each_day_tells_its_cause_and_where_its_records_went(
    browser: Opened, region: World
) -> None:
    found = days(browser("s1-deputy"))
    runs = region.rows(
        "SELECT DISTINCT r.run_id, r.business_date FROM ops.school_runs r"
        " JOIN ops.ledger l USING (run_id, school, source)"
        " WHERE r.verb = 'collect' AND r.school = :school",
        school=SCHOOL,
    )
    assert runs
    for run in runs:
        told = words_of(found[run["business_date"].strftime("%d.%m.%Y")])
        counts = region.rows(
            "SELECT counter, sum(count)::int AS n FROM ops.ledger WHERE run_id = :run"
            " AND school = :school AND source = 'paragraf' GROUP BY counter",
            run=run["run_id"],
            school=SCHOOL,
        )
        assert {row["counter"] for row in counts} >= {"read", "accepted"}
        for row in counts:
            count = " ".join(grouped(row["n"]).split())
            assert f"{COLLECTED[row['counter']]}: {count}" in told
        assert "Параграф: прочитано" in told
        assert run["run_id"] in told


def test_kinds_of_records_are_told_to_the_school_alone(browser: Opened) -> None:
    """Some of them are persons, and their number may be small."""
    assert "По видам записей" in browser("s1-reader").get(PAGE).text
    for login in ("d1-officer", "region-reader"):
        assert "По видам записей" not in browser(login).get(PAGE).text


def test_only_the_days_that_are_asked_for(browser: Opened, region: World) -> None:
    opened = browser("s1-reader")
    last = region.last
    assert len(days(opened)) > 1
    asked = {"from": last, "to": last}
    assert len(days(opened, **asked)) == 1


@pytest.fixture
def unread(region: World) -> Any:
    """A document of the last evening that was not read, and a remark on a column."""
    (last,) = region.rows(
        "SELECT run_id, business_date FROM ops.school_runs WHERE school = :school"
        " AND verb = 'collect' ORDER BY business_date DESC LIMIT 1",
        school=SCHOOL,
    )
    insert = (
        "INSERT INTO ops.findings (school, source, upload_ref, document, rule, detail, run_id)"
        " VALUES (:school, 'paragraf', 'r', :document, :rule, 'строка <12>', :run)"
    )
    for document, name in (("broken<1>.xml", "broken_document"), ("other.xml", "unknown_column")):
        region.write(insert, school=SCHOOL, document=document, rule=name, run=last["run_id"])
    yield last
    region.write("DELETE FROM ops.findings WHERE document IN ('broken<1>.xml', 'other.xml')")


def test_what_was_not_read_is_told_with_why_and_how(
    browser: Opened, region: World, unread: Any
) -> None:
    opened = browser("s1-administrator")
    day = days(opened)[unread["business_date"].strftime("%d.%m.%Y")]
    (told,) = [
        [words_of(cell) for cell in row]
        for row in day.iter("tr")
        if words_of(row[0]).endswith(".xml")
    ]
    words = rule("broken_document")
    assert told == ["broken<1>.xml", f"{words.reason} (строка <12>)", words.fix]
    assert "broken<1>" not in opened.get(PAGE).text


def test_another_school_is_not_there(browser: Opened) -> None:
    assert browser("s1-deputy").get("/school/781003/uploads").status_code == 404
