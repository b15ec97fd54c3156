"""``export.txt``: what an export says of itself, in lines ``name=value``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.base import DocumentProblem, RawDocument
from connectors.dated import Described, parse_day
from connectors.formats.text import WrongEncoding, decode

NOTE = "export.txt"
MAJOR_VERSION = "5."  # ASSUMED: the sheets change with the first number only


@dataclass(frozen=True)
class Note:
    """The version of the system, and when and for which days the export was made."""

    version: str
    described: Described


def read_note(document: RawDocument) -> Note | DocumentProblem:
    """The note in ``document``, or the problem that makes it unreadable."""
    if not document.content.strip():
        return DocumentProblem(NOTE, "empty_document")
    text = decode(document.content, "utf-8")
    if isinstance(text, WrongEncoding):
        return DocumentProblem(NOTE, "wrong_encoding", text.line)
    said = {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in text.splitlines())
    }
    described = _described(said)
    if isinstance(described, str):
        return DocumentProblem(NOTE, "broken_document", None, described)
    return Note(said.get("версия", ""), described)


def foreign(note: Note) -> DocumentProblem | None:
    """Why the export must not be read: another version of the system."""
    if note.version.startswith(MAJOR_VERSION):
        return None
    return DocumentProblem(NOTE, "misconfigured", None, "версия")


def _described(said: dict[str, str]) -> Described | str:
    """The description, or the name of the line that cannot be read."""
    try:
        taken_at = datetime.fromisoformat(said.get("создано", ""))
    except ValueError:
        return "создано"
    first, last = parse_day(said.get("с", "")), parse_day(said.get("по", ""))
    if first is None:
        return "с"
    if last is None or last < first:
        return "по"
    return Described(taken_at, (first, last))
