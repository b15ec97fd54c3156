"""References to what the upload does not hold."""

from __future__ import annotations

import polars as pl
import pytest

from quality.references import check_references, references


def test_what_a_mark_refers_to():
    assert references("mark") == {
        "pupil": "person:pupil",
        "lesson_key": "lesson",
        "subject_key": "subject",
    }


@pytest.mark.parametrize("entity", ["pupil", "staff_member", "term"])
def test_a_record_does_not_refer_to_itself(entity):
    assert references(entity) == {}


def test_a_guardian_refers_to_the_child_and_an_account_to_its_owner():
    assert references("guardian") == {"pupil": "person:pupil"}
    assert references("access_account") == {"person": "person:staff"}


KNOWN = {
    "lesson": pl.Series(["l1"]),
    "subject": pl.Series(["s1"]),
    "person:pupil": pl.Series(["1", None]),
}


def test_a_reference_to_nothing_is_refused_under_its_field(canonical, good):
    rows = [
        good["mark"],
        {**good["mark"], "lesson_key": "l2"},
        {**good["mark"], "lesson_key": None},
        {**good["mark"], "pupil": "2", "subject_key": "s2"},
    ]

    result = check_references("mark", canonical("mark", rows), KNOWN)

    assert result.kept["_row"].to_list() == [0, 2]
    assert set(result.refusals.select("_row", "field", "rule").iter_rows()) == {
        (1, "lesson_key", "dangling_reference"),
        (3, "pupil", "dangling_reference"),
        (3, "subject_key", "dangling_reference"),
    }
    assert set(result.missing.iter_rows()) == {
        ("mark", 1, "lesson_key", "lesson", "l2"),
        ("mark", 3, "pupil", "pupil", "2"),
        ("mark", 3, "subject_key", "subject", "s2"),
    }


@pytest.mark.parametrize("entity", ["consent", "guardian"])
def test_a_record_whose_names_went_to_the_vault_is_refused_like_any_other(entity, canonical, good):
    """The child is in no list any more; an application or a guardian still speaks of it."""
    frame = canonical(entity, [{**good[entity], "pupil": "gone"}])
    parted = frame.drop("full_name", "class_name", "applicant_name", "phone", "email", strict=False)

    result = check_references(entity, parted, KNOWN)

    assert result.kept.is_empty()
    assert result.refusals.select("field", "rule").rows() == [("pupil", "dangling_reference")]


def test_nothing_known_refuses_everything(canonical, good):
    known = {name: pl.Series([]) for name in KNOWN}

    result = check_references("mark", canonical("mark", [good["mark"]]), known)

    assert result.kept.is_empty()
    assert result.refusals["field"].to_list() == ["pupil", "lesson_key", "subject_key"]


def test_a_forgotten_list_is_an_error_and_not_a_pass(canonical, good):
    forgotten = {name: known for name, known in KNOWN.items() if name != "subject"}

    with pytest.raises(KeyError, match="subject"):
        check_references("mark", canonical("mark", [good["mark"]]), forgotten)


def test_an_entity_without_references_is_kept(canonical, good):
    result = check_references("term", canonical("term", [good["term"]]), {})

    assert result.kept.height == 1


def test_a_guardian_without_the_child_is_refused_after_the_name_has_gone(canonical, good):
    """References are checked after separation: what is refused has no identity fields any more."""
    frame = canonical("guardian", [good["guardian"]]).drop("full_name", "phone", "email")
    judged = check_references("guardian", frame, {"person:pupil": pl.Series([], dtype=pl.String)})
    assert judged.kept.is_empty()
    [record] = judged.refusals["record"]
    assert "full_name" not in record
    assert good["guardian"]["pupil"] in record
