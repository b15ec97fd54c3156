"""Drop folders with one folder per day: ``<root>/<school>/<YYYY-MM-DD>/``.

An upload counts once the file that the export writes last is there. The description it holds
(when it was made, which days it covers) is read by the system's own connector.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from connectors.base import RawDocument, Upload
from connectors.errors import Unavailable
from connectors.files import DropFolder

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Described:
    """What an export says of itself; ``taken_at`` may be naive, then it is the region's time."""

    taken_at: datetime
    covers: tuple[date, date]


@dataclass(frozen=True)
class DatedUploads:
    """The dated folders of one school; ``last_file`` marks a finished one.

    ``describe`` reads that file; None where it cannot be read. Such an upload is offered all the
    same, so that its faults are told: taken on the day of its folder, covering the year so far.
    """

    drop: DropFolder
    school: str
    last_file: str
    zone: ZoneInfo
    year_start: date
    describe: Callable[[RawDocument], Described | None]

    def pending(self, until: date) -> list[Upload]:
        """Finished uploads dated up to ``until``, oldest first."""
        return [
            self._upload(day)
            for day in filter(None, map(parse_day, self.drop.folders(self.school)))
            if day <= until and self.drop.has_file(self.school, day.isoformat(), self.last_file)
        ]

    def fetch(self, upload: Upload) -> list[RawDocument]:
        """Every file of ``upload``. Raises ``Unavailable`` when it is being written anew."""
        documents = self.drop.read_all(self.school, upload.ref)
        if not any(document.name == self.last_file for document in documents):
            raise Unavailable("the upload is being written", where=upload.ref)
        return documents

    def _upload(self, day: date) -> Upload:
        document = self.drop.read(self.school, day.isoformat(), self.last_file)
        said = self.describe(document) or Described(
            datetime.combine(day, time()), (min(self.year_start, day), day)
        )
        taken_at = said.taken_at
        if taken_at.tzinfo is None:
            taken_at = taken_at.replace(tzinfo=self.zone)
        return Upload(self.school, day.isoformat(), taken_at.astimezone(self.zone), said.covers)


def parse_day(text: str) -> date | None:
    """The day that ``text`` spells as YYYY-MM-DD, if it does."""
    if not ISO_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
