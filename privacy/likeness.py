"""What counts as the same: names, classes, SNILS; and the lookups by which people are matched.

Names are compared but for case, spaces and ``ё``; nearly the same name is another name. Two
people whose UID or SNILS is the same agree if their names are the same, or one of them lacks only
the patronymic, and no two birth dates differ.
"""

from __future__ import annotations

import polars as pl

from privacy.keys import KeyRing
from privacy.pseudonyms import lookup, lookup_of
from schemas.codes import PersonRole

# A change of what is hashed, or how it is folded, is another number here.
_INDEX_VERSION = "1"
_SNILS_DIGITS = 11
_WEIGHED = 9  # of them nine are weighed, the last two control
# Numbers up to this one were given out before the control number was (ПФР: «больше 001-001-998»).
_LAST_UNCONTROLLED = 1_001_998
_HEX = 16


def same_name(name: pl.Expr) -> pl.Expr:
    """The name as names are compared."""
    joined = _folded(name).str.replace_all(r"\s*-\s*", "-")
    return joined.str.replace_all(r"\s+", " ").str.strip_chars()


def same_class(name: pl.Expr) -> pl.Expr:
    """The name of a class as such names are compared."""
    return _folded(name).str.replace_all(r"\s+", "")


def _folded(text: pl.Expr) -> pl.Expr:
    lowered = text.str.normalize("NFKC").str.to_lowercase()
    return lowered.str.replace_all("ё", "е", literal=True)


def snils_number(snils: pl.Expr) -> pl.Expr:
    """The eleven digits of a SNILS whose control number holds; else null: it identifies nobody."""
    digits = _snils_digits(snils)
    return pl.when(_is_controlled(digits) & (_control(digits) == _given(digits))).then(digits)


def snils_is_wrong(snils: pl.Expr) -> pl.Expr:
    """Whether the control number of a SNILS that has one does not hold (Boolean, never null)."""
    digits = _snils_digits(snils)
    wrong = _is_controlled(digits) & (_control(digits) != _given(digits))
    return wrong.fill_null(value=False)


def _snils_digits(snils: pl.Expr) -> pl.Expr:
    digits = snils.str.replace_all(r"[^0-9]", "")
    return pl.when(digits.str.len_chars() == _SNILS_DIGITS).then(digits)


def _is_controlled(digits: pl.Expr) -> pl.Expr:
    return digits.str.head(_WEIGHED).cast(pl.Int64) > _LAST_UNCONTROLLED


def _given(digits: pl.Expr) -> pl.Expr:
    return digits.str.tail(_SNILS_DIGITS - _WEIGHED).cast(pl.Int64)


def _control(digits: pl.Expr) -> pl.Expr:
    """The sum of nine digits by the weights 9 to 1, modulo 101; 100 is written 00."""
    weighed = [digits.str.slice(at, 1).cast(pl.Int64) * (_WEIGHED - at) for at in range(_WEIGHED)]
    return pl.sum_horizontal(weighed) % 101 % 100


def index_columns(keys: KeyRing) -> list[pl.Expr]:
    """``snils_lookup`` and ``name_lookup`` of people (``role`` and ``people.DOSSIER``).

    Only pupils are looked for by name and birth date: a teacher seldom gives one.
    """
    by_name = lookup(keys, "name_birth", same_name(pl.col("full_name")), pl.col("birth_date"))
    return [
        lookup(keys, "snils", snils_number(pl.col("snils"))).alias("snils_lookup"),
        pl.when(pl.col("role") == PersonRole.PUPIL.value).then(by_name).alias("name_lookup"),
    ]


def index_key(keys: KeyRing) -> str:
    """Names the lookup key and the way of folding; lookups made under another are stale."""
    return lookup_of(keys, "index", _INDEX_VERSION)[:_HEX]


def agree() -> pl.Expr:
    """Whether two people of one row agree (Boolean, never null), for a shared UID or SNILS.

    Columns: ``school``, ``role``, ``full_name``, ``birth_date``, and the same with ``_other``.
    Within one school both birth dates must be known: there, a shared UID is mostly a slip.
    """
    name, other = same_name(pl.col("full_name")), same_name(pl.col("full_name_other"))
    born, born_other = pl.col("birth_date"), pl.col("birth_date_other")
    birth = (born == born_other).fill_null(pl.col("school") != pl.col("school_other"))
    role = pl.col("role") == pl.col("role_other")
    return (role & birth & _same_but_patronymic(name, other)).fill_null(value=False)


def _same_but_patronymic(name: pl.Expr, other: pl.Expr) -> pl.Expr:
    longer = name.str.starts_with(other + " ") | other.str.starts_with(name + " ")
    words = [text.str.count_matches(" ") + 1 for text in (name, other)]
    lacking = (pl.min_horizontal(words) == 2) & (pl.max_horizontal(words) == 3)
    return (name == other) | (longer & lacking)
