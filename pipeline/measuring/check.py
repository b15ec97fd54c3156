"""Check: what is wrong with each journal, thing by thing, kept from check to check.

After measuring, which reads only days that changed, all facts are read with the versions of marks
that only rules need, and what forms 2 and 4 count of them is kept. A school is a transaction of its
own, so one that fails keeps nothing of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection

from pipeline.hub import Hub
from pipeline.measuring.form_counts import FormCount, journal_counts, keep_journal_counts
from pipeline.measuring.measured import measured_after
from pipeline.measuring.monthly import full_upload, own_checks
from pipeline.measuring.paper_counts import known_sheets
from pipeline.measuring.remarks import keep_remarks
from pipeline.measuring.school_facts import JournalFacts, SchoolPlace, end_of, journal_facts, places
from quality.regulations import Asked
from quality.rules.find import find, spans
from quality.rules.journal import Journal, no_remarks
from quality.versions import MARK_VERSION, TERM_MARK_VERSION, mark_versions, term_mark_versions

HUB = "hub"  # the source of remarks that are not about one journal
# What is found about a school beside its journals, in the period: frames of ``remarks.REMARK``.
SchoolFinder = Callable[[Connection, SchoolPlace, tuple[date, date]], pl.DataFrame]
OF_SCHOOL: tuple[SchoolFinder, ...] = (full_upload, own_checks)

# Rules that ask how marks and term marks came to be what they are.
_OF_MARKS = (Asked.NO_BACKDATING,)
_OF_TERM_MARKS = (Asked.NO_BACKDATING, Asked.TERM_MARKS, Asked.MARKS_TO_GRADE)


def check(
    hub: Hub,
    *,
    run_id: str,
    business_date: date,
    date_from: date,
    zone: str,
    schedule_basis: Callable[[str], str],
) -> int:
    """Find all that is wrong on ``business_date`` and keep it; the number of remarks found.

    Arguments and errors as of ``measure``. If a later date has been measured, nothing is kept and 0
    returned: what a later check knows is not disturbed by looking back.
    """
    count = 0
    period = (date_from, business_date)
    with hub.engine.begin() as connection:
        looking_back = measured_after(connection, business_date) is not None
        registered = places(connection, date_from)
    for school in registered:
        with hub.engine.begin() as connection:
            counts: list[FormCount] = []
            for told in check_school(hub, connection, school, period, zone, schedule_basis):
                counts += told.counts
                if looking_back:
                    continue
                keep_remarks(
                    connection, school.code, told.source, told.remarks,
                    on=business_date, year_start=date_from, spans=told.spans, run_id=run_id,
                )  # fmt: skip
                count += told.remarks.height
            keep_journal_counts(connection, run_id, business_date, school.code, counts)
    return count


@dataclass(frozen=True)
class Checked:
    """All remarks (``quality.remarks.REMARK``) on what came from ``source``, the spans that were
    judged (``find.spans``), and what the forms count of it."""

    source: str
    remarks: pl.DataFrame
    spans: dict[str, date | None] = field(default_factory=dict)
    counts: list[FormCount] = field(default_factory=list)


def check_school(
    hub: Hub,
    connection: Connection,
    school: SchoolPlace,
    period: tuple[date, date],
    zone: str,
    schedule_basis: Callable[[str], str],
) -> Iterator[Checked]:
    """Each journal, then what is said of the school itself, of source ``HUB``."""
    there = (period[0], school.until(period[1]))
    as_of = end_of(period[1], zone)
    with_uid = hub.vault.who_has_uid(school.code)
    for facts in journal_facts(connection, school, there, as_of, schedule_basis):
        journal = _journal(connection, school, facts, there, as_of, with_uid)
        counts = journal_counts(facts, there)
        yield Checked(facts.source, find(journal), spans(journal), counts)
    of_school = (of(connection, school, there) for of in OF_SCHOOL)
    yield Checked(HUB, pl.concat([no_remarks(), *of_school]))


def _journal(
    connection: Connection,
    school: SchoolPlace,
    facts: JournalFacts,
    period: tuple[date, date],
    as_of: datetime,
    with_uid: frozenset[str],
) -> Journal:
    place = (connection, school.code, facts.source, school.school_year, as_of)
    regulation = school.regulation
    asks = {rule.code for rule in regulation.rules_on(period[1])}
    return Journal(
        on=period[1],
        first=period[0],
        zone=str(as_of.tzinfo),
        profile=regulation,
        basis=facts.basis,
        frames=facts.frames,
        lessons=facts.lessons,
        parts=facts.parts,
        pairs=facts.pairs,
        causes=facts.causes,
        looks=facts.looks,
        marks=mark_versions(*place)
        if asks.intersection(_OF_MARKS)
        else pl.DataFrame(schema=MARK_VERSION),
        term_marks=term_mark_versions(*place)
        if asks.intersection(_OF_TERM_MARKS)
        else pl.DataFrame(schema=TERM_MARK_VERSION),
        with_uid=with_uid,
        paper=known_sheets(connection, school.code, facts.source, period[1]),
    )
