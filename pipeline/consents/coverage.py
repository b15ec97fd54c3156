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

from pipeline.consents.standing import states_on
from pipeline.registry import open_year
from pipeline.store import live
from privacy.consent import NOT_APPLIED
from privacy.disclosure import Table, suppress
from quality.form1 import open_enrolments

# Who stands in which column; a pupil of two classes in each.
_STATE = pl.col("state")
MEMBERS: dict[str, pl.Expr] = {
    "pupils": pl.col("pupil").is_not_null(),
    "active": _STATE == "active",
    "ready": (_STATE == "active") & pl.col("uid"),
    "waiting": _STATE.is_in(["applied", "registered"]),
    "stopped": _STATE.is_in(["refused", "ended"]),
    "silent": _STATE == NOT_APPLIED,
    "with_uid": pl.col("uid"),
}
OWN = tuple(MEMBERS)
OF_OFFICES = ("active", "ready")
_REST = "active without ready"  # what nobody prints and everybody can compute
_ALL = "school"
_BY_NAME = (pl.col("class_name").str.len_chars(), pl.col("class_name"), pl.col("class_key"))
# A pupil in a class: the state of the consent, and the records that say who is in the class.
WHO: dict[str, pl.DataType] = {
    "pupil": pl.String(),
    "class_key": pl.String(),
    "class_name": pl.String(),
    "state": pl.String(),
    "since": pl.Date(),
    "origin": pl.String(),
    "uid": pl.Boolean(),
    "enrolments": pl.List(pl.Struct({"source": pl.String(), "key": pl.String()})),
}
COUNTED = {"class_key": pl.String, "class_name": pl.String, **dict.fromkeys(OWN, pl.Int64)}


@dataclass(frozen=True)
class Coverage:
    """``classes``: counts by column, by key of the class in the order of its name; ``names``: by
    the same key; ``whole``: their sums. None in the place of a count that is hidden."""

    classes: dict[str, dict[str, int | None]]
    names: dict[str, str]
    whole: dict[str, int | None]


def who_is_counted(
    connection: Connection, school: str, on: date, with_uid: Set[str]
) -> pl.DataFrame:
    """``WHO`` of the classes of ``school`` on a day; ``with_uid``: pseudonyms.

    Classes of several journals that have one key are one: a class is opened by its key. Raises
    ``pipeline.registry.UnknownSchoolError``.
    """
    year, _ = open_year(connection, school)
    named = live(connection, "class_", school, year).select(
        "source", class_key="source_key", class_name="name"
    )
    here = open_enrolments(live(connection, "enrolment", school, year), on)
    states = states_on(connection, school, on).select("pupil", "state", "since", "origin")
    names = pl.col("class_name").unique().sort().str.join(" / ")
    return (
        here.join(named, on=["source", "class_key"])
        .with_columns(names.over("class_key"))
        .group_by("pupil", "class_key", "class_name")
        .agg(enrolments=pl.struct("source", "key"))
        .join(states, on="pupil", how="left")
        .with_columns(_STATE.fill_null(NOT_APPLIED), uid=pl.col("pupil").is_in(sorted(with_uid)))
        .select(*WHO)
        .sort(*_BY_NAME, "pupil")
    )


def counted(connection: Connection, school: str, on: date, with_uid: Set[str]) -> pl.DataFrame:
    """``COUNTED`` of the classes of ``school`` on a day; ``with_uid``: pseudonyms.

    Raises ``pipeline.registry.UnknownSchoolError``.
    """
    return (
        who_is_counted(connection, school, on, with_uid)
        .group_by("class_key", "class_name")
        .agg(**{column: is_in.sum() for column, is_in in MEMBERS.items()})
        .cast(dict.fromkeys(OWN, pl.Int64))
        .select(*COUNTED)
        .sort(*_BY_NAME)
    )


def own_coverage(counts: pl.DataFrame) -> Coverage:
    """``COUNTED`` as the school itself sees it."""
    rows = zip(counts["class_key"], counts.select(OWN).to_dicts(), strict=True)
    sums: dict[str, int | None] = {name: int(counts[name].sum()) for name in OWN}
    return Coverage(dict(rows), _names(counts), sums)


def office_coverage(counts: pl.DataFrame, threshold: int) -> Coverage:
    """``COUNTED`` as offices may see it: ``OF_OFFICES``."""
    rest = pl.col("active") - pl.col("ready")
    finest = counts.select(unit="class_key", ready="ready", rest=rest).unpivot(
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
            key: {column: shown[f"class {key}", column] for column in OF_OFFICES}
            for key in counts["class_key"]
        },
        _names(counts),
        {column: shown.get((_ALL, column), 0) for column in OF_OFFICES},
    )


def _names(counts: pl.DataFrame) -> dict[str, str]:
    return dict(counts.select("class_key", "class_name").iter_rows())
