from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.keys import KeyRing, UnknownKeyError
from privacy.sealing import (
    SealBrokenError,
    key_id_of,
    seal,
    seal_column,
    seal_document,
    unseal,
    unseal_column,
    unseal_document,
)

RING = KeyRing(active="k1", sealing={"k1": b"1" * 32}, pseudonym=b"2" * 32, lookup=b"3" * 32)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_was_sealed_comes_back(content: bytes, place: bytes) -> None:
    envelope = seal(RING, content, place)
    assert unseal(RING, envelope, place) == content
    assert len(content) < 4 or content not in envelope


@given(st.data())
def test_a_changed_byte_never_opens(data: st.DataObject) -> None:
    envelope = bytearray(seal(RING, b"content", b"place"))
    at = data.draw(st.integers(0, len(envelope) - 1))
    envelope[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((SealBrokenError, UnknownKeyError)):
        unseal(RING, bytes(envelope), b"place")


@given(st.integers(0, 30))
def test_a_cut_envelope_never_opens(length: int) -> None:
    with pytest.raises((SealBrokenError, UnknownKeyError)):
        unseal(RING, seal(RING, b"content", b"place")[:length], b"place")


def test_another_place_does_not_open() -> None:
    with pytest.raises(SealBrokenError):
        unseal(RING, seal(RING, b"content", b"people|p1"), b"people|p2")


def test_two_envelopes_of_one_content_differ() -> None:
    assert seal(RING, b"content", b"") != seal(RING, b"content", b"")


def test_old_keys_still_open_after_rotation() -> None:
    envelope = seal(RING, b"content", b"")
    rotated = replace(RING, active="k2", sealing={**RING.sealing, "k2": b"4" * 32})
    assert unseal(rotated, envelope, b"") == b"content"
    assert key_id_of(seal(rotated, b"content", b"")) == "k2"
    with pytest.raises(UnknownKeyError):
        unseal(replace(rotated, sealing={"k2": b"4" * 32}), envelope, b"")


def test_columns_keep_their_order_and_length() -> None:
    places = [b"a", b"b"]
    assert unseal_column(RING, seal_column(RING, [b"1", b"2"], places), places) == [b"1", b"2"]
    with pytest.raises(ValueError, match="shorter"):
        seal_column(RING, [b"1", b"2"], [b"a"])


def test_documents_are_compressed_and_sealed() -> None:
    document = "Брянчихина Алёна Петровна;5\r\n".encode("cp1251") * 500
    envelope = seal_document(RING, document)
    assert unseal_document(RING, envelope) == document
    assert len(envelope) < len(document) / 5
    with pytest.raises(SealBrokenError):
        unseal(RING, envelope, b"people|p1")
