"""A frozen case: the documents of one upload as they came, and what was made of them.

::

    tests/frozen/<kind>/<version>/<YYYY-MM-DD>/<form>/
        case.yml          how the source was set up (``Setup``)
        documents/        a drop root with the school's folder, or the answers of a live system
        canonical.json    what was made of them on that day (``outcome.py``)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from connectors.base import RawDocument, Source
from connectors.registry import make_source
from mappings import load

ROOT = Path(__file__).parent
SETUP, DOCUMENTS, CANONICAL, SEALS = "case.yml", "documents", "canonical.json", "seals.txt"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Strict):
    """One answer of a live system: the request that was asked, and the file of its bytes."""

    name: str
    media_type: str
    file: str


class Setup(_Strict):
    """``about``: what is in the documents, in a line. ``settings`` and ``answers`` are of a live
    system; a key or password among the settings is a made-up one, since nothing is asked again.
    ``supersedes``: the day of the case with the same documents that this one replaces."""

    about: str
    mapping: str
    school: str
    zone: str
    year_start: date
    until: date
    supersedes: date | None = None
    settings: dict[str, Any] = {}
    answers: list[Answer] = []


@dataclass(frozen=True)
class Case:
    """The case in ``folder``, which lies below ``root`` as the module says."""

    root: Path
    folder: Path

    @property
    def name(self) -> str:
        """``paragraf/3.21/2026-11-23/xml``."""
        return str(self.folder.relative_to(self.root))

    @property
    def kind(self) -> str:
        return self.name.split("/")[0]

    @cached_property
    def setup(self) -> Setup:
        return read_setup(self.folder)

    @property
    def superseded(self) -> str | None:
        """The name of the case that this one replaces."""
        if self.setup.supersedes is None:
            return None
        kind, version, _, form = self.name.split("/")
        return f"{kind}/{version}/{self.setup.supersedes}/{form}"

    def files(self) -> dict[str, bytes]:
        """Every file below ``documents`` by its path there."""
        return contents(self.folder / DOCUMENTS)

    def seal(self) -> str:
        """A digest of all that was frozen."""
        digest = sha256()
        for name, content in contents(self.folder).items():
            digest.update(f"{name}\0{sha256(content).hexdigest()}\n".encode())
        return digest.hexdigest()


def cases(root: Path = ROOT) -> list[Case]:
    """All cases, superseded ones too, by name."""
    return [Case(root, path.parent) for path in sorted(root.glob(f"*/*/*/*/{SETUP}"))]


def read_setup(folder: Path) -> Setup:
    """The setup in ``folder``."""
    return Setup.model_validate(yaml.safe_load((folder / SETUP).read_text("utf-8")))


def write_setup(folder: Path, setup: Setup) -> None:
    """``setup`` as the ``case.yml`` of ``folder``."""
    text = yaml.safe_dump(
        setup.model_dump(exclude_defaults=True), allow_unicode=True, sort_keys=False
    )
    (folder / SETUP).write_text(text, "utf-8")


def source_of(kind: str, folder: Path, setup: Setup) -> Source:
    """The source of ``kind`` as ``setup`` tells, its drop root in ``folder``."""
    return make_source(
        kind,
        setup.school,
        setup.settings or {"root": str(folder / DOCUMENTS)},
        zone=setup.zone,
        year_start=setup.year_start,
        layout=load(setup.mapping).documents,
    )


def answers_of(folder: Path, setup: Setup) -> list[RawDocument]:
    """The documents that a live system answered."""
    return [
        RawDocument(one.name, (folder / DOCUMENTS / one.file).read_bytes(), one.media_type)
        for one in setup.answers
    ]


def read_seals(root: Path = ROOT) -> dict[str, str]:
    """The digest of each case as it was frozen, by name."""
    path = root / SEALS
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` by its path there, in order."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
