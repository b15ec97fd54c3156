"""A small region and a prepared hub with Airflow's database, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Place:
    """Where the hub lives, and the environment in which its commands run."""

    home: Path
    region: Path
    environment: dict[str, str]

    def svod(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``svod``; the caller looks at the exit code."""
        return subprocess.run(
            [str(BIN / "svod"), *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with TemporaryDirectory(prefix="svod-dags-") as folder:
        home = Path(folder) / "home"
        environment = dict(os.environ) | {"SVOD_HOME": str(home)}
        made = Place(home, Path(folder) / "region", environment)
        size = ["--districts=1", "--schools-per-system=1", "--classes=2"]
        done = made.svod("sandbox", "generate", f"--out={made.region}", *size)
        assert done.returncode == 0, done.stderr
        for command in (["init"], ["schools", "import", str(made.region / "region.yml")]):
            done = made.svod(*command)
            assert done.returncode == 0, done.stderr
        yield made  # the server stops with the last command that used it
