"""Families and staff: names without homonyms in a school, SNILS with a valid checksum."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sandbox.members import Person
from sandbox.names import FEMALE_GIVEN, MALE_GIVEN, PATRONYMICS, SURNAMES, feminine


def snils(number: int) -> str:
    """The SNILS of ``number`` (9 digits, above 001-001-998) with its check digits."""
    digits = f"{number:09d}"
    total = sum(int(d) * weight for d, weight in zip(digits, range(9, 0, -1), strict=True))
    check = total % 101 % 100
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]} {check:02d}"


# An empty sound for ъ and ь.
_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_SOUNDS = "a,b,v,g,d,e,e,zh,z,i,i,k,l,m,n,o,p,r,s,t,u,f,h,c,ch,sh,sch,,y,,e,u,ya"


def latin(text: str) -> str:
    """``text`` in Latin letters, lower case, for e-mail addresses."""
    sounds = dict(zip(_CYRILLIC, _SOUNDS.split(","), strict=True))
    return "".join(sounds.get(letter, "") for letter in text.lower())


class PeopleMaker:
    """Makes the people of one school; no two of them share a full name.

    ``number`` is the school's number in the region: it keeps SNILS, phones and UIDs apart.
    """

    def __init__(self, rng: Random, number: int) -> None:
        self._rng = rng
        self._number = number
        self._count = 0
        self._taken: set[str] = set()

    def surname(self) -> str:
        """A family's surname, in the masculine form."""
        return self._rng.choice(SURNAMES)

    def person(
        self,
        role: str,
        birth_from: date,
        birth_to: date,
        *,
        surname: str = "",
        female: bool | None = None,
    ) -> Person:
        """A new person; ``surname`` (masculine) ties families together."""
        rng = self._rng
        if female is None:
            female = rng.random() < 0.5
        base, name = self._free_name(surname, female)
        self._count += 1
        serial = self._number * 5000 + self._count
        last = f"{serial // 100 % 100:02d}-{serial % 100:02d}"
        return Person(
            code=self._count,
            role=role,
            female=female,
            base_surname=base,
            surname=name[0],
            given=name[1],
            patronymic=name[2],
            birth=birth_from + timedelta(days=rng.randrange((birth_to - birth_from).days + 1)),
            snils=snils(101_000_000 + serial * 37),
            phone=f"+7 900 {serial // 10000 % 1000:03d}-{last}",
            email=f"{latin(base)}.{serial}@example.ru",
        )

    def _free_name(self, surname: str, female: bool) -> tuple[str, tuple[str, str, str]]:
        for _ in range(1000):
            base = surname or self.surname()
            given = self._rng.choice(FEMALE_GIVEN if female else MALE_GIVEN)
            patronymic = self._rng.choice(PATRONYMICS)[1 if female else 0]
            shown = feminine(base) if female else base
            full = f"{shown} {given} {patronymic}"
            if full not in self._taken:
                self._taken.add(full)
                return base, (shown, given, patronymic)
        raise RuntimeError("the school is larger than the stock of names")
