"""Keyed hashes: what stands for a person or a record where it must not be known.

Each hash is HMAC-SHA256 over a label and the parts, parted by a unit separator that no
accepted value holds (``schemas.fields.TEXT_PATTERN``), so that two lists of parts never meet
in one text and no two kinds of hash can be compared.

===========  ==============  ==========================================================
name         key             shape
===========  ==============  ==========================================================
pseudonym    pseudonym key   ``p`` and 32 hex digits; role, school, source, local key
remote key   lookup key      32 hex digits; school, entity, key of the record
lookup       lookup key      64 hex digits; a label and what is looked up
===========  ==============  ==========================================================

A part that is null makes the hash null.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import polars as pl
import polars_hash as plh

from privacy.keys import KeyRing

PSEUDONYM_PATTERN = r"p[0-9a-f]{32}"
_SEPARATOR = "\x1f"
_HEX_DIGITS = 32  # 128 bits: no two of a million people meet


def pseudonym(
    keys: KeyRing, *, role: str | pl.Expr, school: str, source: str, local_key: pl.Expr
) -> pl.Expr:
    """The pseudonym of the person whom ``source`` of ``school`` calls ``local_key``."""
    hashed = _hashed(keys.pseudonym, "person", [role, school, source, local_key])
    return pl.lit("p") + hashed.str.head(_HEX_DIGITS)


def remote_key(keys: KeyRing, *, school: str, entity: str, key: pl.Expr) -> pl.Expr:
    """The opaque name at a portal of the record ``key`` of ``entity``.

    ``key`` must be unique within school and entity; where sources may share keys, the caller
    puts the source in front of it.
    """
    return _hashed(keys.lookup, "remote", [school, entity, key]).str.head(_HEX_DIGITS)


def lookup(keys: KeyRing, label: str, *parts: str | pl.Expr) -> pl.Expr:
    """A keyed hash to find something by; ``label`` says what, and keeps kinds apart."""
    return _hashed(keys.lookup, f"lookup:{label}", parts)


def lookup_of(keys: KeyRing, label: str, *parts: str) -> str:
    """``lookup`` of one value."""
    text = _SEPARATOR.join([f"lookup:{label}", *parts])
    return hmac.new(_hmac_key(keys.lookup).encode(), text.encode(), hashlib.sha256).hexdigest()


def _hashed(key: bytes, label: str, parts: Sequence[str | pl.Expr]) -> pl.Expr:
    columns = [pl.lit(part) if isinstance(part, str) else part for part in parts]
    text = plh.concat_str([pl.lit(label), *columns], separator=_SEPARATOR)
    return text.chash.hmac_sha256(key=_hmac_key(key))


def _hmac_key(key: bytes) -> str:
    """The plugin takes keys as text; the hex form fills one block of SHA-256 exactly."""
    return key.hex()
