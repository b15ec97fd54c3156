"""What becomes of texts in which something of a person was found: ``policies/texts.yml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal, Self

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from privacy.contacts import Contact
from privacy.evidence import Kind


class Action(StrEnum):
    """``block``: the whole text is hidden, its record stays. ``mask``: the piece alone is."""

    BLOCK = "block"
    MASK = "mask"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindPolicy(_Strict):
    """``rule``: of ``schemas/rules.yml``; ``marker`` stands in place of what is hidden."""

    action: Action
    rule: Literal["name_in_text", "contact_in_text", "number_in_text"]
    marker: str
    title: str


@dataclass(frozen=True)
class Cleared:
    """``texts`` as they may go on; ``blocked``: whose record must stay (Boolean, never null).

    ``told``: ``row`` (UInt32, of the series), ``rule``, ``detail`` (what was found, not the
    value): one row per text and rule.
    """

    texts: pl.Series = field(repr=False)
    blocked: pl.Series
    told: pl.DataFrame


class TextPolicy(_Strict):
    """What is done with each kind of piece."""

    version: str
    kinds: dict[str, KindPolicy]

    @model_validator(mode="after")
    def _names_all(self) -> Self:
        known = {kind.value for kind in (*Kind, *Contact)}
        if set(self.kinds) != known:
            raise ValueError(f"every kind must be named, and no other: {sorted(known)}")
        return self

    def rules(self) -> frozenset[str]:
        """The rules it tells."""
        return frozenset(kind.rule for kind in self.kinds.values())

    def clear(self, texts: pl.Series, pieces: pl.DataFrame) -> Cleared:
        """``texts`` (String) without the ``pieces`` found in them (``freetext.FOUND``)."""
        kinds = pl.DataFrame(
            [(name, *kind.model_dump(mode="json").values()) for name, kind in self.kinds.items()],
            schema=["kind", *KindPolicy.model_fields],
            orient="row",
        )
        known = pieces.join(kinds, on="kind", maintain_order="left")
        clean = pl.DataFrame(
            [
                (text[0], *_hidden(str(text[0]), group))
                for text, group in known.group_by("text", maintain_order=True)
            ],
            schema={"text": pl.String, "clean": pl.String, "blocked": pl.Boolean},
            orient="row",
        )
        rows = texts.rename("text").to_frame().with_row_index("row")
        read = rows.join(clean, on="text", how="left", maintain_order="left")
        told = (
            rows.join(known.select("text", "rule", "title"), on="text", maintain_order="left")
            .group_by("row", "rule", maintain_order=True)
            .agg(detail=pl.col("title").unique(maintain_order=True).str.join(", "))
        )
        return Cleared(
            read.select(pl.coalesce("clean", "text").alias(texts.name)).to_series(),
            read["blocked"].fill_null(value=False),
            told,
        )


def _hidden(text: str, pieces: pl.DataFrame) -> tuple[str, bool]:
    """The text with its pieces masked; or only a marker, if one of them blocks it."""
    blocking = pieces.filter(action=Action.BLOCK.value)
    if blocking.height:
        return blocking["marker"][0], True
    for start, end, marker in pieces.select("start", "end", "marker").reverse().iter_rows():
        text = text[:start] + marker + text[end:]
    return text, False


@cache
def load_text_policy() -> TextPolicy:
    """``policies/texts.yml``. Raises ``pydantic.ValidationError``; then nothing may be stored."""
    text = files("privacy.policies").joinpath("texts.yml").read_text(encoding="utf-8")
    return TextPolicy.model_validate(yaml.safe_load(text))
