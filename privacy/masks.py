"""Names of a school's people in what is no text: groups, keys, columns, files, messages.

Where a person reads it, it is hidden or masked as a free text would be; what must stay apart from
others and the same every time (keys, names of files) becomes ``HIDDEN_NAME`` and a keyed hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath

import polars as pl

from privacy.freetext import scan
from privacy.keys import KeyRing
from privacy.lexicon import Lexicon
from privacy.pseudonyms import lookup
from privacy.text_policy import load_text_policy
from schemas.frames import Finding

HIDDEN_NAME = "[скрыто: имя человека]"

# A key without two letters beside one another names nobody; a million marks have such keys.
_WORDS = r"\p{L}{2}"
_DAY = r"\d{4}-\d{2}-\d{2}"
_ALIAS = 12  # hex digits: a school has far fewer labels than would make two of them meet
_SUFFIX = 8  # letters of an ending that says what kind of file it is


@dataclass(frozen=True)
class Masks:
    """The masks of one school, whose people ``names`` are."""

    names: frozenset[str] = field(repr=False)
    keys: KeyRing = field(repr=False)
    blind: bool = False  # nobody of the school is known yet

    @classmethod
    def of(cls, full_names: pl.Series, keys: KeyRing) -> Masks:
        """For the school whose people bear, or bore, ``full_names`` (``Vault.names``)."""
        names = frozenset(full_names.drop_nulls())
        return cls(names, keys, blind=not names)

    @property
    def lexicon(self) -> Lexicon:
        """What names the school's people; made when a text is to be read."""
        return _lexicon(self.names)

    def naming(self, texts: pl.Series) -> pl.Series:
        """Whether each text (String, null = no text) names somebody or says how to reach anybody
        (Boolean, never null)."""
        apart = _apart(texts)
        found = scan(apart, self.lexicon)["text"].unique()
        return apart.is_in(found.implode()).fill_null(value=False)

    def shown(self, labels: pl.Series) -> pl.Series:
        """``labels`` for readers: hidden or masked as free texts are (``policies/texts.yml``)."""
        apart = _apart(labels)
        cleared = load_text_policy().clear(apart, scan(apart, self.lexicon)).texts
        touched = (cleared != apart).fill_null(value=False)
        return (
            pl.select(pl.when(touched).then(cleared).otherwise(labels))
            .to_series()
            .alias(labels.name)
        )

    def opaque(self, keys: pl.Series) -> pl.Series:
        """``keys``, those that name somebody as an alias: one key, one alias, in every upload."""
        worded = keys.str.contains(_WORDS).fill_null(value=False)
        if not worded.any():
            return keys
        undated = keys.str.replace_all(_DAY, " ")  # few keys differ in more than their days
        named = self.naming(pl.select(pl.when(worded).then(undated)).to_series())
        return _where(named, self._alias(keys.name), keys)

    def files(self, names: Iterable[str]) -> dict[str, str]:
        """What each file is called to readers; the ending stays, if it says the kind of file. Where
        nobody of the school is known yet, every name is hidden."""
        every = list(dict.fromkeys(names))
        parts = pl.Series("part", [part for name in every for part in name.split("/")], pl.String)
        named = self.naming(parts) | self.blind
        called = dict(zip(parts, _where(named, self._alias("part"), parts), strict=True))
        return {
            name: "/".join(_with_ending(called[part], part) for part in name.split("/"))
            for name in every
        }

    def hidden_files(self, names: Iterable[str]) -> dict[str, str]:
        """What each file is called while nobody of the school is known."""
        return replace(self, blind=True).files(names)

    def findings(self, found: Sequence[Finding]) -> list[Finding]:
        """``found`` for readers: documents, columns and details without anybody's name."""
        files = self.files(one.document for one in found)
        texts = [text for one in found for text in (one.field, one.detail)]
        words = pl.Series("text", texts, dtype=pl.String)
        shown = dict(zip(words, self.shown(words), strict=True))
        return [
            replace(
                one,
                document=files[one.document],
                field=shown[one.field],
                detail=shown[one.detail],
            )
            for one in found
        ]

    def refusals(self, refused: pl.DataFrame) -> pl.DataFrame:
        """``refused`` (``frames.REFUSAL_SCHEMA``) with documents and columns for readers."""
        files = self.files(refused["_document"].drop_nulls().unique())
        return refused.with_columns(
            pl.col("_document").replace(files), self.shown(refused["field"])
        )

    def message(self, text: str) -> str:
        """``text`` for readers."""
        return str(self.shown(pl.Series([text]))[0])

    def _alias(self, column: str) -> pl.Expr:
        alias = lookup(self.keys, "masked", pl.col(column)).str.head(_ALIAS)
        return pl.concat_str(pl.lit(f"{HIDDEN_NAME} "), alias)


# A step asks before and after it has filed people, and mostly nobody is new; making every form of
# the names of a large school takes seconds.
@lru_cache(maxsize=2)
def _lexicon(names: frozenset[str]) -> Lexicon:
    return Lexicon.of(pl.Series(sorted(names), dtype=pl.String))


def _apart(labels: pl.Series) -> pl.Series:
    """Words that are joined because a name may hold no blank: Балл_Иванова."""
    return labels.str.replace_all("_", " ", literal=True)


def _where(flags: pl.Series, then: pl.Expr, otherwise: pl.Series) -> pl.Series:
    if not flags.any():
        return otherwise
    replaced = pl.when(flags).then(then).otherwise(pl.col(otherwise.name))
    return otherwise.to_frame().select(replaced.alias(otherwise.name)).to_series()


def _with_ending(alias: str, name: str) -> str:
    ending = PurePosixPath(name).suffix
    plain = ending.isascii() and len(ending) <= _SUFFIX
    return alias + ending if alias != name and plain else alias
