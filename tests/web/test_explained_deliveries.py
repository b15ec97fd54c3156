"""A counter of a delivery on its page: held against the ledger, the outbox and the journal by plain
SQL, the keys of the portal hashed anew."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest

from reports.portal_words import DELIVERED, STATES, reason_words
from reports.web.kept import MINUTE
from reports.web.pages.explained_counter import DELIVERED_SINCE
from tests.end_to_end.conftest import run_of
from tests.end_to_end.world import World
from tests.web.conftest import Clock
from tests.web.figures import number, page_of, sheets, table
from tests.web.forms import words_of
from tests.web.journal import at_portal
from tests.web.people import Browser

Opened = Callable[[str], Browser]
SCHOOL, TARGET = "781001", "diary"
UPLOADS = f"/school/{SCHOOL}/uploads"
HELD_BY = {"in_flight": "unknown", "approved": "pending", "gone": "delivered"}


def counter(
    name: str, run: str, entity: str = "", reason: str = "", *, school: str = SCHOOL,
    source: str = TARGET,
) -> str:  # fmt: skip
    of = f"entity={entity}/" if entity else ""
    why = f"/reason={reason}" if reason else ""
    return f"/explain/ledger/{name}/school/{school}/{of}source={source}{why}@{run}"


def ledger(region: World, run: str, school: str = SCHOOL) -> dict[tuple[str, str, str], int]:
    """The account of the school's delivery by entity, counter and reason."""
    rows = region.rows(
        "SELECT entity, counter, reason, count::int AS n FROM ops.ledger WHERE run_id = :run"
        " AND school = :school AND source = :target",
        run=run,
        school=school,
        target=TARGET,
    )
    assert rows
    return {(row["entity"], row["counter"], row["reason"]): row["n"] for row in rows}


def summed(told: dict[tuple[str, str, str], int], *by: int) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for key, n in told.items():
        found[tuple(key[one] for one in by)] += n
    return found


def in_the_outbox(region: World, school: str, entity: str, run: str) -> dict[str, list[list[str]]]:
    """The records of the school by the counter of the last delivery: key of the journal, state,
    reason and place."""
    known = at_portal(region, school, entity)
    answered = {
        row["key"]
        for row in region.rows(
            "SELECT r.key FROM outbox.receipts r JOIN outbox.batches b USING (batch)"
            " WHERE b.run_id = :run AND b.school = :school AND r.status <> 'rejected'",
            run=run,
            school=school,
        )
    }
    found: dict[str, list[list[str]]] = {}
    for row in region.rows(
        "SELECT key, state, reason FROM outbox.desired WHERE school = :school"
        " AND target = :target AND entity = :entity",
        school=school,
        target=TARGET,
        entity=entity,
    ):
        name = HELD_BY.get(row["state"], row["state"])
        if row["state"] in ("delivered", "gone") and row["key"] not in answered:
            name = "already"
        if row["state"] == "gone" and name == "already":
            continue
        key, place = known[row["key"]]
        found.setdefault(name, []).append(
            [key, STATES[row["state"]], reason_words(row["reason"]), place]
        )
    return found


@pytest.mark.parametrize("login", ["s1-reader", "operator"])
def test_every_figure_of_a_delivery_opens_and_is_that_of_the_ledger(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    days = {"from": region.last, "to": region.last}
    links = [
        one
        for one in page_of(opened.get(UPLOADS, **days)).find_class("figure")
        if f"source={TARGET}" in one.get("href")
    ]
    told = ledger(region, run)
    expected = {counter(name, run): n for (name,), n in summed(told, 1).items()}
    expected |= {counter(name, run, kind): n for (kind, name), n in summed(told, 0, 1).items()}
    reasons = {key: n for key, n in summed(told, 1, 2).items() if key[1]}
    assert {name for name, _ in reasons} == {"withheld"}
    expected |= {counter(name, run, "", why): n for (name, why), n in reasons.items()}
    assert {unquote(unquote(one.get("href"))): number(one) for one in links} == expected
    for one in links:
        page = page_of(opened.get(one.get("href")))
        assert number(page.get_element_by_id("counts")) == number(one), one.get("href")
        assert words_of(page.find_class("account")[0]).endswith("Сходится.")


def test_what_is_due_is_the_sum_of_where_it_went(browser: Opened, region: World) -> None:
    run = run_of(region.last)
    page = page_of(browser("s1-deputy").get(counter("withheld", run)))
    told = summed(ledger(region, run), 1)
    (said,) = [words_of(one) for one in page.find_class("account")]
    shown = {
        title: int(n.replace(" ", ""))
        for title, n in re.findall(r"([А-Яа-я ]+): ([\d ]+)", said)
        if int(n.replace(" ", ""))
    }
    shown = {title.strip(): n for title, n in shown.items()}
    assert shown == {DELIVERED[name]: n for (name,), n in told.items()}
    assert told["due",] == sum(n for (name,), n in told.items() if name != "due")
    by_reason = [number(row["Записей"]) for row in table(page, "reasons")]
    of = {why: n for (name, why), n in summed(ledger(region, run), 1, 2).items()
          if name == "withheld"}  # fmt: skip
    assert by_reason == sorted(of.values(), reverse=True)
    assert len(by_reason) > 1
    assert [words_of(row[""]).casefold() for row in table(page, "reasons")] == [
        reason_words(why).casefold() for why in sorted(of, key=lambda why: (-of[why], why))
    ]


@pytest.mark.parametrize("system", ["paragraf", "dnevnik_ru"])
def test_the_records_are_those_of_the_outbox_with_the_lines_of_the_journal(
    browser: Opened, region: World, system: str
) -> None:
    (school, *_) = region.schools(system)
    opened, run = browser("operator"), run_of(region.last)
    told = summed(ledger(region, run, school), 0, 1)
    assert {name for _, name in told} >= {"due", "delivered", "withheld"}
    for entity in {kind for kind, _ in told}:
        of = in_the_outbox(region, school, entity, run)
        of["due"] = [row for rows in of.values() for row in rows]
        assert of.keys() == {name for kind, name in told if kind == entity}
        for name, rows in of.items():
            path = counter(name, run, entity, school=school)
            assert told[entity, name] == len(rows)
            (_, _, *cells) = sheets(opened.get(path, format="xlsx"))["Записи"]
            places = {row[3] for row in rows}
            in_file = [[c or "" for c in (one[0], *one[2:5])] for one in cells if one[4] in places]
            assert sorted(in_file) == sorted(rows)
            shown = [
                [words_of(row[what]) for what in ("Состояние", "Почему", "Откуда")]
                for row in table(page_of(opened.get(path)), "rows")
            ]
            assert shown == [
                [state[:1].upper() + state[1:], why[:1].upper() + why[1:] or "—", place]
                for _, state, why, place in in_file[:100]
            ]


def test_an_older_delivery_says_that_the_books_have_moved_on(
    browser: Opened, region: World
) -> None:
    opened, run = browser("s1-reader"), run_of(region.last)
    told = summed(ledger(region, run), 0, 1)
    (entity, *_) = sorted(kind for kind, name in told if name == "delivered")
    path = counter("delivered", run, entity)
    assert DELIVERED_SINCE not in words_of(page_of(opened.get(path)))
    region.write(
        "INSERT INTO ops.school_runs (run_id, verb, school, source, business_date, state,"
        " finished_at) VALUES ('later', 'deliver', :school, :target, CAST(:day AS date), 'done',"
        " CAST('2099-01-01' AS timestamptz))",
        school=SCHOOL,
        target=TARGET,
        day=region.dates[0],  # done again for an older day: the books have moved on all the same
    )
    try:
        page = page_of(opened.get(path))
        assert opened.get(path, format="xlsx").status_code == 404
    finally:
        region.write("DELETE FROM ops.school_runs WHERE run_id = 'later'")
    assert number(page.get_element_by_id("counts")) == told[entity, "delivered"]
    assert DELIVERED_SINCE in words_of(page)
    assert not page.xpath("//*[@id='rows']")


@pytest.mark.parametrize("login", ["d1-officer", "d1-reader", "region-reader"])
def test_offices_open_totals_without_kinds_reasons_and_records(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    page = page_of(opened.get(counter("withheld", run)))
    assert "Сходится" in words_of(page)
    assert not page.xpath("//*[@id='kinds' or @id='rows' or @id='reasons']")
    assert not [why for _, _, why in ledger(region, run) if why and reason_words(why) in
                words_of(page)]  # fmt: skip
    for entity, name, why in ledger(region, run):
        assert opened.get(counter(name, run, entity)).status_code == 404
        assert not why or opened.get(counter(name, run, "", why)).status_code == 404
    links = page_of(opened.get(UPLOADS)).find_class("figure")
    there = [one.get("href") for one in links if f"source={TARGET}" in one.get("href")]
    assert there
    assert not [one for one in there if "entity" in one or "reason" in one]
    assert "нет действующего согласия" not in words_of(page_of(opened.get(UPLOADS)))


@pytest.fixture
def people_delivered(region: World) -> Iterator[str]:
    """The run of a delivery of five people, three of whom were withheld."""
    run = "people"
    region.write(
        "INSERT INTO ops.school_runs (run_id, verb, school, source, business_date, state)"
        " VALUES (:run, 'deliver_contingent', :school, 'contingent', CAST(:day AS date), 'done')",
        run=run,
        school=SCHOOL,
        day=region.last,
    )
    for name, n in (("due", 5), ("delivered", 2), ("withheld", 3)):
        region.write(
            "INSERT INTO ops.ledger (run_id, school, source, entity, counter, count)"
            " VALUES (:run, :school, 'contingent', 'person', :name, :n)",
            run=run,
            school=SCHOOL,
            name=name,
            n=n,
        )
    yield run
    for table_ in ("ops.ledger", "ops.school_runs"):
        region.write(f"DELETE FROM {table_} WHERE run_id = :run", run=run)


def region_row(opened: Browser) -> list[str]:
    """What the region's page says of people that are withheld: how many, and of how many schools;
    and where the line leads."""
    (section,) = page_of(opened.get("/region")).xpath("//section[@aria-labelledby='h-deliveries']")
    (row,) = [
        row
        for row in section.xpath(".//tbody/tr")
        if "Контингент" in words_of(row) and "не отправляются" in words_of(row)
    ]
    return [*(words_of(cell) for cell in row[2:]), *row.xpath(".//a/@href")]


def test_how_many_people_a_portal_is_told_of_offices_are_not(
    browser: Opened, people_delivered: str, clock: Clock
) -> None:
    path = counter("withheld", people_delivered, source="contingent")
    listed = "/region/deliveries/contingent/withheld"
    clock.pass_(MINUTE)
    operator, reader = browser("operator"), browser("region-reader")
    for opened in (browser("d1-officer"), browser("d1-reader"), reader):
        assert opened.get(path).status_code == 404
        said = words_of(page_of(opened.get(UPLOADS)))
        assert "Контингент: доставлено" in said
        assert "Записи этого портала — люди школы" in said
        assert "source=contingent" not in opened.get(UPLOADS).text
    for opened in (operator, browser("s1-deputy")):
        assert number(page_of(opened.get(path)).get_element_by_id("counts")) == 3
        assert "source=contingent" in opened.get(UPLOADS).text
    assert region_row(operator) == ["3", "1", listed]
    assert operator.get(listed).status_code == 200
    assert region_row(reader) == ["скрыто", "1"]
    assert reader.get(listed).status_code == 404


@pytest.mark.parametrize("login", ["operator", "d1-officer", "s1-deputy"])
def test_a_counter_there_is_not_or_of_another_is_not_there(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    paths = [
        counter("due", "no-such-run"),
        counter("due", run, source="paragraf"),
        counter("read", run),
        counter("due", run, source="contingent"),
        f"/explain/ledger/due/school/{SCHOOL}/entity=mark@{run}",
    ]
    if login != "operator":
        (other,) = region.rows("SELECT code FROM registry.schools WHERE district = 'd2' LIMIT 1")
        of = counter("due", run, school=other["code"])
        assert browser("operator").get(of).status_code == 200
        paths.append(of)
    for path in paths:
        assert opened.get(path).status_code == 404, path
        assert opened.get(path, format="xlsx").status_code == 404, path


@pytest.mark.parametrize("login", ["operator", "s1-administrator"])
def test_no_page_or_file_holds_a_secret_of_the_vault_or_what_a_record_says(
    browser: Opened, region: World, login: str
) -> None:
    opened, run = browser(login), run_of(region.last)
    said = [opened.get(UPLOADS).text]
    for entity, name, _ in ledger(region, run):
        path = counter(name, run, entity)
        said.append(opened.get(path).text)
        book = sheets(opened.get(path, format="xlsx"))
        said += [str(cell) for sheet in book.values() for row in sheet for cell in row]
    text = "\n".join(said)
    uids = region.hub.vault.uids_of(SCHOOL)["uid"].drop_nulls().to_list()
    names = region.hub.vault.identities(SCHOOL)["full_name"].drop_nulls().to_list()
    topics = [
        row["topic"]
        for row in region.rows(
            "SELECT DISTINCT payload->>'content_name' AS topic FROM outbox.desired"
            " WHERE school = :school AND payload->>'content_name' <> ''",
            school=SCHOOL,
        )
    ]
    keys = [
        row["key"]
        for row in region.rows("SELECT key FROM outbox.desired WHERE school = :s", s=SCHOOL)
    ]
    for secrets in (uids, names, topics, keys):
        assert secrets
        assert not [one for one in secrets if one in text]
