"""Evenings of one school without a journal: what each of them found, day by day."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from pipeline import runs
from pipeline.cards.of_school import cards
from pipeline.hub import Hub
from pipeline.intake.quarantine import Place, keep_findings
from pipeline.runs import SchoolState, Verdict
from quality.cards import Card
from schemas.frames import Finding

SCHOOL, SOURCE = "781001", "paragraf"
FIRST = date(2026, 9, 14)  # a Monday
UPLOAD = """
INSERT INTO ops.uploads (school, source, ref, upload_date, taken_at, accepted, run_id)
VALUES ('781001', 'paragraf', :ref, :on, :on, true, :run)
"""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def on(hub: Hub, number: int) -> list[Card]:
    with hub.engine.begin() as connection:
        return cards(connection, SCHOOL, day(number))


def checked(
    hub: Hub, number: int, *found: Finding, state: SchoolState = SchoolState.DONE, rule: str = ""
) -> None:
    """A collect of a day, with what it found."""
    run = f"run-{number}"
    with hub.engine.begin() as connection:
        verdict = Verdict(SCHOOL, SOURCE, state, rule or None, "503" if rule else "")
        runs.record(connection, run, "collect", day(number), verdict)
        if state is not SchoolState.FAILED:
            ref = day(number).isoformat()
            connection.execute(text(UPLOAD), {"ref": ref, "on": day(number), "run": run})
            keep_findings(connection, Place(run, SCHOOL, SOURCE, ref), found)


def remark(
    hub: Hub, key: str, first: int, last: int, fixed: int | None = None, teacher: str = "t1"
) -> None:
    statement = (
        "INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, fixed_on, day,"
        " class_key, subject_key, teacher, run_id) VALUES (:school, :source, 'topic', :key, :first,"
        " :last, :fixed, :first, '7а', '20', :teacher, 'measured')"
    )
    values = {
        "school": SCHOOL, "source": SOURCE, "key": key, "first": day(first), "last": day(last),
        "fixed": None if fixed is None else day(fixed), "teacher": teacher,
    }  # fmt: skip
    with hub.engine.begin() as connection:
        connection.execute(text(statement), values)
