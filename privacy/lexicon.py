"""The people of a school as a text may name them.

``Lexicon.of`` makes every form of every name once; what a word of a text may be is then a
look-up. A slip of the pen (one letter wrong, missing, too much, or two exchanged) is looked for
only in words that the dictionary does not know as ordinary ones.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from privacy.given_names import GivenForms, given_forms
from privacy.inflection import (
    is_possessive,
    noun_forms,
    surname_datives,
    surname_forms,
)
from privacy.russian import Sense, folded, in_cyrillic, reading

_SHORT = 2  # Ли, Э: alone they would be particles of speech
_SHORTEST_SLIP = 4  # a shorter word is one letter away from too many others
_PLACE = re.compile(r".*(?:ово|ево|ино|ыно|ск)")  # Орлово, beside Орлов
_SURE_SLIP = 5


@dataclass(frozen=True, repr=False)
class Person:
    """One way in which somebody of the school is written; folded. ``parts`` of the surname."""

    parts: tuple[str, ...]
    given: str
    patronymic: str

    @property
    def initials(self) -> str:
        """The first letters of given name and patronymic, as far as they are known."""
        return self.given[:1] + self.patronymic[:1]


@dataclass(frozen=True)
class Surname:
    """What a word is as a surname of the school.

    ``people``: who may be meant. ``sense``: what the word means besides. ``sure``: it can be
    nothing else; ``slip``: it is one letter away. ``leans``: it counts only beside the given name
    or the initials.
    """

    people: tuple[Person, ...] = field(repr=False)
    sense: Sense
    dative: bool
    slip: bool = False
    leans: bool = False

    @property
    def sure(self) -> bool:
        return self.sense is Sense.NONE


@dataclass
class Lexicon:
    """Look-ups from a folded word to what it names."""

    givens: GivenForms = field(repr=False)
    patronymics: Mapping[str, frozenset[str]] = field(repr=False)
    fathers: frozenset[tuple[str, str]] = field(repr=False)  # given names with patronymics
    letters: frozenset[tuple[str, str]] = field(repr=False)  # given names with a surname's initial
    _forms: Mapping[str, frozenset[str]] = field(repr=False)
    _datives: frozenset[str] = field(repr=False)
    _people: Mapping[str, tuple[Person, ...]] = field(repr=False)
    _slips: Mapping[str, frozenset[str]] = field(repr=False)
    _known: dict[str, Surname | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, full_names: pl.Series) -> Lexicon:
        """The lexicon of people written ``surname given patronymic`` (the latter two optional)."""
        people = _people(full_names)
        bearers: dict[str, set[Person]] = defaultdict(set)
        for person in people:
            for name in _surnames(person.parts):
                bearers[name].add(person)
        forms: dict[str, set[str]] = defaultdict(set)
        for name in bearers:
            for form in _surname_forms(name):
                forms[form].add(name)
        patronymics: dict[str, set[str]] = defaultdict(set)
        for patronymic in {p.patronymic for p in people if p.patronymic}:
            for form in noun_forms(patronymic):
                patronymics[form].add(patronymic)
        return cls(
            givens=given_forms({p.given for p in people if p.given}),
            patronymics=_frozen(patronymics),
            fathers=frozenset((p.given, p.patronymic) for p in people if p.patronymic),
            letters=frozenset((p.given, p.parts[0][0]) for p in people if p.given),
            _forms=_frozen(forms),
            _datives=frozenset(d for name in bearers for d in _surname_datives(name)),
            _people={name: tuple(of) for name, of in bearers.items()},
            _slips=_slips(forms),
        )

    def surname(self, word: str, spelled: str = "") -> Surname | None:
        """What ``word`` is as a surname of the school, or as a slip of the pen for one.

        ``spelled``: the word with its ``ё``, where it stands: Королёва is no queen.
        """
        key = spelled or word
        if key not in self._known:
            self._known[key] = self._exact(word, key) or self._slip(word)
        return self._known[key]

    def is_surname(self, word: str) -> bool:
        """Whether ``word`` is, letter for letter, a form of a surname of the school."""
        return word in self._forms

    def names(self, word: str) -> bool:
        """Whether ``word`` may be part of a name of the school: reason to read its text."""
        known = word in self.givens.names or word in self.patronymics
        return known or self.surname(word) is not None

    def _exact(self, word: str, spelled: str) -> Surname | None:
        if word.isascii():
            word = in_cyrillic(word)
            if word not in self._forms or reading(word).sense is not Sense.NONE:
                return None
        if (names := self._forms.get(word)) is None:
            return None
        sense = Sense.NONE if "-" in word else reading(spelled).sense
        dative = word in self._datives
        return Surname(self._bearers(names), sense, dative, leans=len(word) <= _SHORT)

    def _slip(self, word: str) -> Surname | None:
        if len(word) < _SHORTEST_SLIP or word.isascii():
            return None
        meant = {form for gap in _gaps(word) for form in self._slips.get(gap, ())}
        meant = {form for form in meant if _one_apart(word, form)}
        if not meant:
            return None
        read = reading(word)
        sure = (
            not read.known and not _PLACE.fullmatch(word) and any(_is_sure(form) for form in meant)
        )
        return Surname(
            self._bearers(name for form in meant for name in self._forms[form]),
            Sense.NONE if sure else Sense.WORD,
            dative=not meant.isdisjoint(self._datives),
            slip=True,
            leans=read.sense is not Sense.NONE,
        )

    def _bearers(self, names: Iterable[str]) -> tuple[Person, ...]:
        return tuple(person for name in names for person in self._people[name])


def _is_sure(form: str) -> bool:
    """Whether a slip for ``form`` may stand alone: it is long, and no ordinary word itself."""
    return len(form) >= _SURE_SLIP and reading(form).sense not in (Sense.WORD, Sense.ADJECTIVE)


def _people(full_names: pl.Series) -> set[Person]:
    found = set()
    for name in full_names.drop_nulls().unique():
        words = [folded(word).strip(".,-") for word in name.split()]
        if words and words[0]:
            parts = tuple(filter(None, words[0].split("-")))
            found.add(Person(parts, *[*words[1:3], "", ""][:2]))
    return found


def _surnames(parts: tuple[str, ...]) -> Iterator[str]:
    """A surname, a double one, and of a double one the parts that are no other word."""
    yield "-".join(parts)
    if len(parts) > 1:
        yield from filter(is_possessive, parts)


def _surname_forms(name: str) -> Iterator[str]:
    first, *others = name.split("-")
    found = surname_forms(first)
    for part in others:
        found = frozenset(f"{a}-{b}" for a in found for b in surname_forms(part))
    yield from found


def _surname_datives(name: str) -> Iterator[str]:
    first, *others = name.split("-")
    found = surname_datives(first)
    for part in others:
        found = frozenset(f"{a}-{b}" for a in found for b in surname_datives(part))
    yield from found


def _slips(forms: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Each form by itself and by what is left of it without one letter."""
    found: dict[str, set[str]] = defaultdict(set)
    for form in forms:
        if len(form) > _SHORTEST_SLIP:
            for gap in _gaps(form):
                found[gap].add(form)
    return _frozen(found)


def _gaps(word: str) -> Iterator[str]:
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _one_apart(word: str, form: str) -> bool:
    """Whether one letter is wrong, missing or too much, or two neighbours are exchanged."""
    if len(word) == len(form):
        apart = [at for at, (a, b) in enumerate(zip(word, form, strict=True)) if a != b]
        if len(apart) == 2:
            first, second = apart
            exchanged = word[first] == form[second] and word[second] == form[first]
            return second == first + 1 and exchanged
        return len(apart) == 1
    longer, shorter = (word, form) if len(word) > len(form) else (form, word)
    return shorter in _gaps(longer)


def _frozen(found: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in found.items()}
