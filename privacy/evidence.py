"""Which words of one text name somebody of the school.

Evidence is strong or weak. Strong: a surname that is no other word; any surname beside the given
name or the initials of one of its bearers; a given name with its patronymic. Weak: a surname that
is a word or an author's, a given name alone. What is weak needs a sign of the school day beside
it (``words/cues.yml``): Лось опоздал, спросить Сашу, Опрос: Белый. The given name or initials of
somebody else make a surname weak, and so does a work before it: картина Шишкина.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from privacy.bearers import Bearers
from privacy.famous import namesakes
from privacy.lexicon import Lexicon, Surname
from privacy.line import Group, Line, Whose
from privacy.russian import Sense, agree, reading
from privacy.signs import Signs
from privacy.tokens import Token, tokens_of
from privacy.wordlists import cues

_DASHES = frozenset("-–—:")
_REACH = 4  # how many words may stand between a cue and the name it is about
_SHORTENED = 3


class Kind(Enum):
    """What a piece of a text is."""

    NAME = "name"
    GIVEN_NAME = "given_name"


@dataclass(frozen=True)
class Piece:
    """A part of a text, ``start`` to ``end`` (characters)."""

    kind: Kind
    start: int
    end: int


def names_in(text: str, lexicon: Lexicon) -> list[Piece]:
    """The names of the school's people in ``text``, in order, without overlap."""
    return list(_Text(text, lexicon).pieces())


class _Text:
    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._line = Line(tokens_of(text, lexicon.is_surname))
        self._signs = Signs(self._line)
        self._bearers = Bearers(self._line, lexicon)

    def pieces(self) -> Iterator[Piece]:
        done = -1
        for at in range(len(self._line.tokens)):
            if at <= done:
                continue
            found = self._surname(at) or self._given(at)
            if found is not None:
                kind, group = found
                done = group.last
                start, end = self._line.tokens[group.first].start, self._line.tokens[group.last].end
                yield Piece(kind, start, end)

    # Surnames.

    def _surname(self, at: int) -> tuple[Kind, Group] | None:
        token = self._line.tokens[at]
        if (
            not token.is_word
            or (surname := self._lexicon.surname(token.word, token.spelled)) is None
        ):
            return None
        group = self._bearers.group(at, surname.people)
        named = self._is_ours(at, surname, group)
        return (Kind.NAME, group) if named else None

    def _is_ours(self, at: int, surname: Surname, group: Group) -> bool:
        token = self._line.tokens[at]
        if surname.slip and not token.capital:
            return False
        titled = token.word in namesakes() and self._is_titled(group)
        if group.whose is Whose.OURS and not (group.author or titled):
            return True
        if self._is_place(group) or (surname.slip and surname.leans):
            return False
        if self._is_about_a_work(group, surname, token):
            return False
        if self._signs.has_cue(group, dative=surname.dative) and self._may_be_cued(at, surname):
            return True
        if group.whose is Whose.SOMEBODYS or group.author or surname.leans:
            return False
        if token.disguised and token.capital and not surname.slip:
            return True
        return self._stands_alone(at, surname)

    def _may_be_cued(self, at: int, surname: Surname) -> bool:
        """A word in small letters is a word, but for: спросить белого."""
        if self._line.tokens[at].capital:
            return True
        if surname.sense in (Sense.NONE, Sense.PLURAL):
            return not surname.leans
        after = self._line.word(at + 1)
        ends = after is None or not after.nominal
        return ends and self._line.lemma(at - 1, cues().summons)

    def _stands_alone(self, at: int, surname: Surname) -> bool:
        """Whether a surname with nothing beside it that tells is somebody of the school."""
        token = self._line.tokens[at]
        famous = [one for one in namesakes().get(token.word, ()) if one.known]
        if famous and not (self._is_alone(at) and all(token.word != n.surname for n in famous)):
            return False  # Тургенева, and nothing else, is a girl: the author would be Тургенев
        if surname.sure or (surname.slip and self._is_alone(at)):
            return True
        if surname.slip or not token.capital or token.glued or token.quoted:
            return False
        before, after = self._line.word(at - 1), self._line.word(at + 1)
        opens = before is None
        inside = self._is_inside(at)
        follows = after is not None and agree(reading(token.word), after)
        match surname.sense:
            case Sense.PLURAL:  # "of many" depends on a word before it
                return inside or opens
            case Sense.RELATION:
                return (inside or opens or self._line.shouted) and not follows
            case Sense.ADJECTIVE:
                acts = opens and after is not None and after.finite  # Белый принёс справку
                return (inside or acts) and not follows
            case _:
                return inside and not self._line.lemma(at - 1, cues().companions)

    def _is_inside(self, at: int) -> bool:
        """Whether a capital letter here is no beginning of a sentence or title."""
        before = at - 1 - (self._line.sign(at - 1) == ",")
        token = self._line.token(before)
        if token is None or self._line.shouted:
            return False
        counted = self._line.is_number(before) and before < at - 1  # № 405, Лось
        return counted or (token.is_word and not token.capital)

    def _is_alone(self, at: int) -> bool:
        """Whether the word is a sentence by itself."""
        return (
            self._line.word(at - 1) is None
            and self._line.sign(at + 1) in ("", ".", ";")
            and (self._line.word(at + 1) is None)
        )

    def _is_place(self, group: Group) -> bool:
        before = group.first - 1
        if self._line.sign(before) == "." and len(self._line.tokens[before - 1].word) <= _SHORTENED:
            before -= 1  # ул. Жукова
        return self._line.lemma(before, cues().toponyms) and before >= 0

    def _is_about_a_work(self, group: Group, surname: Surname, token: Token) -> bool:
        """Картина Шишкина, Толстой «После бала»: whatever cue there is, it is about a work."""
        if surname.sure and token.word not in namesakes():
            return False
        if self._line.lemma(group.first - 1, cues().works):
            return True
        return self._is_titled(group) or token.quoted

    def _is_titled(self, group: Group) -> bool:
        after = group.last + 1
        after += self._line.sign(after) in _DASHES | {"."}
        return self._line.sign(after) in ("«", '"', "„") and not self._line.tokens[after].quoted

    # Given names.

    def _given(self, at: int) -> tuple[Kind, Group] | None:
        token = self._line.tokens[at]
        names = self._lexicon.givens.names.get(token.word)
        if names is None or not token.is_word:
            return None
        if (father := self._father(at, names)) is not None:
            return father
        if not token.capital or token.quoted:
            return None
        if self._is_initial_of_ours(at, names):
            return Kind.GIVEN_NAME, Group(at, at + 1)
        if self._is_somebody_elses(at):
            return None
        group = Group(at, at)
        dative = token.word in self._lexicon.givens.datives
        cued = self._signs.has_cue(group, dative=dative) or self._is_given_names_cue(group)
        return (Kind.GIVEN_NAME, group) if cued else None

    def _is_given_names_cue(self, group: Group) -> bool:
        """What tells nothing of a surname, which may be a word: (Саша), Саша: № 5, Тест: Саша."""
        before, after = group.first - 1, self._signs.after(group)
        if self._line.lemma(before, cues().belongings):
            return True
        if self._line.sign(after) in _DASHES and self._line.sign(after + 1) in ("№", "§"):
            return True
        while self._line.is_in_list(before):
            before -= 1
        if self._line.sign(before) == "(" and self._line.sign(after) == ")":
            return True
        told = (
            self._line.lemma(at, cues().tellings) or self._line.lemma(at, cues().works)
            for at in range(max(0, before - _REACH), before)
        )
        return self._line.sign(before) == ":" and self._line.token(after) is None and not any(told)

    def _father(self, at: int, names: frozenset[str]) -> tuple[Kind, Group] | None:
        """A given name with its patronymic, unless a foreign surname stands beside."""
        fathers = self._bearers.patronymic(at + 1)
        if not any((n, f) in self._lexicon.fathers for n in names for f in fathers):
            return None
        for beside in (at - 1, at + 2):
            if self._is_foreign_surname(beside):
                return None
        return Kind.NAME, Group(at, at + 1)

    def _is_initial_of_ours(self, at: int, names: frozenset[str]) -> bool:
        """Костя Б.: the initial of a surname borne by somebody of that name."""
        initial = (
            self._bearers.bare(at + 1)
            if self._line.sign(at + 2) != "."
            else self._bearers.initial(at + 1)
        )
        if len(initial) != 1 or self._line.is_number(at + 2) or self._line.is_number(at + 3):
            return False
        return any((name, initial) in self._lexicon.letters for name in names)

    def _is_somebody_elses(self, at: int) -> bool:
        """Whether a surname or a patronymic beside a given name makes it another person's."""
        after = self._line.word(at + 1)
        if after is not None and self._line.tokens[at + 1].word.endswith(
            ("вна", "вич", "вны", "вича")
        ):
            return True
        return self._is_foreign_surname(at + 1) or self._is_foreign_surname(at - 1)

    def _is_foreign_surname(self, at: int) -> bool:
        """A capital word that is a surname, or nothing the dictionary knows."""
        word = self._line.word(at)
        if word is None or not self._line.tokens[at].capital or self._line.shouted:
            return False
        return word.surname and word.sense in (Sense.NONE, Sense.PLURAL, Sense.RELATION)
