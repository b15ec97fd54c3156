"""What a Russian word is, out of its context: its dictionary forms, and what it means but a name.

The dictionary is OpenCorpora's, through ``pymorphy3``; it lies on disk and asks no network.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache

import pymorphy3

_INVISIBLE = dict.fromkeys(map(ord, "\u0301\u0300\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LOOKALIKES = str.maketrans("aceopxykmthbu", "асеорхукмтнви")
_CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")

# Readings that are names of somebody or something; "Poss" is Петров as "Пётр's".
_NAMES = frozenset({"Surn", "Name", "Patr", "Geox", "Orgn", "Trad", "Init", "Abbr", "Poss"})
_NOMINAL = frozenset({"NOUN", "ADJF", "PRTF"})
# The dictionary makes short adjectives (дроздов, ситников) that nobody uses.
_MADE_UP = re.compile(r".*(?:ов|ев|ин|ын)[аоы]?")
_RELATION = re.compile(r".*[сц]к\w{1,3}")
# A vocabulary of this many words is more than a school's year has.
_REMEMBERED = 200_000


class Sense(Enum):
    """What a word means if it is no name, the less the more surely it is one."""

    NONE = "none"  # nothing, as far as the dictionary knows
    PLURAL = "plural"  # only "of many": столяров, волков
    RELATION = "relation"  # an adjective like никольский, черных
    ADJECTIVE = "adjective"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Reading:
    """A word out of context. ``lemmas``: its dictionary forms, folded."""

    lemmas: frozenset[str]
    known: bool
    sense: Sense
    nominal: frozenset[tuple[str | None, ...]]  # as a noun or adjective: number, case, gender
    finite: bool  # what somebody does or did
    infinitive: bool
    imperative: bool
    surname: bool  # can be one, and likewise below
    given_name: bool
    patronymic: bool


def folded(word: str) -> str:
    """The word as the lexicon spells it: as ``plain``, and ``е`` for ``ё``."""
    return plain(word).replace("ё", "е")


def plain(word: str) -> str:
    """The word composed, in lower case, without stress marks, with Cyrillic letters for the Latin
    ones that look the same, where a Cyrillic one stands beside."""
    composed = unicodedata.normalize("NFKC", word.translate(_INVISIBLE)).translate(_INVISIBLE)
    lowered = composed.lower()
    if not lowered.isascii() and not _CYRILLIC.issuperset(lowered):
        return lowered.translate(_LOOKALIKES)
    return lowered


def in_cyrillic(word: str) -> str:
    """A folded word of Latin letters as it looks."""
    return word.translate(_LOOKALIKES)


@lru_cache(_REMEMBERED)
def reading(word: str) -> Reading:
    """What the folded ``word`` may be."""
    parses = _analyzer().parse(word)
    known = _analyzer().word_is_known(word)
    ordinary = [p.tag for p in parses if known and not _NAMES & p.tag.grammemes]
    if _MADE_UP.fullmatch(word):
        ordinary = [tag for tag in ordinary if tag.POS != "ADJS"]
    tags = [p.tag for p in parses]
    return Reading(
        lemmas=frozenset(p.normal_form.replace("ё", "е") for p in parses) | {word},
        known=known,
        sense=_sense(word, ordinary),
        nominal=frozenset(
            (tag.number, tag.case, tag.gender) for tag in ordinary if tag.POS in _NOMINAL
        ),
        finite=any("3per" in tag or "past" in tag for tag in tags if tag.POS == "VERB"),
        infinitive=any(tag.POS == "INFN" for tag in tags),
        imperative=any(tag.mood == "impr" for tag in tags),
        surname=any("Surn" in tag for tag in tags),
        given_name=any("Name" in tag for tag in tags),
        patronymic=any("Patr" in tag for tag in tags),
    )


def agree(first: Reading, second: Reading) -> bool:
    """Whether the words can be an adjective and its noun, or two adjectives of one."""
    return not first.nominal.isdisjoint(second.nominal)


def _sense(word: str, ordinary: list[pymorphy3.tagset.OpencorporaTag]) -> Sense:
    if not ordinary:
        return Sense.NONE
    if all(
        tag.POS == "NOUN" and tag.number == "plur" and tag.case in ("gent", "accs", "loct")
        for tag in ordinary
    ):
        return Sense.PLURAL
    if all(tag.POS in ("ADJF", "PRTF") for tag in ordinary):
        many = all(tag.number == "plur" for tag in ordinary)  # черных
        return Sense.RELATION if many or _RELATION.fullmatch(word) else Sense.ADJECTIVE
    return Sense.WORD


@cache
def _analyzer() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()
