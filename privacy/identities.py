"""Identities of the vault as the contingent registry asks for them. Held in memory only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml

# Our closed lists, and what the registry calls the column.
_CODED = {
    "gender": "gender",
    "citizenship": "citizenship",
    "document_kind": "document_type",
}
# A word of a name: no initials, no dots; parts joined by hyphen or apostrophe.
_WORD = r"^[а-яА-ЯёЁa-zA-Z]{2,}(['-][а-яА-ЯёЁa-zA-Z]{2,})*$"


class NoCodeError(ValueError):
    """The registry's code list lacks one of our words: complete the list of the target."""


def registry_identities(
    people: pl.DataFrame, codes: Mapping[str, Mapping[str, str]]
) -> pl.DataFrame:
    """``people`` (``Vault.identities``) as ``pseudonym``, ``lastname``, ``firstname``,
    ``patronymic``, ``birthdate``, ``gender``, ``snils``, ``citizenship``, ``document_type``,
    ``document_series``, ``document_number``, ``document_issued``; null where not known.

    ``codes``: for ``gender``, ``citizenship`` and ``document_type`` the registry's code of each of
    our words. Raises ``NoCodeError`` where one lacks.
    """
    for ours, theirs in _CODED.items():
        if not set(people[ours].drop_nulls()) <= codes[theirs].keys():
            raise NoCodeError(f"the registry's list for {ours} lacks a code of ours")
    coded = [
        pl.col(ours)
        .replace_strict(dict(codes[theirs]), default=None, return_dtype=pl.String)
        .alias(theirs)
        for ours, theirs in _CODED.items()
    ]
    return people.with_columns(name_parts(pl.col("full_name")).alias("_name")).select(
        "pseudonym",
        pl.col("_name").struct.unnest(),
        pl.col("birth_date").alias("birthdate"),
        "snils",
        *coded,
        "document_series",
        "document_number",
        "document_issued",
    )


@cache
def _rules() -> dict[str, Any]:
    text = files("privacy.policies").joinpath("names.yml").read_text(encoding="utf-8")
    rules: dict[str, Any] = yaml.safe_load(text)
    return rules


def name_parts(full_name: pl.Expr) -> pl.Expr:
    """Struct of ``lastname``, ``firstname``, ``patronymic``: all null unless they are certain."""
    words = (
        full_name.str.strip_chars()
        .str.split(" ")
        .list.eval(pl.element().filter(pl.element() != ""))
    )
    first, second, third, fourth = (words.list.get(at, null_on_oob=True) for at in range(4))
    count = words.list.len()
    plain = words.list.eval(pl.element().str.contains(_WORD)).list.all()
    particles = [word.lower() for word in _rules()["patronymic_particles"]]
    endings = "(?i)(" + "|".join(map(re.escape, _rules()["patronymic_endings"])) + ")$"
    no_particle = ~pl.any_horizontal(
        word.str.to_lowercase().is_in(particles) for word in (first, second, third)
    ).fill_null(value=False)
    three = (count == 3) & third.str.contains(endings)
    two = (count == 2) & ~second.str.contains(endings)
    four = (count == 4) & fourth.str.to_lowercase().is_in(particles)
    certain = (plain & no_particle & (three | two | four)).fill_null(value=False)
    patronymic = pl.when(count == 4).then(third + " " + fourth).otherwise(third)
    return pl.struct(
        pl.when(certain).then(first).alias("lastname"),
        pl.when(certain).then(second).alias("firstname"),
        pl.when(certain).then(patronymic).alias("patronymic"),
    )
