"""Every rule has words for people, and a system's fixes speak of rules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quality.fixes import FOLDER, FixesError, fixes_of
from quality.kinds import kinds
from quality.remarks import LACKING, RULES, remark_words
from schemas.records import ENTITIES
from schemas.rulebook import rulebook

SYSTEMS = ("paragraf", "dnevnik_ru", "netschool")
# Entities that other records refer to.
REFERRED_TO = ("class_", "subject", "group", "term", "pupil", "staff_member", "lesson")


@pytest.mark.parametrize("name", sorted(rulebook()))
def test_every_rule_says_why_it_matters_and_who_mends_it(name: str) -> None:
    told = rulebook()[name]
    for words in (told.reason, told.why, told.fix):
        assert re.search("[а-я]{3}", words)
    assert told.why.endswith((".", "»."))
    assert told.who in {"teacher", "deputy", "administrator", "operator"}
    by_operator = re.search("(?i)оператору:", told.fix) is not None
    assert not by_operator or told.who == "operator"


def test_rules_and_remarks_bear_different_names() -> None:
    assert rulebook().keys() & RULES == set()
    assert remark_words().keys() == RULES


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_systems_say_how_in_their_own_words(system: str) -> None:
    fixes = fixes_of(system)
    assert set(LACKING) <= fixes.rules.keys()
    assert set(REFERRED_TO) == fixes.missing.keys()
    name = {"paragraf": "Параграф", "dnevnik_ru": "Дневник.ру", "netschool": "Сетевой город"}
    assert all(fixes.rules[rule].startswith(name[system]) for rule in LACKING)


def test_every_file_says_what_of_it_is_assumed() -> None:
    files = sorted(FOLDER.glob("*.yml"))
    assert [path.stem for path in files] == sorted(SYSTEMS)
    for path in files:
        assert "ASSUMED" in path.read_text("utf-8").split("rules:")[0]


def test_the_web_door_of_a_system_has_its_words() -> None:
    assert fixes_of("netschool_web") == fixes_of("netschool")


def test_a_system_without_a_file_has_the_general_text() -> None:
    assert fixes_of("klassinfo").rules == {}


@pytest.mark.parametrize(
    "section", ["rules: {heldd: x}", "families: {mising: x}", "missing: {klass: x}"]
)
def test_a_slip_in_a_file_is_named(tmp_path: Path, section: str) -> None:
    (tmp_path / "other.yml").write_text(section, "utf-8")
    with pytest.raises(
        FixesError, match=r"other\.yml: no such rule, family or entity: (heldd|klass|mising)"
    ):
        fixes_of("other", tmp_path)


def test_what_is_held_up_can_be_counted_in_words() -> None:
    assert set(ENTITIES) <= kinds().keys()
    assert kinds()["mark"] == ("отметка", "отметки", "отметок")
