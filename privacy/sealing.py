"""AES-256-GCM envelopes.

An envelope is ``version (1) | length of key id (1) | key id | nonce (12) | ciphertext and tag``.
The associated data binds it to its place: a sealed value moved to another row does not open.
Nonces are random; a key is good for 2**32 envelopes (NIST SP 800-38D, 8.3), far more than a
region writes between two rotations.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.keys import KeyRing

_VERSION = 1
_NONCE = 12
_TAG = 16
HEAD_BYTES = 2 + 64  # the longest key id fits: enough of an envelope for ``key_id_of``
_DOCUMENT = b"document"
# Text of journals shrinks five-fold at this level; higher ones cost time and win little.
_COMPRESSION = 6


class SealBrokenError(Exception):
    """The envelope is damaged, was altered, or stands in another place than it was sealed for.

    Restore the row or document from a backup; nothing of it can be trusted.
    """


def seal(keys: KeyRing, content: bytes, associated: bytes) -> bytes:
    """An envelope of ``content``, bound to ``associated``, sealed by the active key."""
    ring = keys.current()
    name = ring.active.encode()
    nonce = os.urandom(_NONCE)
    head = bytes([_VERSION, len(name)]) + name + nonce
    return head + _cipher(ring.sealing_key(ring.active)).encrypt(nonce, content, associated)


def unseal(keys: KeyRing, envelope: bytes, associated: bytes) -> bytes:
    """The content of ``envelope``. Raises ``SealBrokenError`` or ``keys.UnknownKeyError``."""
    key_id = key_id_of(envelope)
    start = 2 + len(key_id.encode())
    nonce, sealed = envelope[start : start + _NONCE], envelope[start + _NONCE :]
    if len(nonce) < _NONCE or len(sealed) < _TAG:
        raise SealBrokenError("the envelope is cut short")
    try:
        return _cipher(keys.sealing_key(key_id)).decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise SealBrokenError("the envelope was altered or belongs elsewhere") from None


def reseal(keys: KeyRing, envelope: bytes, associated: bytes) -> bytes:
    """``envelope`` sealed by the active key; as it is if that sealed it. Raises as ``unseal``."""
    if key_id_of(envelope) == keys.current().active:
        return envelope
    return seal(keys, unseal(keys, envelope, associated), associated)


def key_id_of(envelope: bytes) -> str:
    """The id of the key that sealed ``envelope``. Raises ``SealBrokenError``."""
    if len(envelope) < 2 or envelope[0] != _VERSION:
        raise SealBrokenError("not an envelope of this version")
    try:
        return envelope[2 : 2 + envelope[1]].decode()
    except UnicodeDecodeError:
        raise SealBrokenError("the envelope names no key") from None


def seal_column(
    keys: KeyRing, contents: Iterable[bytes], associated: Iterable[bytes]
) -> list[bytes]:
    """``seal`` for a column; both columns must be of one length (``ValueError`` if not)."""
    return [seal(keys, content, place) for content, place in zip(contents, associated, strict=True)]


def unseal_column(
    keys: KeyRing, envelopes: Iterable[bytes], associated: Iterable[bytes]
) -> list[bytes]:
    """``unseal`` for a column; both columns must be of one length (``ValueError`` if not)."""
    return [
        unseal(keys, sealed, place) for sealed, place in zip(envelopes, associated, strict=True)
    ]


def seal_document(keys: KeyRing, content: bytes) -> bytes:
    """A raw document of the landing area, compressed and sealed.

    The envelope is not bound to a name: the landing area finds documents by the hash of their
    content, and the reader checks that hash.
    """
    return seal(keys, zlib.compress(content, _COMPRESSION), _DOCUMENT)


def unseal_document(keys: KeyRing, envelope: bytes) -> bytes:
    """The raw document. Raises ``SealBrokenError`` or ``keys.UnknownKeyError``."""
    return zlib.decompress(unseal(keys, envelope, _DOCUMENT))


def reseal_document(keys: KeyRing, envelope: bytes) -> bytes:
    """``reseal`` for what ``seal_document`` sealed."""
    return reseal(keys, envelope, _DOCUMENT)


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
