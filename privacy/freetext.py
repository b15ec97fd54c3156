"""What a text says about persons: the names of the school's own people, and ways to reach anybody.

``scan`` looks at each different text once: a sieve over all words and signs leaves the few texts
that could hold something, and only these are read word by word (``evidence``, ``contacts``).
"""

from __future__ import annotations

import polars as pl

from privacy.contacts import SIEVE, contacts_in
from privacy.evidence import names_in
from privacy.lexicon import Lexicon
from privacy.russian import folded
from privacy.tokens import PARTED, WORD

# A piece of a text: its kind, and where it starts and ends (characters).
FOUND = {"text": pl.String, "kind": pl.String, "start": pl.UInt32, "end": pl.UInt32}


def scan(texts: pl.Series, lexicon: Lexicon) -> pl.DataFrame:
    """The pieces found in ``texts`` (String, nulls allowed), once per different text.

    ``FOUND``, in the order of the text, without overlap. ``text`` names people: the frame must
    not go on. ``kind`` is a member of ``text_policy.TextKind``.
    """
    different = texts.rename("text").drop_nulls().unique(maintain_order=True)
    found: list[tuple[str, str, int, int]] = []
    # A loop over records: what it does to one text depends on neighbouring words, and the sieve
    # has left a small part of them.
    for text in different.filter(_could_hold(different, lexicon)):
        found += [(text, *piece) for piece in _pieces(text, lexicon)]
    return pl.DataFrame(found, schema=FOUND, orient="row")


def _could_hold(texts: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Which texts are worth reading: they hold a word of a name, or what contacts look like."""
    words = (
        texts.to_frame().select("text", word=pl.col("text").str.extract_all(WORD)).explode("word")
    )
    unique = words["word"].drop_nulls().unique()
    named = unique.filter(pl.Series([lexicon.names(folded(w)) for w in unique], dtype=pl.Boolean))
    with_names = words.filter(pl.col("word").is_in(named.implode()))["text"].unique()
    return (
        texts.is_in(with_names.implode())
        | texts.str.contains(PARTED)
        | texts.str.contains(rf"{WORD}-\s?{WORD}")
        | texts.str.contains(SIEVE)
    )


def _pieces(text: str, lexicon: Lexicon) -> list[tuple[str, int, int]]:
    """The pieces of one text; of two that overlap, the one that starts first and is longer."""
    found = [(one.kind.value, one.start, one.end) for one in names_in(text, lexicon)]
    found += [(kind.value, start, end) for kind, start, end in contacts_in(text)]
    found.sort(key=lambda piece: (piece[1], -piece[2]))
    apart: list[tuple[str, int, int]] = []
    for piece in found:
        if not apart or piece[1] >= apart[-1][2]:
            apart.append(piece)
    return apart
