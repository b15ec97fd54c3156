"""Reads drop folders that schools write into, trusting nothing that lies there.

Every folder is opened from its parent by descriptor and never through a symbolic link, so a
link or a name with ``..`` cannot lead out of the root, not even when it is put there while we
read. Only regular files are read, up to a size. Nothing is written or locked.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.base import RawDocument
from connectors.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable

MEDIA_TYPES = {
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".html": "text/html",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
DEEPEST = 4  # a drop is flat; more levels are a mistake or a trap


@dataclass(frozen=True)
class Limits:
    """What one upload may weigh. A school of 2000 pupils exports about 100 MB a year, in at
    most a journal file per class, subject and subgroup."""

    file_bytes: int = 256 * 1024 * 1024
    upload_bytes: int = 1024 * 1024 * 1024
    files: int = 5_000


class DropFolder:
    """Folders below ``root``. Raises ``Misconfigured`` for links, odd names and excess,
    ``AccessDenied`` where reading is forbidden, ``Unavailable`` when the disk fails."""

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self._root = root
        self._limits = limits or Limits()

    def folders(self, *parts: str) -> list[str]:
        """Names of the folders in ``root/parts``, sorted; none when it is not there."""
        with self._open(parts) as folder:
            if folder is None:
                return []
            with os.scandir(folder) as entries:
                return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))

    def has_file(self, *parts: str) -> bool:
        """Is there a regular file ``root/parts``?"""
        with self._open(parts[:-1]) as folder:
            if folder is None:
                return False
            try:
                found = os.stat(_checked(parts[-1]), dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return False
            return stat.S_ISREG(found.st_mode)

    def names(self, *parts: str) -> list[str]:
        """Names of the files right in ``root/parts``, sorted; none when it is not there."""
        with self._open(parts) as folder:
            return [] if folder is None else [n for n in self._walk(folder, "", 1) if "/" not in n]

    def read(self, *parts: str) -> RawDocument:
        """The file ``root/parts``, named by its last part."""
        with self._open(parts[:-1]) as folder:
            if folder is None:
                raise Unavailable("the folder is gone", where=_shown(parts))
            return self._document(folder, _checked(parts[-1]), parts[-1])

    def read_all(self, *parts: str) -> list[RawDocument]:
        """Every file below ``root/parts`` by name, folders included in the names."""
        with self._open(parts) as folder:
            if folder is None:
                raise Unavailable("the folder is gone", where=_shown(parts))
            documents: list[RawDocument] = []
            total = 0
            for name in sorted(self._walk(folder, "", 1)):
                documents.append(self._document(folder, name, name))
                total += len(documents[-1].content)
                if total > self._limits.upload_bytes or len(documents) > self._limits.files:
                    raise _too_large(_shown(parts))
            return documents

    @contextmanager
    def _open(self, parts: tuple[str, ...]) -> Iterator[int | None]:
        """A descriptor of the folder ``root/parts``; None when it is not there."""
        try:
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise _missing_root(error) from None
        try:
            found = True
            for part in parts:
                try:
                    below = _open_folder(_checked(part), descriptor)
                except FileNotFoundError:
                    found = False
                    break
                os.close(descriptor)
                descriptor = below
            yield descriptor if found else None
        except OSError as error:
            raise _failure(error, _shown(parts)) from None
        finally:
            os.close(descriptor)

    def _walk(self, folder: int, prefix: str, depth: int) -> Iterator[str]:
        with os.scandir(folder) as entries:
            for entry in list(entries):
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if depth >= DEEPEST:
                        raise _odd("folders nested too deeply")
                    below = _open_folder(entry.name, folder)
                    try:
                        yield from self._walk(below, name + "/", depth + 1)
                    finally:
                        os.close(below)
                elif entry.is_file(follow_symlinks=False):
                    yield name
                else:
                    raise _odd("a link or a device lies in the drop folder")

    def _document(self, folder: int, path: str, name: str) -> RawDocument:
        *above, last = path.split("/")
        opened: list[int] = []
        try:
            for part in above:
                opened.append(_open_folder(part, opened[-1] if opened else folder))
            content = self._content(opened[-1] if opened else folder, last)
        finally:
            for descriptor in opened:
                os.close(descriptor)
        suffix = os.path.splitext(name)[1].lower()
        return RawDocument(
            printable(name), content, MEDIA_TYPES.get(suffix, "application/octet-stream")
        )

    def _content(self, folder: int, name: str) -> bytes:
        # O_NONBLOCK: opening a pipe put there on purpose must not hang us.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise _odd("a link or a device lies in the drop folder")
            content = file.read(self._limits.file_bytes + 1)
            after = os.fstat(descriptor)
        if len(content) > self._limits.file_bytes:
            raise _too_large(printable(name))
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Unavailable("the file is being written", where=printable(name))
        return content


def printable(name: str) -> str:
    """``name`` without characters that cannot be stored or would break a log line."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _checked(part: str) -> str:
    if part in ("", ".", "..") or "/" in part or "\0" in part:
        raise Misconfigured("a folder name leads out of the drop root", fix="correct the code")
    return part


def _open_folder(name: str, parent: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def _shown(parts: tuple[str, ...]) -> str:
    return printable("/".join(parts))


def _odd(message: str) -> Misconfigured:
    return Misconfigured(message, fix="leave only plain files of the export in the folder")


def _too_large(where: str) -> Misconfigured:
    return Misconfigured(
        "more than a school's export can weigh", where=where, fix="look what lies in the folder"
    )


def _missing_root(error: OSError) -> ConnectorError:
    if isinstance(error, PermissionError):
        return AccessDenied("the drop root may not be read", fix="give the hub read access")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Misconfigured("the drop root is not there", fix="mount it or correct the root")
    return Unavailable(f"the drop root cannot be read ({type(error).__name__})")


def _failure(error: OSError, where: str) -> ConnectorError:
    if isinstance(error, PermissionError):
        return AccessDenied("the folder may not be read", where=where, fix="give read access")
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Misconfigured(
            "a link or a file stands where a folder must be", where=where, fix="put a plain folder"
        )
    return Unavailable(f"the folder cannot be read ({type(error).__name__})", where=where)
