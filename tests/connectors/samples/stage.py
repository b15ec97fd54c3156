"""What a sample needs to set up a source, and what it gives back.

Each module of this folder names its samples in ``CASES``; all people are invented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from connectors.base import Source
from connectors.registry import Link, make_source
from mappings import load
from tests.connectors.samples.server import Server

YEAR_START = date(2026, 9, 1)
ZONE = "Europe/Moscow"
SCHOOL = "781001"
DAY = "2026-09-18"
UNTIL = date(2026, 9, 18)


@dataclass(frozen=True)
class Stage:
    """Where a sample may write files, and the server and link it may use."""

    tmp_path: Path
    server: Server
    link: Link

    @property
    def folder(self) -> Path:
        """The folder of the school's upload, made new."""
        folder = self.tmp_path / SCHOOL / DAY
        folder.mkdir(parents=True)
        return folder

    def source(self, kind: str, profile: str, settings: dict[str, Any] | None = None) -> Source:
        """The source of ``kind``; of files below ``tmp_path`` unless settings are given."""
        return make_source(
            kind,
            SCHOOL,
            settings or {"root": str(self.tmp_path)},
            zone=ZONE,
            year_start=YEAR_START,
            layout=load(profile).documents,
            link=self.link,
        )


@dataclass(frozen=True)
class Case:
    """A source with one healthy upload; ``filled`` are tables that must hold rows."""

    source: Source
    until: date
    filled: frozenset[str]


Cases = dict[str, Callable[[Stage], Case]]
