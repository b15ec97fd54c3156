"""A counter of a run on its page: held against the ledger and the books by plain SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from reports.explained import COUNTERS
from reports.web.pages.explained_counter import MOVED_ON, NOT_BY_RECORD
from schemas.rulebook import rule
from tests.end_to_end.conftest import run_of
from tests.end_to_end.world import World
from tests.web.figures import number, page_of, sheets, table
from tests.web.forms import words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
SCHOOL, SOURCE = "781001", "paragraf"
UPLOADS = f"/school/{SCHOOL}/uploads"
PLACE = re.compile(r"[^:]+:(\d+), выгрузка [\w-]+")


def counter(name: str, run: str, entity: str = "", school: str = SCHOOL) -> str:
    of = f"entity={entity}/" if entity else ""
    return f"/explain/ledger/{name}/school/{school}/{of}source={SOURCE}@{run}"


def ledger(region: World, run: str) -> dict[tuple[str, str], int]:
    """The account of the school's journal by entity and counter."""
    rows = region.rows(
        "SELECT entity, counter, sum(count)::int AS n FROM ops.ledger WHERE run_id = :run"
        " AND school = :school AND source = :source GROUP BY 1, 2",
        run=run,
        school=SCHOOL,
        source=SOURCE,
    )
    assert rows
    return {(row["entity"], row["counter"]): row["n"] for row in rows}


def lines_of(page: Any) -> list[str]:
    """The places of the records."""
    return [words_of(row["Откуда"]) for row in table(page, "rows")]


@pytest.mark.parametrize("login", ["s1-reader", "operator"])
def test_every_figure_of_the_uploads_page_opens_and_is_that_of_the_ledger(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    days = {"from": region.last, "to": region.last}
    links = [
        one
        for one in page_of(opened.get(UPLOADS, **days)).find_class("figure")
        if f"source={SOURCE}" in one.get("href")
    ]
    told = ledger(region, run)
    totals: dict[str, int] = {}
    for (_, name), n in told.items():
        totals[name] = totals.get(name, 0) + n
    expected = {unquote(counter(name, run)): n for name, n in totals.items() if name in COUNTERS}
    expected |= {
        unquote(counter(name, run, entity)): n
        for (entity, name), n in told.items()
        if name in COUNTERS
    }
    assert {unquote(unquote(one.get("href"))): number(one) for one in links} == expected
    for one in links:
        page = page_of(opened.get(one.get("href")))
        assert number(page.get_element_by_id("counts")) == number(one), one.get("href")
        assert "Не сходится" not in words_of(page)


def test_a_total_is_the_sum_of_its_kinds_and_closes(browser: Opened, region: World) -> None:
    run = run_of(region.last)
    page = page_of(browser("s1-deputy").get(counter("read", run)))
    told = ledger(region, run)
    kinds = table(page, "kinds")
    read = sorted(n for (_, name), n in told.items() if name == "read")
    assert sorted(number(row["Записей"]) for row in kinds) == read
    assert number(page.get_element_by_id("counts")) == sum(read)
    (said,) = [words_of(one) for one in page.find_class("account")]
    parts = [
        sum(n for (_, one), n in told.items() if one == name)
        for name in ("read", "accepted", "quarantined", "duplicate")
    ]
    assert [int(one.replace(" ", "")) for one in re.findall(r": ([\d ]+)", said)] == parts
    assert said.endswith("Сходится.")


def test_an_account_that_does_not_close_is_said(browser: Opened, region: World) -> None:
    run = run_of(region.last)
    more = (
        "UPDATE ops.ledger SET count = count + {} WHERE run_id = :run AND school = :school"
        " AND source = :source AND entity = 'mark' AND counter = 'read'"
    )
    bound = {"run": run, "school": SCHOOL, "source": SOURCE}
    region.write(more.format(1), **bound)
    try:
        pages = [
            words_of(page_of(browser("s1-deputy").get(counter(name, run, "mark"))))
            for name in ("read", "accepted")
        ]
    finally:
        region.write(more.format(-1), **bound)
    assert ["Не сходится" in one for one in pages] == [True, True]
    assert "Сходится" in pages[1]  # accepted = created + changed + unchanged still does


def test_refused_records_are_told_with_why_and_where(browser: Opened, region: World) -> None:
    run = run_of(region.last)
    (entity, n), *_ = sorted(
        (entity, n) for (entity, name), n in ledger(region, run).items() if name == "quarantined"
    )
    rows = region.rows(
        "SELECT document, line, field, rule, upload_ref FROM ops.quarantine WHERE last_run = :run"
        " AND school = :school AND source = :source AND entity = :entity"
        " ORDER BY document, line, field",
        run=run,
        school=SCHOOL,
        source=SOURCE,
        entity=entity,
    )
    opened = browser("s1-deputy")
    page = page_of(opened.get(counter("quarantined", run, entity)))
    assert number(page.get_element_by_id("counts")) == n
    shown = [
        [words_of(row[name]) for name in ("Поле", "Почему", "Как исправить", "Откуда")]
        for row in table(page, "rows")
    ]
    expected = [
        [
            row["field"] or "—",
            rule(row["rule"]).reason[:1].upper() + rule(row["rule"]).reason[1:],
            rule(row["rule"]).fix,
            f"{row['document']}:{row['line']}, выгрузка {row['upload_ref']}",
        ]
        for row in rows
    ]
    assert shown == expected
    told = sheets(opened.get(counter("quarantined", run, entity), format="xlsx"))["Записи"]
    places = [row[4] for row in told if PLACE.fullmatch(str(row[4]))]
    assert places == [one[3] for one in expected]


@pytest.mark.parametrize("entity", ["lesson", "mark", "pupil"])
@pytest.mark.parametrize("name", ["created", "changed"])
def test_records_that_the_run_wrote_are_told_with_their_lines(
    browser: Opened, region: World, name: str, entity: str
) -> None:
    run = run_of(region.last)
    count = ledger(region, run).get((entity, name), 0)
    opened = browser("s1-reader")
    page = page_of(opened.get(counter(name, run, entity)))
    assert number(page.get_element_by_id("counts")) == count
    seen, pages = [], -(-count // 100)
    for at in range(1, pages + 1):
        seen += lines_of(page_of(opened.get(counter(name, run, entity), page=str(at))))
    assert len(seen) == count
    assert all(PLACE.fullmatch(one) for one in seen)
    newer = "recorded_at = first_seen_at" if name == "created" else "recorded_at > first_seen_at"
    keys = region.rows(
        f"SELECT origin_line AS line FROM journal.{entity} WHERE school = :school"
        f" AND source = :source AND recorded_run = :run AND vanished_at IS NULL AND {newer}",
        school=SCHOOL,
        source=SOURCE,
        run=run,
    )
    found = [PLACE.fullmatch(one) for one in seen]
    assert sorted(int(one[1]) for one in found if one) == sorted(row["line"] for row in keys)


def test_what_is_not_kept_by_record_says_so(browser: Opened, region: World) -> None:
    opened, run = browser("s1-reader"), run_of(region.last)
    assert NOT_BY_RECORD in words_of(page_of(opened.get(counter("unchanged", run, "mark"))))
    assert opened.get(counter("unchanged", run, "mark"), format="xlsx").status_code == 404
    (refused, *_) = [entity for (entity, name) in ledger(region, run) if name == "quarantined"]
    path = counter("quarantined", run, refused)
    assert MOVED_ON not in words_of(page_of(opened.get(path)))
    met = "UPDATE ops.quarantine SET last_run = :to WHERE last_run = :run AND entity = :entity"
    region.write(met, run=run, to="a later run", entity=refused)
    try:
        assert MOVED_ON in words_of(page_of(opened.get(path)))
    finally:
        region.write(met, run="a later run", to=run, entity=refused)


@pytest.mark.parametrize("login", ["d1-officer", "d1-reader", "region-reader"])
def test_offices_open_totals_without_kinds_and_records(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    page = page_of(opened.get(counter("read", run)))
    assert "Сходится" in words_of(page)
    assert not page.xpath("//*[@id='kinds' or @id='rows']")
    for entity in ("pupil", "mark"):
        assert opened.get(counter("created", run, entity)).status_code == 404
    links = page_of(opened.get(UPLOADS)).find_class("figure")
    assert links
    assert not [one for one in links if "entity" in one.get("href")]


@pytest.mark.parametrize("login", ["operator", "d1-officer", "s1-deputy"])
def test_a_counter_there_is_not_or_of_another_is_not_there(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    paths = [counter("read", "no-such-run"), counter("due", run), counter("delivered", run)]
    paths.append(f"/explain/ledger/read/school/{SCHOOL}/source=nothing@{run}")
    if login != "operator":
        (other,) = region.rows(
            "SELECT l.school, l.source FROM ops.ledger l JOIN registry.schools s"
            " ON s.code = l.school WHERE s.district = 'd2' AND l.counter = 'read' LIMIT 1"
        )
        of = f"school/{other['school']}/source={other['source']}@{run}"
        assert browser("operator").get(f"/explain/ledger/read/{of}").status_code == 200
        paths.append(f"/explain/ledger/read/{of}")
    for path in paths:
        assert opened.get(path).status_code == 404, path
        assert opened.get(path, format="xlsx").status_code == 404, path
