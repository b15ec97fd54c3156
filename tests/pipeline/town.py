"""Two districts with schools, their mailboxes and files, and a mail server that takes letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner

from connectors.smtp import Patience, SmtpAddress, SmtpTarget
from pipeline.cli import app
from pipeline.forms.hand_out import Kind, Unit, folder_of
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.registry import import_region, read_region
from tests.support.mail_server import MailServer, serve_mail

DAY = date(2026, 9, 30)
SENDER = "svod@hub.example.ru"
SCHOOLS = {"781001": "d1", "781002": "d1", "781003": "d2"}
BOXES = {
    "781001": ["school1@edu.example.ru"],
    "781002": ["school2@edu.example.ru", "office2@edu.example.ru"],
    "781003": [],
    "d1": ["d1@region.example.ru"],
    "d2": ["d2@region.example.ru"],
    "region": ["committee@region.example.ru"],
}
QUICK = Patience(answer=5, verdict=5)


class Town:
    """The hub of these schools, with settings of its own."""

    def __init__(self, hub: Hub, folder: Path, server: MailServer) -> None:
        self.server, self.folder = server, folder
        self.boxes = {unit: list(addresses) for unit, addresses in BOXES.items()}
        settings = hub.settings.model_copy(
            update={"smtp_url": SecretStr(server.url()), "mail_from": SENDER}
        )
        self.hub = replace(hub, settings=settings)
        self.reports = settings.reports
        self.register()

    def register(self) -> None:
        """Import the region file with the mailboxes as they are here."""
        sources = [{"kind": "netschool", "mapping": "netschool/5", "settings": {"root": "/drop"}}]
        content = {
            "region": "Область", "zone": "Europe/Moscow", "school_year": 2026,
            "year_start": "2026-09-01", "year_end": "2027-05-31",
            "contacts": self.boxes["region"],
            "districts": [
                {"code": code, "name": name, "contacts": self.boxes[code]}
                for code, name in (("d1", "Береговой район"), ("d2", "Лесной район"))
            ],
            "schools": [
                {
                    "code": code, "name": f"Школа № {code[-1]}", "district": district,
                    "profile": "spb", "connected_on": "2026-09-01", "sources": sources,
                    "contacts": self.boxes[code],
                }
                for code, district in SCHOOLS.items()
            ],
        }  # fmt: skip
        path = self.folder / "region.yml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        with self.hub.engine.begin() as connection:
            import_region(connection, read_region(path))

    def put(self, level: str, unit: str, name: str, content: bytes, day: date = DAY) -> Path:
        """A finished file of a unit."""
        folder = folder_of(self.reports, day, level, unit)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return folder / name

    def put_remarks(self, day: date = DAY, said: str = "тема не записана") -> None:
        """A list of remarks for every school."""
        for code in SCHOOLS:
            self.put("school", code, f"Перечень_{code}.html", f"<p>{code}: {said}".encode(), day)

    @property
    def target(self) -> SmtpTarget:
        return SmtpTarget(
            SmtpAddress.parse(self.server.url()), hello="hub.example.ru", patience=QUICK
        )

    def environment(self) -> dict[str, str]:
        """Of a process that works on this hub."""
        return {
            "SVOD_HOME": str(self.hub.settings.home),
            "SVOD_SMTP_URL": self.server.url(),
            "SVOD_MAIL_FROM": SENDER,
        }

    def svod(self, *words: str, code: int = 0, **variables: str) -> list[dict[str, Any]]:
        """The answer of the command, from JSON."""
        done = CliRunner(env=self.environment() | variables).invoke(app, [*words, "--json"])
        assert done.exit_code == code, (done.output, done.exception)
        found: list[dict[str, Any]] = json.loads(done.stdout) if done.stdout else []
        return found

    def letters(self, *columns: str) -> list[tuple[Any, ...]]:
        """The books, in the order written."""
        query = f"SELECT {', '.join(columns)} FROM ops.letters ORDER BY id"
        with self.hub.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def states(self) -> dict[str, str]:
        """State by unit and mailbox number, ``781002/1``; of the latest letters."""
        found: dict[str, str] = {}
        counts: dict[tuple[str, str], int] = {}
        for unit, content, state in self.letters("unit", "content", "state"):
            counts[unit, content] = counts.get((unit, content), 0) + 1
            found[f"{unit}/{counts[unit, content]}"] = state
        return found

    def got(self) -> list[str]:
        """Whose mailboxes got a letter, in order."""
        return sorted(letter.mailbox for letter in self.server.temper.taken)


def run_of(day: date = DAY) -> Run:
    return Run(f"run-{day}", day)


def school(code: str) -> Unit:
    return Unit("school", code, f"Школа № {code[-1]}")


@contextmanager
def opened(hub: Hub, folder: Path) -> Iterator[Town]:
    """The town with its mail server at work."""
    with serve_mail(folder) as server:
        yield Town(hub, folder, server)


REMARKS = Kind.SCHOOL_REMARKS
