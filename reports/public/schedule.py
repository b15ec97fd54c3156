"""The lessons of one child, as the diary holds them, let out by the privacy gate.

The journal says which records of the diary are about the child's class; what they say is taken
from what the diary has confirmed (``outbox.DELIVERED_CONTENT``), never from the journal. Of days to
come the delivered timetable tells what is planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection, select, text

from pipeline.consents.standing import states_on
from pipeline.delivery.destinations import DIARY
from pipeline.delivery.diary_records import group_name, portal_key
from pipeline.delivery.outbox import DELIVERED_CONTENT
from pipeline.hub import Hub
from pipeline.registry import open_year
from privacy.actions import Action, action_log_on
from privacy.consent import reasons
from privacy.gate import release
from privacy.policy import Policy, load_policy
from quality.journal_frames import read_frame
from quality.school_days import days_between, holiday_dates
from schemas.tables import days_off, journal_table

POLICY = "public_services"
# Regulation (TMS annex 3): an answer within 20 seconds. A database that takes longer is given up.
STATEMENT_LIMIT = "15s"
HELD, PLANNED = "held", "planned"
NOBODY: dict[str, pl.DataType] = {"pseudonym": pl.String(), "uid": pl.String()}


@dataclass(frozen=True)
class Question:
    """Whose lessons, from when until when (both included), asked on which day and by whom."""

    uid: str
    first: date
    last: date
    today: date
    client: str


@dataclass(frozen=True)
class _Child:
    pupil: str
    school: str
    year: int


def schedule_of(hub: Hub, asked: Question) -> pl.DataFrame | None:
    """The child's lessons, by day and number: fields of ``privacy/policies/public_services.yml``.

    None if there is no such child, or none with an active consent on the day: the asker is not to
    know which. Each answer is in the action log before it is given.
    """
    policy = load_policy(POLICY)
    holders = hub.vault.holders_of(asked.uid)
    told = [_of_school(hub, policy, asked, *holder) for holder in holders.iter_rows()]
    if not told:
        with hub.engine.begin() as connection:
            _log_unknown(connection, policy, asked)
    found = [lessons for lessons in told if lessons is not None]
    return pl.concat(found).sort("date", "number", "subject") if found else None


def _of_school(
    hub: Hub, policy: Policy, asked: Question, pupil: str, school: str
) -> pl.DataFrame | None:
    with hub.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT}'"))
        year, _ = open_year(connection, school)
        child = _Child(pupil, school, year)
        enrolment = _enrolment(connection, child)
        states = states_on(connection, school, asked.today).filter(pupil=pupil)
        consent = reasons(states)
        released = release(
            policy,
            "lesson",
            _lessons(connection, hub, child, enrolment, asked),
            uids=pl.DataFrame(schema=NOBODY),
            consent=consent,
            school=school,
            log=action_log_on(connection, asked.client),
        )
    agreed = consent["reason"].is_null().any()
    return released.records.drop("key") if agreed else None


def _log_unknown(connection: Connection, policy: Policy, asked: Question) -> None:
    details = {"policy": policy.policy, "version": policy.version, "refused": "unknown"}
    ground = "; ".join(sorted(policy.grounds.values()))
    action_log_on(connection, asked.client)(Action("release", "", ground, 0, details))


def _enrolment(connection: Connection, child: _Child) -> pl.DataFrame:
    table = journal_table("enrolment")
    names = ["source", "pupil", "class_key", "start", "finish"]
    mine = (table.c.school_year == child.year) & (table.c.school == child.school)
    mine &= (table.c.pupil == child.pupil) & table.c.vanished_at.is_(None)
    return read_frame(connection, table, names, mine)


def _lessons(
    connection: Connection, hub: Hub, child: _Child, enrolment: pl.DataFrame, asked: Question
) -> pl.DataFrame:
    """What the gate is asked to let out: the fields of the policy, ``key``, ``pupil``,
    ``text_blocked``."""
    stays = enrolment.join(_classes(connection, child), on=["source", "class_key"], how="inner")
    held = _delivered(connection, hub, child, stays, "lesson", asked)
    planned = _planned(connection, hub, child, stays, asked)
    place = ["date", "number", "group_name"]
    open_slots = planned.join(held.filter(~pl.col("text_blocked")), on=place, how="anti")
    rows = pl.concat(
        [
            held.with_columns(state=pl.lit(HELD)),
            open_slots.select(*held.columns, state=pl.lit(PLANNED)),
        ]
    )
    # On the day an enrolment finishes the pupil has left.
    there = (pl.col("start") <= pl.col("date")).fill_null(value=True)
    there &= (pl.col("date") < pl.col("finish")).fill_null(value=True)
    told = rows.filter(there).with_columns(pl.col("date").dt.strftime("%Y-%m-%d"))
    return told.drop("start", "finish").with_columns(pupil=pl.lit(child.pupil))


def _classes(connection: Connection, child: _Child) -> pl.DataFrame:
    """``source``, ``class_key`` and the name that the diary knows the class by."""
    table = journal_table("class_")
    where = (table.c.school_year == child.year) & (table.c.school == child.school)
    rows = read_frame(connection, table, ["source", "key", "grade_level", "letter"], where)
    return rows.select("source", pl.col("key").alias("class_key"), group_name().alias("group_name"))


# The columns of a delivered record, and the SQL that takes each from its content.
_CONTENT: dict[str, tuple[str, pl.DataType]] = {
    "group_name": ("c->>'group_name'", pl.String()),
    "subject_name": ("c->>'subject_name'", pl.String()),
    "number": ("(c->>'number')::int", pl.Int64()),
}
_OF_LESSON: dict[str, tuple[str, pl.DataType]] = _CONTENT | {
    "date": ("to_date(c->>'date', 'DD.MM.YYYY')", pl.Date()),
    "content_name": ("c->>'content_name'", pl.String()),
    "task_name": ("c->>'task_name'", pl.String()),
    "substitution": ("(c->>'substitution')::boolean", pl.Boolean()),
}
_OF_SLOT: dict[str, tuple[str, pl.DataType]] = _CONTENT | {
    "weekday": ("(c->>'weekday')::int", pl.Int8()),
    "valid_from": ("to_date(c->>'valid_from', 'DD.MM.YYYY')", pl.Date()),
    "valid_to": ("to_date(c->>'valid_to', 'DD.MM.YYYY')", pl.Date()),
}
_IN_PERIOD = {
    "lesson": "to_date(c->>'date', 'DD.MM.YYYY') BETWEEN :first AND :last",
    "timetable": "to_date(c->>'valid_from', 'DD.MM.YYYY') <= :last"
    " AND to_date(c->>'valid_to', 'DD.MM.YYYY') >= :first",
}
_ENTITY = {"lesson": "lesson", "timetable": "timetable_slot"}


def _delivered(
    connection: Connection,
    hub: Hub,
    child: _Child,
    stays: pl.DataFrame,
    record_type: str,
    asked: Question,
) -> pl.DataFrame:
    """Records of the diary about the classes of ``stays``: their content, ``key``,
    ``text_blocked``, and ``start`` and ``finish`` of the child's stay.

    What must no longer leave and waits to be withdrawn is left out; a text that came to be blocked
    is marked, for the gate to withhold.
    """
    columns = _OF_LESSON if record_type == "lesson" else _OF_SLOT
    keys = _keys(connection, hub, child, stays, _ENTITY[record_type])
    said = ", ".join(f"{sql} AS {name}" for name, (sql, _) in columns.items())
    rows = connection.execute(
        text(
            f"SELECT d.key, d.reason = 'blocked_text' AS text_blocked, {said}"  # noqa: S608
            f" FROM outbox.desired d CROSS JOIN LATERAL (SELECT {DELIVERED_CONTENT} AS c) content"
            " WHERE d.target = :target AND d.school = :school AND d.key = ANY(:keys)"
            " AND (d.desired_hash IS NOT NULL OR d.reason IN ('', 'blocked_text'))"
            f" AND {_IN_PERIOD[record_type]}"
        ),
        {
            "target": DIARY.name,
            "school": child.school,
            "keys": keys["key"].to_list(),
            "first": asked.first,
            "last": asked.last,
        },
    )
    schema = {"key": pl.String(), "text_blocked": pl.Boolean()}
    schema |= {name: dtype for name, (_, dtype) in columns.items()}
    found = pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
    return found.join(keys, on=["key", "group_name"], how="inner")


def _keys(
    connection: Connection, hub: Hub, child: _Child, stays: pl.DataFrame, entity: str
) -> pl.DataFrame:
    """``key`` at the diary of each record of ``entity`` of the classes of ``stays``, vanished ones
    too: the diary may still hold them."""
    table = journal_table(entity)
    where = (table.c.school_year == child.year) & (table.c.school == child.school)
    where &= table.c.class_key.in_(stays["class_key"].to_list())
    rows = read_frame(connection, table, ["source", "key", "class_key"], where)
    named = rows.join(stays, on=["source", "class_key"], how="inner")
    key = portal_key(hub.keys, child.school, child.year, entity, "key")
    return named.select(key, "group_name", "start", "finish")


def _planned(
    connection: Connection, hub: Hub, child: _Child, stays: pl.DataFrame, asked: Question
) -> pl.DataFrame:
    """The timetable of today and the days to come, a row for each day; no days without lessons."""
    slots = _delivered(connection, hub, child, stays, "timetable", asked)
    off = _without_lessons(connection, child)
    coming = [d for d in days_between(max(asked.first, asked.today), asked.last) if d not in off]
    days = pl.DataFrame({"date": coming}, schema={"date": pl.Date})
    on_day = days.with_columns(weekday=pl.col("date").dt.weekday()).join(slots, on="weekday")
    valid = pl.col("date").is_between("valid_from", "valid_to")
    return on_day.filter(valid).with_columns(
        content_name=pl.lit(None, pl.String),
        task_name=pl.lit(None, pl.String),
        substitution=pl.lit(value=False),
    )


def _without_lessons(connection: Connection, child: _Child) -> set[date]:
    table = journal_table("holiday")
    where = (table.c.school_year == child.year) & (table.c.school == child.school)
    where &= table.c.vanished_at.is_(None)
    off = connection.execute(select(days_off.c.day)).scalars().all()
    return holiday_dates(read_frame(connection, table, ["start", "finish"], where), off)
