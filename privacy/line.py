"""A text that can be asked what stands at a place of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from privacy.russian import Reading, reading
from privacy.tokens import Token

_MARKS = frozenset("12345")
_AND = frozenset({"и", ","})


class Whose(Enum):
    """Whose given name or initials stand beside a surname."""

    NOBODYS = 0
    OURS = 1
    SOMEBODYS = 2


@dataclass(frozen=True)
class Group:
    """The tokens ``first`` to ``last`` are one name; ``whose``: of its given name or initials."""

    first: int
    last: int
    whose: Whose = Whose.NOBODYS
    author: bool = False  # the given name or initials are those of a famous namesake


class Line:
    """The tokens of one text; a place outside of them holds nothing."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens

    def token(self, at: int) -> Token | None:
        return self.tokens[at] if 0 <= at < len(self.tokens) else None

    def word(self, at: int) -> Reading | None:
        token = self.token(at)
        return reading(token.word) if token is not None and token.is_word else None

    def sign(self, at: int) -> str:
        token = self.token(at)
        return token.word if token is not None and not token.is_word else ""

    def is_capital(self, at: int) -> bool:
        token = self.token(at)
        return token is not None and token.is_word and token.capital

    def is_number(self, at: int) -> bool:
        return self.sign(at).isdecimal()

    def is_mark(self, at: int) -> bool:
        return self.sign(at) in _MARKS

    def lemma(self, at: int, lemmas: frozenset[str]) -> bool:
        word = self.word(at)
        return word is not None and bool(word.lemmas & lemmas)

    @cached_property
    def shouted(self) -> bool:
        """Whether the text is in capitals throughout, so that they tell nothing."""
        return not any(t.is_word and t.raw != t.raw.upper() for t in self.tokens)

    def is_in_list(self, at: int) -> bool:
        token = self.token(at)
        return token is not None and (token.word in _AND | _MARKS or self.is_capital(at))
