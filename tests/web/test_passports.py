"""The passport is filled in by the school; its persons are shown to nobody but to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from reports.web.visit import Dashboard
from tests.end_to_end.world import World
from tests.web.forms import inputs_of, parsed, words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
SCHOOL = "781001"
PAGE, EDIT = "/school/781001/passport", "/school/781001/passport/edit"
NAME, PHONE = "Щедролюбов Лев Ильич", "8 (812) 555-01-02"
FILLED = {
    "valid_from": "2026-09-10",
    "regulation_date": "2026-01-15",
    "conforms": "соответств.",
    "link": "https://school1.example/reglament?a=1&b=2",
    "responsible_name": NAME,
    "responsible_post": "методист",
    "responsible_phone": PHONE,
    "registration_days": "1",
    "entry_frequency": "в день урока",
    "upload_frequency": "3 раза в неделю",
    "topic": "да",
    "aware_staff": "62,5",
    "plan": "приказ <5> & план",
    "local_acts.0.what": "Положение об электронном журнале",
    "local_acts.0.details": "приказ от 02.09.2026 № 6",
}


@pytest.fixture(autouse=True)
def emptied(region: World) -> Iterator[None]:
    """No test sees what another one entered."""
    yield
    region.write("DELETE FROM registry.passports WHERE school = :school", school=SCHOOL)


def form_of(opened: Browser) -> dict[str, str]:
    """The inputs of the passport's form as they stand."""
    (form,) = [f for f in parsed(opened.get(EDIT)).iter("form") if f.get("action") == EDIT]
    return inputs_of(form)


def fill(opened: Browser, **changed: str) -> Any:
    return opened.send(EDIT, **(form_of(opened) | FILLED | changed))


def versions(region: World) -> list[dict[str, Any]]:
    return region.rows("SELECT * FROM registry.passports ORDER BY version")


def told(opened: Browser) -> dict[str, str]:
    """What the page says, by title."""
    rows = parsed(opened.get(PAGE)).iter("tr")
    return {
        words_of(row[0]): words_of(row[1]) for row in rows if len(row) == 2 and row[0].tag == "th"
    }


def test_the_school_fills_it_in_and_everybody_reads_it(
    browser: Opened, region: World, dashboard: Dashboard
) -> None:
    deputy = browser("s1-deputy")
    assert fill(deputy).url.endswith(PAGE)
    (kept,) = versions(region)
    assert (kept["author"], str(kept["valid_from"])) == ("s1-deputy", "2026-09-10")
    assert kept["declared"]["values"]["aware_staff"] == 62.5
    assert kept["declared"]["values"]["upload_frequency"] == "3 week"
    for login in ("s1-deputy", "s1-reader", "d1-officer", "region-reader"):
        said = told(browser(login))
        assert said["Регламент ОУ: дата утверждения"] == "15.01.2026"
        assert said["Загрузка данных на портал: периодичность"] == "3 раза в неделю"
        assert said["План работы: реквизиты утверждения"] == "приказ <5> & план"
        assert said["Формы ознакомления"] == "нет данных"
        assert said["Ответственный: ФИО"] == "внесено"
        assert said["Заместитель по УВР: ФИО"] == "не внесено"
        page = browser(login).get(PAGE).text
        assert "Положение об электронном журнале: приказ от 02.09.2026 № 6" in page
        assert "<5>" not in page
    with dashboard.accounts.begin() as connection:
        query = text("SELECT login, kind, school FROM access.events ORDER BY id DESC LIMIT 30")
        assert ("s1-deputy", "entered", SCHOOL) in [tuple(r) for r in connection.execute(query)]


def test_persons_are_shown_to_the_school_that_mends_them_and_that_is_logged(
    browser: Opened, region: World, dashboard: Dashboard
) -> None:
    fill(browser("s1-deputy"))
    (kept,) = versions(region)
    assert NAME not in str(kept)
    administrator = browser("s1-administrator")
    for login in ("s1-administrator", "s1-reader", "d1-officer", "operator"):
        page = browser(login).get(PAGE).text
        assert NAME not in page
        assert PHONE not in page
    releases = "SELECT actor, count, details FROM ops.action_log WHERE action = 'release_contacts'"
    before = len(region.rows(releases))
    shown = form_of(administrator)
    assert (shown["responsible_name"], shown["responsible_phone"]) == (NAME, PHONE)
    *_, last = region.rows(f"{releases} ORDER BY id")
    assert len(region.rows(releases)) == before + 1
    assert (last["actor"], last["count"]) == ("s1-administrator", 3)
    assert last["details"]["purpose"] == "own_passport"
    assert NAME not in str(last)
    with dashboard.accounts.begin() as connection:
        query = text("SELECT login, kind, school, detail FROM access.events ORDER BY id DESC")
        named = tuple(connection.execute(query).first() or ())
    assert named == ("s1-administrator", "named", SCHOOL, "passport 1")


def test_what_is_saved_as_it_stands_is_no_new_version(browser: Opened, region: World) -> None:
    deputy = browser("s1-deputy")
    fill(deputy)
    opened = form_of(deputy)
    assert deputy.send(EDIT, **(opened | {"valid_from": "2026-09-10"})).url.endswith(PAGE)
    assert len(versions(region)) == 1
    deputy.send(EDIT, **(opened | {"valid_from": "2026-09-12", "responsible_name": ""}))
    *_, last = versions(region)
    assert (last["version"], last["declared"]) == (2, versions(region)[0]["declared"])
    assert told(deputy)["Ответственный: ФИО"] == "не внесено"
    assert told(deputy)["Ответственный: рабочий телефон"] == "внесено"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("aware_staff", "сто", "число от 0 до 100"),
        ("aware_staff", "101", "число от 0 до 100"),
        ("registration_days", "один", "целое число дней, без слов"),
        ("link", "school1", "адрес вида https://…"),
        ("upload_frequency", "иногда", "n раз в неделю"),
        ("topic", "может быть", "«да»"),
        ("responsible_phone", "нет", "номер телефона"),
        ("valid_from", "", "не указано, с какого дня"),
        ("valid_from", "вчера", "дата вида 31.12.2026"),
        ("plan", "п" * 1001, "не длиннее 1000 знаков"),
        ("local_acts.0.what", "", "впишите содержание"),
    ],
)
def test_what_cannot_be_taken_is_told_at_its_field_and_nothing_is_kept(
    browser: Opened, region: World, field: str, typed: str, said: str
) -> None:
    deputy = browser("s1-deputy")
    answer = fill(deputy, **{field: typed})
    assert answer.status_code == 400
    page = parsed(answer)
    assert said in words_of(page.get_element_by_id(f"wrong-{field}")).lower()
    (form,) = [f for f in page.iter("form") if f.get("action") == EDIT]
    untouched = "link" if field == "plan" else "plan"
    assert inputs_of(form)[untouched] == FILLED[untouched]
    assert "<5>" not in answer.text
    assert versions(region) == []


@pytest.mark.parametrize("field", ["plan", "more", "local_acts.0.what", "local_acts.0.details"])
def test_a_text_that_names_somebody_of_the_school_is_refused(
    browser: Opened, region: World, field: str
) -> None:
    surname = region.hub.vault.names(SCHOOL)[0].split()[0]
    answer = fill(browser("s1-deputy"), **{field: f"отвечает {surname}"})
    assert answer.status_code == 400
    wrong = parsed(answer).get_element_by_id(f"wrong-{field}")
    assert "назван человек" in words_of(wrong)
    assert versions(region) == []


@pytest.mark.parametrize("login", ["s1-reader", "d1-officer", "d1-reader", "operator"])
def test_only_the_schools_own_people_fill_it_in(browser: Opened, region: World, login: str) -> None:
    opened = browser(login)
    assert opened.get(EDIT).status_code == 404
    assert EDIT not in opened.get(PAGE).text
    assert opened.post(PAGE, EDIT, **FILLED).status_code == 404
    assert versions(region) == []


def test_a_form_of_another_page_is_refused(browser: Opened, region: World) -> None:
    deputy = browser("s1-deputy")
    assert deputy.send(EDIT, **FILLED).status_code == 403
    assert deputy.send("/school/781003/passport/edit", **form_of(deputy)).status_code == 404
    assert versions(region) == []
