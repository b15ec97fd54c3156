"""Every rule that is a remark has its words, and every word a rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from quality.remarks import FILE, RULES, RemarkWordsError, remark_words

DOC = Path(__file__).parents[2] / "docs" / "compliance.md"


def _rules_of_the_document() -> set[str]:
    """The names in the first column of the table of remarks."""
    table = DOC.read_text("utf-8").split("## Remarks")[1].split("\n* **")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_rules_are_those_of_the_document() -> None:
    assert _rules_of_the_document() == RULES == remark_words().keys()


def test_the_words_are_russian_sentences() -> None:
    for rule, words in remark_words().items():
        assert re.fullmatch(r"[А-Я][^A-Za-z]*[а-я»)]", words.title), rule
        for text in (words.why, words.fix):
            assert re.fullmatch(r"[А-Я].*\.", text), rule


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"topic": None}, RemarkWordsError),
        ({"tpoic": {"title": "Т", "why": "П", "who": "teacher", "fix": "И"}}, RemarkWordsError),
        ({"topic": {"title": "Т", "why": "П", "who": "parent", "fix": "И"}}, ValidationError),
        ({"topic": {"title": "", "why": "П", "who": "teacher", "fix": "И"}}, ValidationError),
    ],
)
def test_a_file_that_is_wrong_is_refused(
    tmp_path: Path, change: dict[str, object], error: type[Exception]
) -> None:
    content = yaml.safe_load(FILE.read_text("utf-8")) | change
    path = tmp_path / "remarks.yml"
    kept = {rule: words for rule, words in content.items() if words is not None}
    path.write_text(yaml.safe_dump(kept, allow_unicode=True), "utf-8")
    with pytest.raises(error):
        remark_words(path)
