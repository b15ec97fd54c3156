"""ZIP documents of an upload, replaced by the files in them.

An archive that shows ill will (a name leading elsewhere, a link, two members of one name, too
much content) is refused whole. A member that is merely damaged is refused alone.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator, Sequence

from connectors.base import DocumentProblem, RawDocument
from connectors.files import MEDIA_TYPES
from connectors.formats.sniff import ARCHIVES, Kind, kind_of, wrong_format
from connectors.formats.zipped import TOO_LARGE, Zipped

SUFFIX = ".zip"
# As many and as much as connectors.files lets an upload hold without archives.
MEMBERS = 5_000
UNPACKED_BYTES = 512 * 1024 * 1024
DEEPEST = 4
LONGEST_NAME = 255

UTF8_NAME = 0x800  # flag of a member whose name is UTF-8
UNIX = 3  # the system whose file kinds stand in the upper half of external_attr


def unpack(
    documents: Sequence[RawDocument],
) -> tuple[list[RawDocument], list[DocumentProblem]]:
    """``documents`` with each ``x.zip`` replaced by its members, named ``x.zip/member``.

    The bounds hold for all archives of the call together. Problems: ``broken_document`` of the
    archive or the member, ``wrong_format`` of a ``.zip`` that is none.
    """
    found: list[RawDocument] = []
    problems: list[DocumentProblem] = []
    left = UNPACKED_BYTES
    for document in documents:
        if not document.name.lower().endswith(SUFFIX):
            found.append(document)
            continue
        unpacked = _Unpacked(document, left)
        found += unpacked.members
        problems += unpacked.problems
        left -= sum(len(member.content) for member in unpacked.members)
    return found, problems


def flat_name(name: str) -> str:
    """The name a member would have if it lay beside its archive; other names as they are."""
    lowered = name.lower()
    end = lowered.find(SUFFIX + "/")
    if end < 0:
        return name
    folder, _, _ = name[:end].rpartition("/")
    member = name[end + len(SUFFIX) + 1 :]
    return f"{folder}/{member}" if folder else member


class _Unpacked:
    """One archive: its ``members``, and what is wrong with it or with some of them."""

    def __init__(self, document: RawDocument, budget: int) -> None:
        self._name = document.name
        self.members: list[RawDocument] = []
        self.problems: list[DocumentProblem] = []
        if not document.content.strip():
            self.problems.append(DocumentProblem(self._name, "empty_document"))
        elif problem := wrong_format(document, Kind.ZIP):
            self.problems.append(problem)
        else:
            archive = Zipped.open(document.content, parts=MEMBERS, budget=budget)
            refused = archive if isinstance(archive, str) else self._read(archive)
            if refused:
                self.members.clear()
                self.problems[:] = [_broken(self._name, refused)]

    def _read(self, archive: Zipped) -> str:
        """Why the whole archive is refused; empty if it is not."""
        files = list(_files(archive))
        if not files:
            return "в архиве нет файлов"
        if why := _ill_will(files):
            return why
        for name, part in files:
            content = archive.read(part)
            if content == TOO_LARGE:
                return TOO_LARGE
            self._take(f"{self._name}/{name}", content)
        return ""

    def _take(self, name: str, content: bytes | str) -> None:
        if isinstance(content, str):
            self.problems.append(_broken(name, content))
        elif kind_of(content) in ARCHIVES:
            self.problems.append(_broken(name, "архив в архиве не допускается"))
        else:
            suffix = os.path.splitext(name)[1].lower()
            media_type = MEDIA_TYPES.get(suffix, "application/octet-stream")
            self.members.append(RawDocument(name, content, media_type))


def _files(archive: Zipped) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Members that are no folders, by name; Windows programs part folders by ``\\``."""
    for part in archive.parts:
        name = _name(part).replace("\\", "/")
        if not name.endswith("/"):
            yield name, part


def _name(part: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: without the flag it is in the code page of a Russian
    machine, unless it is UTF-8 all the same."""
    if part.flag_bits & UTF8_NAME:
        return part.orig_filename
    name = part.orig_filename.encode("cp437")  # as zipfile decoded it
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp866")


def _ill_will(files: Sequence[tuple[str, zipfile.ZipInfo]]) -> str:
    """Why the archive is refused by its list alone; empty if it is not."""
    if any(_leads_elsewhere(name) for name, _ in files):
        return "имя файла в архиве ведёт за его пределы или недопустимо"
    if any(_is_special(part) for _, part in files):
        return "в архиве есть ссылка или особый файл"
    if len({name.casefold() for name, _ in files}) < len(files):
        return "имя файла в архиве повторяется"
    return ""


def _leads_elsewhere(name: str) -> bool:
    folders = name.split("/")
    return (
        not name.isprintable()
        or len(name) > LONGEST_NAME
        or len(folders) > DEEPEST
        or any(part in ("", ".", "..") or ":" in part for part in folders)
    )


def _is_special(part: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(part.external_attr >> 16) if part.create_system == UNIX else 0
    return kind not in (0, stat.S_IFREG)


def _broken(name: str, detail: str) -> DocumentProblem:
    return DocumentProblem(name, "broken_document", None, None, detail)
