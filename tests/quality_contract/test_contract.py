"""The contract on frames: types, rules and fields of refusals."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from quality.contract import ContractDisagreementError, check
from schemas.frames import ORIGIN, REFUSAL_SCHEMA
from schemas.records import ENTITIES


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_good_record_of_every_entity_is_accepted(entity, canonical, good):
    checked = check(entity, canonical(entity, [good[entity]]))

    assert checked.refusals.is_empty()
    assert checked.accepted.height == 1
    assert checked.accepted.columns[-3:] == list(ORIGIN)


def test_accepted_values_are_typed(canonical, good):
    lesson = check("lesson", canonical("lesson", [good["lesson"]])).accepted
    hours = check("curriculum_hours", canonical("curriculum_hours", [good["curriculum_hours"]]))

    row = lesson.row(0, named=True)
    assert (row["date"], row["number"], row["held"]) == (date(2026, 9, 5), 3, True)
    assert row["entered_at"] == datetime(2026, 9, 5, 11, tzinfo=UTC)
    assert lesson.schema["entered_at"] == pl.Datetime("us", "UTC")
    assert lesson.schema["changed_at"] == pl.Datetime("us", "UTC")
    assert lesson.schema["_row"] == pl.UInt32
    assert hours.accepted["hours_per_week"].to_list() == [2.5]


CASES = [
    ("mark", {"value": "7"}, "value", "off_scale"),
    ("mark", {"value": "pass"}, "value", "off_scale"),
    ("mark", {"scale": "12"}, "scale", "unknown_code"),
    ("mark", {"work_type": None}, "work_type", "missing_value"),
    ("mark", {"pupil": None}, "pupil", "missing_value"),
    ("mark", {"pupil": ""}, "pupil", "bad_length"),
    ("mark", {"source_key": "я" * 201}, "source_key", "bad_length"),
    ("mark", {"subject_key": "s\x00"}, "subject_key", "bad_format"),
    ("mark", {"date": "2026-02-30"}, "date", "bad_date"),
    ("mark", {"date": "2026-09-05\n"}, "date", "bad_date"),
    ("mark", {"date": "٢٠٢٦-09-05"}, "date", "bad_date"),
    ("mark", {"date": "1899-12-31"}, "date", "out_of_range"),
    ("mark", {"date": "0000-01-01"}, "date", "bad_date"),
    ("mark", {"entered_at": "2026-09-05T10:00:60+03:00"}, "entered_at", "bad_date"),
    ("mark", {"entered_at": "2026-09-05T10:00:00+15:00"}, "entered_at", "bad_date"),
    ("lesson", {"number": "16"}, "number", "out_of_range"),
    ("lesson", {"number": "٣"}, "number", "bad_number"),
    ("lesson", {"number": "9" * 19}, "number", "bad_number"),
    ("lesson", {"held": "да"}, "held", "unknown_code"),
    ("lesson", {"topic": "я" * 2001}, "topic", "bad_length"),
    ("curriculum_hours", {"hours_per_week": "2.555"}, "hours_per_week", "bad_number"),
    ("curriculum_hours", {"hours_per_week": "40.01"}, "hours_per_week", "out_of_range"),
    ("term", {"finish": "2026-08-31"}, "finish", "dates_reversed"),
    ("movement", {"from_class_key": None}, "from_class_key", "missing_value"),
    ("uid", {"person": None}, "person", "missing_value"),
    ("uid", {"uid": "12345"}, "uid", "bad_format"),
    ("pupil", {"snils": "11223344595"}, "snils", "bad_format"),
    ("pupil", {"full_name": "Иванов 2"}, "full_name", "bad_format"),
]


@pytest.mark.parametrize(("entity", "change", "field", "rule"), CASES)
def test_a_broken_rule_is_reported_under_its_field(entity, change, field, rule, canonical, good):
    rows = [good[entity], {**good[entity], **change}]

    checked = check(entity, canonical(entity, rows))

    assert checked.accepted["_row"].to_list() == [0]
    assert dict(checked.refusals.schema) == REFUSAL_SCHEMA
    refusal = checked.refusals.row(0, named=True)
    assert (refusal["_row"], refusal["field"], refusal["rule"]) == (1, field, rule)
    assert (refusal["entity"], refusal["_document"], refusal["_line"]) == (entity, "marks.xml", 3)
    assert checked.refusals.height == 1


def test_every_broken_field_of_a_record_is_reported(canonical, good):
    row = {**good["lesson"], "date": "05.09.2026", "number": "x", "status": None}

    refusals = check("lesson", canonical("lesson", [row])).refusals

    assert set(refusals.select("field", "rule").iter_rows()) == {
        ("date", "bad_date"),
        ("number", "bad_number"),
        ("status", "missing_value"),
    }
    assert json.loads(refusals["record"][0])["date"] == "05.09.2026"


def test_an_empty_frame_keeps_its_types(canonical):
    checked = check("mark", canonical("mark", []))

    assert checked.accepted.schema["date"] == pl.Date
    assert checked.refusals.is_empty()


def test_a_difference_between_the_readings_is_an_error_without_values(canonical, good, monkeypatch):
    monkeypatch.setattr("quality.contract.rule_holds", lambda rule: pl.lit(False))

    with pytest.raises(ContractDisagreementError, match=r"mark: .* row 0"):
        check("mark", canonical("mark", [good["mark"]]))


def test_an_unknown_entity_is_an_error(canonical):
    with pytest.raises(KeyError):
        check("lunch", canonical("mark", []))
