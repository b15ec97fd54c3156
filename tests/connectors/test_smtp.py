"""Letters to a real mail server: taken, refused for now or for good, or nobody knows."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import (
    AccessDenied,
    ConnectorError,
    Fatal,
    Misconfigured,
    RecordRejected,
    Retriable,
    Unavailable,
)
from connectors.smtp import (
    AnswerLost,
    Attachment,
    Mail,
    NoServer,
    Patience,
    SmtpAddress,
    SmtpTarget,
)
from connectors.smtp.message import encoded
from tests.support.mail_server import PASSWORD, USER, Line, MailServer, serve_mail

QUICK = Patience(answer=5, verdict=5)
NAME = "Перечень замечаний, школа № 1 (781001) за сентябрь 2026 года.xlsx"
TEXT = "Здравствуйте!\n\n.Точка в начале строки\n.\nи конец\n"
MAIL = Mail(
    message_id="<abc123@svod.example.ru>",
    sender="svod@svod.example.ru",
    recipient="school1@edu.example.ru",
    subject="Перечень замечаний по ведению электронного журнала за сентябрь 2026 года: Школа № 1",
    text=TEXT,
    written_at=datetime(2026, 10, 1, 7, 30, tzinfo=UTC),
    attachments=(
        Attachment(NAME, b"PK\x03\x04\r\n.\r\n..", "application/zip"),
        Attachment("форма 1.html", "<p>Школа</p>".encode(), "text/html"),
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail")


@pytest.fixture
def server(folder: Path) -> Iterator[MailServer]:
    with serve_mail(folder) as running:
        yield running


def send(url: str, mail: Mail = MAIL, patience: Patience = QUICK) -> None:
    SmtpTarget(SmtpAddress.parse(url), hello="svod.example.ru", patience=patience).send(mail)


@pytest.mark.parametrize("line", ["starttls", "implicit"])
def test_a_letter_arrives_whole_over_a_closed_line(folder: Path, line: Line) -> None:
    with serve_mail(folder, line) as server:
        send(server.url(line))
        (taken,) = server.temper.taken
    assert (taken.sender, taken.mailbox) == (MAIL.sender, MAIL.recipient)
    assert all(byte < 128 for byte in taken.content), "seven bits are enough"
    assert max(len(one) for one in taken.content.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1
    read = taken.message
    assert read["Subject"] == MAIL.subject
    assert (read["From"], read["To"]) == (MAIL.sender, MAIL.recipient)
    assert read["Message-ID"] == MAIL.message_id
    assert read["Date"].datetime == MAIL.written_at
    assert read["Auto-Submitted"] == "auto-generated"
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == TEXT.splitlines()
    assert [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in read.iter_attachments()
    ] == [(one.name, one.media_type, one.content) for one in MAIL.attachments]


def test_names_of_files_are_written_as_rfc_2231_has_it() -> None:
    content = encoded(MAIL)
    assert b"filename*" in content
    assert b"utf-8''%D0%9F%D0%B5%D1%80%D0%B5%D1%87%D0%B5%D0%BD%D1%8C" in content
    assert b"=?utf-8?" in content.split(b"\r\n\r\n")[0]


def test_the_same_letter_is_the_same_bytes() -> None:
    assert encoded(MAIL) == encoded(replace(MAIL))
    assert encoded(MAIL) != encoded(replace(MAIL, message_id="<abc124@svod.example.ru>"))


def test_answers_go_where_the_letter_says() -> None:
    assert b"Reply-To" not in encoded(MAIL)
    several = replace(MAIL, answers_to=("district@edu.example.ru", "a@b.ru"))
    assert b"Reply-To: district@edu.example.ru, a@b.ru\r\n" in encoded(several)
    assert "district@" not in repr(several)


def test_a_line_that_begins_with_a_dot_stays(server: MailServer) -> None:
    plain = replace(MAIL, text=".first\n..second\n.\nlast\n", attachments=())
    send(server.url(), plain)
    said = server.temper.taken[0].message.get_content()
    assert said.splitlines() == plain.text.splitlines()


def test_an_open_line_without_sign_in(folder: Path) -> None:
    with serve_mail(folder, "none", sign_in=False) as server:
        send(server.url("none", user=""))
        assert len(server.temper.taken) == 1


def test_a_domain_in_cyrillic_letters(server: MailServer) -> None:
    send(server.url(), replace(MAIL, recipient="school1@школа.рф"))
    assert server.temper.taken[0].mailbox == "school1@xn--80atdl2c.xn--p1ai"


def test_a_domain_that_cannot_be_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(RecordRejected) as caught:
        send("smtp://127.0.0.1:1?tls=none", replace(MAIL, recipient=f"school1@{'ш' * 70}.рф"))
    assert caught.value.rule == "mailbox_refused"
    assert "ш" not in f"{caught.value} {caught.value.where}"


# What a server may say, and what the caller must do


@pytest.mark.parametrize(
    ("answer", "error", "where"),
    [
        ("451 4.7.1 Greylisted, <{}> try later", Unavailable, "RCPT 451 4.7.1"),
        ("421 Too many letters from you to {}", Unavailable, "RCPT 421"),
        ("550 5.1.1 <{}>: no such user", RecordRejected, "RCPT 550 5.1.1"),
        ("552 5.2.2 <{}>: full", RecordRejected, "RCPT 552 5.2.2"),
        ("530 5.7.0 Who are you", AccessDenied, "RCPT 530 5.7.0"),
    ],
)
def test_a_mailbox_refused_for_now_or_for_good(
    server: MailServer, answer: str, error: type[ConnectorError], where: str
) -> None:
    server.temper.at_mailbox = answer.format
    with pytest.raises(error) as caught:
        send(server.url())
    assert type(caught.value) is error
    assert caught.value.where == where
    if isinstance(caught.value, RecordRejected):
        assert caught.value.rule == "mailbox_refused"
    assert server.temper.taken == []
    server.temper.at_mailbox = lambda mailbox: None
    send(server.url())
    assert len(server.temper.taken) == 1


@pytest.mark.parametrize(
    ("answer", "error", "rule"),
    [
        ("451 4.3.0 Later", Unavailable, ""),
        ("554 5.7.1 Looks like spam", RecordRejected, "letter_refused"),
        ("552 5.3.4 Too big", RecordRejected, "letter_too_large"),
    ],
)
def test_a_letter_refused_for_now_or_for_good(
    server: MailServer, answer: str, error: type[ConnectorError], rule: str
) -> None:
    server.temper.at_letter = lambda mailbox: answer
    with pytest.raises(error) as caught:
        send(server.url())
    assert type(caught.value) is error
    assert getattr(caught.value, "rule", "") == rule


def test_a_sender_whom_the_server_does_not_let_send(server: MailServer) -> None:
    server.temper.at_sender = lambda sender: "553 5.7.1 Sender address rejected"
    with pytest.raises(Misconfigured) as caught:
        send(server.url())
    assert caught.value.where == "MAIL 553 5.7.1"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_line_cut_after_the_letter_leaves_nobody_knowing(server: MailServer, when: str) -> None:
    server.temper.hang_up = when  # type: ignore[assignment]
    with pytest.raises(AnswerLost) as caught:
        send(server.url())
    assert isinstance(caught.value, Retriable)
    assert len(server.temper.taken) == (when == "after")


def test_a_server_too_slow_with_its_verdict_leaves_nobody_knowing(server: MailServer) -> None:
    server.temper.pause = 3.0
    with pytest.raises(AnswerLost):
        send(server.url(), patience=Patience(answer=5, verdict=0.3))
    assert len(server.temper.taken) == 1


def test_a_slow_server_is_waited_for(server: MailServer) -> None:
    server.temper.pause = 1.0
    send(server.url(), patience=Patience(answer=0.5, verdict=5))
    assert len(server.temper.taken) == 1


def test_a_server_that_does_not_greet_is_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"smtp://127.0.0.1:{mute.getsockname()[1]}?tls=none"
        with pytest.raises(NoServer):
            send(url, patience=Patience(answer=0.3, verdict=5))
    with pytest.raises(NoServer):
        send(url)
    with pytest.raises(NoServer):
        send("smtp://mail.invalid:25?tls=none")


# Signing in


def test_a_wrong_password_stops_everything(server: MailServer) -> None:
    with pytest.raises(AccessDenied) as caught:
        send(server.url(password="wrong"))
    assert caught.value.where == "sign-in 535"
    assert "wrong" not in repr(caught.value)
    assert server.temper.taken == []


def test_without_a_sign_in_it_is_asked_for(server: MailServer) -> None:
    with pytest.raises(AccessDenied):
        send(server.url(user=""))


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(server: MailServer) -> None:
    with pytest.raises(Misconfigured, match="no trusted TLS"):
        send(server.url().partition("&ca=")[0])
    assert server.temper.taken == []


def test_a_server_without_tls_gets_neither_password_nor_letter(folder: Path) -> None:
    with serve_mail(folder, "none", sign_in=False) as server:
        with pytest.raises(Misconfigured):
            send(server.url("starttls"))
        with pytest.raises((Misconfigured, Unavailable)):
            send(server.url("implicit"))
        assert server.temper.taken == []


def test_a_file_of_certificates_that_is_not_there(server: MailServer) -> None:
    with pytest.raises(Misconfigured, match="certificates"):
        send(server.url() + ".missing")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.ru",
        "http://mail.example.ru?tls=none",
        "smtp://mail.example.ru",
        "smtp://mail.example.ru?tls=ssl",
        "smtp://?tls=none",
        "smtp://mail.example.ru:port?tls=none",
        "smtp://mail.example.ru/box?tls=none",
        "smtp://mail.example.ru?tls=none&colour=red",
        "smtp://only-a-user@mail.example.ru?tls=starttls",
        "smtp://user:s3cret@mail.example.ru?tls=none",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        SmtpAddress.parse(url)
    assert "s3cret" not in str(caught.value)
    assert "mail.example.ru" not in str(caught.value)


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25)])
def test_the_port_goes_by_the_line(tls: str, port: int) -> None:
    assert SmtpAddress.parse(f"smtp://mail.example.ru?tls={tls}").port == port
    assert SmtpAddress.parse(f"smtp://mail.example.ru:2525?tls={tls}").port == 2525


# What is said of it


def test_no_address_no_password_and_no_word_of_the_server_is_told(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    for answer in ("550 5.1.1 <{}> unknown here", "451 4.2.0 <{}> busy", "599 {}"):
        server.temper.at_mailbox = answer.format
        with pytest.raises(ConnectorError) as caught:
            send(server.url())
        error = caught.value
        said += (
            f"{error!r} {error.where} {error.fix} {error.__cause__} {error.__suppress_context__}"
        )
    address = SmtpAddress.parse(server.url())
    said += repr((MAIL, address))
    said += "".join(
        str(one.__dict__) for one in caplog.records if one.name != "mail.log"
    )  # its own
    for secret in (MAIL.recipient, PASSWORD, "unknown here", "busy"):
        assert secret not in said
    assert USER in said, "who signs in is no secret"


@pytest.mark.parametrize("error", [AnswerLost, NoServer])
def test_the_errors_stand_in_the_tree(error: type[ConnectorError]) -> None:
    assert issubclass(error, Retriable)
    assert not issubclass(error, Fatal)
