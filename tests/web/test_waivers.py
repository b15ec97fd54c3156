"""A school asks not to have to mend something; its office answers; the card says what came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from pipeline.access.accounts import AccountRole, Level
from pipeline.entries import Flaw
from reports.web.pages.cards import FLAWS, NO_DAY, TOO_LONG
from reports.web.pages.waivers import DECIDED
from reports.web.visit import Dashboard
from tests.end_to_end.world import World
from tests.web.asked import asked, asking, granted
from tests.web.conftest import Clock
from tests.web.forms import parsed, words_of
from tests.web.people import Browser, Person, enrol

Opened = Callable[[str], Browser]
SCHOOL, CARDS, REQUESTS = "781001", "/school/781001/cards", "/district/d1/waivers"
UNTIL = "2026-10-31"
REASON = "карантин <b>5а</b> & приказ 12"
ESCAPED = "карантин &lt;b&gt;5а&lt;/b&gt; &amp; приказ 12"


@pytest.fixture(autouse=True)
def emptied(region: World) -> Iterator[None]:
    """No test sees what another one asked."""
    with asking(region):
        yield


def articles(opened: Browser) -> list[Any]:
    return list(parsed(opened.get(CARDS)).iter("article"))


def offers(article: Any) -> dict[str, list[str]]:
    """What may be asked of a card, by name of the input."""
    return {
        select.get("name"): [option.get("value") for option in select.iter("option")]
        for select in article.iter("select")
    }


def of_one_rule(opened: Browser) -> tuple[str, str]:
    """The rule and title of a card that is of one rule."""
    for article in articles(opened):
        if len(offers(article).get("rule", [])) == 1:
            (title,) = article.iter("h2")
            return offers(article)["rule"][0], words_of(title).partition(" ")[2]
    raise AssertionError("no card is of one rule")


def ask(opened: Browser, **changed: str) -> Any:
    rule = changed.pop("rule", "") or of_one_rule(opened)[0]
    said = {"rule": rule, "place": "", "reason": REASON, "until": UNTIL} | changed
    return opened.post(CARDS, **said)


def noted(dashboard: Dashboard) -> list[tuple[str, str, str]]:
    query = "SELECT login, school, detail FROM access.events WHERE kind = 'entered' ORDER BY id"
    with dashboard.accounts.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_request_is_granted_and_the_card_says_waived(
    browser: Opened, region: World, dashboard: Dashboard
) -> None:
    school, office = browser("s1-administrator"), browser("d1-officer")
    rule, _ = of_one_rule(school)
    before = len(noted(dashboard))
    answer = ask(school, rule=rule)
    assert answer.history[0].status_code == 303
    assert "ждёт решения" in answer.text
    assert ESCAPED in answer.text
    (request,) = asked(region)
    shown = office.get(REQUESTS).text
    assert ESCAPED in shown
    assert REASON not in shown
    office.post(REQUESTS, f"{REQUESTS}/{request['id']}", decision="granted")
    (waiver,) = granted(region)
    assert (waiver["rule"], waiver["entered_by"], waiver["reason"]) == (rule, "d1-officer", REASON)
    (request,) = asked(region)
    assert (request["decision"], request["waiver"]) == ("granted", waiver["id"])
    page = parsed(school.get(CARDS))
    excused = [one for one in page.iter("article") if "s-excused" in one.get("class")]
    assert any("отсрочка до 31.10.2026" in words_of(one) for one in excused)
    assert "разрешено" in words_of(page.get_element_by_id("requests").getparent())
    number = request["id"]
    assert noted(dashboard)[before:] == [
        ("s1-administrator", SCHOOL, f"waiver request {number}"),
        ("d1-officer", SCHOOL, f"waiver request {number} granted"),
    ]
    logged = region.rows(
        "SELECT actor, action FROM ops.action_log WHERE action IN ('ask_waiver', 'waive')"
        " ORDER BY id DESC LIMIT 2"
    )
    assert [(row["actor"], row["action"]) for row in logged] == [
        ("d1-officer", "waive"),
        ("s1-administrator", "ask_waiver"),
    ]


def test_a_part_of_a_card_may_be_asked_for(browser: Opened, region: World) -> None:
    school, office = browser("s1-deputy"), browser("operator")
    (wide, *_) = [one for one in articles(school) if len(offers(one).get("rule", [])) > 1]
    rule = offers(wide)["rule"][0]
    place = next(one for one in offers(wide)["place"] if one.startswith(("учитель", "класс")))
    ask(school, rule=rule, place=place)
    (request,) = asked(region)
    assert (request["teacher"] or request["class_key"]) is not None
    assert place in words_of(parsed(office.get(REQUESTS)))
    office.post(REQUESTS, f"{REQUESTS}/{request['id']}", decision="granted")
    told = next(one for one in articles(school) if rule in offers(one).get("rule", []))
    assert "Отсрочено до 31.10.2026" in words_of(told)
    assert "s-excused" not in told.get("class")


def test_a_refusal_tells_why(browser: Opened, region: World) -> None:
    school, office = browser("s1-administrator"), browser("d1-officer")
    ask(school)
    (request,) = asked(region)
    action = f"{REQUESTS}/{request['id']}"
    silent = office.post(REQUESTS, action, decision="refused", answer=" ")
    assert (silent.status_code, FLAWS[Flaw.NO_REASON] in silent.text) == (400, True)
    surname = region.hub.vault.names(SCHOOL)[0].split()[0]
    naming = office.post(REQUESTS, action, decision="refused", answer=f"{surname} работает")
    assert (naming.status_code, FLAWS[Flaw.NAMES_SOMEBODY] in naming.text) == (400, True)
    assert asked(region)[0]["decision"] is None
    office.post(REQUESTS, action, decision="refused", answer="срок <мал>")
    page = school.get(CARDS).text
    assert "отказано" in page
    assert "срок &lt;мал&gt;" in page
    assert granted(region) == []


def test_a_request_is_decided_once(browser: Opened, region: World) -> None:
    ask(browser("s1-administrator"))
    (request,) = asked(region)
    action = f"{REQUESTS}/{request['id']}"
    browser("d1-officer").post(REQUESTS, action, decision="granted")
    late = browser("operator").post(REQUESTS, action, decision="refused", answer="нет")
    assert (late.status_code, DECIDED in late.text) == (400, True)
    assert asked(region)[0]["decided_by"] == "d1-officer"
    assert len(granted(region)) == 1


def test_the_same_request_twice_is_one(browser: Opened, region: World) -> None:
    school = browser("s1-administrator")
    ask(school)
    ask(school)
    assert len(asked(region)) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"until": ""}, NO_DAY),
        ({"until": "завтра"}, NO_DAY),
        ({"until": "2026-09-01"}, FLAWS[Flaw.OVER]),
        ({"until": "2027-09-01"}, FLAWS[Flaw.NOT_IN_YEAR]),
        ({"reason": "  "}, FLAWS[Flaw.NO_REASON]),
        ({"reason": "р" * 501}, TOO_LONG),
        ({"rule": "held", "place": "учитель № 000000"}, FLAWS[Flaw.NOT_OFFERED]),
        ({"rule": "no_such_rule"}, FLAWS[Flaw.NOT_OFFERED]),
    ],
)
def test_what_makes_no_sense_is_told_and_not_kept(
    browser: Opened, region: World, changed: dict[str, str], said: str
) -> None:
    answer = ask(browser("s1-administrator"), **changed)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert asked(region) == []


def test_a_reason_names_nobody(browser: Opened, region: World) -> None:
    surname = region.hub.vault.names(SCHOOL)[0].split()[0]
    answer = ask(browser("s1-administrator"), reason=f"{surname} болеет")
    assert (answer.status_code, FLAWS[Flaw.NAMES_SOMEBODY] in answer.text) == (400, True)
    assert asked(region) == []


@pytest.mark.parametrize("login", ["s1-reader", "d1-officer", "d1-reader", "operator"])
def test_only_the_schools_own_people_ask(browser: Opened, region: World, login: str) -> None:
    opened = browser(login)
    assert all(not offers(one) for one in articles(opened))
    assert ask(opened, rule="held").status_code == 404
    assert asked(region) == []


@pytest.mark.parametrize("login", ["s1-administrator", "s1-reader", "d1-reader", "region-reader"])
def test_only_an_office_decides(browser: Opened, region: World, login: str) -> None:
    ask(browser("s1-deputy"))
    (request,) = asked(region)
    opened = browser(login)
    action = f"{REQUESTS}/{request['id']}"
    assert opened.post(CARDS, action, decision="granted").status_code == 404
    assert asked(region)[0]["decision"] is None
    seen = opened.get(REQUESTS)
    if login.startswith("s1"):
        assert seen.status_code == 404
    else:
        assert ESCAPED in seen.text
        assert 'name="decision"' not in seen.text


def test_another_districts_requests_are_not_there(
    browser: Opened, people: dict[str, Person], dashboard: Dashboard, region: World, clock: Clock,
    url: str,
) -> None:  # fmt: skip
    ask(browser("s1-administrator"))
    (request,) = asked(region)
    theirs = Person("d2-officer", AccountRole.DISTRICT_OFFICER, Level.DISTRICT, "d2")
    opened = Browser(url, enrol(dashboard, theirs), clock.now)
    own = "/district/d2/waivers"
    assert ESCAPED not in opened.get(own).text
    for district in ("d1", "d2"):
        action = f"/district/{district}/waivers/{request['id']}"
        assert opened.post(own, action, decision="granted").status_code == 404
    assert asked(region)[0]["decision"] is None
    assert browser("s1-administrator").get("/school/781003/cards").status_code == 404


def test_a_form_of_another_page_is_refused(browser: Opened, region: World) -> None:
    school = browser("s1-administrator")
    rule, _ = of_one_rule(school)
    said = {"rule": rule, "place": "", "reason": REASON, "until": UNTIL}
    assert school.send(CARDS, **said).status_code == 403
    assert school.send(CARDS, csrf="чужой", **said).status_code == 403
    assert asked(region) == []
    ask(school)
    (request,) = asked(region)
    office = browser("d1-officer")
    assert office.send(f"{REQUESTS}/{request['id']}", decision="granted").status_code == 403
    assert asked(region)[0]["decision"] is None


def test_a_district_is_told_how_many_wait(browser: Opened, region: World) -> None:
    office = browser("d1-officer")
    assert "Запросы об отсрочке (1)" not in office.get("/district/d1").text
    ask(browser("s1-administrator"))
    assert "Запросы об отсрочке (1)" in office.get("/district/d1").text


def test_teachers_are_named_to_the_schools_own_people_alone(
    browser: Opened, region: World, dashboard: Dashboard
) -> None:
    people = region.hub.vault.identities(SCHOOL)
    surnames = {name.split()[0] for name in people.filter(people["role"] == "staff")["full_name"]}
    own = browser("s1-deputy").get(CARDS).text
    assert sum(surname in own for surname in surnames) > 1
    with dashboard.accounts.begin() as connection:
        query = text("SELECT login, kind, school FROM access.events ORDER BY id DESC")
        assert tuple(connection.execute(query).first() or ()) == ("s1-deputy", "named", SCHOOL)
    (released,) = region.rows(
        "SELECT actor, school, details->>'channel' AS channel FROM ops.action_log"
        " WHERE action = 'release_names' ORDER BY id DESC LIMIT 1"
    )
    assert released == {"actor": "s1-deputy", "school": SCHOOL, "channel": "pages"}
    for login in ("s1-reader", "d1-officer", "operator"):
        other = browser(login).get(CARDS).text
        assert not [surname for surname in surnames if surname in other]
        assert "учитель №" in other
