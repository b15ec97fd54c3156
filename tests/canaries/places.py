"""Where a canary must not be, and the few places that may hold some of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.canaries.evening import Evening, tables
from tests.end_to_end.conftest import LOG

Place = tuple[str, bytes]

# The systems' own files; all else below the folder was written by the hub or received from it.
_SOURCES = ("region/drops", "region/dnevnik", "region/region.yml", "firebird")
_GX_PICTURES = "home/data_docs/static"  # of the library, the same in every run


def tables_of_the_hub(evening: Evening) -> Iterator[Place]:
    """Every table, the vault's too: what is in them is sealed."""
    yield from tables(evening.world)


def tables_of_airflow(evening: Evening) -> Iterator[Place]:
    """XCom, rendered fields, task instances, logs."""
    yield from tables(evening.world, "airflow")


def files(evening: Evening, *below: str) -> Iterator[Place]:
    """The files below the hub's home (reports, landing, Data Docs, logs) or another folder."""
    root = evening.folder.joinpath(*below)
    for path in [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(evening.folder).as_posix()
        if not name.startswith((*_SOURCES, _GX_PICTURES)):
            yield name, path.read_bytes()


def said(evening: Evening) -> Iterator[Place]:
    """What the commands printed."""
    yield from evening.said.items()


PLACES = {
    "the diary": lambda evening: files(evening, "region", "diary-received.log"),
    "the diary's store": lambda evening: files(evening, "region", "diary.sqlite"),
    "logs": lambda evening: files(evening, LOG),
    "the hub's database": tables_of_the_hub,
    "Airflow's database": tables_of_airflow,
    "the hub's home": lambda evening: files(evening, "home"),
    "commands": said,
}


def received_by_the_registry(evening: Evening) -> bytes:
    return Path(evening.folder, "region", "contingent-received.log").read_bytes()
