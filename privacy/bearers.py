"""Whose surname it is: the given name, patronymic or initials beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from privacy.famous import namesakes
from privacy.given_names import reviewed_names
from privacy.lexicon import Lexicon, Person
from privacy.line import Group, Line, Whose
from privacy.russian import Sense, reading

_WORDS = frozenset("аивкосуя")  # words of one letter


class Bearers:
    """The names in ``line`` and their bearers in ``lexicon``."""

    def __init__(self, line: Line, lexicon: Lexicon) -> None:
        self._line = line
        self._lexicon = lexicon

    def group(self, at: int, people: Iterable[Person]) -> Group:
        """The surname at ``at`` with the given name, patronymic or initials beside it."""
        people = tuple(people)
        word = self._line.tokens[at].word
        best = Group(at, at)
        for first, last, given, father, dotted in self._beside(at):
            ours = any(_fits(p.given, p.patronymic, given, father) for p in people)
            author = self._is_author(word, given, father, first=first < at, ours=ours)
            if ours or author:
                whose = Whose.OURS if ours else Whose.SOMEBODYS
                return Group(first, last, whose, author)
            if dotted:
                best = Group(first, last, Whose.SOMEBODYS)
        return best

    def _is_author(
        self, word: str, given: frozenset[str], father: frozenset[str], *, first: bool, ours: bool
    ) -> bool:
        """Whether a famous namesake is meant: Куприн А.И., А. Куприн. What may also be somebody of
        the school, Куприн А., as lists have it, or Александр Куприн, is taken for that."""
        fitting = [
            n for n in namesakes().get(word, ()) if _fits(n.given, n.patronymic, given, father)
        ]
        initial = first and all(len(name) == 1 for name in given)
        return any(not ours or father or not n.patronymic or (n.known and initial) for n in fitting)

    def _beside(self, at: int) -> Iterator[tuple[int, int, frozenset[str], frozenset[str], bool]]:
        """Each way of reading the neighbours: from, to, given names, patronymics, certain."""
        yield from self._given_beside(at)
        yield from self._initials_beside(at)

    def _given_beside(
        self, at: int
    ) -> Iterator[tuple[int, int, frozenset[str], frozenset[str], bool]]:
        nobody: frozenset[str] = frozenset()
        if given := self._given_names(at + 1):
            father = self._patronymic_any(at + 2)
            yield at, at + 1 + bool(father), given, father, self._is_name_only(at + 1)
        if given := self._given_names(at - 1):
            yield at - 1, at, given, nobody, self._is_name_only(at - 1)
        if self._patronymic_any(at - 1) and (given := self._given_names(at - 2)):
            yield at - 2, at, given, self._patronymic_any(at - 1), True

    def _initials_beside(
        self, at: int
    ) -> Iterator[tuple[int, int, frozenset[str], frozenset[str], bool]]:
        nobody: frozenset[str] = frozenset()
        first, second = self._dotted(at + 1), self._dotted(at + 3)
        if first and second:
            yield at, at + 4, frozenset({first}), frozenset({second}), True
        if first:
            yield at, at + 2, frozenset({first}), nobody, False
        first, second = self._dotted(at - 4), self._dotted(at - 2)
        if self._line.is_number(at - 3):
            second = ""  # 7 Б. Лось
        if first and second:
            yield at - 4, at, frozenset({first}), frozenset({second}), True
        if second:
            yield at - 2, at, frozenset({second}), nobody, False
        if len(bare := self.bare(at - 1)) == 2:
            yield at - 1, at, frozenset({bare[0]}), frozenset({bare[1]}), False
        bare, other = self.bare(at + 1), self.initial(at + 2)
        if len(bare) == 2:
            yield at, at + 1, frozenset({bare[0]}), frozenset({bare[1]}), False
        elif other and (initial := self.initial(at + 1)):
            yield at, at + 2, frozenset({initial}), frozenset({other}), False
        elif bare:
            yield at, at + 1, frozenset({bare}), nobody, False

    def _given_names(self, at: int) -> frozenset[str]:
        token = self._line.token(at)
        if token is None or not token.is_word or not token.capital:
            return frozenset()
        found = self._lexicon.givens.names.get(token.word, frozenset())
        found |= reviewed_names().names.get(token.word, frozenset())
        if not found and reading(token.word).given_name:
            found = frozenset({token.word})
        return found

    def _is_name_only(self, at: int) -> bool:
        """Whether the word is a given name for certain: Герман, but not Роман."""
        word = self._line.word(at)
        return (
            not self._line.shouted and word is not None and word.known and word.sense is Sense.NONE
        )

    def patronymic(self, at: int) -> frozenset[str]:
        token = self._line.token(at)
        return (
            frozenset() if token is None else self._lexicon.patronymics.get(token.word, frozenset())
        )

    def _patronymic_any(self, at: int) -> frozenset[str]:
        token = self._line.token(at)
        if token is None or not token.is_word:
            return frozenset()
        found = self._lexicon.patronymics.get(token.word, frozenset())
        if not found and reading(token.word).patronymic:
            return frozenset({token.word})
        return found

    def _dotted(self, at: int) -> str:
        """The initial at ``at``, if a dot follows."""
        return self.initial(at) if self._line.sign(at + 1) == "." else ""

    def initial(self, at: int) -> str:
        """A capital by itself."""
        token = self._line.token(at)
        single = token is not None and token.is_word and token.capital and len(token.word) == 1
        return token.word if token and single else ""

    def bare(self, at: int) -> str:
        """One or two capitals without a dot, at most; a lone one that is no preposition."""
        token = self._line.token(at)
        if token is None or not token.is_word or token.raw != token.raw.upper():
            return ""
        alone = len(token.word) == 1 and not (self._line.shouted and token.word in _WORDS)
        return token.word if alone or len(token.word) == 2 else ""


def _fits(given: str, father: str, said: frozenset[str], said_father: frozenset[str]) -> bool:
    """Whether a person of these names is the one said, by names or by first letters."""
    if not given or not (given in said or given[0] in said):
        return False
    return not said_father or not father or father in said_father or father[0] in said_father
