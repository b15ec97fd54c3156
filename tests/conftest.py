"""Which tests share a worker; and a skipped test fails the run: a missing tool is no success."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_skipped: list[str] = []


# Folders whose files share nothing: each file may have a worker of its own.
_APART = frozenset({"reliability"})
# Begun first, so that no worker is left alone with one of them at the end; longest first.
_LONG = ("reliability", "end_to_end", "canaries", "dags", "pipeline", "public")


def _group(nodeid: str) -> str:
    """Whose servers and regions a test shares: those of its folder, or of its file."""
    place = nodeid.split("::")[0].removeprefix("tests/")
    folder = place.split("/")[0]
    return place if folder in _APART else folder


class _ByFolder(LoadScopeScheduling):
    """Tests of one group stay on one worker, in order, so that what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {folder: rank for rank, folder in enumerate(_LONG)}
    items.sort(key=lambda item: ranks.get(_group(item.nodeid).split("/")[0], len(ranks)))


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
