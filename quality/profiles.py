"""Regulation profiles: what the documents ask and how the measures are defined, as data.

A school is bound to a profile in ``registry.schools.profile``. Every value keeps the citation of
its document; every figure keeps the version of the profile it was counted by.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).with_name("profiles")


class UnknownProfileError(KeyError):
    """A school is bound to a profile that has no file; add the file or correct the registry."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Citation(_Strict):
    """The place in a document that a value or a definition rests on."""

    document: str = Field(min_length=1)
    clause: str = Field(min_length=1)


class Requirement(_Strict):
    """What the document asks for, in its own terms."""

    code: str
    title: str
    value: str
    citation: Citation


class MeasureDefinition(_Strict):
    """A measure as people read it; ``remark`` names one lesson or day that lacks it."""

    code: str
    title: str
    definition: str
    remark: str
    fix: str
    citation: Citation


class FormColumn(_Strict):
    """A column with the document's own wording."""

    code: str
    title: str


class FormRow(_Strict):
    """A row of a form by grade level; the last row of annex 4 holds two levels."""

    title: str
    grade_levels: list[int] = Field(min_length=1)


class Form(_Strict):
    """A form of the documents: its wording, columns and rows."""

    code: str
    title: str
    citation: Citation
    columns: list[FormColumn]
    rows: list[FormRow]


class Profile(_Strict):
    """All that one set of documents asks."""

    name: str
    title: str
    version: int = Field(ge=1)
    requirements: list[Requirement]
    measures: list[MeasureDefinition]
    forms: list[Form]

    @property
    def definition(self) -> str:
        """What a stored figure says about the definition it was counted by."""
        return f"{self.name} {self.version}"

    def measure(self, code: str) -> MeasureDefinition:
        """The definition of a measure. Raises ``KeyError`` if the profile has none."""
        return {measure.code: measure for measure in self.measures}[code]

    def form(self, code: str) -> Form:
        """A form by its code. Raises ``KeyError`` if the profile has none."""
        return {form.code: form for form in self.forms}[code]


@cache
def load_profile(name: str, folder: Path = FOLDER) -> Profile:
    """The profile ``name``.

    Raises ``UnknownProfileError``, or ``pydantic.ValidationError`` for a malformed file.
    """
    path = folder / f"{name}.yml"
    if not path.is_file():
        raise UnknownProfileError(name)
    return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
