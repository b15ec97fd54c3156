"""Passwords: Argon2id with the library's defaults (RFC 9106, low memory), and what is asked of one.

No rule of capitals and signs, no expiry: length and not being guessable is what helps (NIST SP
800-63B, 3.1.1.2).
"""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

LEAST = 12  # letters; NIST asks for 15 where there is no second factor, 8 where there is one
MOST = 200  # more is an attack on the hash, not a password
_VARIED = 6  # different letters
_HASHER = PasswordHasher()
# Verified where there is no account, so that the time does not tell.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


class WeakPasswordError(ValueError):
    """The password is not accepted; the message says what to do, in Russian, for the page."""


def check_strength(password: str, login: str) -> None:
    """Raises ``WeakPasswordError``."""
    if not LEAST <= len(password) <= MOST:
        raise WeakPasswordError(f"Нужно от {LEAST} до {MOST} знаков; удобна фраза из слов.")
    if len(set(password.casefold())) < _VARIED:
        raise WeakPasswordError(f"Слишком однообразно: нужно хотя бы {_VARIED} разных знаков.")
    if login.casefold() in password.casefold():
        raise WeakPasswordError("Пароль не должен содержать имя учётной записи.")


def hashed(password: str) -> str:
    """What is kept of ``password``."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one of ``kept``; takes as long where there is none."""
    try:
        _HASHER.verify(kept or _NOBODY, password[:MOST])
    except VerificationError:
        return False
    return kept is not None


def fresh_password() -> str:
    """One to be handed over, and changed at the first sign-in."""
    return secrets.token_urlsafe(12)
