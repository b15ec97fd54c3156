"""Identical records are counted, contradicting ones are refused."""

from __future__ import annotations

import pytest

from quality.contract import check
from quality.duplicates import drop_duplicates


def test_identical_records_leave_the_first_and_a_count(canonical, good):
    frame = canonical("mark", [good["mark"], {**good["mark"], "source_key": "m2"}, good["mark"]])

    result = drop_duplicates("mark", frame)

    assert result.kept["_row"].to_list() == [0, 1]
    assert result.duplicates == 1
    assert result.refusals.is_empty()


def test_contradicting_records_are_all_refused(canonical, good):
    other = {**good["mark"], "value": "2"}
    frame = canonical("mark", [good["mark"], other, {**good["mark"], "pupil": "2"}, good["mark"]])

    result = drop_duplicates("mark", frame)

    assert result.kept["_row"].to_list() == [2]
    assert result.duplicates == 0
    assert result.refusals["_row"].to_list() == [0, 1, 3]
    assert set(result.refusals["field"]) == {"source_key"}
    assert set(result.refusals["rule"]) == {"conflicting_duplicate"}


def test_a_difference_in_an_empty_field_is_a_difference(canonical, good):
    frame = canonical("mark", [good["mark"], {**good["mark"], "lesson_key": None}])

    assert drop_duplicates("mark", frame).refusals.height == 2


def test_typed_frames_work_as_well(canonical, good):
    frame = check("lesson", canonical("lesson", [good["lesson"], good["lesson"]])).accepted

    result = drop_duplicates("lesson", frame)

    assert (result.kept.height, result.duplicates) == (1, 1)
    assert result.kept.schema == frame.schema


CLAIM = {"role": "pupil", "full_name": "Ёлкин Олег", "class_name": "7а", "uid": "111111"}


@pytest.mark.parametrize(
    ("other", "kept", "duplicates", "refused"),
    [
        ({}, 1, 1, 0),  # the same claim twice
        ({"uid": "222222"}, 0, 0, 2),  # two codes for one name
        ({"class_name": "8а", "uid": "222222"}, 2, 0, 0),  # namesakes
        ({"role": "staff", "uid": "222222"}, 2, 0, 0),
        ({"class_name": None, "uid": "222222"}, 2, 0, 0),
    ],
)
def test_claims_are_known_by_role_name_and_class(other, kept, duplicates, refused, canonical):
    result = drop_duplicates("uid", canonical("uid", [CLAIM, {**CLAIM, **other}]))

    assert result.kept.height == kept
    assert result.duplicates == duplicates
    assert result.refusals.height == refused


def test_a_local_key_is_one_within_its_role(canonical, good):
    staff = {**good["uid"], "role": "staff", "uid": "999999"}

    result = drop_duplicates("uid", canonical("uid", [good["uid"], staff]))

    assert result.kept.height == 2


def test_applications_without_a_local_key_are_known_by_number(canonical):
    row = {"source_key": "1", "full_name": "Ёлкин Олег", "applied_on": "2026-09-01"}
    frame = canonical("consent", [row, {**row, "full_name": "Ёлкин Пётр"}])

    assert drop_duplicates("consent", frame).refusals.height == 2


def test_kept_duplicates_and_refused_add_up(canonical, good):
    rows = [
        {**good["mark"], "source_key": f"m{n % 7}", "value": "5" if n % 5 else "4"}
        for n in range(40)
    ]

    result = drop_duplicates("mark", canonical("mark", rows))

    refused = result.refusals["_row"].n_unique()
    assert result.kept.height + result.duplicates + refused == 40
