"""Egress policies: per recipient, record type and field, how a value may leave and why."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator


class Method(StrEnum):
    """How a field leaves."""

    AS_IS = "as_is"
    UID = "uid"
    SCANNED_TEXT = "scanned_text"
    DROP = "drop"


class Audience(StrEnum):
    """Who may see the value at the recipient."""

    FAMILY_OF_PUPIL = "family_of_pupil"
    FAMILY_OF_CLASS = "family_of_class"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldPolicy(_Strict):
    """One field: ``name`` at the recipient if it differs; ``required`` is for ``uid`` only."""

    method: Method
    ground: str
    seen_by: Audience
    name: str | None = None
    required: bool = False

    @model_validator(mode="after")
    def _required_is_for_people(self) -> Self:
        if self.required and self.method is not Method.UID:
            raise ValueError("only a uid can be required")
        return self


class Policy(_Strict):
    """What may leave for one recipient. Whatever it does not name does not leave."""

    policy: str
    version: str
    recipient: str
    grounds: dict[str, str]
    types: dict[str, dict[str, FieldPolicy]]

    @model_validator(mode="after")
    def _grounds_are_given(self) -> Self:
        used = {field.ground for fields in self.types.values() for field in fields.values()}
        if missing := used - self.grounds.keys():
            raise ValueError(f"grounds used and not given: {sorted(missing)}")
        return self


def load_policy(name: str) -> Policy:
    """The policy shipped as ``policies/<name>.yml``.

    Raises ``FileNotFoundError`` and ``pydantic.ValidationError``; then nothing may leave.
    """
    text = files("privacy.policies").joinpath(f"{name}.yml").read_text(encoding="utf-8")
    return Policy.model_validate(yaml.safe_load(text))
