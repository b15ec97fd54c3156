"""A count of persons of form 1 as offices may see it: what the form of its evening prints.

Which counts are hidden is decided over all schools at once (``privacy.disclosure``), also for a
reader who sees one district: so this reads as the hub, and only what is printed leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import select

from pipeline.explain.addresses import Cut, Figure
from pipeline.explain.figure import kept
from pipeline.hub import Hub
from privacy.disclosure import Audience, disclosure_policy
from quality.forms import Form
from quality.profiles import load_profile
from reports.forms import publish_form, school_unit
from reports.gather import form1_cells
from schemas.tables import schools

FORM1 = "form1"


@dataclass(frozen=True)
class Printed:
    """``count``: as the form prints it, None where it hides it; ``least``: the least that is shown
    but zero."""

    count: int | None
    least: int


def office_count(hub: Hub, figure: Figure) -> Printed | None:
    """The cell ``figure`` of form 1; None where no form prints it: of days that were not measured
    so, of a school whose documents ask for none, of a level that shares its row with another.

    Raises ``privacy.disclosure.NoThresholdError``, ``quality.profiles.UnknownProfileError``.
    """
    with hub.engine.begin() as connection:
        if kept(connection, figure) is None:
            return None
        c = schools.c
        registered = connection.execute(select(c.code, c.district, c.profile).order_by(c.code))
        known = {code: (district, profile) for code, district, profile in registered}
        cells = form1_cells(connection, figure.as_of)
    profiles = {code: load_profile(name) for code, (_, name) in known.items()}
    asking = [profile for profile in profiles.values() if profile.has_form(FORM1)]
    if not profiles[figure.unit].has_form(FORM1):
        return None
    form = asking[0].form(FORM1)  # the one whose words all files of the evening use
    number, levels = _row(form, int(figure.cut(Cut.GRADE) or 0))
    cells = cells.filter(pl.col("grade_level").is_in(levels))  # a row is a table of its own
    if cells.filter(school=figure.unit)["grade_level"].n_unique() != 1:
        return None
    names = {profile.name for profile in profiles.values()}
    districts = {code: district for code, (district, _) in known.items()}
    published = publish_form(form, cells, districts, names, Audience.OFFICES)
    column = [one.code for one in form.columns].index(figure.code)
    counts = published.counts[school_unit(figure.unit), number]
    return Printed(counts[column], disclosure_policy().threshold(names).persons)


def _row(form: Form, grade: int) -> tuple[int, list[int]]:
    """The number of the row of ``grade``, and all its levels; none where there is no such row."""
    for number, row in enumerate(form.rows):
        if grade in row.grade_levels:
            return number, row.grade_levels
    return 0, []
