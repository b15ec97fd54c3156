"""Counts that forms 2 and 4 need beside the measures, kept in ``quality.form_figures``.

=======  ==============  =====================================================================
form     row             columns
=======  ==============  =====================================================================
form2    empty           ``in_time``, ``judged``: lessons entered on their day, and those of
                         which that can be said; ``registration_days``: the longest of the year
form4    empty           ``quality.form4.TEACHERS`` (teachers of two journals count twice);
                         ``PEOPLE``
form4    a class's name  ``PEOPLE`` of the class
=======  ==============  =====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, delete, insert, text

from pipeline.consents.standing import states_on
from pipeline.hub import Hub
from pipeline.measuring.school_facts import JournalFacts
from pipeline.registry import open_year, school_codes
from pipeline.store import live
from quality.entry_times import Outcome
from quality.form4 import teacher_counts
from quality.timeliness import JUDGED, Part
from schemas.tables import form_figures

FORM2, FORM4 = "form2", "form4"
REGISTRATION = "registration_days"
PEOPLE = ("pupils", "pupils_applied", "guardians", "guardians_active")

FormCount = tuple[str, str, int]  # form, column, value
# Consents of those for whom somebody applied and nobody has taken it back.
_APPLIED = ("applied", "registered", "active")

_LONGEST = """
SELECT max(registered_on - applied_on) FROM (
  SELECT applied_on, registered_on FROM journal.consent
  WHERE school = :school AND vanished_at IS NULL
  UNION ALL
  SELECT applied_on, registered_on FROM ops.consent_entries
  WHERE school = :school AND undone_at IS NULL
) AS said WHERE registered_on BETWEEN :first AND :last AND applied_on <= registered_on
"""


def journal_counts(facts: JournalFacts, period: tuple[date, date]) -> list[FormCount]:
    """What one journal tells."""
    lessons = facts.parts.filter(part=Part.LESSON.value)["outcome"]
    in_time = int((lessons == Outcome.IN_TIME.value).sum())
    judged = int(lessons.is_in([outcome.value for outcome in JUDGED]).sum())
    teachers = teacher_counts(facts.frames, facts.basis, period)
    return [
        (FORM2, "in_time", in_time),
        (FORM2, "judged", judged),
        *((FORM4, name, count) for name, count in teachers.items()),
    ]


def _added(counts: Iterable[FormCount]) -> list[FormCount]:
    """The sums over the journals of a school."""
    sums: dict[tuple[str, str], int] = {}
    for form, column, value in counts:
        sums[form, column] = sums.get((form, column), 0) + value
    return [(form, column, value) for (form, column), value in sums.items()]


def keep_journal_counts(
    connection: Connection, run_id: str, on: date, school: str, counts: Iterable[FormCount]
) -> None:
    """Keep ``counts`` of all journals of ``school`` as cells of ``quality.form_figures``.

    ``measure`` has taken those of ``on`` away.
    """
    cells = [
        {"as_of": on, "run_id": run_id} | _cell(form, school, "", column, value)
        for form, column, value in _added(counts)
    ]
    if cells:
        connection.execute(insert(form_figures), cells)


def keep_people(hub: Hub, run_id: str, on: date) -> None:
    """Keep what the consents and the vault tell of each school, as of ``on``; counts alone.

    UIDs are those that the vault holds now. To be called when ``measure`` has kept its figures.
    """
    with hub.engine.begin() as connection:
        cells = [
            cell
            for school in school_codes(connection, open_on=on)
            for cell in _people(connection, hub, school, on)
        ]
        connection.execute(
            delete(form_figures).where(
                form_figures.c.as_of == on,
                form_figures.c.form.in_([FORM2, FORM4]),
                form_figures.c.column.in_([REGISTRATION, *PEOPLE]),
            )
        )
        if cells:
            kept = {"as_of": on, "run_id": run_id}
            connection.execute(insert(form_figures), [kept | cell for cell in cells])


def _people(connection: Connection, hub: Hub, school: str, on: date) -> list[dict[str, Any]]:
    year, first = open_year(connection, school)
    named = live(connection, "class_", school, year).select(
        "source", class_key="source_key", class_name="name"
    )
    here = (
        live(connection, "enrolment", school, year)
        .filter(
            pl.col("start").is_null() | (pl.col("start") <= on),
            pl.col("finish").is_null() | (pl.col("finish") > on),
        )
        .join(named, on=["source", "class_key"])
        .select("pupil", "class_name")
        .unique()
    )
    applied = states_on(connection, school, on).filter(pl.col("state").is_in(_APPLIED))
    known = hub.vault.uids_of(school)["pseudonym"]
    guardians = live(connection, "guardian", school, year).select("person", "pupil")
    families = here.join(guardians, on="pupil")
    counted = {
        "pupils": here.select("class_name", person="pupil"),
        "pupils_applied": here.join(applied, on="pupil", how="semi").select(
            "class_name", person="pupil"
        ),
        "guardians": families.select("class_name", "person"),
        "guardians_active": families.filter(pl.col("person").is_in(known.implode())).select(
            "class_name", "person"
        ),
    }
    cells = []
    for column, people in counted.items():
        cells.append(_cell(FORM4, school, "", column, people["person"].n_unique()))
        by_class = people.group_by("class_name").agg(pl.col("person").n_unique())
        cells += [_cell(FORM4, school, name, column, n) for name, n in by_class.iter_rows()]
    bound = {"school": school, "first": first, "last": on}
    longest = connection.execute(text(_LONGEST), bound).scalar_one()
    if longest is not None:
        cells.append(_cell(FORM2, school, "", REGISTRATION, longest))
    return cells


def _cell(form: str, school: str, row: str, column: str, value: int) -> dict[str, Any]:
    return {"form": form, "school": school, "row": row, "column": column, "value": value}
