"""Reads the parts of a ZIP within bounds; nothing that the archive says of itself is believed.

``zipfile`` unpacks all of a packed part before it looks at the declared size, and some packings
grow a thousandfold and more. So parts are unpacked piece by piece and counted.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

# A table packs to a tenth or a thirtieth of its size, a sheet of empty cells to a hundredth.
# Below FLOOR bytes the ratio does not matter.
RATIO = 200
FLOOR = 16 * 1024 * 1024
PIECE = 1024 * 1024

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what the programs of schools write
ENTRY = b"PK\x01\x02"  # begins an entry of the list of parts
ENCRYPTED = 0x1

TOO_MANY = "в архиве слишком много файлов"
TOO_LARGE = "распакованное содержимое слишком велико"
DAMAGED = "файл повреждён или прочитан не весь"
LOCKED = "файл под паролем"

# RuntimeError: it asks for a password; NotImplementedError: a packing nobody knows.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


class Zipped:
    """An archive whose parts may together take up no more than a budget of bytes."""

    def __init__(self, archive: zipfile.ZipFile, budget: int) -> None:
        self._archive = archive
        self._left = budget

    @classmethod
    def open(cls, content: bytes, *, parts: int, budget: int) -> Zipped | str:
        """The archive in ``content``, or in Russian why it is refused: more than ``parts``
        members, a password, damage."""
        if content.count(ENTRY) > parts:  # before a list of millions is made
            return TOO_MANY
        try:
            archive = zipfile.ZipFile(BytesIO(content))
        except DAMAGE:
            return DAMAGED
        if any(part.flag_bits & ENCRYPTED for part in archive.infolist()):
            return LOCKED
        return cls(archive, min(budget, max(FLOOR, RATIO * len(content))))

    @property
    def parts(self) -> list[zipfile.ZipInfo]:
        """What the archive lists, in its order."""
        return self._archive.infolist()

    def read(self, part: zipfile.ZipInfo) -> bytes | str:
        """The content of ``part``, or in Russian why there is none; it lowers the budget."""
        if part.compress_type not in PACKINGS:
            return "файл упакован неизвестным способом"
        pieces: list[bytes] = []
        try:
            with self._archive.open(part) as stream:
                while piece := stream.read(PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        return TOO_LARGE
                    pieces.append(piece)
        except DAMAGE:
            return DAMAGED
        content = b"".join(pieces)
        return content if len(content) == part.file_size else DAMAGED
