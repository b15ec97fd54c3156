"""Fixtures: the scripted server, time that moves only when somebody sleeps, and the samples."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from connectors.base import RawDocument
from connectors.registry import Link
from tests.connectors import samples
from tests.connectors.samples.paragraf import manifest
from tests.connectors.samples.server import Reply, Server
from tests.connectors.samples.stage import Case, Cases, Stage
from tests.connectors.samples.workbooks import workbook

CASES: Cases = {}
DROPS: set[str] = set()  # the cases that read files from a folder
for _found in iter_modules(samples.__path__, f"{samples.__name__}."):
    _module = import_module(_found.name)
    CASES |= getattr(_module, "CASES", {})
    DROPS |= set(getattr(_module, "CASES", {})) if getattr(_module, "ON_DISK", False) else set()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask for ``case_name`` run for every sample, for ``drop_name`` for every drop."""
    for fixture, names in (("case_name", CASES), ("drop_name", DROPS)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, sorted(names))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
def link(time_: Time) -> Link:
    return Link(sleep=time_.sleep, clock=time_.clock, jitter=lambda: 0.0)


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def doc() -> Callable[[str, bytes], RawDocument]:
    return lambda name, content: RawDocument(name, content, "application/octet-stream")


@pytest.fixture
def make_workbook() -> Callable[..., bytes]:
    return workbook


@pytest.fixture
def make_manifest() -> Callable[..., bytes]:
    return manifest


@pytest.fixture
def make_case(tmp_path: Path, server: Server, link: Link) -> Callable[[str], Case]:
    """A case by name: ``paragraf-csv``, ``netschool-html``, ``lists``, ``dnevnik_ru``, ..."""
    return lambda name: CASES[name](Stage(tmp_path, server, link))
