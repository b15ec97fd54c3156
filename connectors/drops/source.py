"""A drop folder as a source: dated folders, read as the layout of the profile tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from connectors.base import Parsed, RawDocument, Upload
from connectors.dated import DatedUploads, Described
from connectors.drops.note import Said, read_note
from connectors.drops.reading import read_documents
from connectors.files import DropFolder
from schemas.layout import Layout


class DropSource:
    """One school's exports of the system ``kind``."""

    def __init__(
        self,
        kind: str,
        school: str,
        drop: DropFolder,
        layout: Layout,
        zone: ZoneInfo,
        year_start: date,
    ) -> None:
        self.kind = kind
        self._layout = layout
        self._uploads = DatedUploads(
            drop, school, layout.note.file, zone, year_start, self._describe
        )

    def pending(self, until: date) -> list[Upload]:
        """Finished uploads dated up to ``until``, oldest first. Raises Retriable or Fatal."""
        return self._uploads.pending(until)

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """Every file of ``upload``. Raises Retriable or Fatal."""
        return self._uploads.fetch(upload)

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        """Tables as exported (see ``reading.read_documents``)."""
        return read_documents(self._layout, documents, upload.covers, upload.school)

    def _describe(self, document: RawDocument) -> Described | None:
        said = read_note(self._layout.note, document)
        return said.described if isinstance(said, Said) else None
