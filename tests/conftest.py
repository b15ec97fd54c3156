"""A skipped test fails the run: a missing tool must not pass as done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

_skipped: list[str] = []


# Folders whose files share nothing: each file may have a worker of its own.
_APART = frozenset({"reliability"})


@pytest.hookimpl(tryfirst=True)  # the groups must stand before the workers read them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one folder share servers and regions: they stay on one worker, in order."""
    here = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(here)
        group = str(place) if place.parts[0] in _APART else place.parts[0]
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_runtest_logreport(report: Any) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _skipped and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(f"skipped tests: {len(_skipped)} (each one fails the run)")
    for nodeid in _skipped:
        terminalreporter.write_line(f"  {nodeid}")
