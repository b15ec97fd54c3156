"""Letters: those with the monthly files written into the outbox, all of them sent one by one.

Twice is once: a letter is known by what it is, whose, of which month, to which mailbox, and by what
its files say. A unit without a mailbox gets a letter that has failed (``no_mailbox``), so that
somebody sees it. What names people is not mailed (``hand_out``, ``privacy/policies/releases.yml``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text

from connectors.errors import Fatal, Misconfigured, RecordRejected, Unavailable
from connectors.smtp import AnswerLost, Attachment, Mail, NoServer, SmtpAddress, SmtpTarget
from pipeline.forms.hand_out import LEVELS, Kind, Unit, content_hash, files_of, said, units
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.mail import letters
from pipeline.mail.addressees import (
    NO_MAILBOX,
    answers_to,
    for_each_mailbox,
    recipient_of,
    sender_of,
)
from pipeline.mail.letters import MOST_LOST, Letter, LetterState
from pipeline.mail.worst import worst_of
from pipeline.registry import mailboxes
from pipeline.settings import Settings
from privacy.actions import Action
from reports.letters import MEGABYTE, FileLine, LetterContent, render_letter

# ASSUMED: what an office sends to its schools about their own journals is its ordinary letter.
GROUND = "порядок работы с электронным журналом: отчётность и замечания доводятся до школ и районов"
SENDING = 7_325_020  # of the locks that let one process write or send
BASE64 = 4 / 3  # how much longer a file is in a letter
_OFFICE = "application/vnd.openxmlformats-officedocument."
MEDIA = {
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
}
CHANGED, UNANSWERED = "letter_file_changed", "letter_unanswered"


class LettersWaitingError(Unavailable):
    """Some letters were not taken yet; send again later: what was taken is not sent twice."""


class OtherSenderError(Unavailable):
    """Another process writes or sends letters; wait for its end."""


class Post(Protocol):
    """What takes letters: ``connectors.smtp.SmtpTarget``."""

    def send(self, mail: Mail) -> None: ...


@dataclass(frozen=True)
class Due:
    """What a unit is to get: how many files, to how many mailboxes (a letter each)."""

    unit: str
    name: str
    files: int
    mailboxes: int
    megabytes: float


def plan_letters(hub: Hub, kind: Kind, run: Run, chosen: Sequence[str] | None = None) -> list[Due]:
    """What ``write_letters`` would write letters about; nothing is written."""
    with hub.engine.begin() as connection:
        return [
            Due(
                unit.code,
                unit.name,
                len(found),
                len(mailboxes(connection, unit.level, unit.code)),
                round(sum(path.stat().st_size for path in found) / MEGABYTE, 1),
            )
            for unit, found in _with_files(hub, connection, kind, run.business_date, chosen)
        ]


def post_letters(
    hub: Hub, kind: Kind, run: Run, chosen: Sequence[str] | None = None
) -> dict[str, int]:
    """Write the letters and send them; how many became what, and how many units had no files or
    no mailbox. Raises as ``write_letters`` and ``send_letters``."""
    due = write_letters(hub, kind, run, chosen)
    without = {
        "no_files": sum(not one.files for one in due),
        "no_mailbox": sum(not one.mailboxes for one in due),
    }
    return without | send_letters(hub, kind)


def write_letters(hub: Hub, kind: Kind, run: Run, chosen: Sequence[str] | None = None) -> list[Due]:
    """Write the letters of ``kind`` with the files of the run's business date; see above.

    Of the units ``chosen``, by default all; one without files gets none. Raises ``Misconfigured``
    without a sender and ``OtherSenderError``: what is being sent is not replaced meanwhile.
    """
    sender_of(hub.settings)
    with _alone(hub.engine, kind), hub.engine.begin() as connection:
        for unit, found in _with_files(hub, connection, kind, run.business_date, chosen):
            if found:
                _write(hub, connection, kind, unit, found, run)
    return plan_letters(hub, kind, run, chosen)


def send_letters(hub: Hub, kind: Kind, post: Post | None = None) -> dict[str, int]:
    """Send what waits of ``kind``, of earlier months too; how many letters became what.

    Raises ``LettersWaitingError`` after all had their turn, or as soon as there is no server;
    ``OtherSenderError``; ``Fatal`` at once when a person must act first. What was not taken stays.
    """
    target = post or smtp_target(hub.settings)
    counts: dict[str, int] = {}
    with _alone(hub.engine, kind):
        with hub.engine.begin() as connection:
            todo = letters.waiting(connection, kind)
        for one in todo:
            if state := _send(hub, one, target):
                counts[state.value] = counts.get(state.value, 0) + 1
    waits = counts.get(LetterState.WRITTEN, 0) + counts.get(LetterState.UNKNOWN, 0)
    if waits:
        raise LettersWaitingError(f"{waits} of {len(todo)} letters were not taken yet")
    return counts


def mail_is_set(settings: Settings) -> bool:
    """Whether the settings name a mail server and a sender."""
    try:
        smtp_target(settings)
    except Misconfigured:
        return False
    return True


def smtp_target(settings: Settings) -> SmtpTarget:
    """The mail server of the settings. Raises ``Misconfigured``."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        raise Misconfigured("no mail server is set", fix="set SVOD_SMTP_URL")
    return SmtpTarget(SmtpAddress.parse(url), hello=sender_of(settings).rpartition("@")[2])


def _with_files(
    hub: Hub, connection: Connection, kind: Kind, on: date, chosen: Sequence[str] | None
) -> Iterator[tuple[Unit, list[Path]]]:
    for unit in units(connection, kind, on, chosen):
        yield unit, files_of(hub.settings.reports, on, unit)


def _write(
    hub: Hub,
    connection: Connection,
    kind: Kind,
    unit: Unit,
    found: list[Path],
    run: Run,
) -> None:
    """One letter to each mailbox of ``unit``; one that has failed where there is none."""
    on, content = run.business_date, content_hash(found)
    fits = sum(path.stat().st_size for path in found) * BASE64 <= hub.settings.mail_limit * MEGABYTE
    lines = [FileLine(path.name, path.stat().st_size, fits) for path in found]
    worst = worst_of(connection, kind, unit, on)
    told = render_letter(
        LetterContent(
            kind.value, unit.name, unit.code, on, worst, lines, hub.settings.mail_questions
        )
    )
    month = on.replace(day=1)
    written = {
        "on_date": on,
        "run_id": run.run_id,
        "subject": told.subject,
        "body": told.body,
        "files": [_kept(hub, path, attached=fits) for path in found],
    }
    wanted = for_each_mailbox(hub, connection, kind, unit.code, month, content, written)
    letters.write(connection, kind, unit.code, month, wanted)


def _kept(hub: Hub, path: Path, *, attached: bool) -> dict[str, Any]:
    return {
        "path": path.relative_to(hub.settings.reports).as_posix(),
        "said": said(path),
        "size": path.stat().st_size,
        "attached": attached,
    }


def _send(hub: Hub, number: int, target: Post) -> LetterState | None:
    """Send one letter; what became of it, None if a newer one came meanwhile. Raises ``NoServer``
    and ``Fatal``; it waits then."""
    with hub.engine.begin() as connection:
        letter = letters.claim(connection, number)
    if letter is None:
        return None
    try:
        mail = _mail(hub, letter)
        hub.log_action(_action(letter))
        target.send(mail)
    except AnswerLost as error:
        return _settled(hub, letter, LetterState.UNKNOWN, UNANSWERED, error.where)
    except RecordRejected as error:
        return _settled(hub, letter, LetterState.FAILED, error.rule, error.where)
    except (NoServer, Fatal) as error:
        _settled(hub, letter, LetterState.WRITTEN, None, error.where)
        raise
    except Unavailable as error:
        return _settled(hub, letter, LetterState.WRITTEN, None, error.where)
    return _settled(hub, letter, LetterState.SENT)


def _settled(
    hub: Hub, letter: Letter, state: LetterState, rule: str | None = None, detail: str = ""
) -> LetterState:
    with hub.engine.begin() as connection:
        letters.settle(connection, letter.id, state, rule, detail)
    return state


def _mail(hub: Hub, letter: Letter) -> Mail:
    """The letter with its files. Raises ``RecordRejected``: too many answers were lost, the
    registry has its mailbox no more, or its files say something else by now."""
    if letter.lost > MOST_LOST:
        raise RecordRejected(UNANSWERED)
    with hub.engine.begin() as connection:
        known = mailboxes(connection, LEVELS[letter.kind], letter.unit)
        office = answers_to(connection, letter.kind, letter.unit)
    addresses = {recipient_of(hub, address): address for address in known}
    if letter.recipient not in addresses:
        raise RecordRejected(NO_MAILBOX)
    return Mail(
        message_id=letter.message_id,
        sender=sender_of(hub.settings),
        recipient=addresses[letter.recipient],
        subject=letter.subject,
        text=letter.body,
        written_at=letter.written_at,
        answers_to=office,
        attachments=tuple(
            _attachment(hub.settings.reports, file) for file in letter.files if file["attached"]
        ),
    )


def _attachment(reports: Path, file: dict[str, Any]) -> Attachment:
    path = reports / file["path"]
    try:
        same = said(path) == file["said"]
        content = path.read_bytes()
    except OSError:
        raise RecordRejected(CHANGED, where=path.name) from None
    if not same:
        raise RecordRejected(CHANGED, where=path.name)
    return Attachment(path.name, content, MEDIA.get(path.suffix, "application/octet-stream"))


def _action(letter: Letter) -> Action:
    school = letter.unit if LEVELS[letter.kind] == "school" else ""
    details = {"letter": letter.id, "kind": letter.kind.value, "unit": letter.unit}
    return Action("send_letter", school, GROUND, len(letter.files), details)


@contextmanager
def _alone(engine: Engine, kind: Kind) -> Iterator[None]:
    """One process at a time writes or sends letters of a kind; the lock goes with its connection,
    also by ``kill -9``."""
    lock = {"sending": SENDING, "kind": list(Kind).index(kind)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = text("SELECT pg_try_advisory_lock(:sending, :kind)")
        if not connection.execute(taken, lock).scalar_one():
            raise OtherSenderError("another process writes or sends letters; wait for its end")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:sending, :kind)"), lock)
