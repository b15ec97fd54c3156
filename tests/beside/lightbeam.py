"""``python -m tests.beside.lightbeam``: lightbeam through the faults that Svod is tested with.

lightbeam sends files of records to a portal of the Ed-Fi kind, one request a record, and remembers
the hashes of what it has sent. It is installed into a folder of its own (``--venv``, kept for the
next time) and never into Svod's. Each case sends ``--records`` marks to a portal on the loopback
address, then sends the same file once more, as the next evening would. Printed, as Markdown: what
was missing at the portal after the first sending and after the second, how many writings were
applied beyond one a record, the exit codes, and what lightbeam told its operator.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.emulators.fault_plan import Plan, parse
from tests.beside.edfi import Door

VERSION = "0.1.12"
LONGEST = 90  # seconds a sending may take before it is ended
ENDED = "ended"
_CONFIG = """
state_dir: {folder}/state
data_dir: {folder}/data
edfi_api: {{base_url: "{url}", version: 3, mode: shared_instance, client_id: a, client_secret: b}}
connection:
  pool_size: 8
  timeout: 5
  num_retries: 6
  backoff_factor: 1.5
  retry_statuses: [429, 500, 502, 503, 504, 507]
  verify_ssl: false
log_level: INFO
"""


@dataclass
class Sending:
    """One run of lightbeam: exit code and its own totals, as far as it gave any."""

    code: int | str
    totals: str
    errors: int
    seconds: float


@dataclass
class Outcome:
    """A case: per sending what lightbeam said and which records the portal then lacked."""

    sendings: list[Sending] = field(default_factory=list)
    lacking: list[int] = field(default_factory=list)
    surplus: int = 0
    played: int = 0


class Bench:
    """A folder, a portal and lightbeam between them."""

    def __init__(self, program: Path, folder: Path, door: Door) -> None:
        self._program, self._folder, self.door = program, folder, door
        for name in ("data", "state"):
            (folder / name).mkdir()
        self._config = folder / "lightbeam.yml"
        self._config.write_text(_CONFIG.format(folder=folder, url=door.url), "utf-8")
        self.wanted: dict[str, str] = {}
        self.outcome = Outcome()

    def source(self, values: dict[str, str]) -> None:
        """What the school's file says from now on, by pupil."""
        self.wanted = {f"{pupil}|1": value for pupil, value in values.items()}
        rows = (
            json.dumps({"pupil": pupil, "lesson": "1", "value": value})
            for pupil, value in values.items()
        )
        (self._folder / "data" / "marks.jsonl").write_text("\n".join(rows) + "\n", "utf-8")

    def started(self) -> subprocess.Popen[str]:
        """lightbeam at work."""
        results = self._folder / "results.json"
        results.unlink(missing_ok=True)
        command = [str(self._program), "send", "-c", str(self._config)]
        return subprocess.Popen(
            [*command, "--results-file", str(results)],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
        )

    def send(self) -> None:
        """lightbeam to its end, or to ours."""
        begun = time.monotonic()
        code: int | str
        with self.started() as process:
            try:
                said, _ = process.communicate(timeout=LONGEST)
                code = process.returncode
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
                code = ENDED
        self.note(code, said, time.monotonic() - begun)

    def note(self, code: int | str, said: str, seconds: float) -> None:
        (self._folder / f"said-{len(self.outcome.sendings)}.log").write_text(said, "utf-8")
        errors = len(re.findall(r"Traceback|CRITICAL|ERROR", said))
        self.outcome.sendings.append(Sending(code, self._totals(), errors, seconds))
        self.outcome.lacking.append(self.lacking())

    def _totals(self) -> str:
        path = self._folder / "results.json"
        if not path.exists():
            return "no totals"
        told = json.loads(path.read_text("utf-8"))
        good = sum(s["count"] for r in told["resources"].values() for s in r.get("successes", ()))
        counts = {name: told[f"total_records_{name}"] for name in ("skipped", "failed")}
        return f"{good} sent, {counts['failed']} failed, {counts['skipped']} skipped"

    def lacking(self) -> int:
        """Records that the portal does not hold as the file says."""
        marks = self.door.portal.marks
        return sum(marks.get(key) != value for key, value in self.wanted.items())

    def finish(self) -> Outcome:
        portal = self.door.portal
        self.outcome.surplus = sum(portal.writings.values()) - len(portal.writings)
        told = self.door.faulty.told()
        self.outcome.played = len(told["played"])
        return self.outcome


Act = Callable[[Bench, int], None]


def plainly(bench: Bench, records: int) -> None:
    """A school's evening and the next one, with nothing new in the file."""
    bench.source({str(n): str(2 + n % 4) for n in range(records)})
    bench.send()
    bench.door.control(kind="all", count=0)
    bench.door.await_listening()
    bench.send()


def restored(bench: Bench, records: int) -> None:
    """The portal goes back to a backup taken before the first sending."""
    bench.source({str(n): str(2 + n % 4) for n in range(records)})
    bench.send()
    bench.door.control(kind="restored", name="auto")
    bench.source({str(n): str(2 + n % 4) for n in range(records + 1)})  # one new mark
    bench.send()


def there_and_back(bench: Bench, records: int) -> None:
    """A mark is 3, is corrected to 4 and back to 3."""
    for value in "343":
        bench.source({"1": value})
        bench.send()


def killed(bench: Bench, records: int) -> None:
    """``kill -9`` when half of the records have been applied; then the next evening."""
    bench.source({str(n): str(2 + n % 4) for n in range(records)})
    with bench.started() as process:
        while process.poll() is None and len(bench.door.portal.marks) < records // 2:
            time.sleep(0.002)
        process.kill()
        said, _ = process.communicate()
    bench.note("kill -9", said, 0.0)
    bench.send()


# Name, plan of faults, what is done. A tenth of the records meets the fault.
CASES: tuple[tuple[str, str, Act], ...] = (
    ("nothing goes wrong", "", plainly),
    ("refused: nobody listens for 2 s", "refused:2@{tenth}", plainly),
    ("refused from the start", "refused:8", plainly),
    ("429 with Retry-After", "429:{tenth}@{tenth}", plainly),
    ("429 without Retry-After", "429_silent:{tenth}@{tenth}", plainly),
    ("503, a page", "503:{tenth}@{tenth}", plainly),
    ("503 for longer than it tries", "503:always@{tenth}", plainly),
    ("no answer for 10 s, then cut", "timeout:{tenth}@{tenth} hold=10", plainly),
    ("cut before it is applied", "cut_before:{tenth}@{tenth}", plainly),
    ("cut after it is applied", "cut_after:{tenth}@{tenth}", plainly),
    ("cut after, each time", "cut_after:always@{tenth}", plainly),
    ("200 with an error inside", "error200:{tenth}@{tenth}", plainly),
    ("200 with a page", "html:{tenth}@{tenth}", plainly),
    ("507, no space left", "out_of_disk:{tenth}@{tenth}", plainly),
    ("answers trickle in for 5 s", "slow:{tenth}@{tenth}", plainly),
    ("portal restored from a backup", "restored@1000000", restored),
    ("A, then B, then A", "", there_and_back),
    ("kill -9 half way", "", killed),
)


@contextmanager
def opened(program: Path, plan: Plan) -> Iterator[Bench]:
    door = Door(plan)
    with tempfile.TemporaryDirectory(prefix="lightbeam-") as folder:
        try:
            yield Bench(program, Path(folder), door)
        finally:
            door.close()


def installed(folder: Path) -> Path:
    """The program of ``folder``, put there if it is not there yet."""
    program = folder / "bin" / "lightbeam"
    if not program.exists():
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", f"lightbeam=={VERSION}"]
        subprocess.run(pip, check=True, timeout=900)
    return program


def row(name: str, outcome: Outcome) -> str:
    """A line of the table."""
    codes = ", ".join(str(s.code) for s in outcome.sendings)
    lacking = ", ".join(str(n) for n in outcome.lacking)
    told = "; ".join(
        s.totals + (f" ({s.errors} error lines)" if s.errors else "") for s in outcome.sendings
    )
    cells = (name, outcome.played, lacking, outcome.surplus, codes, told)
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m tests.beside.lightbeam", description=__doc__)
    parser.add_argument("--records", type=int, default=400, help="marks in a file, at least 20")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    usual = Path(tempfile.gettempdir()) / f"lightbeam-{VERSION}"
    parser.add_argument("--venv", type=Path, default=usual, help=f"default: {usual}")
    options = parser.parse_args(arguments)
    program = installed(options.venv)
    print("| case | faults | missing | applied again | exit codes | what it told |")
    print("|---|---|---|---|---|---|")
    for name, text, act in CASES:
        if options.only not in name:
            continue
        with opened(program, parse(text.format(tenth=options.records // 10))) as bench:
            with suppress(KeyboardInterrupt):
                act(bench, options.records)
            print(row(name, bench.finish()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
