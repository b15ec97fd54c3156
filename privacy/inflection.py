"""The forms a Russian name takes: six cases, both genders of a surname, the plural of a family.

The sets are generous: a form that no Russian speaker would use costs little, a missing one
lets a name through. Forms are written as texts are normalised (``russian.folded``):
lower case, ``е`` for ``ё``. Indeclinable names (Шевченко, Черных, Дурново) keep their one form.
"""

from __future__ import annotations

import re

# Nominative, genitive, dative, accusative, instrumental, prepositional.
Cases = tuple[frozenset[str], ...]

# Иванов, Иванова: the cases of both genders and of the family.
_POSSESSIVE = re.compile(r"(?P<stem>.*(?:ов|ев|ин|ын))(?:а|ы)?")
_AS_NOUN = ("ом", "ам", "ами")  # Литвином, Чаплином; not everyone in -ин is declined as Ильин is
_MASCULINE_POSSESSIVE = ("", "а", "у", "ым", "е")
_FEMININE_POSSESSIVE = ("а", "ой", "ою", "у")
_POSSESSIVE_ENDINGS = ("", "а", "у", "ым", "е", "ой", "ою", "ы", "ых", "ыми")

# Белый, Крамской, Горячий, Задняя: hard and soft endings together.
_ADJECTIVE = re.compile(r"(?P<stem>.*[^аеиоуыэюяьъ])(?:ый|ий|ой|ая|яя)")
_HARD = ("ый", "ий", "ой", "ого", "ому", "ым", "им", "ом", "ая", "ую", "ою", "ые", "ых", "ыми")
_MASCULINE_ADJECTIVE = ("ый", "ий", "ой", "ого", "его", "ому", "ему", "ым", "им", "ом", "ем")
_SOFT = ("его", "ему", "ем", "яя", "юю", "ей", "ею", "ие", "их", "ими")

_INDECLINABLE = re.compile(r".*(?:[оеиуыэю]|ых|их)")

# Endings by case in place of the last letter; "|" parts spellings of one case.
_DECLENSIONS = (
    (re.compile(r".*[гкх]а"), "а и е у ой|ою е"),
    (re.compile(r".*[жшчщ]а"), "а и е у ей|ею|ой е"),
    (re.compile(r".*ца"), "а ы е у ей|ею|ой е"),
    (re.compile(r".*а"), "а ы е у ой|ою е"),
    (re.compile(r".*ия"), "я и и ю ей|ею и"),
    (re.compile(r".*я"), "я и е ю ей|ею е"),
    (re.compile(r".*ь"), "ь я|и ю|и я|ь ем|ью е|и"),  # Игорь and Любовь
    (re.compile(r".*й"), "й я ю я ем е|и"),
)
_CONSONANT = "- а у а ом|ем е"

_PLURAL = ("ы", "и", "ов", "ев", "ей", "ам", "ами")

# A vowel that flees before an ending: Кравец - Кравца, Бурлачок - Бурлачка, Соловей - Соловья.
_FLEETING = (("лец", "льц"), ("ец", "ц"), ("ок", "к"), ("ек", "к"), ("ек", "ьк"), ("ей", "ьй"))
_DATIVE = 2
# Given names that lose a vowel; "ё" is written "е" here as everywhere.
_STEMS = {"павел": "павл", "лев": "льв"}


def surname_forms(name: str) -> frozenset[str]:
    """Every form of one surname (no hyphen, normalised), whichever gender it is given in."""
    if possessive := _POSSESSIVE.fullmatch(name):
        return _with(possessive["stem"], _POSSESSIVE_ENDINGS + _AS_NOUN)
    forms = _all(noun_cases(name))
    if _INDECLINABLE.fullmatch(name):
        return forms
    if adjective := _ADJECTIVE.fullmatch(name):
        forms |= _with(adjective["stem"], _HARD + _SOFT)
    if name[-1:] not in "аяьй":
        forms |= _with(name, _PLURAL)
    return forms | _without_vowel(name)


def masculine_forms(name: str) -> frozenset[str]:
    """The forms of a man's surname: Пушкина, but not Пушкиной."""
    if possessive := _POSSESSIVE.fullmatch(name):
        return _with(possessive["stem"], _MASCULINE_POSSESSIVE)
    if adjective := _ADJECTIVE.fullmatch(name):
        return _with(adjective["stem"], _MASCULINE_ADJECTIVE)
    return noun_forms(name) | _without_vowel(name)


def feminine_forms(name: str) -> frozenset[str]:
    """The forms of a woman's surname of the type Ахматова; another keeps its one form."""
    if possessive := _POSSESSIVE.fullmatch(name):
        return _with(possessive["stem"], _FEMININE_POSSESSIVE)
    return frozenset({name})


def surname_datives(name: str) -> frozenset[str]:
    """Those of ``surname_forms`` that may be a dative."""
    if possessive := _POSSESSIVE.fullmatch(name):
        # Скорине; Литвин, a woman's, keeps its form
        return _with(possessive["stem"], ("у", "ой", "ым", "е")) | {name}
    if _INDECLINABLE.fullmatch(name):
        return frozenset({name})
    found = noun_cases(name)[_DATIVE] | {name}  # a woman's name in a consonant keeps its form
    if adjective := _ADJECTIVE.fullmatch(name):
        return _with(adjective["stem"], ("ому", "ему", "ой", "ей", "ым", "им"))
    for ending, short in _FLEETING:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            found |= _declined(name.removesuffix(ending) + short)[_DATIVE]
    return found


def short_forms(name: str) -> frozenset[str]:
    """The forms of what somebody is called by: as ``noun_forms``, Игорька of Игорек, and Саш!"""
    called = (
        {name[:-1]} if name.endswith("а") else {name[:-1] + "ь"} if name.endswith("я") else set()
    )
    return noun_forms(name) | _without_vowel(name) | called


def _without_vowel(name: str) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for ending, short in _FLEETING:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            found |= _all(_declined(name.removesuffix(ending) + short)[1:])
    return found


def noun_cases(name: str) -> Cases:
    """The six cases of a given name, a patronymic, or a surname declined as a noun."""
    if _INDECLINABLE.fullmatch(name):
        return (frozenset({name}),) * 6
    if stem := _STEMS.get(name):
        return (frozenset({name}), *_declined(stem)[1:])
    return _declined(name)


def noun_forms(name: str) -> frozenset[str]:
    """The forms of ``noun_cases`` together."""
    return _all(noun_cases(name))


def is_possessive(name: str) -> bool:
    """Whether the surname is of the type Иванов, Ильин, which is seldom another word."""
    return _POSSESSIVE.fullmatch(name) is not None


def _declined(name: str) -> Cases:
    for pattern, endings in _DECLENSIONS:
        if pattern.fullmatch(name):
            return _cases(name[:-1], endings)
    return _cases(name, _CONSONANT)


def _cases(stem: str, endings: str) -> Cases:
    return tuple(
        _with(stem, tuple(ending.strip("-") for ending in case.split("|")))
        for case in endings.split()
    )


def _all(cases: Cases) -> frozenset[str]:
    return frozenset().union(*cases)


def _with(stem: str, endings: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem + ending for ending in endings)
