"""A school whose journal a test writes by hand, and whose diary is a portal that keeps state."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import polars as pl
from sqlalchemy import insert, text, update

from pipeline.delivery.deliver import Delivery, deliver_schools
from pipeline.delivery.destinations import DIARY
from pipeline.delivery.pace import Gatekeeper
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.runs import SchoolState
from schemas.tables import journal_table
from tests.pipeline.portal import Portal, register

CODE = "781001"
SOURCE = "journal"
YEAR = 2026
TODAY = date(2026, 9, 18)  # a Friday
SEEN = datetime(2026, 9, 18, 20, 0, tzinfo=UTC)
OPEN = {"applied_on": date(2026, 9, 1), "registered_on": date(2026, 9, 2)}

# UIDs at the portal, and the pseudonyms of who holds them.
AGREES, REFUSES, LEFT, NEVER, LATER = "100001", "100002", "100003", "100004", "100005"
TEACHER = "200001"
NAMES = {uid: f"p{uid:0>32}" for uid in (AGREES, REFUSES, LEFT, NEVER, LATER, TEACHER)}


class School:
    """7а, 7б; algebra and physics; nothing is delivered yet."""

    def __init__(self, hub: Hub, code: str = CODE) -> None:
        self.hub, self.code, self.portal = hub, code, Portal()
        self._runs = count(1)
        register(hub, code, YEAR)
        for key, letter in (("10", "а"), ("11", "б")):
            self.add("class_", key, name=f"7{letter}", grade_level=7, letter=letter)
        for key, name in (("20", "Алгебра"), ("21", "Физика")):
            self.add("subject", key, name=name)

    def fill(self) -> None:
        """Five children in 7а, of whom one family consents today, and a teacher."""
        self.child(AGREES, **OPEN)
        self.child(REFUSES, **OPEN, refused_on=TODAY)
        self.child(LEFT, finish=date(2026, 9, 17), **OPEN)
        self.child(NEVER)
        self.child(LATER, applied_on=date(2026, 9, 1), registered_on=date(2026, 9, 19))
        self.hold(TEACHER)

    def add(self, entity: str, key: str, **fields: Any) -> None:
        """A row of the journal, as an upload would leave it."""
        row = {
            "school_year": YEAR, "school": self.code, "source": SOURCE, "key": key,
            "content_hash": "", "recorded_run": "r", "recorded_at": SEEN, "first_seen_at": SEEN,
        }  # fmt: skip
        table = journal_table(entity)
        if "source_key" in table.c:
            row["source_key"] = key
        with self.hub.engine.begin() as connection:
            connection.execute(insert(table).values(**row | fields))

    def change(self, entity: str, key: str, **fields: Any) -> None:
        table = journal_table(entity)
        where = (table.c.school == self.code) & (table.c.key == key)
        with self.hub.engine.begin() as connection:
            connection.execute(update(table).where(where).values(**fields))

    def child(self, uid: str, *, finish: Any = None, **consent: Any) -> None:
        self.enrol(uid, NAMES[uid], finish=finish, **consent)
        self.hold(uid)

    def enrol(self, uid: str, pupil: str, *, finish: Any = None, **consent: Any) -> None:
        """Put ``pupil`` into 7а since September; ``consent``: the family's application."""
        days = {"start": date(2026, 9, 1), "finish": finish}
        self.add("enrolment", f"{uid}|10", pupil=pupil, class_key="10", **days)
        if consent:
            self.add("consent", uid, pupil=pupil, **consent)

    def hold(self, uid: str) -> None:
        """The vault learns the UID of a person of this school."""
        row = {"pseudonym": NAMES[uid], "uid": uid, "_row": 0, "_document": "", "_line": 1}
        filing = self.hub.vault.store_uids(self.code, SOURCE, pl.DataFrame([row]))
        assert filing.counts.created == 1

    def lesson(self, key: str, day: date, number: int = 1, **more: Any) -> None:
        row = {
            "date": day, "number": number, "class_key": "10", "subject_key": "20", "topic": "Тема",
            "homework": "№ 1", "homework_not_set": False, "held": True, "status": "scheduled",
        }  # fmt: skip
        self.add("lesson", key, **row | more)

    def slot(self, key: str, weekday: int, number: int = 1, **more: Any) -> None:
        row = {
            "class_key": "10", "subject_key": "20", "weekday": weekday, "number": number,
            "valid_from": date(2026, 9, 1), "valid_to": date(2027, 5, 31),
        }  # fmt: skip
        self.add("timetable_slot", key, **row | more)

    def deliver(self) -> SchoolState:
        run = Run(f"{self.code}-{next(self._runs)}", TODAY)
        keeper = Gatekeeper(self.hub.engine, DIARY.name)
        (verdict,) = deliver_schools(
            self.hub, [self.code], run, Delivery(DIARY, self.portal, keeper)
        )
        return verdict.state

    def actions(self) -> list[dict[str, Any]]:
        """What the service wrote into the action log."""
        query = "SELECT actor, action, school, count, details FROM ops.action_log"
        query += " WHERE actor <> 'svod' ORDER BY id"
        with self.hub.engine.begin() as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]
