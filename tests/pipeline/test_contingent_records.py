from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.delivery.contingent_records import contingent_keys, contingent_records
from privacy.gate import release
from privacy.keys import KeyRing
from privacy.policy import load_policy

YEAR_START = date(2026, 9, 1)
ON = date(2026, 10, 1)
ANN, BOB = "p" + "a" * 32, "p" + "b" * 32
CLASS = {"source": pl.String, "key": pl.String, "name": pl.String, "grade_level": pl.Int64,
         "letter": pl.String}  # fmt: skip
PUPIL = {"source": pl.String, "key": pl.String, "person": pl.String}
ENROLMENT = {"source": pl.String, "key": pl.String, "pupil": pl.String, "class_key": pl.String,
             "start": pl.Date, "finish": pl.Date}  # fmt: skip
MOVEMENT = {"source": pl.String, "key": pl.String, "pupil": pl.String, "kind": pl.String,
            "date": pl.Date, "order_number": pl.String, "order_date": pl.Date,
            "from_class_key": pl.String, "to_class_key": pl.String,
            "other_school": pl.String}  # fmt: skip


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys.json")


def frame(schema: Any, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | {"source": "s"} | r for r in rows], schema=schema)


def enrolled(pupil: str, class_key: str, start: date | None = YEAR_START, **more: Any) -> Any:
    key = {"key": f"{pupil}|{class_key}", "pupil": pupil, "class_key": class_key}
    return key | {"start": start, **more}


def order(key: str, pupil: str, kind: str, day: date, **more: Any) -> dict[str, Any]:
    said = {"key": key, "pupil": pupil, "kind": kind, "date": day}
    return said | {"order_number": f"{key}-к", "order_date": day, **more}


def records(
    keys: KeyRing,
    enrolments: list[Any],
    orders: list[Any],
    *,
    form: str | None = "11",
    year: int = 2026,
    former: list[Any] | None = None,
) -> dict[str, pl.DataFrame]:
    facts = {
        "class_": frame(
            CLASS,
            {"key": "c4", "name": "4а", "grade_level": 4, "letter": "а"},
            {"key": "c5", "name": "5", "grade_level": 5},
            {"key": "c10", "name": "10а", "grade_level": 10, "letter": "а"},
        ),
        "pupil": frame(PUPIL, {"key": ANN, "person": ANN}),
        "enrolment": frame(ENROLMENT, *enrolments),
        "movement": frame(MOVEMENT, *orders),
    }
    if former is not None:
        facts["former_enrolment"] = frame(ENROLMENT, *former)
    return contingent_records(
        keys, "781001", facts, on=ON, year_start=date(year, 9, 1), education_form=form
    )


def spans(found: dict[str, pl.DataFrame]) -> set[tuple[Any, ...]]:
    """Class name, begin, end of every education."""
    named = found["education"].join(
        found["class"].select("name", pl.col("key").alias("class")), on="class", how="left"
    )
    return set(named.select("name", "training_begin_at", "training_end_at").rows())


def test_classes_have_the_programme_of_their_grade(keys: KeyRing) -> None:
    classes = records(keys, [], [])["class"]
    assert dict(classes.select("name", "program").rows()) == {"4а": "12", "5": "13", "10а": "14"}
    assert set(classes["academic_year"]) == {"2026/2027"}
    assert set(classes["open_at"]) == {"2026-09-01"}


def test_a_pupil_of_years_ago_is_in_this_class_since_this_year(keys: KeyRing) -> None:
    found = records(keys, [enrolled(ANN, "c5", date(2021, 9, 1))], [])
    assert spans(found) == {("5", "2026-09-01", None)}


def test_who_left_has_an_education_that_ended(keys: KeyRing) -> None:
    day = date(2026, 9, 16)
    went = order("12", ANN, "withdrawal", day, from_class_key="c5")
    by_order = records(keys, [enrolled(ANN, "c5")], [went])
    by_list = records(keys, [enrolled(ANN, "c5", finish=day)], [])
    assert spans(by_order) == spans(by_list) == {("5", "2026-09-01", "2026-09-16")}
    assert by_order["education"]["end_order_number"].to_list() == ["12-к"]
    assert by_list["education"]["end_order_number"].to_list() == [None]
    assert by_order["education"]["key"].equals(by_list["education"]["key"])


def test_who_is_in_no_list_any_more_has_left_if_an_order_says_so(keys: KeyRing) -> None:
    went = order("12", ANN, "withdrawal", date(2026, 9, 16), from_class_key="c5")
    before = records(keys, [enrolled(ANN, "c5")], [])
    after = records(keys, [], [went], former=[enrolled(ANN, "c5")])
    assert spans(after) == {("5", "2026-09-01", "2026-09-16")}
    assert after["education"]["key"].equals(before["education"]["key"])
    assert records(keys, [], [], former=[enrolled(ANN, "c5")])["education"].is_empty()


def test_a_transfer_ends_one_education_and_begins_another(keys: KeyRing) -> None:
    moved = order("14", ANN, "transfer", date(2026, 9, 20), from_class_key="c4", to_class_key="c5")
    found = records(keys, [enrolled(ANN, "c5")], [moved], former=[enrolled(ANN, "c4")])
    assert spans(found) == {("4а", "2026-09-01", "2026-09-20"), ("5", "2026-09-20", None)}


def test_an_order_of_the_first_day_makes_no_education_of_no_days(keys: KeyRing) -> None:
    moved = order("14", ANN, "transfer", YEAR_START, from_class_key="c4", to_class_key="c5")
    assert spans(records(keys, [enrolled(ANN, "c5")], [moved])) == {("5", "2026-09-01", None)}


def test_an_order_of_last_year_takes_nobody_out_of_a_class_of_the_same_key(keys: KeyRing) -> None:
    """Systems keep a class's key when 4а becomes 5а, and exports keep the orders of the spring."""
    moved = order("8", ANN, "transfer", date(2026, 5, 25), from_class_key="c5", to_class_key="c5")
    assert spans(records(keys, [enrolled(ANN, "c5")], [moved])) == {("5", "2026-09-01", None)}


def test_who_came_back_to_a_class_has_not_left_it(keys: KeyRing) -> None:
    orders = [
        order("1", ANN, "withdrawal", date(2026, 9, 10), from_class_key="c5"),
        order("2", ANN, "enrolment", date(2026, 9, 15), to_class_key="c5"),
    ]
    assert spans(records(keys, [enrolled(ANN, "c5")], orders)) == {("5", "2026-09-15", None)}


def test_orders_of_later_days_are_not_known(keys: KeyRing) -> None:
    later = order("9", ANN, "withdrawal", date(2026, 10, 2), from_class_key="c5")
    found = records(keys, [enrolled(ANN, "c5")], [later])
    assert found["movement"].is_empty()
    assert spans(found) == {("5", "2026-09-01", None)}


def test_whoever_a_record_is_about_has_a_person(keys: KeyRing) -> None:
    went = order("12", BOB, "withdrawal", date(2026, 9, 16), from_class_key="c5")
    found = records(keys, [enrolled(ANN, "c5")], [went])
    assert set(found["person"]["pupil"]) == {ANN, BOB}
    for kind in ("education", "movement"):
        assert set(found[kind]["person"]) <= set(found["person"]["key"])
    assert set(found["movement"]["from_class"]) <= set(found["class"]["key"])


def test_a_person_stays_and_a_class_is_another_one_next_year(keys: KeyRing) -> None:
    now = records(keys, [enrolled(ANN, "c5")], [])
    then = records(keys, [enrolled(ANN, "c5")], [], year=2027)
    assert now["person"]["key"].equals(then["person"]["key"])
    for kind in ("class", "education"):
        assert set(now[kind]["key"]).isdisjoint(then[kind]["key"])


@pytest.mark.parametrize(
    ("enrolment", "form"),
    [
        (enrolled(ANN, "c5", None), "11"),
        (enrolled(ANN, "c5"), None),
        (enrolled(ANN, "c99"), "11"),
    ],
)
def test_what_is_not_known_is_not_made_up(keys: KeyRing, enrolment: Any, form: str | None) -> None:
    done = through_the_gate(records(keys, [enrolment], [], form=form), "education")
    assert done.records.is_empty()
    assert done.withheld["reason"].to_list() == ["incomplete_record"]


def test_every_record_is_told_of_which_rows_it_is(keys: KeyRing) -> None:
    """An education of who is in the class and of the orders into and out of it."""
    went = order("12", ANN, "transfer", date(2026, 9, 16), from_class_key="c4", to_class_key="c5")
    lists = [enrolled(ANN, "c5"), enrolled(BOB, "c4")]  # the transfer took Ann off the list of c4
    found = records(keys, lists, [went])
    rows = {
        "class_": frame(CLASS, {"key": "c4"}, {"key": "c5"}, {"key": "c10"}),
        "pupil": frame(PUPIL, {"key": ANN, "person": ANN}),
        "enrolment": frame(ENROLMENT, *lists),
        "movement": frame(MOVEMENT, went),
    }
    told: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for kind, frame_of in found.items():
        by_key = contingent_keys(keys, "781001", 2026, kind, rows)
        for key in frame_of["key"]:
            parts = by_key.filter(key=key).select("made_of", "journal_key").rows()
            assert len(parts) == len(set(parts))
            told[kind, key] = set(parts)
    classes = [sorted(parts) for (kind, _), parts in told.items() if kind == "class"]
    assert sorted(classes) == [
        [("class_", "c10")], [("class_", "c4")], [("class_", "c5")],
    ]  # fmt: skip
    people = [parts for (kind, _), parts in told.items() if kind == "person"]
    assert people == [{("pupil", ANN)}, set()]  # the journal says no more of Bob than his class
    educations = [sorted(parts) for (kind, _), parts in told.items() if kind == "education"]
    assert sorted(educations) == [
        [("enrolment", f"{ANN}|c5"), ("movement", "12")],
        [("enrolment", f"{BOB}|c4")],
        [("movement", "12")],
    ]
    assert [parts for (kind, _), parts in told.items() if kind == "movement"] == [
        {("movement", "12")}
    ]


def test_the_gate_takes_every_type(keys: KeyRing) -> None:
    moved = order("14", ANN, "transfer", date(2026, 9, 20), from_class_key="c4", to_class_key="c5")
    found = records(keys, [enrolled(ANN, "c5")], [moved])
    for record_type, frame_ in found.items():
        done = through_the_gate(found, record_type)
        assert done.records.height + done.withheld.height == frame_.height > 0
        assert ANN not in done.records.write_json()


def through_the_gate(found: dict[str, pl.DataFrame], record_type: str) -> Any:
    person = dict.fromkeys(load_policy("contingent").types["person"].fields) | {
        "pseudonym": ANN,
        "lastname": "Брянчихина",
        "firstname": "Алёна",
        "birthdate": "2015-04-02",
        "gender": "2",
        "snils": "101-000-037 29",
    }
    schema = dict.fromkeys(person, pl.String())
    return release(
        load_policy("contingent"),
        record_type,
        found[record_type],
        uids=pl.DataFrame(schema={"pseudonym": pl.String, "uid": pl.String}),
        consent=pl.DataFrame(schema={"pupil": pl.String, "reason": pl.String}),
        school="781001",
        log=lambda action: None,
        identities=pl.DataFrame([person], schema=schema),
    )
