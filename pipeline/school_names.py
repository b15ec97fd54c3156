"""Which school of the registry a written name means: «ГБОУ СОШ № 12» is «Школа № 12».

Words of the legal form are left out, the words for a school are one. The rest must be the same,
and of one school only: «Школа № 12 Речного района» is not «Школа № 12».
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

_WORD = re.compile(r"[а-яa-z]+|\d+")
_SCHOOL = dict.fromkeys(("сош", "оош", "школы", "школе", "школу", "шк"), "школа")
# As registers of legal entities write them; none of them tells two schools apart.
_LEGAL_FORM = frozenset(
    _WORD.findall(
        "гбоу мбоу маоу мкоу гоу моу гаоу гкоу оу государственное муниципальное бюджетное"
        " автономное казенное общеобразовательное образовательное учреждение средняя основная"
        " общеобразовательная n no"
    )
)


class SchoolNames:
    """The schools of the registry by name; ``names``: name by code."""

    def __init__(self, names: Mapping[str, str]) -> None:
        folded = {code: _folded(name) for code, name in names.items()}
        count = Counter(folded.values())
        self._codes = {name: code for code, name in folded.items() if name and count[name] == 1}
        self._codes |= {code: code for code in names}

    def code_of(self, written: str) -> str | None:
        """The code of the school that ``written`` (a name, or a code) means; none if unsure."""
        return self._codes.get(written.strip()) or self._codes.get(_folded(written))


def _folded(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).lower().replace("ё", "е")
    words = [_SCHOOL.get(word, word) for word in _WORD.findall(text)]
    return " ".join(word for word in words if word not in _LEGAL_FORM)
