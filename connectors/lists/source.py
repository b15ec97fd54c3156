"""Lists as a source: ``<root>/<school>/lists/``, the newest file of each kind by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from zoneinfo import ZoneInfo

from connectors.base import DocumentProblem, Parsed, RawDocument, SourceTable, Upload
from connectors.dated import parse_day
from connectors.errors import Unavailable
from connectors.files import DropFolder
from connectors.formats.csv import read_csv
from connectors.formats.reading import with_columns
from connectors.formats.xlsx import read_xlsx

FOLDER = "lists"
CSV_ENCODINGS = ("cp1251",)  # unless a byte order mark says UTF-8
COLUMNS: dict[str, tuple[str, ...]] = {
    "uid": ("Роль", "ФИО", "Класс", "UID"),
    "applications": (
        "Номер", "ФИО ребёнка", "Класс", "ФИО заявителя", "Дата заявления", "Дата регистрации",
        "Дата отказа",
    ),
}  # fmt: skip
FILE = re.compile(r"(uid|applications)_([0-9]{4}-[0-9]{2}-[0-9]{2})\.(?:csv|xlsx)")
SHA_DIGITS = 12  # enough to tell two states of one school's lists apart


@dataclass(frozen=True)
class _ListFile:
    table: str
    day: date
    name: str


class ListsSource:
    """One school's lists. An upload is the set of newest files; its ``ref`` is the day of the
    latest and a digest of all, so that lists that did not change keep their ref."""

    kind = "lists"

    def __init__(self, school: str, drop: DropFolder, zone: ZoneInfo, year_start: date) -> None:
        self._school = school
        self._drop = drop
        self._zone = zone
        self._year_start = year_start

    def pending(self, until: date) -> list[Upload]:
        """The lists dated up to ``until`` as one upload; none without files. Raises Fatal."""
        files = self._newest(until)
        if not files:
            return []
        day = max(file.day for file in files)
        ref = _ref(day, self._documents(files))
        taken_at = datetime.combine(day, time(), self._zone)
        return [Upload(self._school, ref, taken_at, (min(self._year_start, day), day))]

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """The files of ``upload``. Raises ``Unavailable`` when they have changed since."""
        day = upload.taken_at.date()
        documents = self._documents(self._newest(day))
        if _ref(day, documents) != upload.ref:
            raise Unavailable("the lists have changed and will be offered anew", where=upload.ref)
        return documents

    def parse(
        self,
        upload: Upload,  # noqa: ARG002  # the seam gives it; these documents tell all
        documents: Sequence[RawDocument],
    ) -> Parsed:
        """``uid`` and ``applications`` as typed; a list that was never typed gives no table."""
        tables: list[SourceTable] = []
        problems: list[DocumentProblem] = []
        for document in documents:
            file = _list_file(document.name)
            if file is None or any(table.name == file.table for table in tables):
                problems.append(DocumentProblem(document.name, "unknown_document"))
                continue
            reading = (
                read_xlsx(document)
                if file.name.endswith(".xlsx")
                else read_csv(document, CSV_ENCODINGS)
            )
            frame = reading.frame
            if not frame.height:  # an emptied list still has its columns
                frame = with_columns(frame, COLUMNS[file.table])
            tables.append(SourceTable(file.table, frame, reading.complete))
            problems += reading.problems
        return Parsed(tables, problems)

    def _newest(self, until: date) -> list[_ListFile]:
        names = self._drop.names(self._school, FOLDER)
        files = [file for name in names if (file := _list_file(name)) and file.day <= until]
        newest = {file.table: file for file in sorted(files, key=lambda f: (f.day, f.name))}
        return [newest[table] for table in COLUMNS if table in newest]

    def _documents(self, files: Sequence[_ListFile]) -> list[RawDocument]:
        return [self._drop.read(self._school, FOLDER, file.name) for file in files]


def _list_file(name: str) -> _ListFile | None:
    match = FILE.fullmatch(name)
    day = parse_day(match[2]) if match else None
    return _ListFile(match[1], day, name) if match and day else None


def _ref(day: date, documents: Sequence[RawDocument]) -> str:
    digest = sha256()
    for document in documents:
        digest.update(document.name.encode() + b"\0" + sha256(document.content).digest())
    return f"{day.isoformat()}-{digest.hexdigest()[:SHA_DIGITS]}"
