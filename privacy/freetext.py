"""Does a text name one of the school's own people?

``Lexicon`` holds what counts as naming somebody, ``scan`` looks for it; the two meet in words
and pairs of neighbouring words only, so that a wider lexicon needs no other scan:

* a surname in any of its forms, as a whole word, whatever its case;
* a given name followed by its patronymic, both in one grammatical case;
* a surname of one or two letters (Ли, Э) only beside the person's given name or initial:
  alone it would be a particle of speech;
* a double surname as a whole, or one of its parts where that part is of the type Иванов.

A given name alone names nobody. Text is normalised first: composed letters, lower case,
``е`` for ``ё``, no stress marks and soft hyphens; a hyphen parts words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import polars as pl

from privacy.inflection import is_possessive, noun_cases, noun_forms, surname_forms

# An initial keeps its dot, which tells it from a one-letter word.
_WORD = r"[а-яa-z]\.|[а-яa-z]+"
_INVISIBLE = "[\u0301\u00ad\u200b-\u200d\u2060\ufeff]"
_SHORT = 2


@dataclass(frozen=True)
class Lexicon:
    """What names somebody: single ``words``, and ``pairs`` of neighbours parted by a space."""

    words: frozenset[str]
    pairs: frozenset[str]

    @classmethod
    def of(cls, full_names: pl.Series) -> Lexicon:
        """The lexicon of people written ``surname given patronymic`` (the latter two optional)."""
        people = _people(full_names)
        surnames = {person.surname for person in people}
        given = {(p.given, p.patronymic) for p in people if p.given and p.patronymic}
        words = {form for surname in surnames for form in _single_forms(surname)}
        pairs = {pair for surname in surnames for pair in _double_surname(surname)}
        pairs |= {pair for names in given for pair in _given_patronymic(*names)}
        pairs |= {pair for person in people for pair in _short_surname(person)}
        return cls(frozenset(words), frozenset(pairs))


@dataclass(frozen=True)
class _Person:
    surname: tuple[str, ...]  # one part, or the parts of a double surname
    given: str
    patronymic: str


def scan(texts: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Whether each text (String, null = no text) names somebody (Boolean, never null)."""
    words = (
        texts.rename("text")
        .drop_nulls()
        .unique()
        .to_frame()
        .with_columns(word=normal_text(pl.col("text")).str.extract_all(_WORD))
        .explode("word")
        .drop_nulls("word")
        .with_columns(next=pl.col("word").shift(-1).over("text"))
    )
    pairs = pl.concat_str("word", "next", separator=" ")
    named = _among(pl.col("word"), lexicon.words) | _among(pairs, lexicon.pairs)
    hits = words.filter(named)["text"].unique()
    return texts.is_in(hits.implode()).fill_null(value=False)


def normal_text(text: pl.Expr) -> pl.Expr:
    """The text as the lexicon spells it."""
    composed = text.str.normalize("NFKC").str.replace_all(_INVISIBLE, "")
    return composed.str.to_lowercase().str.replace_all("ё", "е", literal=True)


def _among(words: pl.Expr, known: frozenset[str]) -> pl.Expr:
    return words.is_in(pl.Series(list(known), dtype=pl.String).implode()).fill_null(value=False)


def _people(full_names: pl.Series) -> set[_Person]:
    names = full_names.rename("name").drop_nulls().unique().to_frame()
    normal = names.select(normal_text(pl.col("name")))["name"].to_list()
    spelled = ([word.strip(".,-") for word in name.split()] for name in normal)
    return {
        _Person(tuple(filter(None, words[0].split("-"))), *[*words[1:3], "", ""][:2])
        for words in spelled
        if words and words[0]
    }


def _single_forms(surname: tuple[str, ...]) -> Iterator[str]:
    if len(surname) == 1 and len(surname[0]) > _SHORT:
        yield from surname_forms(surname[0])
    elif len(surname) > 1:
        for part in filter(is_possessive, surname):
            yield from surname_forms(part)


def _double_surname(surname: tuple[str, ...]) -> Iterator[str]:
    for first, second in pairwise(surname):
        yield from _pairs(surname_forms(first), surname_forms(second))


def _given_patronymic(given: str, patronymic: str) -> Iterator[str]:
    for first, second in zip(noun_cases(given), noun_cases(patronymic), strict=True):
        yield from _pairs(first, second)


def _short_surname(person: _Person) -> Iterator[str]:
    if len(person.surname) > 1 or len(person.surname[0]) > _SHORT or not person.given:
        return
    surname, given = surname_forms(person.surname[0]), noun_forms(person.given)
    initials = {f"{name[0]}." for name in (person.given, person.patronymic) if name}
    yield from _pairs(surname, given | {f"{person.given[0]}."})
    yield from _pairs(given | initials, surname)


def _pairs(first: Iterable[str], second: Iterable[str]) -> Iterator[str]:
    return (" ".join(pair) for pair in product(first, second))
