"""A skipped test fails the run: a missing tool must not pass as done."""

from __future__ import annotations

from typing import Any

import pytest

_skipped: list[str] = []


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
