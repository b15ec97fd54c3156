"""Freezes documents: ``python -m tests.frozen.write``. See README.md.

* ``record DRAFT KIND --settings FILE``: ask a live system and put its answers into the draft
* ``new DRAFT KIND/VERSION/FORM``: read the draft and keep it under today's date
* ``again KIND/VERSION/DAY/FORM``: the same documents, read as they are read today
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import yaml
from pydantic import ValidationError

from connectors.base import RawDocument
from tests.frozen.cases import (
    CANONICAL,
    DOCUMENTS,
    ROOT,
    SEALS,
    Answer,
    Case,
    Setup,
    cases,
    read_seals,
    read_setup,
    source_of,
    write_setup,
)
from tests.frozen.outcome import as_text, outcome_of

SUFFIXES = {
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "text/csv": ".csv",
    "text/html": ".html",
}


class CannotFreezeError(Exception):
    """What was asked for is not there, or is there already."""


def record(draft: Path, kind: str, live: dict[str, object]) -> None:
    """Ask the live system of ``draft``'s setup, reached by the settings ``live``, and keep its
    answers there. The setup keeps its own settings: no key of a real system is frozen."""
    setup = _setup_of(draft)
    source = source_of(kind, draft, setup.model_copy(update={"settings": live}))
    put_answers(draft, setup, list(source.fetch(source.pending(setup.until)[-1])))


def put_answers(draft: Path, setup: Setup, documents: Sequence[RawDocument]) -> None:
    """``documents`` of a live system as the documents of ``draft``."""
    folder = draft / DOCUMENTS
    folder.mkdir(parents=True)
    answers = []
    for number, document in enumerate(documents, 1):
        file = f"{number:03d}{SUFFIXES.get(document.media_type, '')}"
        (folder / file).write_bytes(document.content)
        answers.append(Answer(name=document.name, media_type=document.media_type, file=file))
    write_setup(draft, setup.model_copy(update={"answers": answers}))


def new(draft: Path, path: str, day: date, root: Path = ROOT) -> Case:
    """Freeze ``draft`` (``case.yml`` and ``documents``) as ``path`` (kind, version and form)."""
    kind, version, form = path.split("/")
    return _freeze(draft, _setup_of(draft), root / kind / version / str(day) / form, root)


def again(name: str, day: date, root: Path = ROOT) -> Case:
    """The documents of the case ``name`` as they are read now, under the date ``day``."""
    old = next((case for case in cases(root) if case.name == name), None)
    if old is None:
        raise CannotFreezeError(f"there is no case {name}")
    kind, version, before, form = name.split("/")
    setup = old.setup.model_copy(update={"supersedes": date.fromisoformat(before)})
    return _freeze(old.folder, setup, root / kind / version / str(day) / form, root)


def _setup_of(draft: Path) -> Setup:
    try:
        return read_setup(draft)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise CannotFreezeError(f"{draft} is no draft: {error}") from None


def _freeze(documents_of: Path, setup: Setup, folder: Path, root: Path) -> Case:
    if folder.exists():
        raise CannotFreezeError(f"{folder} is frozen already; take another day or form")
    shutil.copytree(documents_of / DOCUMENTS, folder / DOCUMENTS)
    write_setup(folder, setup)
    case = Case(root, folder)
    outcome = outcome_of(case.kind, folder, setup)
    (folder / CANONICAL).write_text(as_text(outcome), "utf-8")
    seals = {**read_seals(root), case.name: case.seal()}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(seals.items())]
    (root / SEALS).write_text("".join(lines), "utf-8")
    return case


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.frozen.write")
    parser.add_argument("--day", type=date.fromisoformat, default=date.today())  # noqa: DTZ011
    asked = parser.add_subparsers(dest="asked", required=True)
    recording = asked.add_parser("record")
    recording.add_argument("draft", type=Path)
    recording.add_argument("kind")
    recording.add_argument("--settings", type=Path, required=True)
    making = asked.add_parser("new")
    making.add_argument("draft", type=Path)
    making.add_argument("path")
    asked.add_parser("again").add_argument("name")
    said = parser.parse_args()
    try:
        match said.asked:
            case "record":
                live = yaml.safe_load(said.settings.read_text("utf-8"))
                record(said.draft, said.kind, live)
            case "new":
                print(new(said.draft, said.path, said.day).folder)
            case _:
                print(again(said.name, said.day).folder)
    except CannotFreezeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
