"""Invented people, and every form in which a text may name one of them.

Shares nothing with the product: words and their cases are made here. No invented word is a Russian
word or part of one, so that where it is found, it has leaked. Forms that could stand in any text
(«Саша») carry a nonsense word beside them, which is looked for instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from sandbox.members import Document, Person
from sandbox.model import School


def _parts(text: str) -> list[str]:
    return text.split()


_ONSETS = _parts("бзд вжл гдр гжм жбр жвл зблд квч кзр мзг мждр пчл рдж тзв хгл хжм цбр чгр щвл")
_VOWELS = "аеиоуыюя"
_MIDDLES = _parts("бж вз гд дж жг зд лж мз нж пч рж тч хв цв чт щм")
_CLOSES = _parts("бр вл гн дл зн кр мн пл рм тр хр чн")

# Endings in the order of the schools' grammars: nominative to prepositional.
_LIKE_NOUN = ("", "а", "у", "а", "ом", "е")
_PATRONYMIC = {False: ("", "а", "у", "а", "ем", "е"), True: ("а", "ы", "е", "у", "ой", "е")}
_GIVEN = {False: _LIKE_NOUN, True: ("а", "ы", "е", "у", "ой", "е")}
_SURNAMES = {
    "ов": (("", "а", "у", "а", "ым", "е"), ("а", "ой", "ой", "у", "ой", "ой")),
    "ин": (("", "а", "у", "а", "ым", "е"), ("а", "ой", "ой", "у", "ой", "ой")),
    "ск": (("ий", "ого", "ому", "ого", "им", "ом"), ("ая", "ой", "ой", "ую", "ой", "ой")),
    "енко": (("",) * 6, ("",) * 6),
    "ич": (("", "а", "у", "а", "ем", "е"), ("",) * 6),
}
_KINDS = ("ов", "ин", "ов", "ск", "ов", "ин", "енко", "ич")

# Common names whose short forms cannot be taken for others'; cases by the rules above.
_SHORT = {
    False: {
        "Александр": "Саша", "Константин": "Костик", "Владимир": "Вовка", "Степан": "Стёпа",
        "Роман": "Рома", "Виктор": "Витя", "Максим": "Макс", "Тихон": "Тиша",
    },
    True: {
        "Екатерина": "Катя", "Светлана": "Светик", "Полина": "Поля", "Ирина": "Ириша",
        "Елена": "Леночка", "Людмила": "Люся", "Тамара": "Томочка", "Вероника": "Ника",
    },
}  # fmt: skip
_LOOKALIKES = str.maketrans("аеорсхАЕОРСХКМТВН", "aeopcxAEOPCXKMTBH")


class Words:
    """Invented stems from a seed, each given once."""

    def __init__(self, seed: str) -> None:
        self._rng = Random(seed)
        self._given: set[str] = set()

    def stem(self) -> str:
        """A new pronounceable stem of three syllables, in lower case."""
        rng = self._rng
        while True:
            parts = rng.choice(_ONSETS), rng.choice(_VOWELS), rng.choice(_MIDDLES)
            made = "".join((*parts, rng.choice(_VOWELS + "ё"), rng.choice(_CLOSES)))
            if made not in self._given:
                self._given.add(made)
                return made

    def slip(self, word: str) -> str:
        """``word`` with one letter of its middle doubled, lost, changed or two of them swapped."""
        rng = self._rng
        place = rng.randrange(2, 5)
        a, b = word[place], word[place + 1]
        other = next(letter for letter in "лфэшъ" if letter not in (a, b))
        middle = rng.choice((a + a + b, b, other + b, b + a))
        return word[:place] + middle + word[place + 2 :]


@dataclass(frozen=True)
class Canary:
    """``text`` is what is planted; finding ``needle`` in it proves a leak. ``kind`` says which form
    it is, ``role`` whose."""

    kind: str
    role: str
    text: str
    needle: str


@dataclass
class Somebody:
    """A person of a school; names as six cases each."""

    role: str
    surname: tuple[str, ...]
    given: tuple[str, ...]
    patronymic: tuple[str, ...]
    short: str
    person: Person
    words: Words = field(repr=False)
    document: str = ""  # series and number of the identity document

    def identity(self) -> Iterator[Canary]:
        """What stands in the columns of lists of people."""
        person = self.person
        full = f"{self.surname[0]} {self.given[0]} {self.patronymic[0]}"
        yield self._canary("full_name", full, self.surname[0])
        yield self._canary("snils", person.snils)
        yield self._canary("phone", person.phone)
        yield self._canary("email", person.email)
        if self.document:
            yield self._canary("document", self.document)

    def forms(self) -> Iterator[Canary]:
        """Every other way to name this person in a text."""
        surnames, first = list(dict.fromkeys(self.surname)), self.person.given[0]
        initials = f"{first}.{self.person.patronymic[0]}."
        for word in surnames:
            yield self._canary("surname", f"Работа над ошибками: {word}", word)
        yield self._canary("capitals", f"{self.surname[1].upper()}: долг", self.surname[1])
        yield self._canary("small", f"беседа с {self.surname[4].lower()}", self.surname[4])
        yield self._canary("initials", f"{self.surname[2]} {initials}", self.surname[2])
        yield self._canary("initials", f"Доклад {initials} {self.surname[1]}", self.surname[1])
        for case in range(6):
            both = f"{self.given[case]} {self.patronymic[case]}"
            yield self._canary("given_patronymic", f"Урок ведёт {both}", self.patronymic[case])
        yield self._canary("full_name", f"{self.surname[2]} {self.given[2]}", self.surname[2])
        slipped = self.words.slip(self.surname[0])
        yield self._canary("slip", f"Пересдача: {slipped}", slipped)
        if "ё" in self.surname[0]:
            plain = self.surname[0].replace("ё", "е")
            yield self._canary("yo", f"Пересдача: {plain}", plain)
        if "-" in self.surname[0]:
            for part in self.surname[0].split("-"):
                if part.rstrip("а").endswith(("ов", "ин")):  # of others see docs/security.md
                    yield self._canary("half", f"Пересдача: {part}", part)
            parted = self.surname[0].replace("-", " - ")
            yield self._canary("hyphen", f"Пересдача: {parted}", parted)
        latin = self.surname[0].translate(_LOOKALIKES)
        yield self._canary("lookalike", f"Пересдача: {latin}", latin)
        if self.short:
            tag = self.words.stem()
            yield self._canary("short", f"{self.short} опоздал, {tag}", tag)
            beside = f"{self.short} {self.surname[0]}"
            yield self._canary("short_surname", f"Дежурит {beside}", self.surname[0])
        phone, snils = _digits(self.person.phone)[-10:], _digits(self.person.snils)
        spelled = f"8({phone[:3]}){phone[3:6]}-{phone[6:8]}-{phone[8:]}"
        yield self._canary("phone", f"звонить {spelled}", spelled)
        yield self._canary("phone", f"тел. 8{phone}", f"8{phone}")
        yield self._canary("snils", f"СНИЛС {self.person.snils}", self.person.snils)
        yield self._canary("snils", f"снилс {snils}", snils)
        yield self._canary("email", f"слать на {self.person.email}", self.person.email)
        if " " in self.document:  # of foreign ones see docs/security.md
            yield self._canary("document", f"паспорт {self.document}", self.document)

    def _canary(self, kind: str, text: str, needle: str = "") -> Canary:
        return Canary(kind, self.role, text, needle or text)


class Maker:
    """Makes the people of one school; stands in for ``sandbox.people.PeopleMaker``."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._words = Words(f"people/{number}")
        self._rng = Random(f"canaries/{number}")
        self._families: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.people: list[Somebody] = []

    def surname(self) -> str:
        """A new family, by its masculine name."""
        kind = _KINDS[len(self._families) % len(_KINDS)]
        stem = self._words.stem().capitalize() + kind
        male, female = ([stem + end for end in ends] for ends in _SURNAMES[kind])
        if len(self._families) % 7 == 3:  # a double name, both parts of which decline
            other = self._words.stem().capitalize() + "ов"
            male, female = (
                [f"{one}-{other}{end}" for one, end in zip(forms, ends, strict=True)]
                for forms, ends in zip((male, female), _SURNAMES["ов"], strict=True)
            )
        self._families[male[0]] = tuple(male), tuple(female)
        return male[0]

    def person(
        self,
        role: str,
        birth_from: date,
        birth_to: date,
        *,
        surname: str = "",
        female: bool | None = None,
    ) -> Person:
        """A new person; ``surname`` ties families together."""
        rng = self._rng
        female = rng.random() < 0.5 if female is None else female
        base = surname or self.surname()
        common = rng.choice(sorted(_SHORT[female])) if len(self.people) % 3 == 0 else ""
        bare = (common.removesuffix("а") if female else common) or self._words.stem().capitalize()
        father = self._words.stem().capitalize() + ("овн" if female else "ович")
        given = tuple((bare + end).replace("кы", "ки") for end in _GIVEN[female])
        patronymic = tuple(father + end for end in _PATRONYMIC[female])
        surnames = self._families[base][female]
        serial = self._number * 1000 + len(self.people) + 1
        phone = f"9{(serial * 7_654_321 + 31_415_926) % 10**9:09d}"
        made = Person(
            code=len(self.people) + 1,
            role=role,
            female=female,
            base_surname=base,
            surname=surnames[0],
            given=given[0],
            patronymic=patronymic[0],
            birth=birth_from + timedelta(days=rng.randrange((birth_to - birth_from).days + 1)),
            snils=_snils(123_000_000 + serial * 6_007),
            phone=f"+7 {phone[:3]} {phone[3:6]}-{phone[6:8]}-{phone[8:]}",
            email=f"kanar.{serial * 7919:07d}@example.ru",
        )
        short = _SHORT[female].get(common, "")
        self.people.append(Somebody(role, surnames, given, patronymic, short, made, self._words))
        return made


def with_documents(school: School, people: list[Somebody]) -> None:
    """Give every pupil that has a document one whose number is nobody else's."""
    of_person = {one.person.code: one for one in people}
    for pupil in school.pupils:
        found = pupil.papers.document
        if found is None:
            continue
        somebody, serial = of_person[pupil.person.code], school.number * 1000 + pupil.person.code
        series, number = found.series, f"{(serial * 7_919 + 271_828) % 10**6:06d}"
        if found.kind == "Паспорт иностранного гражданина":
            number = f"XQ{serial * 977:07d}"
        document = Document(found.kind, series, number, found.issued)
        pupil.papers = replace(pupil.papers, document=document)
        somebody.document = f"{series} {number}" if series else number


def _snils(number: int) -> str:
    digits = f"{number:09d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 0, -1), strict=True))
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]} {total % 101 % 100:02d}"


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
