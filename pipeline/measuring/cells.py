"""The kept cells of a school: which days of them are out of date, and putting new ones in place.

``quality.lesson_cells`` holds the newest business date that was measured; ``day_cells`` and
``pair_cells`` every one (``quality.supersede``). A day's data recomputes that day's cells only.
What decides about every day (timetable, holidays, bells, classes, regulation, this code) is hashed;
another hash recomputes all days of the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path

import polars as pl
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

import quality
from pipeline.measuring.school_facts import OpenJournal, end_of
from pipeline.store import add_rows
from quality.journal_frames import read_frame
from quality.lesson_cells import OF_LESSONS
from quality.school_days import days_between
from quality.supersede import supersede
from schemas.tables import cell_states, lesson_cells, uploads

_HERE = "school = :school AND source = :source AND school_year = :school_year"
# A row that a journal's later upload changed, brought or took away has a later instant; the upload
# that was the last one then may have been read again since, corrected in place: hence ``>=``.
_TOUCHED = f"""
SELECT key FROM journal.lesson WHERE {_HERE} AND recorded_at >= :since
UNION SELECT lesson_key FROM journal.mark WHERE {_HERE} AND recorded_at >= :since
UNION SELECT lesson_key FROM journal.attendance WHERE {_HERE} AND recorded_at >= :since
UNION SELECT coalesce(before->>'lesson_key', before->>'key') FROM journal.history
WHERE school = :school AND source = :source AND entity IN ('lesson', 'mark', 'attendance')
  AND recorded_at >= :since"""
# The days on which these lessons are, and on which they were.
_DAYS = f"""
SELECT date FROM journal.lesson WHERE {_HERE} AND key = ANY(CAST(:lessons AS text[]))
UNION SELECT (before->>'date')::date FROM journal.history
WHERE school = :school AND source = :source AND entity = 'lesson'
  AND key = ANY(CAST(:lessons AS text[]))"""


@dataclass(frozen=True)
class State:
    """What the last measuring of a journal rested on: a row of ``quality.cell_states``."""

    as_of: date
    basis: str
    looked_at: datetime | None
    taken_at: datetime | None


def states(connection: Connection, school: str) -> dict[str, State]:
    """The state of each journal of ``school`` that was measured, by source."""
    c = cell_states.c
    rows = connection.execute(
        select(c.source, c.as_of, c.basis, c.looked_at, c.taken_at).where(c.school == school)
    )
    return {source: State(*row) for source, *row in rows}


def stale_days(
    connection: Connection, journal: OpenJournal, state: State | None
) -> set[date] | None:
    """The days whose cells may differ from those kept; None: all.

    Those are days of lessons of which anything was stored since, days of which a deadline was not
    over at the last measuring, and the days after it.
    """
    known, (first, last) = journal.known, journal.period
    if state is None or state.taken_at is None or state.as_of > known.as_of.date():
        return None
    if state.basis != basis_of(journal, state.looked_at):
        return None
    measured = end_of(state.as_of, str(known.as_of.tzinfo))
    here = {"school": known.school, "source": known.source, "school_year": known.school_year}
    since = here | {"since": min(measured, state.taken_at)}
    lessons = connection.execute(text(_TOUCHED), since).scalars().all()
    touched = connection.execute(text(_DAYS), here | {"lessons": lessons}).scalars()
    kept = lesson_cells.c
    still_open = connection.execute(
        select(kept.date).where(_of(journal), kept.parts_open > 0).distinct()
    ).scalars()
    new = days_between(state.as_of + timedelta(days=1), last)
    return {day for day in (*touched, *still_open, *new) if first <= day <= last}


def basis_of(journal: OpenJournal, looked_at: datetime | None) -> str:
    """A hash of what decides about every day of ``journal``; of the looks those until
    ``looked_at``, since a later one changes nothing but what was open."""
    structure = journal.structure
    said = [
        _code(),
        journal.school.regulation.model_dump_json(),
        journal.basis.value,
        journal.known.school_year,
        journal.known.as_of.tzinfo,
        journal.period[0],
        journal.school.closed_on,
        sorted(journal.no_lessons),
        [look for look in sorted(journal.looks) if looked_at is not None and look <= looked_at],
        *(
            frame.sort(frame.columns).write_csv()
            for frame in (structure.timetable_slot, structure.class_, structure.bell)
        ),
    ]
    return blake2b("\n".join(map(str, said)).encode(), digest_size=16).hexdigest()


@cache
def _code() -> str:
    """A hash of the code that defines the measures."""
    digest = blake2b(Path(__file__).with_name("school_facts.py").read_bytes(), digest_size=16)
    for file in sorted(Path(quality.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def keep_lessons(
    connection: Connection, journal: OpenJournal, days: Collection[date] | None, cells: pl.DataFrame
) -> None:
    """Put ``cells`` (``lesson_cells.CELLS``) in the place of those of ``days``, or of all, and note
    what they rest on."""
    known = journal.known
    former = _of(journal)
    if days is not None:
        former &= lesson_cells.c.date.in_(days)
    connection.execute(delete(lesson_cells).where(former))
    owned = cells.with_columns(
        school=pl.lit(known.school),
        source=pl.lit(known.source),
        school_year=pl.lit(known.school_year),
    )
    add_rows(connection, "quality.lesson_cells", owned)
    looked_at = max(journal.looks, default=None)
    state = {
        "as_of": known.as_of.date(),
        "basis": basis_of(journal, looked_at),
        "looked_at": looked_at,
        "taken_at": _last_upload(connection, journal),
    }
    statement = insert(cell_states).values(school=known.school, source=known.source, **state)
    connection.execute(
        statement.on_conflict_do_update(constraint=cell_states.primary_key, set_=state)
    )


def forget_journals(connection: Connection, school: str, year: int, gone: Collection[str]) -> None:
    """Take away the cells of journals that the registry does not name any more."""
    c = lesson_cells.c
    own = (c.school == school) & (c.school_year == year) & c.source.in_(gone)
    connection.execute(delete(lesson_cells).where(own))
    s = cell_states.c
    connection.execute(delete(cell_states).where(s.school == school, s.source.in_(gone)))


def lessons_by_day(
    connection: Connection, school: str, year: int, period: tuple[date, date]
) -> pl.DataFrame:
    """``date`` and the counts of ``OF_LESSONS``, added up from the kept cells of all journals."""
    c = lesson_cells.c
    sums = [func.count().label("lessons") if n == "lessons" else func.sum(c[n]) for n in OF_LESSONS]
    rows = connection.execute(
        select(c.date, *sums)
        .where(c.school == school, c.school_year == year, c.date.between(*period))
        .group_by(c.date)
    ).all()
    schema = {"date": pl.Date(), **dict.fromkeys(OF_LESSONS, pl.Int64())}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def keep_known(
    connection: Connection,
    table: Table,
    told: pl.DataFrame,
    *,
    school: str,
    key: Sequence[str],
    on: date,
    upcoming: date | None,
    within: ColumnElement[bool],
) -> None:
    """Note in ``table`` that ``told`` is what is known of ``school`` on ``on``.

    ``told``: ``key`` and the columns of the table beside ``school``, ``as_of`` and ``until``;
    ``within``: which rows of the table it speaks of; ``upcoming`` as in ``supersede``.
    """
    c = table.c
    columns = [*key, "as_of", "until", *(name for name in told.columns if name not in key)]
    holds = (c.school == school) & held_on(table, on) & within
    current = read_frame(connection, table, columns, holds)
    changed = supersede(current, told, key=key, on=on, upcoming=upcoming)
    if changed.gone.height:
        same = [c[name] == bindparam(f"_{name}") for name in changed.gone.columns]
        gone = changed.gone.rename({name: f"_{name}" for name in changed.gone.columns})
        connection.execute(delete(table).where(c.school == school, *same), gone.to_dicts())
    if changed.written.height:
        owned = changed.written.with_columns(school=pl.lit(school))
        add_rows(connection, f"{table.schema}.{table.name}", owned)


def held_on(table: Table, on: date) -> ColumnElement[bool]:
    """The rows of ``table`` that hold what was known on ``on``."""
    return (table.c.as_of <= on) & (table.c.until.is_(None) | (table.c.until > on))


def _of(journal: OpenJournal) -> ColumnElement[bool]:
    c, known = lesson_cells.c, journal.known
    return (
        (c.school == known.school)
        & (c.source == known.source)
        & (c.school_year == known.school_year)
    )


def _last_upload(connection: Connection, journal: OpenJournal) -> datetime | None:
    """When the last upload that was read was taken, whatever became of it."""
    known = journal.known
    taken: datetime | None = connection.execute(
        select(func.max(uploads.c.taken_at)).where(
            uploads.c.school == known.school, uploads.c.source == known.source
        )
    ).scalar_one()
    return taken
