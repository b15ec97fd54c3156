"""Labels, keys, file names and messages that name somebody are shown to nobody."""

from __future__ import annotations

import polars as pl
import pytest

from privacy.keys import KeyRing
from privacy.masks import HIDDEN_NAME, Masks
from schemas.frames import REFUSAL_SCHEMA, Finding

PEOPLE = pl.DataFrame({"full_name": ["Жмелеватов Пётр Иванович", "Брянчихина Анна Олеговна"]})


@pytest.fixture
def masks(keys: KeyRing) -> Masks:
    return Masks.of(PEOPLE["full_name"], keys)


def labels(*texts: str | None) -> pl.Series:
    return pl.Series("label", texts, dtype=pl.String)


def test_a_label_that_names_somebody_is_hidden_whole(masks: Masks) -> None:
    said = labels("Англ.яз./гр. Брянчихиной", "Англ.яз./2 гр.", None)
    assert masks.shown(said).to_list() == [HIDDEN_NAME, "Англ.яз./2 гр.", None]
    assert masks.shown(labels("Балл_Жмелеватова", "Балл_за_год")).to_list() == [
        HIDDEN_NAME,
        "Балл_за_год",
    ]


def test_a_key_that_names_somebody_gets_one_alias(masks: Masks) -> None:
    said = labels("7а/гр. Брянчихиной", "7а/2 гр.", "17", None, "7а/гр. Жмелеватова")
    first, plain, number, nothing, other = masks.opaque(said).to_list()
    assert (plain, number, nothing) == ("7а/2 гр.", "17", None)
    assert first != other
    assert masks.opaque(labels("7а/гр. Брянчихиной")).to_list() == [first]
    assert "рянчихин" not in first


def test_keys_without_words_are_not_looked_at(masks: Masks) -> None:
    said = labels("17", None)
    assert masks.opaque(said) is said


def test_a_file_called_after_somebody_keeps_its_ending(masks: Masks) -> None:
    said = ["Брянчихина 7а.xlsx", "pupils.csv", "Жмелеватов.zip/marks.csv", "отчёт.Жмелеватову"]
    shown = masks.files(said)
    assert shown["pupils.csv"] == "pupils.csv"
    assert shown["Брянчихина 7а.xlsx"].startswith(HIDDEN_NAME)
    assert shown["Брянчихина 7а.xlsx"].endswith(".xlsx")
    assert shown["Жмелеватов.zip/marks.csv"].endswith(".zip/marks.csv")
    assert not any("мелеватов" in name or "рянчихин" in name for name in shown.values())


def test_while_nobody_is_known_every_file_name_is_hidden(keys: KeyRing, masks: Masks) -> None:
    blind = Masks.of(PEOPLE["full_name"].clear(), keys)
    shown = blind.files(["Брянчихина 7а.xlsx", "pupils.csv"])
    assert all(name.startswith(HIDDEN_NAME) for name in shown.values())
    assert shown == masks.hidden_files(["Брянчихина 7а.xlsx", "pupils.csv"])
    assert len(set(shown.values())) == 2


def test_findings_and_refusals_name_nobody(masks: Masks) -> None:
    found = Finding("unknown_column", "Жмелеватов.csv", "pupil", 1, "Балл Жмелеватова", "7а, Анна")
    [shown] = masks.findings([found])
    assert "мелеватов" not in repr(shown)
    assert (shown.rule, shown.entity, shown.line) == ("unknown_column", "pupil", 1)
    row = dict.fromkeys(REFUSAL_SCHEMA) | {"_document": "7а.csv", "field": "Брянчихина"}
    refused = masks.refusals(pl.DataFrame([row], schema=REFUSAL_SCHEMA))
    assert refused.select("_document", "field").rows() == [("7а.csv", HIDDEN_NAME)]


def test_a_message_that_names_somebody_is_hidden(masks: Masks) -> None:
    assert masks.message("the file is being written (Брянчихина.csv)") == HIDDEN_NAME
    assert masks.message("the folder is gone (781001)") == "the folder is gone (781001)"
