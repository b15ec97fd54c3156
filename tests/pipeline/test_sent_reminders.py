"""Reminders by mail: one letter for a text, whatever the mail server does; files stay at home."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.errors import Misconfigured
from connectors.smtp import NoServer
from pipeline.forms.hand_out import Kind
from pipeline.forms.month_files import make_files
from pipeline.hub import Hub
from pipeline.mail.post import LettersWaitingError, plan_letters, post_letters, send_letters
from pipeline.mail.sent_reminders import reminded, write_reminders
from reports.letters import LetterText
from tests.pipeline.town import BOXES, DAY, REMARKS, SENDER, Town, opened, run_of
from tests.support.mail_server import Letter

KIND = Kind.SCHOOL_REMINDERS
FIRST, SECOND, NO_BOX = "781001", "781002", "781003"


@pytest.fixture
def town(hub: Hub, tmp_path: Path) -> Iterator[Town]:
    shutil.rmtree(hub.settings.reports, ignore_errors=True)
    with opened(hub, tmp_path) as made:
        made.put_remarks()
        yield made


def told(*schools: str, words: str = "нет отметок") -> dict[str, LetterText]:
    return {code: LetterText(f"Напоминание: {code}", f"{code}: {words}\n") for code in schools}


def write(town: Town, texts: dict[str, LetterText], on: date = DAY) -> None:
    write_reminders(town.hub, texts, on, "tests")


def send(town: Town) -> dict[str, int]:
    return send_letters(town.hub, KIND, town.target)


def bodies(town: Town) -> list[tuple[str, str, str]]:
    """Mailbox, subject and text of what the server holds."""
    found = []
    for letter in town.server.temper.taken:
        body = letter.message.get_body(("plain",))
        assert body is not None
        said = body.get_content().replace("\r\n", "\n")
        found.append((letter.mailbox, str(letter.message["Subject"]), said))
    return sorted(found)


def seen(town: Town, district: str, on: date = DAY) -> list[tuple[str, str, str | None, int]]:
    """What is known of a district's reminders."""
    with town.hub.engine.begin() as connection:
        rows = reminded(connection, district, on)
    return sorted((one.school, one.state.value, one.rule, one.mailboxes) for one in rows)


def test_each_mailbox_of_the_chosen_schools_gets_the_text_and_no_file(town: Town) -> None:
    write(town, told(FIRST, SECOND, NO_BOX))
    assert send(town) == {"sent": 3}
    assert bodies(town) == sorted(
        (box, f"Напоминание: {code}", f"{code}: нет отметок\n")
        for code in (FIRST, SECOND)
        for box in BOXES[code]
    )
    for letter in town.server.temper.taken:
        assert list(letter.message.iter_attachments()) == []
        assert letter.sender == letter.message["From"] == SENDER
        assert letter.message["To"] == letter.mailbox
    assert seen(town, "d1") == [(FIRST, "sent", None, 1), (SECOND, "sent", None, 2)]
    assert seen(town, "d2") == [(NO_BOX, "failed", "no_mailbox", 1)]


def test_an_answer_goes_to_the_district_that_reminded(town: Town) -> None:
    write(town, told(FIRST))
    send(town)
    (letter,) = town.server.temper.taken
    assert letter.message["Reply-To"] == ", ".join(BOXES["d1"])
    town.boxes["d1"] = []
    town.register()
    write(town, told(FIRST, words="нет тем"))
    send(town)
    assert town.server.temper.taken[-1].message["Reply-To"] is None


def test_twice_the_same_text_is_one_letter_and_another_is_another(town: Town) -> None:
    for _ in range(2):
        write(town, told(FIRST))
        send(town)
    assert len(bodies(town)) == len(town.letters("id")) == 1
    write(town, told(FIRST, words="нет тем"))
    assert send(town) == {"sent": 1}
    assert [said for _, _, said in bodies(town)] == [
        f"{FIRST}: нет отметок\n",
        f"{FIRST}: нет тем\n",
    ]
    write(town, told(FIRST), date(2026, 10, 1))
    assert send(town) == {"sent": 1}, "the same text in another month"
    assert len({letter.message["Message-ID"] for letter in town.server.temper.taken}) == 3


def test_a_newer_text_replaces_what_was_not_taken(town: Town) -> None:
    write(town, told(FIRST, NO_BOX))
    write(town, told(FIRST, NO_BOX, words="нет тем"))
    assert send(town) == {"sent": 1}
    assert [said for _, _, said in bodies(town)] == [f"{FIRST}: нет тем\n"]
    assert seen(town, "d1") == [(FIRST, "sent", None, 1)], "the replaced one is not told of"
    assert seen(town, "d2") == [(NO_BOX, "failed", "no_mailbox", 1)], "once a month"


def test_a_letter_that_is_being_sent_is_not_replaced_and_one_replaced_is_not_sent(
    town: Town,
) -> None:
    """A newer text for both schools comes while the first letter is on its way."""
    write(town, told(FIRST, SECOND))

    def newer(letter: Letter) -> None:
        town.server.temper.heard = lambda letter: None
        write(town, told(FIRST, SECOND, words="нет тем"))
        meanwhile.extend(seen(town, "d1"))

    meanwhile: list[tuple[str, str, str | None, int]] = []
    town.server.temper.heard = newer
    assert send(town) == {"sent": 1}
    assert meanwhile == [
        (FIRST, "unknown", None, 1),
        (FIRST, "written", None, 1),
        (SECOND, "written", None, 2),
    ]
    assert [said for _, _, said in bodies(town)] == [f"{FIRST}: нет отметок\n"]
    assert send(town) == {"sent": 3}
    assert [said for _, _, said in bodies(town)] == [
        f"{SECOND}: нет тем\n",
        f"{FIRST}: нет отметок\n",
        f"{FIRST}: нет тем\n",
        f"{SECOND}: нет тем\n",
    ]


def test_what_the_server_does_not_take_waits_and_is_told(town: Town) -> None:
    town.server.temper.at_letter = {BOXES[FIRST][0]: "451 later"}.get
    write(town, told(FIRST))
    with pytest.raises(LettersWaitingError):
        send(town)
    assert seen(town, "d1") == [(FIRST, "written", None, 1)]
    assert seen(town, "d1", DAY + timedelta(days=40)) == [(FIRST, "written", None, 1)]
    town.server.temper.at_letter = lambda mailbox: None
    assert send(town) == {"sent": 1}
    assert seen(town, "d1", DAY + timedelta(days=40)) == [], "of another month, and done"


def test_a_lost_answer_is_sent_once_more(town: Town) -> None:
    town.server.temper.hang_up = "after"
    write(town, told(FIRST))
    with pytest.raises(LettersWaitingError):
        send(town)
    assert seen(town, "d1") == [(FIRST, "unknown", "letter_unanswered", 1)]
    with pytest.raises(LettersWaitingError):
        send(town)
    assert send(town) == {"failed": 1}
    assert seen(town, "d1") == [(FIRST, "failed", "letter_unanswered", 1)]
    assert len({letter.message["Message-ID"] for letter in town.server.temper.taken}) == 1


def test_without_a_server_or_a_sender_nothing_is_lost(town: Town) -> None:
    class Nobody:
        def send(self, mail: object) -> None:
            raise NoServer("nobody answers")

    write(town, told(FIRST))
    with pytest.raises(NoServer):
        send_letters(town.hub, KIND, Nobody())
    assert seen(town, "d1") == [(FIRST, "written", None, 1)]
    town.hub.settings.mail_from = ""
    with pytest.raises(Misconfigured):
        write(town, told(SECOND))
    assert len(town.letters("id")) == 1


def test_the_monthly_files_have_nothing_to_do_with_reminders(town: Town) -> None:
    """The folders are full of files; none is made, planned or mailed as a reminder."""
    files = sorted(town.reports.rglob("*"))
    assert make_files(town.hub, KIND, run_of()).paths == []
    assert plan_letters(town.hub, KIND, run_of()) == []
    assert post_letters(town.hub, KIND, run_of()) == {"no_files": 0, "no_mailbox": 0}
    assert (town.letters("id"), sorted(town.reports.rglob("*"))) == ([], files)
    write(town, told(FIRST))
    assert send_letters(town.hub, REMARKS, town.target) == {}, "nor the other way round"


def test_the_commands_know_reminders(town: Town) -> None:
    write(town, told(FIRST, NO_BOX))
    asked = ("send", "--kind", "school_reminders", "--on", str(DAY))
    assert town.svod(*asked, "--dry-run") == []
    assert town.got() == []
    rows = town.svod(*asked, code=3)  # the school without a mailbox
    assert {row["unit"]: row["state"] for row in rows} == {FIRST: "sent", NO_BOX: "failed"}
    assert town.got() == BOXES[FIRST]
    assert town.svod("letters", "--kind", "school_reminders", "--state", "sent") == [
        row for row in rows if row["unit"] == FIRST
    ]


def test_a_letter_is_in_the_action_log_under_its_school(town: Town) -> None:
    write(town, told(FIRST))
    send(town)
    query = "SELECT action, school, count, details FROM ops.action_log"
    with town.hub.engine.begin() as connection:
        (row,) = connection.execute(text(query)).all()
        (number,) = connection.execute(text("SELECT id FROM ops.letters")).scalars()
    details = {"letter": number, "kind": "school_reminders", "unit": FIRST}
    assert tuple(row) == ("send_letter", FIRST, 0, details)
