"""What a password must be, and what is kept of it."""

from __future__ import annotations

import pytest

from pipeline.access.passwords import (
    LEAST,
    MOST,
    WeakPasswordError,
    check_strength,
    fresh_password,
    hashed,
    matches,
)

VARIED = "абвгдежзиклмноп"


@pytest.mark.parametrize(
    "password",
    [VARIED[:LEAST], (VARIED * 20)[:MOST], "абвгде" * 2, "d2-officer и её пароль"],
)
def test_accepted(password: str) -> None:
    check_strength(password, "d1-officer")


@pytest.mark.parametrize(
    ("password", "advice"),
    [
        (VARIED[: LEAST - 1], f"от {LEAST} до {MOST}"),
        ((VARIED * 20)[: MOST + 1], f"от {LEAST} до {MOST}"),
        ("абвгд" * 4, "однообразно"),
        ("АаБбВвГгДд" * 2, "однообразно"),
        ("мой D1-Officer навсегда", "имя учётной записи"),
    ],
)
def test_refused_with_advice(password: str, advice: str) -> None:
    with pytest.raises(WeakPasswordError, match=advice):
        check_strength(password, "d1-officer")


def test_only_the_same_password_matches() -> None:
    kept = hashed("один и тот же пароль")
    assert kept.startswith("$argon2id$")
    assert "пароль" not in kept
    assert kept != hashed("один и тот же пароль")
    assert matches(kept, "один и тот же пароль")
    assert not matches(kept, "один и тот же парол")


def test_where_there_is_no_account_nothing_matches() -> None:
    assert not matches(None, "")
    assert not matches(None, "что угодно")


def test_first_passwords_are_accepted_and_differ() -> None:
    made = {fresh_password() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        check_strength(password, "d1-officer")
