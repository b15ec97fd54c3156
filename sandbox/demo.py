"""The main job on a pretend region, through the product's command line alone.

generate (once) -> serve -> ``svod init`` -> ``svod schools import`` -> ``svod run`` for every
business date. A second call runs the last date again, which must change nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

from sandbox.generate import generate, load_params, write_json
from sandbox.params import Params
from sandbox.serve import Running, start

STATE = "demo-state.json"
PARTLY = 3  # `svod run`: some schools did not finish; the next day goes on without them


Svod = Callable[[list[str], dict[str, str]], int]  # arguments, environment -> exit code


def demo(params: Params, out: Path, svod: Svod | None = None) -> int:
    """Run the demo in ``out``; the exit code of the last ``svod`` command."""
    if not (out / "sandbox.json").exists():
        generate(params, out)
    running = start(out)
    try:
        return _run_dates(out, running, svod or run_svod)
    finally:
        running.close()


def _run_dates(out: Path, running: Running, svod: Svod) -> int:
    environment = _environment(running)
    for command in (["init"], ["schools", "import", str(out / "region.yml")]):
        code = svod(command, environment)
        if code:
            return code
    code = 0
    for day in _dates_left(out):
        _set_today(running, day)
        code = svod(["run", "--business-date", day], environment)
        if code not in (0, PARTLY):
            return code
        write_json(out / STATE, {"last": day})
    return code


def _dates_left(out: Path) -> list[str]:
    """Dates after the last that went through; the last one again if none is left."""
    params = load_params(out)
    days = [str(day) for day in params.dates]
    state = out / STATE
    last = json.loads(state.read_text("utf-8"))["last"] if state.exists() else ""
    return [day for day in days if day > last] or days[-1:]


def _environment(running: Running) -> dict[str, str]:
    told = {f"SANDBOX_{k.upper()}": str(v) for k, v in running.urls.items() if k != "pid"}
    return {**os.environ, **told}


def _set_today(running: Running, day: str) -> None:
    host = str(running.urls["dnevnik_url"]).removesuffix("/v2")
    body = json.dumps({"date": day}).encode()
    with urlopen(Request(f"{host}/_sandbox/today", body), timeout=10):  # noqa: S310  # loopback
        pass


def run_svod(arguments: list[str], environment: dict[str, str]) -> int:
    """Run ``svod`` from beside the interpreter; its output goes where ours goes."""
    command = [str(Path(sys.executable).parent / "svod"), *arguments]
    sys.stdout.write(f"$ svod {' '.join(arguments)}\n")
    sys.stdout.flush()
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # ours
