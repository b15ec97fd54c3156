"""The registry's code lists as reviewed data (mappings/targets/contingent.yml)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.errors import Misconfigured

Code = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodeList(_Data):
    """``codes``: code -> its words; ``source``: where it was read; ``mark``: how sure it is."""

    source: str = Field(min_length=1)
    mark: Literal["V", "ASSUMED"]
    codes: dict[Code, str]


class Site(_Data):
    """What a region states for all its schools; None: not stated."""

    education_form: Code | None = None


class Codes(_Data):
    """``lists`` by name; ``words``: list -> our word -> code; ``received``: list -> code that the
    registry sends -> code of the list; ``seriesless``: types of documents that may lack a series;
    ``oksm``: citizenship -> country."""

    version: str
    lists: dict[str, CodeList]
    seriesless: frozenset[Code]
    received: dict[str, dict[Code, Code]]
    oksm: dict[Code, Code]
    words: dict[str, dict[str, Code]]
    site: Site = Site()

    @model_validator(mode="after")
    def _codes_are_known(self) -> Self:
        named = [(name, code) for name, words in self.words.items() for code in words.values()]
        named += [(name, code) for name, back in self.received.items() for code in back.values()]
        named += [("document_type", code) for code in self.seriesless]
        named += [("citizenship", code) for code in self.oksm]
        if self.site.education_form is not None:
            named.append(("education_form", self.site.education_form))
        for name, code in named:
            if name not in self.lists or code not in self.lists[name].codes:
                raise ValueError(f"{code} is no code of the list {name}")
        return self


def read_codes(text: str) -> Codes:
    """The lists in ``text`` (YAML). Raises ``Misconfigured`` with the places that do not fit."""
    try:
        return Codes.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise Misconfigured(
            f"the registry's code lists cannot be read: {_places(error)}",
            where="mappings/targets/contingent.yml",
            fix="correct the file as docs/contingent-contract.md describes it",
        ) from None


def _places(error: yaml.YAMLError | ValidationError) -> str:
    if not isinstance(error, ValidationError):
        return "not YAML"
    found = error.errors(include_input=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in found)
