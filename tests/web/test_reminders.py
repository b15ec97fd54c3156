"""A district picks schools and gets a text for each: what is wrong, who mends it, where to look.

Where mail is set the texts go to the schools' mailboxes, as they were shown.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import text

from pipeline.forms.hand_out import Kind
from pipeline.hub import Hub
from pipeline.mail.post import send_letters
from reports.web.pages import reminders
from reports.web.visit import Dashboard
from tests.end_to_end.world import World
from tests.support.mail_server import MailServer, serve_mail
from tests.web.conftest import Clock, free_port, served
from tests.web.forms import inputs_of, parsed, words_of
from tests.web.people import CSRF, Browser, Person

Opened = Callable[[str], Browser]
PAGE = "/district/d1/reminders"
FIRST, NO_BOX, FOREIGN = "781001", "781003", "781002"
BOX, FOREIGN_BOX, SENDER = "school1@edu.example.ru", "school2@edu.example.ru", "svod@hub.example.ru"
NO_MAIL = "Почта Свода не настроена"


def chosen(opened: Browser, **asked: str) -> dict[str, bool]:
    """The schools in their order, and whether each is marked."""
    boxes = parsed(opened.get(PAGE, **asked)).xpath("//input[@type='checkbox']")
    return {one.get("value"): "checked" in one.attrib for one in boxes}


def texts(opened: Browser, **asked: str) -> list[str]:
    return [words_of(one) for one in parsed(opened.get(PAGE, **asked)).iter("pre")]


def test_the_worst_are_marked_and_come_first(browser: Opened, region: World) -> None:
    shown = chosen(browser("d1-officer"))
    rows = region.rows(
        "SELECT m.unit, sum(m.numerator)::float / sum(m.denominator) AS share"
        " FROM quality.measures m JOIN registry.schools s ON s.code = m.unit"
        " WHERE s.district = 'd1' AND m.level = 'school' AND m.measure = 'fill_rate'"
        " AND m.as_of = :on AND m.date_to = :on GROUP BY m.unit ORDER BY share, m.unit",
        on=region.last,
    )
    assert list(shown) == [row["unit"] for row in rows]
    assert [code for code, marked in shown.items() if marked] == list(shown)[:3]
    assert texts(browser("d1-officer")) == []


def test_the_text_tells_what_is_wrong_and_where_to_look(
    browser: Opened, region: World, url: str
) -> None:
    opened = browser("d1-officer")
    (said,) = texts(opened, school="781001")
    assert chosen(opened, school="781001") == {code: code == "781001" for code in chosen(opened)}
    assert f"{url}/school/781001/cards" in said
    assert "Полнота журнала за" in said
    assert "Что исправить в первую очередь: 1. " in said
    assert "Исправляет: " in said
    assert "Исправляет: оператор" not in said
    for name in region.hub.vault.names("781001"):
        assert name.split()[0] not in said


def test_schools_of_others_get_no_text(browser: Opened) -> None:
    opened = browser("d1-officer")
    assert texts(opened, school="781002") == []
    assert "781002" not in opened.get(PAGE, school="781002").text
    assert opened.get("/district/d2/reminders").status_code == 404
    assert opened.get(PAGE, school="<script>").status_code == 200


@pytest.mark.parametrize("login", ["d1-reader", "region-reader", "s1-administrator"])
def test_only_an_office_reminds(browser: Opened, login: str) -> None:
    assert browser(login).get(PAGE).status_code == 404


def test_the_operator_may_too(browser: Opened) -> None:
    assert len(texts(browser("operator"), school="781003")) == 1


# Sending


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with serve_mail(tmp_path) as server:
        yield server


@pytest.fixture
def outbox(region: World) -> Iterator[World]:
    """Two schools have a mailbox, one of each district; afterwards there is no letter."""
    region.write(
        "INSERT INTO registry.contacts (level, unit, address)"
        " VALUES ('school', :own, :box), ('school', :foreign, :foreign_box)",
        own=FIRST, box=BOX, foreign=FOREIGN, foreign_box=FOREIGN_BOX,
    )  # fmt: skip
    yield region
    region.write("DELETE FROM registry.contacts")
    region.write("DELETE FROM ops.letters")


@pytest.fixture
def posting(
    outbox: World, dashboard: Dashboard, people: dict[str, Person], clock: Clock
) -> Iterator[Callable[[str, str], Browser]]:
    """``posting(login, smtp)``: that account at a dashboard whose mail server is ``smtp``."""
    with ExitStack() as running:

        def opened(login: str, smtp: str) -> Browser:
            address = f"http://127.0.0.1:{free_port()}"
            own = replace(dashboard, hub=with_mail(outbox, smtp), address=address)
            return Browser(running.enter_context(served(own)), people[login], clock.now)

        yield opened


Posting = Callable[[str, str], Browser]


def with_mail(region: World, smtp: str) -> Hub:
    set_up = {"smtp_url": SecretStr(smtp), "mail_from": SENDER}
    return replace(region.hub, settings=region.settings.model_copy(update=set_up))


def page_of(*schools: str) -> str:
    return PAGE + "?" + "&".join(f"school={code}" for code in schools)


def form_on(answer: requests.Response) -> Any:
    """What is posted to send the texts; None: there is no such form."""
    forms = [one for one in parsed(answer).iter("form") if one.get("method") == "post"]
    return next((one for one in forms if one.get("action").startswith(PAGE)), None)


def press(opened: Browser, *schools: str, also: str = "", **fields: str) -> requests.Response:
    """Open the page with the texts for ``schools`` and press its button."""
    form = form_on(opened.get(page_of(*schools)))
    return opened.send(form.get("action") + also, **(inputs_of(form) | fields))


def rows_of(answer: requests.Response) -> dict[str, str]:
    """What the page says of the reminders, by school."""
    return {
        words_of(row[0]): words_of(row[3])
        for row in parsed(answer).xpath("//section[@id='sent']//tbody/tr")
    }


def books(region: World) -> list[tuple[str, str, int]]:
    rows = region.rows("SELECT unit, state, attempts FROM ops.letters ORDER BY id")
    return [(row["unit"], row["state"], row["attempts"]) for row in rows]


def until(look: Callable[[], object], wanted: object) -> None:
    """Look until it is so: letters are sent after the answer."""
    deadline = time.monotonic() + 60
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, found
        threading.Event().wait(0.01)


def settled(region: World, *wanted: tuple[str, str, int]) -> None:
    until(lambda: books(region), [*wanted])


def name_of(region: World, school: str) -> str:
    (row,) = region.rows("SELECT name FROM registry.schools WHERE code = :code", code=school)
    return str(row["name"])


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "svod.web"]


@pytest.mark.parametrize("login", ["d1-officer", "operator"])
def test_the_text_that_was_shown_comes_to_the_schools_mailbox(
    posting: Posting, region: World, dashboard: Dashboard, mail: MailServer, login: str
) -> None:
    opened = posting(login, mail.url())
    first = opened.get(page_of(FIRST, NO_BOX))
    shown = {words_of(one.getparent()[0]): one.text_content() for one in parsed(first).iter("pre")}
    assert words_of(form_on(first).xpath(".//button")[0]) == "Отправить 2 школам"
    answer = press(opened, FIRST, NO_BOX)
    assert answer.history[0].status_code == 303
    assert sorted(answer.url.partition("?")[2].partition("#")[0].split("&")[2:]) == [
        f"school={FIRST}", f"school={NO_BOX}"
    ]  # fmt: skip
    settled(region, (FIRST, "sent", 1), (NO_BOX, "failed", 0))
    (letter,) = mail.temper.taken
    body = letter.message.get_body(("plain",))
    assert body is not None
    assert (letter.mailbox, letter.sender) == (BOX, SENDER)
    assert body.get_content().replace("\r\n", "\n") == shown[name_of(region, FIRST)]
    assert f"Тема письма: {letter.message['Subject']}" in words_of(parsed(first))
    assert rows_of(opened.get(PAGE)) == {
        name_of(region, FIRST): "Отправлено",
        name_of(region, NO_BOX): "Нет адреса школы; его вносит оператор региона, школе пока"
        " позвоните",
    }
    for name in region.hub.vault.names(FIRST):
        assert name.split()[0] not in letter.message["Subject"] + body.get_content()
    query = "SELECT login, kind, school, detail FROM access.events ORDER BY id DESC LIMIT 2"
    with dashboard.accounts.begin() as connection:
        told = sorted(tuple(row) for row in connection.execute(text(query)))
    assert told == [(login, "reminded", code, region.last) for code in (FIRST, NO_BOX)]


def test_pressed_twice_it_is_one_letter(posting: Posting, region: World, mail: MailServer) -> None:
    opened = posting("d1-officer", mail.url())
    for _ in range(2):
        assert press(opened, FIRST).status_code == 200
        settled(region, (FIRST, "sent", 1))
    assert [letter.mailbox for letter in mail.temper.taken] == [BOX]


def test_schools_of_others_get_nothing(posting: Posting, region: World, mail: MailServer) -> None:
    opened = posting("d1-officer", mail.url())
    press(opened, FIRST, also=f"&school={FOREIGN}")
    settled(region, (FIRST, "sent", 1))
    csrf = inputs_of(form_on(opened.get(page_of(FIRST))))["csrf"]
    assert opened.send(page_of(FOREIGN), csrf=csrf).status_code == 400
    assert opened.send(f"/district/d2/reminders?school={FOREIGN}", csrf=csrf).status_code == 404
    assert form_on(opened.get(page_of(FOREIGN))) is None, "no text, no button"
    assert books(region) == [(FIRST, "sent", 1)]
    assert [letter.mailbox for letter in mail.temper.taken] == [BOX]


@pytest.mark.parametrize(
    ("fields", "status"), [({"csrf": "чужой"}, 403), ({"csrf": ""}, 403), ({"shown": "иное"}, 409)]
)
def test_a_form_that_is_not_ours_or_shows_other_texts_sends_nothing(
    posting: Posting, region: World, mail: MailServer, fields: dict[str, str], status: int
) -> None:
    answer = press(posting("d1-officer", mail.url()), FIRST, **fields)
    assert (answer.status_code, reminders.CHANGED in answer.text) == (status, status == 409)
    assert books(region) == []


@pytest.mark.parametrize("login", ["d1-reader", "region-reader", "s1-administrator"])
def test_only_an_office_sends(
    posting: Posting, region: World, mail: MailServer, login: str
) -> None:
    opened = posting(login, mail.url())
    csrf = CSRF.search(opened.get("/account/password").text)
    assert csrf is not None
    assert opened.get(page_of(FIRST)).status_code == 404
    assert opened.send(page_of(FIRST), csrf=csrf[1]).status_code == 404
    assert books(region) == []


def test_no_more_is_sent_than_was_shown(
    posting: Posting, region: World, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "MOST", 1)
    opened = posting("d1-officer", mail.url())
    first = next(iter(chosen(opened)))
    press(opened, FIRST, NO_BOX)
    assert [unit for unit, _, _ in books(region)] == [first]
    settled(region, (FIRST, "sent", 1) if first == FIRST else (NO_BOX, "failed", 0))


def test_while_the_server_is_down_the_letter_waits_and_the_page_says_so(
    posting: Posting, region: World, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    opened = posting("d1-officer", f"smtp://127.0.0.1:{free_port()}?tls=none")
    assert press(opened, FIRST).status_code == 200
    settled(region, (FIRST, "written", 1))
    waits = "Ждёт отправки; сервер пока не принял, Свод повторит вечером"
    assert rows_of(opened.get(PAGE)) == {name_of(region, FIRST): waits}
    told = re.compile(r"reminders wait: NoServer at client\.py:\d+")
    until(lambda: [told.fullmatch(said) is not None for said in logged(caplog)], [True])
    hub = with_mail(region, mail.url())
    assert send_letters(hub, Kind.SCHOOL_REMINDERS) == {"sent": 1}, "as in the evening"
    assert books(region) == [(FIRST, "sent", 2)]
    assert [letter.mailbox for letter in mail.temper.taken] == [BOX]


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ("550 no", "failed", "Не принято почтовым сервером; причину видит оператор региона"),
        ("", "unknown", "Ответ почтового сервера потерян; Свод повторит один раз вечером"),
    ],
)
def test_what_the_server_does_is_told_in_words(
    posting: Posting, region: World, mail: MailServer, answer: str, state: str, said: str
) -> None:
    if answer:
        mail.temper.at_letter = lambda mailbox: answer
    else:
        mail.temper.hang_up = "after"
    opened = posting("d1-officer", mail.url())
    press(opened, FIRST)
    until(lambda: rows_of(opened.get(PAGE)), {name_of(region, FIRST): said})
    assert books(region) == [(FIRST, state, 1)]


def test_who_presses_while_letters_go_out_is_not_kept_waiting_and_not_forgotten(
    posting: Posting, region: World, mail: MailServer
) -> None:
    """The mail server holds the first letter until the second one has been written."""
    region.write(
        "INSERT INTO registry.contacts (level, unit, address) VALUES ('school', :unit, :box)",
        unit=NO_BOX, box="school3@edu.example.ru",
    )  # fmt: skip
    written, begun = threading.Event(), threading.Event()

    def hold(letter: object) -> None:
        begun.set()
        assert written.wait(60)

    mail.temper.heard = hold
    opened = posting("d1-officer", mail.url())
    press(opened, FIRST)
    assert begun.wait(60)
    answer = press(opened, NO_BOX)
    assert rows_of(answer) == {
        name_of(region, FIRST): "Отправляется",
        name_of(region, NO_BOX): "Ждёт отправки",
    }
    written.set()
    settled(region, (FIRST, "sent", 1), (NO_BOX, "sent", 1))


def test_where_mail_is_not_set_the_text_may_be_copied(browser: Opened, region: World) -> None:
    opened = browser("d1-officer")
    answer = opened.get(page_of(FIRST))
    assert NO_MAIL in answer.text
    assert len(list(parsed(answer).iter("pre"))) == 1
    assert form_on(answer) is None
    csrf = CSRF.search(answer.text)
    assert csrf is not None
    assert opened.send(page_of(FIRST), csrf=csrf[1]).status_code == 404
    assert books(region) == []
