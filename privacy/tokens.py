"""A text as words, numbers and signs, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from privacy.russian import folded, plain

_MARK = "\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff"
_LETTER = r"[^\W\d_]"
WORD = rf"{_LETTER}(?:{_LETTER}|[{_MARK}])*"
_TOKEN = re.compile(rf"(?P<word>{WORD}(?:-\s?{WORD})*)|(?P<number>\d+)|(?P<sign>[^\s_{_MARK}])")
_PART = re.compile(WORD)
# Three letters or more, all parted alike: Ш а м ш а д з е, Ш.у.л.ь.ц.
_BETWEEN = r"[ \u00a0.,*/+_\-]{1,3}"
PARTED = rf"\b{_LETTER}{_BETWEEN}{_LETTER}{_BETWEEN}{_LETTER}"
_PARTED = re.compile(rf"(?<!\w){_LETTER}({_BETWEEN}){_LETTER}(?:\1{_LETTER})+(?![^\W_])")
_OPENING, _CLOSING, _EITHER = frozenset("«„"), frozenset("»”“"), '"'


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """``word``: folded; of a number or sign, itself. ``spelled``: with its ``ё``.

    ``glued``: a hyphen ties it to another word. ``disguised``: its letters are parted, or Latin
    ones stand among Cyrillic ones.
    """

    raw: str
    word: str
    spelled: str
    start: int
    end: int
    is_word: bool
    capital: bool
    glued: bool
    quoted: bool
    disguised: bool


def tokens_of(text: str, is_name: Callable[[str], bool]) -> list[Token]:
    """The tokens of ``text``; what ``is_name`` knows is put together from parted letters."""
    found: list[Token] = []
    depth, either = 0, False
    for raw, word, start, end, is_word, glued in _pieces(text, is_name):
        toggles = word == _EITHER
        if word in _CLOSING or (toggles and either):
            depth = max(0, depth - 1)
        capital = is_word and raw != raw.lower()
        disguised = is_word and not word.isascii() and _is_disguised(raw)
        quoted = depth > 0
        spelled = plain(raw) if is_word and len(raw) == len(word) else word
        found.append(
            Token(raw, word, spelled, start, end, is_word, capital, glued, quoted, disguised)
        )
        if word in _OPENING or (toggles and not either):
            depth += 1
        either = either != toggles
    return found


def _is_disguised(raw: str) -> bool:
    return _PARTED.fullmatch(raw) is not None or re.search("[a-zA-Z]", raw) is not None


_Piece = tuple[str, str, int, int, bool, bool]


def _pieces(text: str, is_name: Callable[[str], bool]) -> Iterator[_Piece]:
    at = 0
    for run in _PARTED.finditer(text):
        letters = list(re.finditer(_LETTER, run.group()))
        for skipped in (0, 1):  # у Ш а м ш а д з е
            start = run.start() + letters[skipped].start()
            joined = folded("".join(one.group() for one in letters[skipped:]))
            if len(letters) - skipped > 1 and is_name(joined):
                yield from _plain(text, at, start, is_name)
                yield text[start : run.end()], joined, start, run.end(), True, False
                at = run.end()
                break
    yield from _plain(text, at, len(text), is_name)


def _plain(text: str, start: int, end: int, is_name: Callable[[str], bool]) -> Iterator[_Piece]:
    for match in _TOKEN.finditer(text, start, end):
        raw = match.group()
        if match["word"] is None or "-" not in raw:
            is_word = match["word"] is not None
            word = folded(raw) if is_word else raw
            yield raw, word, match.start(), match.end(), is_word, False
            continue
        whole = next(filter(is_name, (folded(raw), folded(re.sub(r"-\s?", "", raw)))), None)
        if whole is not None:
            yield raw, whole, match.start(), match.end(), True, False
            continue
        parts = list(_PART.finditer(text, match.start(), match.end()))
        glued = any(part.group()[0].islower() for part in parts)  # Жук-олень, but Орлов-Залеский
        for part in parts:
            yield part.group(), folded(part.group()), part.start(), part.end(), True, glued
