"""Run a long program, keep what it prints, and tell its progress."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path


def follow(
    command: list[str], environment: dict[str, str], log: Path, tell: Callable[[str], None]
) -> int:
    """Run ``command``; returns its exit code.

    All its output goes to ``log``; a line of JSON with ``dag`` is progress and is also told.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a", encoding="utf-8") as kept,
        subprocess.Popen(  # noqa: S603  our own program
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            kept.write(line)
            if line.startswith('{"dag"'):
                tell(_progress(json.loads(line)))
    return process.returncode


def _progress(event: dict[str, object]) -> str:
    return f"  {event['dag']:20} {event['state']:10} {event.get('seconds', '')}".rstrip()
