"""Families who asked for the week on paper: what a person entered, and whose request stands.

The regulation of Velikie Luki (3.8) has a printout made, at least weekly, for guardians who cannot
or will not use the electronic pages. Nobody else's child is printed. Pupils are named as for a
consent (``pipeline.consents.entries``), never by name; entries are stopped, not deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from pipeline.entries import EntryRefusedError, must_name_nobody
from pipeline.hub import Hub
from pipeline.intake.identity import places_of
from pipeline.registry import open_year
from privacy.actions import Action, action_log_on
from schemas.tables import paper_diaries

GROUND = "заявление законного представителя о распечатке (Великие Луки, п. 3.8); внесено оператором"


@dataclass(frozen=True)
class Request:
    """Who asks for paper: ``pupils`` (pseudonyms) of ``school``; ``paper``: number and date of the
    application, without anybody's name; ``by``: who enters it."""

    school: str
    pupils: Sequence[str]
    by: str
    paper: str = ""


def ask(hub: Hub, request: Request, asked_on: date) -> int:
    """Enter that families asked for paper; how many entries are new. Who has one that stands gets
    no other. Raises ``EntryRefusedError``."""
    school = request.school
    must_name_nobody(hub, school, paper=request.paper, by=request.by)
    with hub.engine.begin() as connection:
        _must_be_of_the_year(connection, school, asked_on)
        known = set(standing(connection, asked_on, school).get(school, ()))
        fresh = [pupil for pupil in request.pupils if pupil not in known]
        values = {"school": school, "asked_on": asked_on, "paper": request.paper}
        for pupil in fresh:
            row = values | {"pupil": pupil, "entered_by": request.by}
            connection.execute(insert(paper_diaries).values(**row))
        log = action_log_on(connection, request.by)
        log(Action("ask_for_paper", school, GROUND, len(fresh)))
    return len(fresh)


def stop(hub: Hub, request: Request, stopped_on: date) -> int:
    """From that day on they get no paper; how many entries ended. Raises ``EntryRefusedError`` for
    a day before they asked."""
    school = request.school
    must_name_nobody(hub, school, by=request.by)
    going_on = (
        (paper_diaries.c.school == school)
        & paper_diaries.c.pupil.in_(request.pupils)
        & paper_diaries.c.stopped_on.is_(None)
    )
    with hub.engine.begin() as connection:
        first = connection.execute(
            select(func.max(paper_diaries.c.asked_on)).where(going_on)
        ).scalar_one()
        if first is not None and stopped_on < first:
            raise EntryRefusedError(f"paper was asked for on {first}: it stops then or later")
        ended = connection.execute(
            update(paper_diaries)
            .where(going_on)
            .values(stopped_on=stopped_on, stopped_by=request.by, stopped_at=func.now())
        ).rowcount
        log = action_log_on(connection, request.by)
        log(Action("stop_paper", school, GROUND, ended))
    return ended


def standing(connection: Connection, on: date, school: str | None = None) -> dict[str, list[str]]:
    """Pseudonyms of the pupils whose families get paper on a day, by school."""
    stands = (paper_diaries.c.asked_on <= on) & or_(
        paper_diaries.c.stopped_on.is_(None), paper_diaries.c.stopped_on > on
    )
    query = select(paper_diaries.c.school, paper_diaries.c.pupil).where(stands).distinct()
    if school is not None:
        query = query.where(paper_diaries.c.school == school)
    found: dict[str, list[str]] = {}
    for code, pupil in connection.execute(query.order_by("school", "pupil")):
        found.setdefault(code, []).append(pupil)
    return found


def listed(hub: Hub, school: str) -> list[dict[str, Any]]:
    """Every entry of a school, the latest first: pupil, class, days, paper, by whom. No names."""
    columns = ("id", "pupil", "asked_on", "stopped_on", "paper", "entered_by")
    query = (
        select(*(paper_diaries.c[name] for name in columns))
        .where(paper_diaries.c.school == school)
        .order_by(paper_diaries.c.id.desc())
    )
    with hub.engine.begin() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
        places = places_of(connection, [row["pupil"] for row in rows])
    return [row | {"class": places.get(row["pupil"], {}).get("class")} for row in rows]


def _must_be_of_the_year(connection: Connection, school: str, day: date) -> None:
    """A day far away is a slip of the pen."""
    year, _ = open_year(connection, school)
    first, last = date(year, 1, 1), date(year + 1, 12, 31)
    if not first <= day <= last:
        raise EntryRefusedError(f"{day} is not between {first} and {last}")
