"""Remarks: one thing each that is wrong with a journal, found by a rule; and their words.

Rules are named as in docs/compliance.md: by the measure that misses the thing (``topic``), or by
what the regulation asks (``Asked``). ``key`` is the same at every check while it is the same thing.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from quality.regulations import Asked

FILE = Path(__file__).with_name("remarks.yml")
REMARK: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "key": pl.String(),
    "day": pl.Date(),
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),  # pseudonym
    "pupil": pl.String(),  # pseudonym
    "lesson_key": pl.String(),
    "detail": pl.String(),  # counts and dates; never a name, a mark or a text of the journal
}
# What a lesson can lack, whatever the regulation asks; named as the measures.
LACKING = ("held", "topic", "homework", "attendance", "marks")
RULES = frozenset({*LACKING, *(asked.value for asked in Asked)})


class Who(StrEnum):
    """Who of the school, or beside it, puts a thing right."""

    TEACHER = "teacher"
    DEPUTY = "deputy"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"


class RemarkWords(BaseModel):
    """What a remark says to people, whatever the journal system (Russian)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str = Field(min_length=1)
    why: str = Field(min_length=1)
    who: Who
    fix: str = Field(min_length=1)
    family: str = ""  # of ``quality.families``; empty: the rule is one of its own
    mendable: bool = True  # false: nothing makes the remark go away


class RemarkWordsError(ValueError):
    """The file of words and the rules differ; complete or correct ``quality/remarks.yml``."""


@cache
def remark_words(path: Path = FILE) -> dict[str, RemarkWords]:
    """The words of every rule of ``RULES``.

    Raises ``RemarkWordsError`` for a rule without words or words without a rule,
    ``pydantic.ValidationError`` for a malformed entry.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = TypeAdapter(dict[str, RemarkWords]).validate_python(content)
    if odd := sorted(words.keys() ^ RULES):
        raise RemarkWordsError(f"{path.name}: words and rules differ in {', '.join(odd)}")
    return words
