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
    not go on. ``kind`` is one of those in ``policies/texts.yml``.
    """
    different = texts.rename("text").drop_nulls().unique(maintain_order=True)
    read = pl.DataFrame(
        [different, _could_name(different, lexicon), different.str.contains(SIEVE)],
        schema=["text", "names", "contacts"],
    ).filter(pl.col("names") | pl.col("contacts"))
    found: list[tuple[str, str, int, int]] = []
    # A loop over records: what a word of a text is depends on its neighbours, and the sieve has
    # left the small part of the texts that could hold something.
    for text, names, contacts in read.iter_rows():
        pieces: list[tuple[str, int, int]] = []
        if names:
            pieces += [(one.kind.value, one.start, one.end) for one in names_in(text, lexicon)]
        if contacts:
            pieces += [(kind.value, start, end) for kind, start, end in contacts_in(text)]
        found += [(text, *piece) for piece in _apart(pieces)]
    return pl.DataFrame(found, schema=FOUND, orient="row")


def _could_name(texts: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Which texts hold a word of a name of the school, or what may be one in disguise."""
    words = texts.to_frame().select("text", word=pl.col("text").str.extract_all(WORD))
    each = words.explode("word").drop_nulls()
    unique = each["word"].unique()
    named = unique.filter(pl.Series([lexicon.names(folded(w)) for w in unique], dtype=pl.Boolean))
    with_names = each.filter(pl.col("word").is_in(named.implode()))["text"].unique()
    disguised = texts.str.contains(PARTED) | texts.str.contains(rf"{WORD}-\s?{WORD}")
    return texts.is_in(with_names.implode()) | disguised


def _apart(pieces: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """In order; of two pieces that overlap, the one that starts first and is longer."""
    apart: list[tuple[str, int, int]] = []
    for piece in sorted(pieces, key=lambda piece: (piece[1], -piece[2])):
        if not apart or piece[1] >= apart[-1][2]:
            apart.append(piece)
    return apart
