"""What the journal tells the vault of comings and goings; the commands about people."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline import batches
from pipeline.cli import app
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.intake.identity import moves_of
from pipeline.store import Batch, mark_vanished, upsert
from privacy.people import people_of
from privacy.persons import DecisionRefusedError
from privacy.pseudonyms import pseudonym
from schemas.tables.journal import content_columns
from tests.privacy.samples import PEOPLE, canonical, full_name
from tests.support.leaks import find_people

SCHOOLS = {"781001": "Школа № 1", "781002": "Школа № 2"}
A, B = SCHOOLS
YEAR = (date(2026, 9, 1), date(2027, 5, 31))


@pytest.fixture
def region(hub: Hub) -> Hub:
    with hub.engine.begin() as connection:
        connection.execute(text("INSERT INTO registry.districts VALUES ('d', 'Район')"))
        for year in (2025, 2026):
            connection.execute(
                text(
                    "INSERT INTO registry.school_years VALUES (:year, 'Europe/Moscow',"
                    " make_date(:year, 9, 1), make_date(:year + 1, 5, 31))"
                ),
                {"year": year},
            )
        for code, name in SCHOOLS.items():
            connection.execute(
                text(
                    "INSERT INTO registry.schools"
                    " (code, name, district, profile, school_year, connected_on)"
                    " VALUES (:code, :name, 'd', 'spb', 2026, '2026-09-14')"
                ),
                {"code": code, "name": name},
            )
    return hub


def name_of(hub: Hub, school: str, local_key: str = "1") -> str:
    expression = pseudonym(
        hub.keys, role="pupil", school=school, source="journal", local_key=pl.lit(local_key)
    )
    return str(pl.select(expression).item())


def file(hub: Hub, school: str, **fields: Any) -> str:
    """File a child into the vault and the journal; the pseudonym."""
    row = {"person": "1", "full_name": full_name(0), "birth_date": date(2013, 4, 2)} | fields
    frame = canonical("pupil", row)
    hub.vault.store_people(school, people_of(school, "journal", {"pupil": frame}, hub.keys))
    name = name_of(hub, school, row["person"])
    note(hub, school, "pupil", key=name, person=name)
    return name


def note(hub: Hub, school: str, entity: str, year: int = 2026, **fields: Any) -> None:
    """Store one fact of ``school``."""
    schema = canonical(entity).schema
    values = dict.fromkeys(content_columns(entity)) | {"source_key": fields["key"]} | fields
    frame = pl.DataFrame(
        [{name: values[name] for name in ("key", *content_columns(entity))}],
        schema={"key": pl.String} | {name: schema[name] for name in content_columns(entity)},
    ).with_columns(_document=pl.lit("pupils.xml"), _line=pl.lit(7))
    with hub.engine.begin() as connection:
        landed = connection.execute(
            text(
                "INSERT INTO ops.landing (school, source, upload_ref, name, sha256, size,"
                " media_type) VALUES (:school, 'journal', 'u', 'pupils.xml', '0', 1, 'text/xml')"
                " ON CONFLICT (school, source, upload_ref, name, sha256)"
                " DO UPDATE SET size = 1 RETURNING id"
            ),
            {"school": school},
        ).scalar_one()
        upsert(connection, entity, frame, batch(school, year), {"pupils.xml": landed})


def batch(school: str, year: int = 2026) -> Batch:
    seen = datetime(2026, 10, 20, 22, 30, tzinfo=UTC)  # the 21st in Moscow
    return Batch(school, "journal", year, "r", seen)


def order(hub: Hub, school: str, pupil: str, kind: str, day: date, other: str | None) -> None:
    note(
        hub,
        school,
        "movement",
        key=f"{kind}-{day}",
        pupil=pupil,
        kind=kind,
        date=day,
        order_number="1",
        order_date=day,
        to_class_key="c7",
        other_school=other,
    )


def enrol(hub: Hub, school: str, pupil: str, class_: str = "c7", **days: date) -> None:
    note(hub, school, "enrolment", key=f"{pupil}|{class_}", pupil=pupil, class_key=class_, **days)


def told(hub: Hub, *names: str) -> list[tuple[Any, ...]]:
    with hub.engine.begin() as connection:
        return sorted(moves_of(connection, names).drop("pseudonym").rows(), key=repr)


def test_orders_name_the_other_school(region: Hub) -> None:
    pupil = file(region, A)
    order(region, A, pupil, "enrolment", date(2026, 9, 20), "ГБОУ СОШ № 2")
    order(region, A, pupil, "withdrawal", date(2026, 10, 9), "Школа № 5 г. Энска")
    order(region, A, pupil, "transfer", date(2026, 9, 25), None)
    enrol(region, A, pupil, start=date(2026, 9, 20), finish=date(2026, 10, 9))
    assert told(region, pupil) == [
        ("in", date(2026, 9, 20), True, B),
        ("out", date(2026, 10, 9), True, None),
    ]


def test_classes_tell_where_there_is_no_order(region: Hub) -> None:
    pupil = file(region, A)
    enrol(region, A, pupil, "c7", start=date(2026, 9, 20), finish=date(2026, 9, 30))
    assert ("out", date(2026, 9, 30), False, None) in told(region, pupil)
    enrol(region, A, pupil, "c8", start=date(2026, 10, 1))  # only another class
    assert told(region, pupil) == [("in", date(2026, 9, 20), False, None)]


def test_a_day_before_the_school_was_connected_is_no_arrival(region: Hub) -> None:
    pupil = file(region, A)
    enrol(region, A, pupil, start=date(2026, 9, 1))
    assert told(region, pupil) == []


def test_who_is_no_longer_in_a_complete_upload_has_left(region: Hub) -> None:
    pupil = file(region, A)
    with region.engine.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE stage (key text) ON COMMIT DROP"))
        assert mark_vanished(connection, "pupil", batch(A), YEAR, []) == 1
    assert told(region, pupil) == [("out", date(2026, 10, 21), False, None)]


def test_who_is_not_in_the_new_school_year_has_left(region: Hub) -> None:
    pupil = name_of(region, A)
    note(region, A, "pupil", 2025, key=pupil, person=pupil)
    assert told(region, pupil) == [("out", date(2026, 5, 31), False, None)]
    note(region, A, "pupil", 2026, key=pupil, person=pupil)
    assert told(region, pupil) == []


def moved(region: Hub) -> tuple[str, str]:
    old, new = file(region, A), file(region, B)
    order(region, A, old, "withdrawal", date(2026, 10, 9), "Школа № 2")
    order(region, B, new, "enrolment", date(2026, 10, 12), "ГБОУ СОШ № 1")
    return old, new


def test_collecting_matches_those_who_are_new(region: Hub) -> None:
    old, new = moved(region)
    run = Run("r", date(2026, 10, 20))
    batches.open_run(region, "collect", run)
    batches.close_run(region, "collect", run)
    (merge,) = region.vault.persons.history().to_dicts()
    assert {merge["one"], merge["other"]} == {old, new}
    assert (merge["basis"], merge["made_by"]) == ("name", "svod")
    with region.engine.begin() as connection:
        acts = connection.execute(
            text("SELECT action, school, count FROM ops.action_log ORDER BY id")
        ).all()
    assert [tuple(act) for act in acts] == [
        ("merge_people", merge["school"], 1),
        ("match_people", "", 1),
    ]


@pytest.fixture
def svod(region: Hub, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("SVOD_HOME", str(region.settings.home))

    def run(*words: str) -> Any:
        done = CliRunner().invoke(app, ["people", *words], catch_exceptions=False)
        assert done.exit_code == 0
        assert find_people(done.output.encode(), PEOPLE) == []
        return json.loads(done.stdout) if "--json" in words else done.stdout

    return run


def test_an_ambiguous_pair_is_listed_judged_and_undone(
    region: Hub, svod: Callable[..., Any]
) -> None:
    one, other = sorted((file(region, A), file(region, B)))
    note(region, A, "class_", key="c7", name="7 а", grade_level=7)
    enrol(region, A, name_of(region, A), start=date(2026, 9, 1))
    (counted,) = svod("match", "--json")
    assert counted == {"compared": 1, "merged": 0, "doubts": 1, "crowded": 0}
    (pair,) = svod("ambiguous", "--json")
    assert {pair["pseudonym"], pair["other_pseudonym"]} == {one, other}
    assert (pair["basis"], pair["rule"]) == ("name", "no_departure")
    assert {(pair["school"], pair["class"]), (pair["other_school"], pair["other_class"])} == {
        (A, "7 а"),
        (B, None),
    }
    assert (pair["document"], pair["line"], pair["other_line"]) == ("pupils.xml", 7, 7)
    assert "прежнюю школу" in pair["fix"]
    decided = ("--by", "operator-7", "--reason", "сверено с приказами", "--json")
    (merged,) = svod("merge", one, other, *decided)
    assert svod("ambiguous", "--json") == []
    (undone,) = svod("undo", str(merged["merge"]), *decided)
    assert undone == {"merge": merged["merge"], "undone": True}
    assert svod("match", "--json")[0]["merged"] == 0
    (row,) = svod("merges", "--json")
    assert (row["made_by"], row["undone_by"]) == ("operator-7", "operator-7")
    assert svod("differ", one, other, *decided) == [{"differ": True, "one": one, "other": other}]
    assert "nothing to show" in svod("ambiguous")
    with region.engine.begin() as connection:
        actors = connection.execute(
            text("SELECT DISTINCT actor FROM ops.action_log WHERE action <> 'match_people'")
        ).scalars()
        assert list(actors) == ["operator-7"]


def test_a_command_that_makes_no_sense_says_so(region: Hub, svod: Callable[..., Any]) -> None:
    with pytest.raises(DecisionRefusedError, match="no merge 4711"):
        svod("undo", "4711", "--by", "operator-7", "--reason", "ошибка")
