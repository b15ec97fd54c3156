"""``make test`` on a machine without a browser: Debian's package as root, else one clear line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _make(folder: Path, *, user: int, system: str) -> subprocess.CompletedProcess[str]:
    """The prerequisite of ``make test``, with a browser missing and tools that only tell."""
    browser = folder / "chromium"
    _tool(folder, "id", f"echo {user}")
    _tool(folder, "apt-get", f'echo "$@" >> {folder}/asked; touch {browser}')
    (folder / "os-release").write_text(f"ID={system}\n")
    # Another make may run these tests: this one is not its child.
    own = {"PATH": f"{folder}:{os.environ['PATH']}", "MAKEFLAGS": "", "MAKELEVEL": "0"}
    return subprocess.run(
        ["make", f"CHROMIUM={browser}", f"OS_RELEASE={folder / 'os-release'}", str(browser)],
        cwd=ROOT,
        env=os.environ | own,
        capture_output=True,
        text=True,
    )


def test_root_on_debian_gets_the_package(tmp_path: Path) -> None:
    assert _make(tmp_path, user=0, system="debian").returncode == 0
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0].startswith("update")
    assert asked[1].startswith("install")
    assert " chromium" in asked[1]


@pytest.mark.parametrize(("user", "system"), [(1000, "debian"), (0, "ubuntu")])
def test_others_are_told_what_to_install(tmp_path: Path, user: int, system: str) -> None:
    answer = _make(tmp_path, user=user, system=system)
    assert answer.returncode != 0
    said = [line for line in answer.stderr.splitlines() if not line.startswith("make:")]
    assert len(said) == 1
    assert f"install Chromium as {tmp_path / 'chromium'}" in said[0]
    assert not (tmp_path / "asked").exists()
