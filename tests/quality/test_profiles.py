"""Regulation profiles: complete, cited, strict, laid over one another, in force by date."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from quality.form1 import COLUMNS
from quality.measures import MEASURES
from quality.profiles import FOLDER, ProfileCircleError, UnknownProfileError, load_profile
from quality.regulations import (
    AfterLastLesson,
    Asked,
    EnteredInTime,
    MarksToGrade,
    Repeated,
    WithinDays,
    least_of,
)

DAY = date(2026, 9, 18)
BOUND = ("spb", "gymnasium_166", "velikie_luki", "tomsk", "kogalym")


def _write(folder: Path, name: str, **content: Any) -> None:
    whole = {"name": name, "title": name, "version": 1, "level": "region"} | content
    (folder / f"{name}.yml").write_text(yaml.safe_dump(whole), "utf-8")


def _rule(code: str = "journal_check", **values: Any) -> dict[str, Any]:
    said = {"title": "Проверка", "words": "ежемесячно", "every": "month"}
    return {"code": code, "citation": {"document": "Приказ", "clause": "п. 1"}} | said | values


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a region's profile that the test may lay others over."""
    (tmp_path / "common.yml").write_text((FOLDER / "common.yml").read_text("utf-8"), "utf-8")
    _write(tmp_path, "region", base="common", rules=[_rule(), _rule("diary_check")])
    return tmp_path


def test_every_profile_of_the_folder_is_one_of_these() -> None:
    assert {path.stem for path in FOLDER.glob("*.yml")} == {*BOUND, "common"}


@pytest.mark.parametrize("name", BOUND)
def test_every_measure_is_defined_and_every_rule_cited(name: str) -> None:
    profile = load_profile(name)
    assert tuple(measure.code for measure in profile.measures) == MEASURES
    assert all(rule.citation.clause and rule.words for rule in profile.rules)
    assert profile.name == name


def test_form1_is_asked_for_in_st_petersburg() -> None:
    profile = load_profile("spb")
    assert tuple(column.code for column in profile.form("form1").columns) == COLUMNS
    rows = profile.form("form1").rows
    assert [level for row in rows for level in row.grade_levels] == list(range(1, 13))
    assert rows[-1].title == "11 (12) классы"
    assert not load_profile("tomsk").has_form("form1")


def test_what_the_documents_say_in_values() -> None:
    homework = load_profile("velikie_luki").rule(EnteredInTime, Asked.HOMEWORK_ENTERED, DAY)
    assert homework is not None
    assert homework.deadline == AfterLastLesson(
        until="after_last_lesson", of="teacher", minutes=120
    )
    homework = load_profile("tomsk").rule(EnteredInTime, Asked.HOMEWORK_ENTERED, DAY)
    assert homework is not None
    assert homework.deadline == AfterLastLesson(until="after_last_lesson", of="class", minutes=90)
    control = load_profile("tomsk").rule(EnteredInTime, Asked.CONTROL_MARKS, DAY)
    assert control is not None
    assert control.deadline == WithinDays(until="days", days=3)
    assert load_profile("kogalym").rule(EnteredInTime, Asked.LESSON_ENTERED, DAY) is None


@pytest.mark.parametrize(("hours", "marks"), [(0.5, 3), (1, 3), (1.5, 3), (2, 5), (6, 5)])
def test_marks_to_grade_by_hours(hours: float, marks: int) -> None:
    rule = load_profile("velikie_luki").rule(MarksToGrade, Asked.MARKS_TO_GRADE, DAY)
    assert rule is not None
    assert least_of(rule.least, hours) == marks


def test_a_school_is_laid_over_its_region(folder: Path) -> None:
    weekly = _rule(every="week", words="еженедельно")
    _write(folder, "school", level="school", base="region", version=3, rules=[weekly])
    profile = load_profile("school", folder)
    assert profile.definition == "school 3 (region 1)"
    checked = profile.rule(Repeated, Asked.JOURNAL_CHECK, DAY)
    assert checked is not None
    assert checked.every == "week"
    assert profile.rule(Repeated, Asked.DIARY_CHECK, DAY) is not None


def test_a_rule_that_holds_no_more_is_dropped(folder: Path) -> None:
    _write(folder, "school", level="school", base="region", drops=["diary_check"])
    assert [rule.code for rule in load_profile("school", folder).rules] == [Asked.JOURNAL_CHECK]


def test_a_measure_is_defined_anew_key_by_key(folder: Path) -> None:
    own = [{"code": "held", "definition": "Иначе."}]
    _write(folder, "school", level="school", base="region", measures=own)
    measure = load_profile("school", folder).measure("held")
    assert (measure.definition, measure.title) == ("Иначе.", "Проведение")


@pytest.mark.parametrize(
    ("day", "every"),
    [
        (date(2026, 8, 31), None),
        (date(2026, 9, 1), "month"),
        (date(2026, 12, 31), "month"),
        (date(2027, 1, 1), "week"),
    ],
)
def test_a_rule_holds_on_its_days(folder: Path, day: date, every: str | None) -> None:
    first = _rule(valid_from=date(2026, 9, 1), valid_to=date(2026, 12, 31))
    then = _rule(valid_from=date(2027, 1, 1), every="week")
    _write(folder, "school", level="school", base="region", rules=[first, then])
    rule = load_profile("school", folder).rule(Repeated, Asked.JOURNAL_CHECK, day)
    assert (rule.every if rule else None) == every


@pytest.mark.parametrize("end", [None, date(2027, 1, 1)])
def test_two_rules_of_one_day_are_refused(folder: Path, end: date | None) -> None:
    first = _rule(valid_from=date(2026, 9, 1), valid_to=end)
    then = _rule(valid_from=date(2027, 1, 1), every="week")
    _write(folder, "school", level="school", base="region", rules=[first, then])
    with pytest.raises(ValidationError, match="in force on one day"):
        load_profile("school", folder)


def test_profiles_that_lie_on_one_another_are_refused(folder: Path) -> None:
    _write(folder, "one", base="other")
    _write(folder, "other", base="one")
    with pytest.raises(ProfileCircleError, match="one <- other <- one"):
        load_profile("one", folder)


def test_an_unknown_profile_is_named(folder: Path) -> None:
    with pytest.raises(UnknownProfileError, match="moscow"):
        load_profile("moscow")
    _write(folder, "school", base="nowhere")
    with pytest.raises(UnknownProfileError, match="nowhere"):
        load_profile("school", folder)


@pytest.mark.parametrize(
    "broken",
    [
        {"version": "1"},
        {"surprise": 1},
        {"version": 0},
        {"measures": [{"code": "x"}]},
        {"rules": [_rule("unheard_of")]},
        {"rules": [_rule(every="year")]},
        {"rules": [_rule() | {"citation": {"document": "", "clause": "п. 1"}}]},
        {"rules": [_rule(valid_from=date(2027, 1, 1), valid_to=date(2026, 1, 1))]},
    ],
)
def test_a_malformed_profile_is_refused(folder: Path, broken: dict[str, Any]) -> None:
    _write(folder, "x", base="common", **broken)
    with pytest.raises(ValidationError):
        load_profile("x", folder)


DOCUMENTS_ASK_FOR = {
    "spb": {"form1", "form2", "form3", "form5"},
    "gymnasium_166": {"form1", "form2", "form3", "form5"},
    "kogalym": {"form4", "form5"},
    "velikie_luki": {"form5"},
    "tomsk": {"form5"},
}


@pytest.mark.parametrize("name", BOUND)
def test_forms_are_asked_for_by_whose_documents_they_are(name: str) -> None:
    """None asks for counts (form 1) and shares (form 4) of the same people: see disclosure."""
    profile = load_profile(name)
    asked = {form.code for form in profile.forms}
    assert asked == DOCUMENTS_ASK_FOR[name]
    assert not {"form1", "form4"} <= asked
    assert all(form.citation.document and form.citation.clause for form in profile.forms)


def test_a_form_of_a_school_cites_the_schools_own_document() -> None:
    form = load_profile("gymnasium_166").form("form5")
    assert "гимназии № 166" in form.citation.document
    assert form.title == "Перечень замечаний по ведению Электронного классного журнала"
