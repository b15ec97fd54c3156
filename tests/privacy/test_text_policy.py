from __future__ import annotations

import polars as pl
import pytest
from pydantic import ValidationError

from privacy.freetext import FOUND
from privacy.text_policy import TextPolicy, load_text_policy
from schemas.rulebook import rulebook


def pieces(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=FOUND, orient="row")


def test_a_piece_is_masked_and_a_name_blocks_the_whole() -> None:
    phone, both = "тел. 5551416, § 5", "Лось, тел. 5551416"
    found = pieces((phone, "phone", 5, 12), (both, "name", 0, 4), (both, "phone", 11, 18))
    done = load_text_policy().clear(pl.Series("topic", [phone, None, "Дроби", both]), found)
    assert done.texts.to_list() == [
        "тел. [скрыто: телефон], § 5", None, "Дроби", "[скрыто: имя человека]",
    ]  # fmt: skip
    assert done.texts.name == "topic"
    assert done.blocked.to_list() == [False, False, False, True]
    assert done.told.rows() == [
        (0, "contact_in_text", "телефон"),
        (3, "name_in_text", "имя человека"),
        (3, "contact_in_text", "телефон"),
    ]


def test_each_row_of_a_text_is_told() -> None:
    done = load_text_policy().clear(pl.Series(["Лось", "Лось"]), pieces(("Лось", "name", 0, 4)))
    assert done.told["row"].to_list() == [0, 1]
    assert done.blocked.to_list() == [True, True]


def test_what_is_done_is_data() -> None:
    said = load_text_policy().model_dump()
    said["kinds"]["given_name"]["action"] = "mask"
    policy = TextPolicy.model_validate(said)
    done = policy.clear(
        pl.Series(["Спросить Сашу"]), pieces(("Спросить Сашу", "given_name", 9, 13))
    )
    assert done.texts.to_list() == ["Спросить [скрыто: имя человека]"]
    assert not done.blocked.any()


def test_a_kind_without_a_policy_is_refused() -> None:
    said = load_text_policy().model_dump()
    del said["kinds"]["snils"]
    with pytest.raises(ValidationError, match="every kind"):
        TextPolicy.model_validate(said)


def test_the_rules_are_told_to_the_school() -> None:
    assert load_text_policy().rules() <= set(rulebook())
