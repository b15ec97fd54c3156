"""How to put a thing right in the menus of a school's own journal system: one file a system.

What a system's file does not say has the general text of ``schemas/rules.yml``,
``quality/remarks.yml`` and ``quality/families.yml``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from quality.families import family_words
from quality.remarks import RULES
from schemas.records import ENTITIES
from schemas.rulebook import rulebook

FOLDER = Path(__file__).parent
# Two kinds of sources, one system before the school's eyes.
_SYSTEMS = {"netschool_web": "netschool"}


class FixesError(ValueError):
    """A file of fixes names a rule, family or entity that is none; correct the file."""


class Fixes(BaseModel):
    """``rules``: by rule; ``families``: by family, where several of its rules are broken;
    ``missing``: by the entity that records refer to and is not there."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rules: dict[str, str] = {}
    families: dict[str, str] = {}
    missing: dict[str, str] = {}


@cache
def fixes_of(kind: str, folder: Path = FOLDER) -> Fixes:
    """The fixes of the source ``kind``; none for a system without a file. Raises ``FixesError``,
    ``pydantic.ValidationError``."""
    path = folder / f"{_SYSTEMS.get(kind, kind)}.yml"
    if not path.exists():
        return Fixes()
    fixes = Fixes.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    strange = (
        (fixes.rules.keys() - RULES - rulebook().keys())
        | (fixes.families.keys() - family_words().keys())
        | (fixes.missing.keys() - ENTITIES.keys())
    )
    if strange:
        raise FixesError(
            f"{path.name}: no such rule, family or entity: {', '.join(sorted(strange))}"
        )
    return fixes
