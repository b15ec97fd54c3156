"""The compose file and the Dockerfile, read as data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CELERY = "celery"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yml").read_text("utf-8"))
    return content


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that start today: without those of the profile ``celery``."""
    return {
        name: service
        for name, service in compose["services"].items()
        if CELERY not in service.get("profiles", [])
    }


@pytest.fixture(scope="session")
def instructions() -> list[tuple[str, str]]:
    """``(instruction, arguments)`` of the Dockerfile, in order."""
    text = (ROOT / "docker/Dockerfile").read_text("utf-8")
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", text))
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(name, arguments) for name, arguments in pairs]
