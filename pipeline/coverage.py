"""How far the diary reaches the pupils of a school: consents and UIDs by class, in counts.

Offices see who has an active consent, and of these who has a UID, without small counts. They see
no number of pupils here: beside form 1 it would tell what that hides.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection

from pipeline.consents import states_on
from pipeline.registry import open_year
from pipeline.store import live
from privacy.consent import NOT_APPLIED
from privacy.disclosure import Table, suppress
from quality.form1 import open_enrolments

# What is counted of a class; a pupil of two classes in each.
OWN = ("pupils", "active", "ready", "waiting", "stopped", "silent", "with_uid")
OF_OFFICES = ("active", "ready")
_REST = "active without ready"  # what nobody prints and everybody can compute
_STATES = {
    "waiting": ("applied", "registered"),
    "stopped": ("refused", "ended"),
    "silent": (NOT_APPLIED,),
}
_ALL = "school"
COUNTED = {"class_name": pl.String, **dict.fromkeys(OWN, pl.Int64)}


@dataclass(frozen=True)
class Coverage:
    """``classes``: counts by column, by class in the order of its name; ``whole``: their sums. None
    in the place of a count that is hidden."""

    classes: dict[str, dict[str, int | None]]
    whole: dict[str, int | None]


def counted(connection: Connection, school: str, on: date, with_uid: Set[str]) -> pl.DataFrame:
    """``COUNTED`` of the classes of ``school`` on a day; ``with_uid``: pseudonyms.

    Raises ``pipeline.registry.UnknownSchoolError``.
    """
    year, _ = open_year(connection, school)
    named = live(connection, "class_", school, year).select(
        "source", class_key="source_key", class_name="name"
    )
    here = open_enrolments(live(connection, "enrolment", school, year), on)
    states = states_on(connection, school, on).select("pupil", "state")
    pupils = (
        here.join(named, on=["source", "class_key"])
        .select("pupil", "class_name")
        .unique()
        .join(states, on="pupil", how="left")
        .with_columns(
            state=pl.col("state").fill_null(NOT_APPLIED),
            uid=pl.col("pupil").is_in(sorted(with_uid)),
        )
    )
    active = pl.col("state") == "active"
    return (
        pupils.group_by("class_name")
        .agg(
            pupils=pl.len(),
            active=active.sum(),
            ready=(active & pl.col("uid")).sum(),
            with_uid=pl.col("uid").sum(),
            **{name: pl.col("state").is_in(of).sum() for name, of in _STATES.items()},
        )
        .cast(dict.fromkeys(OWN, pl.Int64))
        .select(*COUNTED)
        .sort(pl.col("class_name").str.len_chars(), "class_name")
    )


def own_coverage(counts: pl.DataFrame) -> Coverage:
    """``COUNTED`` as the school itself sees it."""
    classes = {row.pop("class_name"): row for row in counts.to_dicts()}
    return Coverage(classes, {name: int(counts[name].sum()) for name in OWN})


def office_coverage(counts: pl.DataFrame, threshold: int) -> Coverage:
    """``COUNTED`` as offices may see it: ``OF_OFFICES``."""
    rest = pl.col("active") - pl.col("ready")
    finest = counts.select(unit="class_name", ready="ready", rest=rest).unpivot(
        ["ready", "rest"], index="unit", variable_name="column", value_name="count"
    )
    finest = finest.with_columns(
        unit=pl.format("class {}", "unit"), column=pl.col("column").replace("rest", _REST)
    )
    units = dict.fromkeys(finest["unit"], _ALL)
    table = Table(units, {"ready": "active", _REST: "active"}, frozenset({_REST}))
    shown = {
        (unit, column): count
        for unit, column, count in suppress(finest, table, threshold)
        .select("unit", "column", "count")
        .iter_rows()
    }
    return Coverage(
        {
            name: {column: shown[f"class {name}", column] for column in OF_OFFICES}
            for name in counts["class_name"]
        },
        {column: shown.get((_ALL, column), 0) for column in OF_OFFICES},
    )
