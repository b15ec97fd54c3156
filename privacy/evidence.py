"""Which words of one text name somebody of the school.

Evidence is strong or weak. Strong: a surname that is no other word; any surname beside the given
name or the initials of one of its bearers; a given name with its patronymic. Weak: a surname that
is a word or an author's, a given name alone. What is weak needs a sign of the school day beside
it (``words/cues.yml``): Лось опоздал, спросить Сашу, Опрос: Белый. The given name or initials of
somebody else make a surname weak, and so does a work before it: картина Шишкина.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from privacy.famous import namesakes
from privacy.given_names import reviewed_names
from privacy.lexicon import Lexicon, Person, Surname
from privacy.russian import Reading, Sense, agree, reading
from privacy.tokens import Token, tokens_of
from privacy.wordlists import cues

_DASHES = frozenset("-–—:")
_ENDS = frozenset(".;)!?")
_TO = frozenset(
    {"к", "ко", "по", "о", "об", "про", "у", "для"}
)  # a dative after these is no errand's
_MARKS = frozenset("12345")
_NOT = frozenset({"не", "тоже", "ещё", "еще", "снова", "опять"})
_ASIDE = frozenset("-–—:(")
_AND = frozenset({"и", ","})
_REACH = 4  # how many words may stand between a cue and the name it is about


class Kind(Enum):
    """What a piece of a text is."""

    NAME = "name"
    GIVEN_NAME = "given_name"


class _Whose(Enum):
    """Whose given name or initials stand beside a surname."""

    NOBODYS = 0
    OURS = 1
    SOMEBODYS = 2


@dataclass(frozen=True)
class Piece:
    """A part of a text, ``start`` to ``end`` (characters)."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True)
class _Group:
    """The tokens ``first`` to ``last`` are one name; ``whose``: of its given name or initials."""

    first: int
    last: int
    whose: _Whose = _Whose.NOBODYS
    author: bool = False  # the given name or initials are those of a famous namesake


def names_in(text: str, lexicon: Lexicon) -> list[Piece]:
    """The names of the school's people in ``text``, in order, without overlap."""
    return list(_Text(text, lexicon).pieces())


class _Text:
    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._tokens = tokens_of(text, lexicon.is_surname)

    def pieces(self) -> Iterator[Piece]:
        done = -1
        for at in range(len(self._tokens)):
            if at <= done:
                continue
            found = self._surname(at) or self._given(at)
            if found is not None:
                kind, group = found
                done = group.last
                start, end = self._tokens[group.first].start, self._tokens[group.last].end
                yield Piece(kind, start, end)

    # Surnames.

    def _surname(self, at: int) -> tuple[Kind, _Group] | None:
        token = self._tokens[at]
        if not token.is_word or (surname := self._lexicon.surname(token.word)) is None:
            return None
        group = self._group(at, surname.people)
        named = self._is_ours(at, surname, group)
        return (Kind.NAME, group) if named else None

    def _is_ours(self, at: int, surname: Surname, group: _Group) -> bool:
        token = self._tokens[at]
        if surname.slip and not token.capital:
            return False
        if group.whose is _Whose.OURS and not (group.author or self._is_titled(group)):
            return True
        if surname.leans or self._is_place(group):
            return False
        if self._is_about_a_work(group, surname, token):
            return False
        if self._has_cue(group, dative=surname.dative) and self._may_be_cued(at, surname):
            return True
        if group.whose is _Whose.SOMEBODYS or group.author:
            return False
        if token.disguised and token.capital and not surname.slip:
            return True
        return self._stands_alone(at, surname)

    def _may_be_cued(self, at: int, surname: Surname) -> bool:
        """A word in small letters is a word, but for: спросить белого."""
        if self._tokens[at].capital or surname.sense in (Sense.NONE, Sense.PLURAL):
            return True
        after = self._word(at + 1)
        nominal = after is not None and after.nominal
        return not nominal and self._lemma(at - 1, cues().summons)

    def _stands_alone(self, at: int, surname: Surname) -> bool:
        """Whether a surname with nothing beside it that tells is somebody of the school."""
        token = self._tokens[at]
        famous = [one for one in namesakes().get(token.word, ()) if one.known]
        if famous and not (self._is_alone(at) and all(token.word != n.surname for n in famous)):
            return False  # Тургенева, and nothing else, is a girl: the author would be Тургенев
        if surname.sure or (surname.slip and self._is_alone(at)):
            return True
        if surname.slip or not token.capital or token.glued or token.quoted:
            return False
        before, after = self._word(at - 1), self._word(at + 1)
        opens = before is None
        inside = before is not None and not self._shouted and not self._tokens[at - 1].capital
        follows = after is not None and agree(reading(token.word), after)
        match surname.sense:
            case Sense.PLURAL:  # "of many" depends on a word before it
                return inside or opens
            case Sense.RELATION:
                return (inside or opens) and not follows
            case Sense.ADJECTIVE:
                return inside and not follows
            case _:
                return inside and not self._lemma(at - 1, cues().companions)

    def _is_alone(self, at: int) -> bool:
        """Whether the word is a sentence by itself."""
        return (
            self._word(at - 1) is None
            and self._sign(at + 1) in ("", ".", ";")
            and (self._word(at + 1) is None)
        )

    def _is_place(self, group: _Group) -> bool:
        before = group.first - 1
        if self._sign(before) == ".":
            before -= 1  # ул. Жукова
        return self._lemma(before, cues().toponyms) and before >= 0

    def _is_about_a_work(self, group: _Group, surname: Surname, token: Token) -> bool:
        """Картина Шишкина, Толстой «После бала»: whatever cue there is, it is about a work."""
        if surname.sure and token.word not in namesakes():
            return False
        if self._lemma(group.first - 1, cues().works):
            return True
        return self._is_titled(group) or token.quoted

    def _is_titled(self, group: _Group) -> bool:
        after = group.last + 1
        after += self._sign(after) in _DASHES | {"."}
        return self._sign(after) in ("«", '"', "„") and not self._tokens[after].quoted

    # Given names.

    def _given(self, at: int) -> tuple[Kind, _Group] | None:
        token = self._tokens[at]
        names = self._lexicon.givens.names.get(token.word)
        if names is None or not token.is_word:
            return None
        if (father := self._father(at, names)) is not None:
            return father
        if not token.capital or token.quoted or token.glued:
            return None
        if self._is_initial_of_ours(at, names):
            return Kind.GIVEN_NAME, _Group(at, at + 1)
        if self._is_somebody_elses(at):
            return None
        group = _Group(at, at)
        dative = token.word in self._lexicon.givens.datives
        cued = self._has_cue(group, dative=dative) or self._is_given_names_cue(group)
        return (Kind.GIVEN_NAME, group) if cued else None

    def _is_given_names_cue(self, group: _Group) -> bool:
        """What tells nothing of a surname, which may be a word: (Саша), Саша: № 5, Тест: Саша."""
        before, after = group.first - 1, self._after(group)
        if self._lemma(before, cues().belongings):
            return True
        if self._sign(after) in _DASHES and self._sign(after + 1) in ("№", "§"):
            return True
        while self._is_in_list(before):
            before -= 1
        if self._sign(before) == "(" and self._sign(after) == ")":
            return True
        told = (
            self._lemma(at, cues().tellings) or self._lemma(at, cues().works)
            for at in range(max(0, before - _REACH), before)
        )
        return self._sign(before) == ":" and self._token(after) is None and not any(told)

    def _father(self, at: int, names: frozenset[str]) -> tuple[Kind, _Group] | None:
        """A given name with its patronymic, unless a foreign surname stands beside."""
        fathers = self._patronymic(at + 1)
        if not any((n, f) in self._lexicon.fathers for n in names for f in fathers):
            return None
        for beside in (at - 1, at + 2):
            if self._is_foreign_surname(beside):
                return None
        return Kind.NAME, _Group(at, at + 1)

    def _is_initial_of_ours(self, at: int, names: frozenset[str]) -> bool:
        """Костя Б.: the initial of a surname borne by somebody of that name."""
        initial = None if self._is_number(at + 3) else self._dotted(at + 1)
        if initial is None and not self._shouted and len(bare := self._bare(at + 1) or "") == 1:
            initial = bare
        return any((name, initial) in self._lexicon.letters for name in names)

    def _is_somebody_elses(self, at: int) -> bool:
        """Whether a surname or a patronymic beside a given name makes it another person's."""
        after = self._word(at + 1)
        if after is not None and self._tokens[at + 1].word.endswith(("вна", "вич", "вны", "вича")):
            return True
        return self._is_foreign_surname(at + 1) or self._is_foreign_surname(at - 1)

    def _is_foreign_surname(self, at: int) -> bool:
        """A capital word that is a surname, or nothing the dictionary knows."""
        word = self._word(at)
        if word is None or not self._tokens[at].capital or self._shouted:
            return False
        return word.surname and word.sense in (Sense.NONE, Sense.PLURAL, Sense.RELATION)

    # What stands beside.

    def _group(self, at: int, people: Iterable[Person]) -> _Group:
        """The surname at ``at`` with the given name, patronymic or initials beside it."""
        people = tuple(people)
        word = self._tokens[at].word
        best = _Group(at, at)
        for first, last, given, father, dotted in self._beside(at):
            ours = any(_fits(p.given, p.patronymic, given, father) for p in people)
            author = self._is_author(word, given, father, first=first < at, ours=ours)
            if ours or author:
                whose = _Whose.OURS if ours else _Whose.SOMEBODYS
                return _Group(first, last, whose, author)
            if dotted:
                best = _Group(first, last, _Whose.SOMEBODYS)
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
            yield at, at + 2, frozenset({first}), nobody, True
        first, second = self._dotted(at - 4), self._dotted(at - 2)
        if self._is_number(at - 3):
            second = None  # 7 Б. Лось
        if first and second:
            yield at - 4, at, frozenset({first}), frozenset({second}), True
        if second:
            yield at - 2, at, frozenset({second}), nobody, True
        if (bare := self._bare(at - 1)) and len(bare) == 2:
            yield at - 1, at, frozenset({bare[0]}), frozenset({bare[1]}), False
        bare, other = self._bare(at + 1), self._bare(at + 2)
        if bare and len(bare) == 2:
            yield at, at + 1, frozenset({bare[0]}), frozenset({bare[1]}), False
        elif bare and other and len(other) == 1:
            yield at, at + 2, frozenset({bare}), frozenset({other}), False
        elif bare and len(bare) == 1:
            yield at, at + 1, frozenset({bare}), nobody, False

    def _given_names(self, at: int) -> frozenset[str]:
        token = self._token(at)
        if token is None or not token.is_word or not token.capital:
            return frozenset()
        found = self._lexicon.givens.names.get(token.word, frozenset())
        found |= reviewed_names().names.get(token.word, frozenset())
        if not found and reading(token.word).given_name:
            found = frozenset({token.word})
        return found

    def _is_name_only(self, at: int) -> bool:
        """Whether the word is a given name for certain: Герман, but not Роман."""
        word = self._word(at)
        return not self._shouted and word is not None and word.known and word.sense is Sense.NONE

    def _patronymic(self, at: int) -> frozenset[str]:
        token = self._token(at)
        return (
            frozenset() if token is None else self._lexicon.patronymics.get(token.word, frozenset())
        )

    def _patronymic_any(self, at: int) -> frozenset[str]:
        token = self._token(at)
        if token is None or not token.is_word:
            return frozenset()
        found = self._lexicon.patronymics.get(token.word, frozenset())
        if not found and reading(token.word).patronymic:
            return frozenset({token.word})
        return found

    def _dotted(self, at: int) -> str | None:
        """The initial at ``at``, if a dot follows."""
        token = self._token(at)
        single = token is not None and token.is_word and token.capital and len(token.word) == 1
        return token.word if token and single and self._sign(at + 1) == "." else None

    def _bare(self, at: int) -> str | None:
        """One or two capitals without a dot."""
        token = self._token(at)
        if (
            token is None
            or not token.is_word
            or len(token.word) > 2
            or token.raw != token.raw.upper()
        ):
            return None
        return token.word

    # Cues.

    def _has_cue(self, group: _Group, *, dative: bool) -> bool:
        return (
            self._is_called(group)
            or self._does(group)
            or (self._may_be_given(group, dative=dative) and self._is_given(group))
            or self._has_mark(group, dative=dative)
            or self._has_class(group)
            or self._has_errand(group)
            or self._is_listed(group)
        )

    def _is_called(self, group: _Group) -> bool:
        at = group.first - 1
        for _ in range(_REACH):
            if self._sign(at) == ".":
                return self._lemma(at - 1, cues().abbreviations)
            word = self._word(at)
            if word is None:
                break
            if word.lemmas & cues().calls or (word.finite and word.lemmas & cues().finite):
                return True
            if self._is_phrase(at):
                return True
            if not word.lemmas & cues().things:
                break
            at -= 1
        after = self._word(group.last + 1)
        return self._before_is(group, "с", "со") and after is not None and after.infinitive

    def _before_is(self, group: _Group, *words: str) -> bool:
        before = self._token(group.first - 1)
        return before is not None and before.word in words

    def _is_phrase(self, at: int) -> bool:
        first, second = self._word(at - 1), self._word(at)
        if first is None or second is None:
            return False
        return any(f"{a} {b}" in cues().phrases for a in first.lemmas for b in second.lemmas)

    def _after(self, group: _Group) -> int:
        """Where the list of names ends to which the name belongs: Лось и Дуб дежурят."""
        at = group.last + 1
        while (token := self._token(at)) and token.word in _AND and self._is_capital(at + 1):
            at += 2
        return at

    def _does(self, group: _Group) -> bool:
        at = self._after(group)
        at += self._sign(at) in _ASIDE
        token = self._token(at)
        refused = token is not None and token.word == "не"
        if token is not None and token.word in _NOT:
            at += 1
        first = self._word(at)
        if first is None:
            return False
        aside = self._sign(group.last + 1) in _ASIDE
        if (aside or self._before_is(group, "у")) and first.lemmas & cues().states:
            return not (first.lemmas & cues().works and self._is_famous(group))
        if self._before_is(group, "у"):
            return False  # У Маши нет яблок
        if refused and first.lemmas & cues().refusals:
            return True
        if first.lemmas & cues().doings and not first.infinitive:
            return True
        if first.infinitive and first.lemmas & (cues().calls | cues().errands):
            return True  # Лося спросить
        at += first.finite  # идёт к доске
        place, second = self._token(at), self._word(at + 1)
        if place is None or second is None:
            return place is not None and place.word == "н"
        return any(f"{place.word} {lemma}" in cues().places for lemma in second.lemmas)

    def _may_be_given(self, group: _Group, *, dative: bool) -> bool:
        before = self._token(group.first - 1)
        if before is None or before.word not in _TO:
            nominative = self._tokens[group.last].word[-1] not in "уюейм"
            return dative and not (nominative and self._is_famous(group))  # Гоголь § 5
        return self._before_is(group, "для")

    def _is_given(self, group: _Group) -> bool:
        at = self._after(group)
        at += self._sign(at) in _DASHES
        token = self._token(at)
        if token is None:
            return False
        if not token.is_word:
            return token.word in cues().given
        word = reading(token.word)
        return word.infinitive or bool(word.lemmas & cues().given)

    def _has_class(self, group: _Group) -> bool:
        """Лось (7б), Лось, 7 Б."""
        at = group.last + 1
        at += self._sign(at) in (",", "(")
        letter = self._token(at + 1)
        return (
            self._is_number(at) and letter is not None and letter.is_word and len(letter.word) == 1
        )

    def _has_mark(self, group: _Group, *, dative: bool) -> bool:
        at = group.last + 1
        if dative and self._is_mark(at) and self._token(at + 1) is None:
            return True  # Лосю 4
        if self._sign(at) in _DASHES and self._is_mark(at + 1):
            after = self._token(at + 2)
            return after is None or after.word in _ENDS | {","}
        return self._sign(at) == "(" and self._is_mark(at + 1) and self._sign(at + 2) == ")"

    def _has_errand(self, group: _Group) -> bool:
        """Лось, принести атлас."""
        at = self._after(group)
        at += self._sign(at) in (",", ":")
        word = self._word(at)
        if word is None or self._word(group.first - 1) is not None:
            return False
        wanted = cues().errands - ({"повторить"} if self._is_famous(group) else set())
        return (word.infinitive or word.imperative) and bool(word.lemmas & wanted)

    def _is_famous(self, group: _Group) -> bool:
        return any(t.word in namesakes() for t in self._tokens[group.first : group.last + 1])

    def _is_listed(self, group: _Group) -> bool:
        """Опрос: Белый, Лось. Of a famous name, only with nothing after it."""
        at = group.first - 1
        while self._is_in_list(at):
            at -= 1
        if self._sign(at) != ":":
            return False
        after = group.last + 1
        while self._is_in_list(after):
            after += 1
        end = self._token(after)
        ends = end is None or not end.is_word
        if not ends and any(t.word in namesakes() for t in self._tokens[at:after]):
            return False
        if self._sign(at - 1) == "»":
            return end is None  # Проект «Моя семья»: Белый
        return any(
            self._lemma(before, cues().headings) for before in range(max(0, at - _REACH), at)
        )

    def _is_in_list(self, at: int) -> bool:
        token = self._token(at)
        return token is not None and (token.word in _AND or self._is_capital(at))

    # Tokens.

    def _token(self, at: int) -> Token | None:
        return self._tokens[at] if 0 <= at < len(self._tokens) else None

    def _word(self, at: int) -> Reading | None:
        token = self._token(at)
        return reading(token.word) if token is not None and token.is_word else None

    def _sign(self, at: int) -> str:
        token = self._token(at)
        return token.word if token is not None and not token.is_word else ""

    def _is_capital(self, at: int) -> bool:
        token = self._token(at)
        return token is not None and token.is_word and token.capital

    def _is_number(self, at: int) -> bool:
        return self._sign(at).isdecimal()

    def _is_mark(self, at: int) -> bool:
        return self._sign(at) in _MARKS

    def _lemma(self, at: int, lemmas: frozenset[str]) -> bool:
        word = self._word(at)
        return word is not None and bool(word.lemmas & lemmas)

    @cached_property
    def _shouted(self) -> bool:
        """Whether the text is in capitals throughout, so that they tell nothing."""
        return not any(t.is_word and t.raw != t.raw.upper() for t in self._tokens)


def _fits(given: str, father: str, said: frozenset[str], said_father: frozenset[str]) -> bool:
    """Whether a person of these names is the one said, by names or by first letters."""
    if not given or not (given in said or given[0] in said):
        return False
    return not said_father or not father or father in said_father or father[0] in said_father
