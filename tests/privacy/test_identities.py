from __future__ import annotations

import polars as pl
import pytest

from pipeline.delivery.contingent_records import contingent_codes
from privacy.identities import NoCodeError, registry_identities
from privacy.keys import KeyRing
from privacy.people import DOSSIER, people_of
from privacy.vault import Vault
from schemas.codes import Citizenship, Gender, IdentityDocument
from tests.privacy.samples import SCHOOL, journal


def parted(full_name: str) -> tuple[str | None, ...]:
    row = dict.fromkeys(DOSSIER) | {"pseudonym": "p1", "role": "pupil", "full_name": full_name}
    people = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String()))
    found = registry_identities(people, contingent_codes().words)
    return found.select("lastname", "firstname", "patronymic").row(0)


@pytest.mark.parametrize(
    ("full_name", "parts"),
    [
        ("Брянчихина Алёна Петровна", ("Брянчихина", "Алёна", "Петровна")),
        ("Жмелеватов  Лев Ильич", ("Жмелеватов", "Лев", "Ильич")),
        ("Жмелеватов-Брянчихин Лев Лукич", ("Жмелеватов-Брянчихин", "Лев", "Лукич")),
        ("Аргуняхина Зоя Ильинична", ("Аргуняхина", "Зоя", "Ильинична")),
        ("Аргуняхина Зоя", ("Аргуняхина", "Зоя", None)),
        ("Аргуняхин Али Вели оглы", ("Аргуняхин", "Али", "Вели оглы")),
        ("Аргуняхина Лейла Вели Кызы", ("Аргуняхина", "Лейла", "Вели Кызы")),
        ("Аргуняхина Петровна", (None, None, None)),  # the given name is what lacks
        ("Аргуняхин Али оглы", (None, None, None)),
        ("Аргуняхин Али Вели", (None, None, None)),
        ("Аргуняхин Али Вели Петрович", (None, None, None)),
        ("Аргуняхин И.И.", (None, None, None)),
        ("Аргуняхин", (None, None, None)),
    ],
)
def test_a_name_is_parted_only_where_it_is_certain(
    full_name: str, parts: tuple[str | None, ...]
) -> None:
    assert parted(full_name) == parts


def test_every_word_of_ours_has_one_code_of_its_own() -> None:
    words = contingent_codes().words
    for name, members in (
        ("gender", Gender),
        ("citizenship", Citizenship),
        ("document_type", IdentityDocument),
    ):
        assert set(words[name]) == set(members)
        assert len(set(words[name].values())) == len(members)


def test_papers_come_through_the_vault(vault: Vault, keys: KeyRing) -> None:
    frames = journal()
    frames["pupil"] = frames["pupil"].with_columns(
        gender=pl.lit("female"), document_kind=pl.lit("passport"), document_number=pl.lit("300001")
    )
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", frames, keys))
    found = registry_identities(
        vault.identities(SCHOOL).filter(role="pupil"), contingent_codes().words
    )
    first = found.filter(pl.col("birthdate").is_not_null()).to_dicts()[0]
    assert (first["gender"], first["document_type"], first["document_number"]) == (
        "2",
        "12",
        "300001",
    )
    assert first["birthdate"] == "2013-04-02"
    assert first["citizenship"] is None


def test_a_word_without_a_code_is_not_left_out_silently(vault: Vault, keys: KeyRing) -> None:
    frames = journal()
    frames["pupil"] = frames["pupil"].with_columns(gender=pl.lit("female"))
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", frames, keys))
    codes = contingent_codes().words | {"gender": {"male": "1"}}
    with pytest.raises(NoCodeError, match="gender"):
        registry_identities(vault.identities(SCHOOL), codes)
