"""Rules of a family are told together; the families and the rules fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quality.families import FamiliesError, family_of, family_words, lasting_rules, must_fit
from quality.remarks import RULES
from schemas.rulebook import is_unread, rulebook

DOC = Path(__file__).parents[2] / "docs" / "compliance.md"
NAMED = {"held": "missing", "topic": "missing", "activation": "activation"}


def test_what_a_lesson_lacks_and_what_came_late_are_two_families() -> None:
    members: dict[str, set[str]] = {}
    for rule in RULES:
        members.setdefault(family_of(rule), set()).add(rule)
    assert members["missing"] == {"held", "topic", "homework", "attendance", "marks"}
    assert members["late"] == {
        *("lesson_entered", "attendance_entered", "substitution_entered", "homework_entered"),
        *("lesson_marks", "control_marks", "written_marks"),
    }
    assert members["structure_filled"] == {"structure_filled"}
    assert len(members) < len(RULES) / 2


def test_the_families_are_those_of_the_document() -> None:
    section = DOC.read_text("utf-8").split("## Cards")[1].split("\n* **")[0]
    told: dict[str, tuple[str, bool]] = {}
    for family, rules, mendable in re.findall(
        r"^\| (.+?) \| (`.+?) \| (yes|no) \|$", section, re.M
    ):
        for rule in re.findall(r"`(\w+)`", rules):
            told[rule] = (family.strip("`"), mendable == "yes")
    assert told == {
        rule: (
            family_of(rule) if family_of(rule) != rule else "of their own",
            rule not in lasting_rules(),
        )
        for rule in RULES
    }


def test_what_is_late_cannot_be_mended() -> None:
    late = {rule for rule in RULES if family_of(rule) == "late"}
    assert lasting_rules() == late | {"no_backdating", "daily_upload"}


def test_what_left_a_document_unread_is_told_alone() -> None:
    assert [rule for rule in rulebook() if is_unread(rule) and family_of(rule) != rule] == []


def test_remarks_and_refusals_are_of_different_families() -> None:
    of_remarks = {family_of(rule) for rule in RULES}
    assert of_remarks & {family_of(rule) for rule in rulebook()} == set()


def test_the_words_are_russian_sentences() -> None:
    assert len(family_words()) > 5
    for family, words in family_words().items():
        assert re.fullmatch(r"[А-Я][^A-Za-z]*[а-я»)]", words.title), family
        for text in (words.why, words.fix):
            assert re.fullmatch(r"[А-Я].*\.", text), family


def test_families_that_fit() -> None:
    must_fit({"missing"}, NAMED, {"activation"})


@pytest.mark.parametrize(
    ("words", "named", "lasting", "said"),
    [
        (set(), NAMED, set(), "missing has words or rules, not both"),
        ({"missing", "late"}, NAMED, set(), "late has words or rules, not both"),
        ({"missing", "late"}, NAMED | {"marks": "late"}, set(), "late has one rule"),
        ({"missing", "held"}, NAMED | {"a": "held", "b": "held"}, set(), "held is named like"),
        ({"missing"}, NAMED, {"topic"}, "missing can be mended in part"),
    ],
)
def test_families_that_do_not(
    words: set[str], named: dict[str, str], lasting: set[str], said: str
) -> None:
    with pytest.raises(FamiliesError, match=said):
        must_fit(words, named, lasting)
