"""Letters with the monthly files: each of them once, whatever the mail server does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import insert, text

from connectors.errors import AccessDenied, Misconfigured
from connectors.smtp import NoServer
from pipeline.forms.hand_out import Kind, content_hash, files_of, private_folder, write_private
from pipeline.hub import Hub
from pipeline.mail.post import (
    LettersWaitingError,
    OtherSenderError,
    _alone,
    send_letters,
    smtp_target,
    write_letters,
)
from schemas.tables import measures, remarks
from tests.pipeline.town import BOXES, DAY, REMARKS, SENDER, Town, opened, run_of, school
from tests.support.mail_server import Letter

SVOD = str(Path(sys.executable).parent / "svod")
ALL = sorted(BOXES["781001"] + BOXES["781002"])
SENT = {"781001/1": "sent", "781002/1": "sent", "781002/2": "sent", "781003/1": "failed"}


@pytest.fixture
def town(hub: Hub, tmp_path: Path) -> Iterator[Town]:
    shutil.rmtree(hub.settings.reports, ignore_errors=True)
    with opened(hub, tmp_path) as made:
        made.put_remarks()
        yield made


def post(town: Town, day: date = DAY) -> dict[str, int]:
    write_letters(town.hub, REMARKS, run_of(day))
    return send_letters(town.hub, REMARKS, town.target)


# What is sent


def test_each_mailbox_gets_its_own_letter_and_a_school_without_one_is_reported(town: Town) -> None:
    assert post(town) == {"sent": 3}
    assert town.got() == ALL
    assert town.states() == SENT
    (told,) = [row for row in town.letters("unit", "rule") if row[1]]
    assert told == ("781003", "no_mailbox")
    for letter in town.server.temper.taken:
        (file,) = letter.message.iter_attachments()
        code = "781001" if "school1" in letter.mailbox else "781002"
        assert file.get_filename() == f"Перечень_{code}.html"
        assert file.get_content().strip() == f"<p>{code}: тема не записана"
        assert letter.message["To"] == letter.mailbox, "nobody sees who else got one"
        assert letter.sender == letter.message["From"] == SENDER


def test_the_letter_says_what_is_worst_where_to_mend_it_and_whom_to_ask(town: Town) -> None:
    said = {"source": "netschool", "last_on": DAY, "run_id": "r", "detail": ""}
    rows = [
        {"school": "781001", "rule": rule, "key": str(n), "first_on": first, "fixed_on": fixed}
        for rule, count, first, fixed in (
            ("topic", 21, date(2026, 9, 3), None),
            ("marks", 5, date(2026, 9, 3), date(2026, 10, 2)),
            ("held", 3, date(2026, 9, 3), None),
            ("homework", 2, date(2026, 9, 3), None),
            ("attendance", 90, date(2026, 9, 3), date(2026, 9, 29)),
            ("daily_upload", 80, date(2026, 10, 1), None),
        )
        for n in range(count)
    ]
    of_a_term_that_is_over = said | {"last_on": date(2026, 9, 29), "rule": "accumulation"}
    with town.hub.engine.begin() as connection:
        connection.execute(insert(remarks), [row | said for row in rows])
        connection.execute(
            insert(remarks),
            [row | of_a_term_that_is_over for row in rows if row["rule"] == "topic"],
        )
    post(town)
    read = {letter.mailbox: letter.message for letter in town.server.temper.taken}
    first = read["school1@edu.example.ru"]
    assert first["Subject"] == (
        "Перечень замечаний по ведению электронного журнала, сентябрь 2026 года: Школа № 1"
    )
    body = first.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Школа: Школа № 1 (781001). Месяц: сентябрь 2026 года. Данные на 30 сентября" in body
    assert "1. Не записана тема проведённого урока: 21 замечание.\n   Впишите тему" in body
    assert "2. На проведённом уроке нет ни одной отметки: 5 замечаний.\n" in body
    assert "3. Нет отметки о проведении урока: 3 замечания.\n" in body
    assert "Посещаемость" not in body, "mended before that day"
    assert "4." not in body
    assert "Вопросы: ответьте на это письмо" in body
    second = read["school2@edu.example.ru"].get_body(("plain",)).get_content()
    assert "Открытых замечаний на этот день нет." in second


@pytest.mark.parametrize(
    ("kind", "level", "unit", "said"),
    [
        (Kind.DISTRICT_FORMS, "district", "d1", "1. Школа № 2: полнота 40,0 %.\n2. Школа № 1: пол"),
        (Kind.REGION_FORMS, "region", "region", "1. Лесной район: полнота 30,0 %.\n2. Береговой"),
    ],
)
def test_offices_are_told_who_is_worst(
    town: Town, kind: Kind, level: str, unit: str, said: str
) -> None:
    kept = {"as_of": DAY, "date_to": DAY, "measure": "fill_rate", "denominator": 100}
    kept |= {"definition": "spb 1", "run_id": "r"}
    figures = [
        {"level": lvl, "unit": who, "numerator": share, "date_from": since}
        for lvl, who, share, since in (
            ("school", "781001", 70, date(2026, 9, 1)),
            ("school", "781002", 40, date(2026, 9, 1)),
            ("school", "781002", 99, date(2026, 9, 14)),
            ("school", "781003", 30, date(2026, 9, 1)),
            ("district", "d1", 55, date(2026, 9, 1)),
            ("district", "d2", 30, date(2026, 9, 1)),
        )
    ]
    with town.hub.engine.begin() as connection:
        connection.execute(insert(measures), [kept | one for one in figures])
    town.put(level, unit, "форма.xlsx", b"PK")
    write_letters(town.hub, kind, run_of())
    assert send_letters(town.hub, kind, town.target) == {"sent": 1}
    (letter,) = town.server.temper.taken
    assert [letter.mailbox] == BOXES[unit]
    body = letter.message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert said in body
    assert "Школа № 3" not in body


def test_what_is_too_large_stays_at_the_hub_and_is_named(town: Town) -> None:
    town.put("school", "781001", "Большой.pdf", b"%PDF-1.7" + os.urandom(1_700_000))
    town.hub.settings.mail_limit = 2
    post(town)
    (letter,) = [one for one in town.server.temper.taken if "school1" in one.mailbox]
    assert list(letter.message.iter_attachments()) == []
    body = letter.message.get_body(("plain",)).get_content()
    assert "К письму не приложено" in body
    assert "– Большой.pdf (1,6 МБ)" in body
    assert "– Перечень_781001.html (1 КБ)" in body
    assert len(letter.content) < 5000


def test_nothing_that_names_people_is_mailed(town: Town) -> None:
    folder = private_folder(town.reports, DAY, "781001")
    write_private(folder / "распечатка.html", "Брянчихина Алёна Петровна")
    assert [path.name for path in files_of(town.reports, DAY, school("781001"))] == [
        "Перечень_781001.html"
    ]
    post(town)
    assert b"private" not in b"".join(letter.content for letter in town.server.temper.taken)
    assert all(len(list(one.message.iter_attachments())) == 1 for one in town.server.temper.taken)
    assert (folder.stat().st_mode & 0o777, next(folder.iterdir()).stat().st_mode & 0o777) == (
        0o700, 0o600
    )  # fmt: skip


# Once


def test_twice_is_once(town: Town) -> None:
    assert post(town) == {"sent": 3}
    assert post(town) == {}
    assert town.got() == ALL
    assert len(town.letters("id")) == 4


def test_other_content_is_another_letter_and_another_month_too(town: Town) -> None:
    post(town)
    town.put("school", "781001", "Перечень_781001.html", b"mended")
    assert post(town) == {"sent": 1}
    october = date(2026, 10, 31)
    town.put_remarks(october)
    assert post(town, october) == {"sent": 3}
    assert Counter(town.got()) == {
        "school1@edu.example.ru": 3, "school2@edu.example.ru": 2, "office2@edu.example.ru": 2
    }  # fmt: skip
    known = [letter.message["Message-ID"] for letter in town.server.temper.taken]
    assert len(set(known)) == 7


def test_what_was_never_taken_is_replaced_by_what_came_later(town: Town) -> None:
    write_letters(town.hub, REMARKS, run_of())
    town.put_remarks(said="тема не записана, и отметок нет")
    assert post(town) == {"sent": 3}
    town.put_remarks()
    assert post(town) == {"sent": 3}, "as it was at first: never sent, so it is sent now"
    assert Counter(state for (state,) in town.letters("state")) == {"sent": 6, "failed": 1}
    town.boxes["781003"] = ["school3@edu.example.ru"]
    town.register()
    assert post(town) == {"sent": 1}, "the school has a mailbox now"
    assert Counter(state for (state,) in town.letters("state")) == {"sent": 7, "replaced": 1}


def workbook(path: Path, cell: str) -> Path:
    book = Workbook()
    book.active.append([cell])
    book.save(path)
    return path


def test_the_same_files_written_anew_say_the_same(tmp_path: Path) -> None:
    first = workbook(tmp_path / "форма.xlsx", "12")
    before, content = content_hash([first]), first.read_bytes()
    time.sleep(1.1)  # a workbook notes the second it was made in
    assert workbook(first, "12").read_bytes() != content
    assert content_hash([first]) == before
    assert content_hash([workbook(first, "13")]) != before
    pdf = tmp_path / "форма.pdf"
    hashes = []
    for second, cell in (("01", "12"), ("02", "12"), ("03", "13")):
        stamp = f"/CreationDate (D:202610010730{second}+03'00') /ID [<{second}><{second}>]"
        pdf.write_text(f"%PDF-1.4 {stamp} ({cell})")
        hashes.append(content_hash([pdf]))
    assert hashes[0] == hashes[1] != hashes[2]
    other = tmp_path / "форма 2.pdf"
    shutil.copy(pdf, other)
    assert content_hash([pdf]) != content_hash([other]), "what a file is called counts"


# What the mail server may do


def test_a_mailbox_refused_for_now_is_tried_again_and_stops_nobody(town: Town) -> None:
    refuse = {"school2@edu.example.ru": "451 4.7.1 Greylisted"}
    town.server.temper.at_mailbox = refuse.get
    with pytest.raises(LettersWaitingError, match="1 of 3 letters"):
        post(town)
    assert town.states()["781002/2"] == "written"
    assert [row for row in town.letters("detail") if row[0]] == [("RCPT 451 4.7.1",)]
    refuse.clear()
    assert post(town) == {"sent": 1}
    assert town.got() == ALL


def test_a_mailbox_refused_for_good_fails_alone_and_is_not_tried_by_itself(town: Town) -> None:
    refuse = {"school1@edu.example.ru": "550 5.1.1 <school1@edu.example.ru> unknown"}
    town.server.temper.at_mailbox = refuse.get
    assert post(town) == {"failed": 1, "sent": 2}
    assert post(town) == {}
    rows = town.svod("send", "--kind", "school_remarks", "--on", str(DAY), code=3)
    (told,) = [row for row in rows if row["rule"] == "mailbox_refused"]
    assert told["detail"] == "RCPT 550 5.1.1"
    assert "contacts" in told["fix"]
    assert "edu.example.ru" not in str(rows)
    refuse.clear()
    town.svod("send", "--kind", "school_remarks", "--on", str(DAY), "--again", code=3)
    assert town.got() == ALL
    assert town.states() == SENT


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_settled_by_one_more_letter_with_the_same_id(
    town: Town, when: str
) -> None:
    town.server.temper.hang_up = when  # type: ignore[assignment]
    with pytest.raises(LettersWaitingError, match="3 of 3"):
        post(town)
    assert {state for unit, state in town.states().items() if unit != "781003/1"} == {"unknown"}
    town.server.temper.hang_up = ""
    assert post(town) == {"sent": 3}
    assert post(town) == {}
    copies = 2 if when == "after" else 1
    assert Counter(town.got()) == dict.fromkeys(ALL, copies)
    known = Counter(letter.message["Message-ID"] for letter in town.server.temper.taken)
    assert sorted(known.values()) == [copies] * 3
    contents = {letter.content for letter in town.server.temper.taken}
    assert len(contents) == 3, "and the same bytes"


def test_who_never_answers_gets_a_letter_twice_and_no_more(town: Town) -> None:
    town.server.temper.hang_up = "after"
    for _ in range(2):
        with pytest.raises(LettersWaitingError):
            post(town)
    assert post(town) == {"failed": 3}
    assert {rule for (rule,) in town.letters("rule")} == {"letter_unanswered", "no_mailbox"}
    assert post(town) == {}
    assert Counter(town.got()) == dict.fromkeys(ALL, 2)


def test_a_refusal_after_a_lost_answer_is_no_third_letter(town: Town) -> None:
    town.server.temper.hang_up = "after"
    with pytest.raises(LettersWaitingError):
        post(town)
    town.server.temper.hang_up = ""
    town.server.temper.at_mailbox = lambda mailbox: "451 later"
    for _ in range(3):
        with pytest.raises(LettersWaitingError):
            post(town)
    town.server.temper.at_mailbox = lambda mailbox: None
    town.server.temper.hang_up = "after"
    with pytest.raises(LettersWaitingError):
        post(town)
    assert post(town) == {"failed": 3}
    assert Counter(town.got()) == dict.fromkeys(ALL, 2)


def test_no_server_and_a_wrong_password_stop_at_once_and_lose_nothing(town: Town) -> None:
    write_letters(town.hub, REMARKS, run_of())
    good = town.hub.settings.smtp_url
    for url, error in (
        ("smtp://127.0.0.1:1?tls=none", NoServer),
        (town.server.url(password="wrong"), AccessDenied),
        ("", Misconfigured),
        ("mail.example.ru", Misconfigured),
    ):
        town.hub.settings.smtp_url = type(good)(url)
        with pytest.raises(error):
            send_letters(town.hub, REMARKS)
    assert {attempts for (attempts,) in town.letters("attempts")} == {0, 2}
    assert {state for (state,) in town.letters("state")} == {"written", "failed"}
    town.hub.settings.smtp_url = good
    assert smtp_target(town.hub.settings)
    assert send_letters(town.hub, REMARKS, town.target) == {"sent": 3}


def test_a_file_that_changed_or_went_while_the_letter_waited_is_not_sent(town: Town) -> None:
    write_letters(town.hub, REMARKS, run_of())
    town.put("school", "781001", "Перечень_781001.html", b"other")
    shutil.rmtree(town.reports / str(DAY) / "schools" / "781002")
    assert send_letters(town.hub, REMARKS, town.target) == {"failed": 3}
    assert town.got() == []
    rules = [rule for (rule,) in town.letters("rule")]
    assert Counter(rules) == {"letter_file_changed": 3, "no_mailbox": 1}
    assert post(town) == {"sent": 1}, "what is there now is a letter of its own"


def test_a_mailbox_that_left_the_registry_gets_nothing(town: Town) -> None:
    write_letters(town.hub, REMARKS, run_of())
    town.boxes["781001"] = ["new1@edu.example.ru"]
    town.register()
    assert send_letters(town.hub, REMARKS, town.target) == {"failed": 1, "sent": 2}
    assert post(town) == {"sent": 1}
    assert town.got() == sorted([*BOXES["781002"], "new1@edu.example.ru"])


def test_one_process_writes_or_sends_at_a_time(town: Town) -> None:
    write_letters(town.hub, REMARKS, run_of())
    with _alone(town.hub.engine, REMARKS):
        with pytest.raises(OtherSenderError):
            send_letters(town.hub, REMARKS, town.target)
        with pytest.raises(OtherSenderError):
            write_letters(town.hub, REMARKS, run_of())
        assert send_letters(town.hub, Kind.REGION_FORMS, town.target) == {}, "others may"
    assert send_letters(town.hub, REMARKS, town.target) == {"sent": 3}


# kill -9


def started(town: Town) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [SVOD, "send", "--kind", "school_remarks", "--on", str(DAY), "--json"],
        env=os.environ | town.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_killed_before_the_letter_left_it_is_sent_once(town: Town) -> None:
    process = started(town)

    def kill(mailbox: str) -> None:
        process.kill()

    town.server.temper.at_mailbox = kill
    assert process.wait(60) == -signal.SIGKILL
    assert town.got() == []
    town.server.temper.at_mailbox = lambda mailbox: None
    _until_alone(town)
    assert post(town) == {"sent": 3}
    assert town.got() == ALL


@pytest.mark.parametrize("heard", [False, True], ids=["before the answer", "before it is noted"])
def test_killed_after_the_server_took_it_it_is_sent_once_more_and_settled(
    town: Town, heard: bool
) -> None:
    """Killed while the server has not answered yet; or with the answer in hand, while the books
    are held by another process and cannot be written."""
    write_letters(town.hub, REMARKS, run_of())
    holder = town.hub.engine.connect()
    process = started(town)

    def at_the_first(letter: Letter) -> None:
        if heard:
            holder.execute(text("LOCK TABLE ops.letters IN SHARE MODE"))
        else:
            process.kill()

    town.server.temper.heard = at_the_first
    if heard:
        _wait(lambda: _blocked(town), "it never came to note the answer")
        process.kill()
    assert process.wait(60) == -signal.SIGKILL
    holder.rollback()
    holder.close()
    assert len(town.got()) == 1
    assert Counter(town.states().values()) == {"unknown": 1, "written": 2, "failed": 1}
    town.server.temper.heard = lambda letter: None
    _until_alone(town)
    assert post(town) == {"sent": 3}
    assert post(town) == {}
    known = Counter(letter.message["Message-ID"] for letter in town.server.temper.taken)
    assert sorted(known.values()) == [1, 1, 2], "the killed one's letter twice, with one id"
    assert town.states() == SENT


def _blocked(town: Town) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ops.letters'::regclass"
    with town.hub.engine.begin() as connection:
        return bool(connection.execute(text(query)).scalar_one())


def _until_alone(town: Town) -> None:
    """The server notices in its own time that a killed process is gone."""

    def free() -> bool:
        try:
            with _alone(town.hub.engine, REMARKS):
                return True
        except OtherSenderError:
            return False

    _wait(free, "the lock of the killed process stays")


def _wait(ready: object, complaint: str) -> None:
    assert callable(ready)
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.05)


# The commands


def test_a_dry_run_shows_and_does_nothing(town: Town) -> None:
    words = ("send", "--kind", "school_remarks", "--on", str(DAY), "--dry-run")
    assert town.svod(*words) == [
        {
            "unit": f"78100{n}",
            "name": f"Школа № {n}",
            "files": 1,
            "mailboxes": boxes,
            "megabytes": 0,
        }
        for n, boxes in ((1, 1), (2, 2), (3, 0))
    ]
    assert town.letters("id") == []
    assert town.got() == []


def test_the_commands_say_what_became_of_the_letters(town: Town) -> None:
    send = ("send", "--kind", "school_remarks", "--on", str(DAY))
    (one,) = town.svod(*send, "--unit", "781001")
    assert (one["unit"], one["month"], one["state"], one["attempts"]) == (
        "781001", "2026-09", "sent", 1
    )  # fmt: skip
    town.svod(*send, code=3)  # the school without a mailbox
    rows = town.svod("letters", "--month", "2026-09")
    assert Counter(row["state"] for row in rows) == {"sent": 3, "failed": 1}
    assert town.svod("letters", "--month", "2026-10") == []
    assert len(town.svod("letters", "--kind", "school_remarks", "--state", "failed")) == 1
    town.svod(*send, code=5, SVOD_SMTP_URL="")
    town.svod(*send, code=5, SVOD_MAIL_FROM="nobody")
    town.svod("send", "--kind", "district_forms", "--on", str(DAY), code=3)  # there are no files


def test_no_address_is_anywhere_but_in_the_registry(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    town.server.temper.at_mailbox = {"school1@edu.example.ru": "550 <school1@edu.example.ru>"}.get
    post(town)
    with town.hub.engine.begin() as connection:
        names = connection.execute(
            text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname"
                 " IN ('registry', 'ops', 'quality', 'outbox')")
        ).scalars().all()  # fmt: skip
        held = {
            name
            for name in names
            if "@edu.example.ru" in str(connection.execute(text(f"SELECT * FROM {name}")).all())
        }
    assert held == {"registry.contacts"}
    said = "".join(str(one.__dict__) for one in caplog.records if one.name != "mail.log")
    assert "@edu.example.ru" not in said


def test_each_letter_is_in_the_action_log_before_it_leaves(town: Town) -> None:
    post(town)
    query = "SELECT action, school, count, details->>'kind' FROM ops.action_log ORDER BY id"
    with town.hub.engine.begin() as connection:
        logged = [tuple(row) for row in connection.execute(text(query))]
    assert [row[0] for row in logged] == ["send_letter"] * 3
    assert Counter(row[1] for row in logged) == {"781001": 1, "781002": 2}
    assert {row[2:] for row in logged} == {(1, "school_remarks")}
