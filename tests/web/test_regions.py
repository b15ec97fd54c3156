"""The region's page tells how records stand at the portals, and what did not go through."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reports.portal_words import TARGETS
from reports.web.kept import MINUTE
from reports.web.pages.regions import STANDING
from tests.end_to_end.world import World
from tests.web.conftest import Clock
from tests.web.figures import page_of
from tests.web.forms import words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
# States of the outbox as the ledger's counters have them.
COUNTERS = {"delivered": "delivered", "pending": "pending", "approved": "pending",
            "in_flight": "unknown", "rejected": "rejected", "withheld": "withheld",
            "held": "held"}  # fmt: skip


def rows_under(page: object, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, in words."""
    (section,) = page.xpath(f"//section[@aria-labelledby='{heading}']")  # type: ignore[attr-defined]
    return [[words_of(cell) for cell in row] for row in section.xpath(".//tbody/tr")]


def test_deliveries_are_what_the_outbox_holds(browser: Opened, region: World, clock: Clock) -> None:
    told: dict[tuple[str, str], tuple[int, set[str]]] = {}
    for row in region.rows(
        "SELECT target, state, school, count(*) AS records FROM outbox.desired"
        " WHERE state <> 'gone' GROUP BY 1, 2, 3"
    ):
        key = (row["target"], COUNTERS[row["state"]])
        records, schools = told.get(key, (0, set()))
        told[key] = (records + row["records"], schools | {row["school"]})
    assert ("diary", "delivered") in told
    clock.pass_(MINUTE)
    shown = rows_under(page_of(browser("region-reader").get("/region")), "h-deliveries")
    words = {
        (TARGETS[target], STANDING[counter]): [str(records), str(len(schools))]
        for (target, counter), (records, schools) in told.items()
    }
    plain = [
        ["".join(cell.split()) if n > 1 else cell for n, cell in enumerate(row)] for row in shown
    ]
    assert {(row[0], row[1]): row[2:] for row in plain} == words


@pytest.mark.parametrize(
    ("heading", "above", "query"),
    [
        ("h-quarantine", "/region/quarantine/", "SELECT rule AS what, school, count(*) AS records"
         " FROM ops.quarantine WHERE state = 'open' GROUP BY 1, 2"),
        ("h-deliveries", "/region/deliveries/diary/", "SELECT state AS what, school, count(*) AS"
         " records FROM outbox.desired WHERE target = 'diary' GROUP BY 1, 2"),
    ],
)  # fmt: skip
def test_a_number_opens_to_its_schools_without_numbers_of_their_own(
    browser: Opened, region: World, clock: Clock, heading: str, above: str, query: str
) -> None:
    opened = browser("operator")
    clock.pass_(MINUTE)
    wanted: dict[str, dict[str, int]] = {}
    for row in region.rows(query):
        wanted.setdefault(row["what"], {})[row["school"]] = row["records"]
    (section,) = page_of(opened.get("/region")).xpath(f"//section[@aria-labelledby='{heading}']")
    paths = [one for one in section.xpath(".//tbody//a/@href") if one.startswith(above)]
    assert paths
    for path in paths:
        own = wanted[path.removeprefix(above)]
        listed = page_of(opened.get(path)).get_element_by_id("schools")
        shown = [code.text for code in listed.find_class("code")]
        assert [own[code] for code in shown] == sorted(own.values(), reverse=True)
    assert opened.get(f"{above}none").status_code == 404


def test_a_source_whose_last_evening_failed_is_told_until_one_goes_through(
    browser: Opened, region: World, clock: Clock
) -> None:
    opened = browser("operator")

    def down() -> list[list[str]]:
        clock.pass_(MINUTE)
        return rows_under(page_of(opened.get("/region")), "h-down")

    (kind,) = region.rows("SELECT kind FROM registry.sources WHERE school = '781001'")
    attempt = {"school": "781001", "kind": kind["kind"]}
    before = down()
    failed = (
        "INSERT INTO ops.school_runs (run_id, verb, school, source, business_date, state, rule,"
        " finished_at) VALUES (:run, 'collect', :school, :kind, CAST(:day AS date), :state, :rule,"
        " CAST(:at AS timestamptz))"
    )
    late = {"day": region.last, "at": "2099-01-01"}  # evenings end when this test runs
    try:
        region.write(
            failed, **attempt, **late, run="late", state="failed", rule="source_unavailable"
        )
        assert len(down()) == len(before) + 1
        after = late | {"at": "2099-01-02"}
        region.write(failed, **attempt, **after, run="later", state="done", rule=None)
        assert down() == before
    finally:
        region.write("DELETE FROM ops.school_runs WHERE run_id IN ('late', 'later')")
        clock.pass_(MINUTE)
