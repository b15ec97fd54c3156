"""The regulation profile: complete, cited, strict."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from quality.form1 import COLUMNS
from quality.measures import MEASURES
from quality.profiles import FOLDER, UnknownProfileError, load_profile


def test_every_measure_and_form_column_is_defined() -> None:
    profile = load_profile("spb")
    assert tuple(measure.code for measure in profile.measures) == MEASURES
    assert tuple(column.code for column in profile.form("form1").columns) == COLUMNS
    assert profile.definition == "spb 1"


def test_form1_has_a_row_for_every_grade_level_once() -> None:
    rows = load_profile("spb").form("form1").rows
    assert [level for row in rows for level in row.grade_levels] == list(range(1, 13))
    assert rows[-1].title == "11 (12) классы"


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(UnknownProfileError, match="moscow"):
        load_profile("moscow")


@pytest.mark.parametrize(
    "broken", [{"version": "1"}, {"surprise": 1}, {"version": 0}, {"measures": [{"code": "x"}]}]
)
def test_a_malformed_profile_is_refused(tmp_path: Path, broken: dict[str, object]) -> None:
    good = yaml.safe_load((FOLDER / "spb.yml").read_text("utf-8"))
    (tmp_path / "x.yml").write_text(yaml.safe_dump(good | broken), "utf-8")
    with pytest.raises(ValidationError):
        load_profile("x", tmp_path)
