"""Does a heap of bytes hold the data of a person? For tests of every room.

``people`` are shaped as in the sandbox's truth: ``surname``, ``given``, ``patronymic``, ``snils``,
``phone``, ``email`` (any of them may be absent). The bytes are read as UTF-8 and as cp1251, and
JSON's ``\\uXXXX`` escapes are undone. Archives (XLSX, gzip) must be unpacked by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SNILS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{3}[ -]?\d{2}(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?[78])?[ (-]*\d{3}[ )-]*\d{3}[ -]*\d{2}[ -]*\d{2}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+\w")
_NEAR = 2  # a full name is three words in any order


@dataclass(frozen=True)
class Hit:
    """``kind``: surname, full_name, snils, phone or email. ``value`` as the person has it."""

    kind: str
    value: str


def find_people(haystack: bytes, people: Iterable[Mapping[str, str | None]]) -> list[Hit]:
    """What of ``people`` is in ``haystack``, each hit once, in the order of the people."""
    readings = [_Reading.of(text) for text in _texts(haystack)]
    return list(
        dict.fromkeys(
            hit for person in people for reading in readings for hit in reading.hits(person)
        )
    )


@dataclass(frozen=True)
class _Reading:
    words: list[str]
    places: dict[str, list[int]]
    numbers: dict[str, frozenset[str]]
    emails: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Reading:
        words = [_folded(word) for word in _WORD.findall(text)]
        places: dict[str, list[int]] = {}
        for place, word in enumerate(words):
            places.setdefault(word, []).append(place)
        numbers = {
            "snils": frozenset(_digits(found) for found in _SNILS.findall(text)),
            "phone": frozenset(_digits(found)[-10:] for found in _PHONE.findall(text)),
        }
        return cls(words, places, numbers, frozenset(map(str.lower, _EMAIL.findall(text))))

    def hits(self, person: Mapping[str, str | None]) -> list[Hit]:
        found = []
        if (surname := person.get("surname")) and _folded(surname) in self.places:
            found.append(Hit("surname", surname))
        if self._has_full_name(person):
            names = ("surname", "given", "patronymic")
            found.append(Hit("full_name", " ".join(person.get(name) or "" for name in names)))
        for kind, known in self.numbers.items():
            if (number := person.get(kind)) and _digits(number)[
                -11 if kind == "snils" else -10 :
            ] in known:
                found.append(Hit(kind, number))
        if (email := person.get("email")) and email.lower() in self.emails:
            found.append(Hit("email", email))
        return found

    def _has_full_name(self, person: Mapping[str, str | None]) -> bool:
        """The given name with the surname or the patronymic beside it, in any order."""
        given = _folded(person.get("given") or "")
        others = {_folded(person.get(name) or "") for name in ("surname", "patronymic")} - {""}
        return any(
            others & set(self.words[max(0, place - _NEAR) : place + _NEAR + 1])
            for place in self.places.get(given, ())
        )


def _texts(haystack: bytes) -> list[str]:
    texts = [haystack.decode(encoding, errors="replace") for encoding in ("utf-8", "cp1251")]
    return [_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) for text in texts]


def _folded(word: str) -> str:
    return word.lower().replace("ё", "е")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
