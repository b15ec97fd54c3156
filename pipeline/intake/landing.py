"""The landing area: every document as it came, sealed, named by the hash of its bytes.

A document is written once and never changed. The table ``ops.landing`` says which upload it
came with; its ``id`` is the origin that facts point at.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fsspec
from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from connectors.base import RawDocument, Upload
from privacy.keys import KeyRing, UnknownKeyError
from privacy.masks import Masks
from privacy.resealing import Tell
from privacy.sealing import (
    HEAD_BYTES,
    SealBrokenError,
    key_id_of,
    reseal_document,
    seal_document,
    unseal_document,
)
from schemas.tables import landing

SUFFIX = ".sealed"
# Object storage answers in tens of milliseconds and takes many requests at once.
AT_ONCE = 16


class Landing:
    """Sealed documents under an fsspec address (a folder or object storage)."""

    name = "landing"

    def __init__(self, address: str, keys: KeyRing) -> None:
        self._files, self._root = fsspec.core.url_to_fs(address)
        self._keys = keys

    def put(self, content: bytes) -> str:
        """Keep ``content``; returns its SHA-256. Writing the same bytes again does nothing."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        if not self._files.exists(path):
            self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            self._write(path, seal_document(self._keys, content))
        return name

    def get(self, name: str) -> bytes:
        """The bytes kept under ``name``. Raises ``FileNotFoundError``."""
        return unseal_document(self._keys, self._files.cat_file(self._path(name)))

    def counts(self) -> dict[str, int]:
        """How many documents each key sealed, read from the documents; ``""``: no envelope."""
        return dict(Counter(key_id for _, key_id in self._sealed_by()))

    def reseal(self, keys: KeyRing, tell: Tell) -> int:
        """Seal by the active key what another one sealed; how many documents were written.

        What does not open, or whose key is lost, stays as it is.
        """
        done = 0
        for path, key_id in self._sealed_by():
            tell(1)
            if key_id == keys.current().active:
                continue
            try:
                fresh = reseal_document(keys, self._files.cat_file(path))
            except (SealBrokenError, UnknownKeyError):
                continue
            self._write(path, fresh)
            done += 1
        return done

    def _sealed_by(self) -> Iterator[tuple[str, str]]:
        """Every document and the key that sealed it; those of a killed writer too."""
        paths = [path for path in self._files.find(self._root) if path.endswith(SUFFIX)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from zip(paths, pool.map(self._key_id, paths), strict=True)

    def _key_id(self, path: str) -> str:
        try:
            return key_id_of(self._files.cat_file(path, start=0, end=HEAD_BYTES))
        except SealBrokenError:
            return ""

    def _write(self, path: str, envelope: bytes) -> None:
        self._files.pipe_file(path + ".part", envelope)
        self._files.mv(path + ".part", path)  # a killed writer leaves no half document

    def _path(self, name: str) -> str:
        return f"{self._root}/{name[:2]}/{name}{SUFFIX}"


def land(
    store: Landing,
    connection: Connection,
    source: str,
    upload: Upload,
    documents: Sequence[RawDocument],
    masks: Masks,
) -> dict[str, int]:
    """Keep the documents of an upload; returns the landing id of each document name.

    A name that names somebody is kept as ``masks`` show it.
    """
    shown = masks.files(document.name for document in documents)
    name_landed(connection, source, upload, documents, masks)
    contents = {document.name: store.put(document.content) for document in documents}
    for document in documents:
        statement = insert(landing).values(
            school=upload.school,
            source=source,
            upload_ref=upload.ref,
            name=shown[document.name],
            sha256=contents[document.name],
            size=len(document.content),
            media_type=document.media_type,
        )
        connection.execute(statement.on_conflict_do_nothing())
    columns = landing.c.name, landing.c.sha256, landing.c.id
    rows = connection.execute(_of(select(*columns), source, upload))
    ids = {(name, content): number for name, content, number in rows}
    return {name: ids[shown[name], content] for name, content in contents.items()}


def name_landed(
    connection: Connection,
    source: str,
    upload: Upload,
    documents: Sequence[RawDocument],
    masks: Masks,
) -> None:
    """Call what is landed of ``upload`` as ``masks`` show it, which know more people by now."""
    names = [document.name for document in documents]
    shown, hidden = masks.files(names), masks.hidden_files(names)
    there = set(connection.execute(_of(select(landing.c.name), source, upload)).scalars())
    for name in names:
        for earlier in ({name, hidden[name]} - {shown[name]}) & there:
            statement = update(landing).values(name=shown[name])
            connection.execute(_of(statement.where(landing.c.name == earlier), source, upload))


def _of(statement: Any, source: str, upload: Upload) -> Any:
    """``statement`` for the landed documents of ``upload``."""
    found = statement.where(
        landing.c.school == upload.school,
        landing.c.source == source,
        landing.c.upload_ref == upload.ref,
    )
    return found.order_by(landing.c.id) if isinstance(found, Select) else found
