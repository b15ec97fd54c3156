"""``svod serve dashboard`` lets no password travel in the clear."""

from __future__ import annotations

import os
import sys

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.hub import Hub


@pytest.fixture
def begun(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Command lines of the servers that were begun; none is."""
    monkeypatch.setenv("SVOD_HOME", str(hub.settings.home))
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: seen.append(command))
    return seen


@pytest.mark.parametrize(
    "options",
    [
        ["--host", "0.0.0.0"],
        ["--host", "10.0.0.1", "--address", "http://svod.example"],
    ],
)
def test_other_machines_come_over_tls(begun: list[list[str]], options: list[str]) -> None:
    done = CliRunner().invoke(app, ["serve", "dashboard", *options])
    assert done.exit_code == 2
    assert begun == []


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ([], "http://127.0.0.1:8070"),
        (["--host", "0.0.0.0", "--address", "https://svod.example"], "https://svod.example"),
    ],
)
def test_what_is_served(begun: list[list[str]], options: list[str], address: str) -> None:
    assert CliRunner().invoke(app, ["serve", "dashboard", *options]).exit_code == 0
    ((program, _, module, *rest),) = begun
    assert (program, module) == (sys.executable, "reports.web")
    assert f"--address={address}" in rest
