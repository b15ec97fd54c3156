"""Regulation profiles: what the documents ask and how the measures are defined, as data.

A school is bound to a profile in ``registry.schools.profile``. Every value keeps the citation of
its document; every figure keeps the version of the profile it was counted by.

A profile may name a ``base`` that it differs from: a district's order differs from the region's,
a school's own regulation from the district's. Entries of ``measures`` and ``forms`` are laid over
those of the base with the same code, key by key; a rule takes the place of the base's rules with
the same code as a whole, and ``drops`` names rules that do not hold any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, model_validator

from quality.forms import Form
from quality.regulations import AnyRule, Asked, Citation, Rule, Strict

FOLDER = Path(__file__).with_name("profiles")

SomeRule = TypeVar("SomeRule", bound=Rule)


class UnknownProfileError(KeyError):
    """A school is bound to a profile that has no file; add the file or correct the registry."""


class ProfileCircleError(ValueError):
    """Profiles name one another as their base; correct ``base`` in one of them."""


class MeasureDefinition(Strict):
    """A measure as people read it; ``remark`` names one lesson or day that lacks it."""

    code: str
    title: str
    definition: str
    remark: str
    fix: str
    citation: Citation


class Profile(Strict):
    """All that one set of documents asks.

    ``level``: whose documents they are; a school is never bound to ``common``. ``bases``: the
    definitions it was laid over, the nearest first.
    """

    name: str
    title: str
    version: int = Field(ge=1)
    level: Literal["common", "region", "district", "school"]
    bases: tuple[str, ...] = ()
    rules: list[AnyRule]
    measures: list[MeasureDefinition]
    forms: list[Form]

    @model_validator(mode="after")
    def _one_rule_a_day(self) -> Profile:
        """Two rules of one code are never in force on one day."""
        for code in Asked:
            days = sorted(
                (rule.valid_from or date.min, rule.valid_to or date.max)
                for rule in self.rules
                if rule.code is code
            )
            if any(end >= start for (_, end), (start, _) in pairwise(days)):
                raise ValueError(f"two rules {code.value!r} are in force on one day")
        return self

    @property
    def definition(self) -> str:
        """What a stored figure says about the definition it was counted by: ``spb 1``, and what
        it was laid over: ``gymnasium_166 2 (spb 1)``."""
        own = f"{self.name} {self.version}"
        return f"{own} ({', '.join(self.bases)})" if self.bases else own

    def rules_on(self, day: date) -> list[AnyRule]:
        """The rules in force on ``day``, in the order of the file."""
        return [rule for rule in self.rules if rule.holds_on(day)]

    def rule(self, kind: type[SomeRule], code: Asked, day: date) -> SomeRule | None:
        """The rule ``code`` in force on ``day``; None if these documents do not ask for it."""
        held: Sequence[Rule] = self.rules_on(day)
        return next((r for r in held if r.code is code and isinstance(r, kind)), None)

    def measure(self, code: str) -> MeasureDefinition:
        """The definition of a measure. Raises ``KeyError`` if the profile has none."""
        return {measure.code: measure for measure in self.measures}[code]

    def form(self, code: str) -> Form:
        """A form by its code. Raises ``KeyError`` if the profile has none."""
        return {form.code: form for form in self.forms}[code]

    def has_form(self, code: str) -> bool:
        """Whether the documents ask for the form ``code``."""
        return any(form.code == code for form in self.forms)


@cache
def load_profile(name: str, folder: Path = FOLDER) -> Profile:
    """The profile ``name``, laid over its bases.

    Raises ``UnknownProfileError``, ``ProfileCircleError``, or ``pydantic.ValidationError`` for a
    malformed file.
    """
    content, bases = _laid(name, folder, ())
    return Profile.model_validate(content | {"bases": bases})


_Laid = tuple[dict[str, Any], tuple[str, ...]]


def _laid(name: str, folder: Path, above: tuple[str, ...]) -> _Laid:
    """The content of ``name`` over its bases, and their definitions without the common one."""
    if name in above:
        raise ProfileCircleError(" <- ".join((*above, name)))
    path = folder / f"{name}.yml"
    if not path.is_file():
        raise UnknownProfileError(name)
    own: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    base_name, drops = own.pop("base", None), own.pop("drops", [])
    if base_name is None:
        return own, ()
    base, bases = _laid(base_name, folder, (*above, name))
    if base["level"] != "common":
        bases = (f"{base['name']} {base['version']}", *bases)
    rules = own.get("rules", [])
    replaced = {rule["code"] for rule in rules} | set(drops)
    kept = [rule for rule in base["rules"] if rule["code"] not in replaced]
    return own | {
        "rules": [*kept, *rules],
        "measures": _over(base["measures"], own.get("measures", [])),
        "forms": _over(base["forms"], own.get("forms", [])),
    }, bases


def _over(base: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of ``own`` laid over those of ``base`` with the same code, new ones behind."""
    entries = {entry["code"]: dict(entry) for entry in base}
    for entry in own:
        entries[entry["code"]] = entries.get(entry["code"], {}) | entry
    return list(entries.values())
