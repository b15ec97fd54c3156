"""``python -m tests.fuzz.run --inputs 100000``: spoilt documents for every reader and source.

Every input must be accepted, or refused with a problem whose rule is known, within five seconds
and half a gigabyte. Inputs come from seeds: the same command makes the same inputs. Exit code 1,
and the documents in ``tests/fuzz/found/``, if one was not.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import time
import traceback
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # before polars is imported by the targets

from connectors.base import RawDocument
from tests.fuzz.targets import Target, readers, sources, unfit

SECONDS = 5
MEGABYTES = 500
HANG = 60  # seconds after which a process that answers nothing is ended
SHARE_OF_READERS = 0.6  # an upload of twenty documents takes fifty times as long as one
FOUND = Path(__file__).parent / "found"


@dataclass
class Tally:
    """What became of the inputs of one target."""

    target: str
    inputs: int = 0
    accepted: int = 0
    slowest: float = 0.0
    slowest_seed: int = -1
    peak: int = 0  # megabytes of the process so far
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Adds what another process counted."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        if other.slowest > self.slowest:
            self.slowest, self.slowest_seed = other.slowest, other.slowest_seed
        self.peak = max(self.peak, other.peak)
        self.failures += other.failures


def try_one(target: Target, seed: int, tally: Tally) -> None:
    """Reads input ``seed`` and adds what became of it to ``tally``."""
    documents = target.spoilt(seed)
    started = time.perf_counter()
    failure, accepted = "", False
    try:
        parsed = target.read(documents)
    except Exception:
        failure = traceback.format_exc(limit=-3)
    else:
        failure, accepted = unfit(target, parsed), not parsed.problems
    took = time.perf_counter() - started
    tally.inputs += 1
    tally.accepted += accepted
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if took > tally.slowest:
        tally.slowest, tally.slowest_seed = took, seed
    if took > SECONDS:
        failure = f"took {took:.1f} s"
    if tally.peak > MEGABYTES:
        failure = f"took {tally.peak} MB"
    if failure:
        tally.failures.append(f"{target.name} {seed}: {failure}")
        _keep(target.name, seed, documents)


def _keep(target: str, seed: int, documents: Sequence[RawDocument]) -> None:
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{target.replace(' ', '-')}-{seed}.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as kept:
        warnings.simplefilter("ignore")  # two documents of one name are such an input
        for document in documents:
            kept.writestr(document.name, document.content)


@contextmanager
def _targets(only: str) -> Iterator[list[Target]]:
    with sources() as found:
        yield [target for target in (*readers(), *found) if only in target.name]


def _shares(targets: Sequence[Target], inputs: int) -> dict[str, int]:
    """Inputs of each target, at least ``inputs`` together."""
    whole = [t.name for t in targets if t.name.startswith("source ")]
    single = [t.name for t in targets if not t.name.startswith("source ")]
    share = SHARE_OF_READERS if whole and single else 1.0 if single else 0.0
    for_single = -(-int(inputs * share) // max(1, len(single)))
    for_whole = -(-int(inputs * (1 - share) + 1) // max(1, len(whole)))
    return dict.fromkeys(single, for_single) | dict.fromkeys(whole, for_whole)


def _work(number: int, of: int, inputs: int, first: int, only: str, told: Connection) -> None:
    """One process: every ``of``-th input of each target, told target by target."""
    warnings.simplefilter("ignore")
    with _targets(only) as targets:
        shares = _shares(targets, inputs)
        for target in targets:
            tally = Tally(target.name)
            for seed in range(first + number, first + shares[target.name], of):
                told.send(seed)  # the parent knows what was read when nothing more comes
                try_one(target, seed, tally)
            told.send(tally)
    told.close()


def run(inputs: int, first: int, processes: int, only: str) -> dict[str, Tally]:
    """Tallies by target; a process that hangs or dies is a failure of its last input."""
    context = multiprocessing.get_context("spawn")
    tallies: dict[str, Tally] = {}
    waiting: dict[Connection, tuple[multiprocessing.process.BaseProcess, int, float]] = {}
    for number in range(processes):
        told, telling = context.Pipe(duplex=False)
        arguments = (number, processes, inputs, first, only, telling)
        process = context.Process(target=_work, args=arguments, daemon=True)
        process.start()
        telling.close()
        waiting[told] = (process, -1, time.monotonic())
    while waiting:
        for told in wait(list(waiting), timeout=1):
            assert isinstance(told, Connection)
            process, seed, _ = waiting[told]
            try:
                message = told.recv()
            except EOFError:
                process.join()
                del waiting[told]
                if process.exitcode:
                    _fail(tallies, f"a process died of {process.exitcode} at input {seed}")
                continue
            if isinstance(message, Tally):
                tallies.setdefault(message.target, Tally(message.target)).add(message)
            else:
                seed = message
            waiting[told] = (process, seed, time.monotonic())
        for process, seed, since in waiting.values():
            if time.monotonic() - since > HANG and process.is_alive():
                _fail(tallies, f"input {seed} of the target after the last one told hangs")
                process.kill()
    return tallies


def _fail(tallies: dict[str, Tally], why: str) -> None:
    tallies.setdefault("processes", Tally("processes")).failures.append(why)


def _shown(tallies: dict[str, Tally]) -> str:
    head = f"{'target':32}{'inputs':>9}{'accepted':>10}{'refused':>9}{'slowest':>11}{'peak':>9}"
    lines = [
        f"{t.target:32}{t.inputs:>9}{t.accepted:>10}{t.inputs - t.accepted:>9}"
        f"{t.slowest * 1000:>8.0f} ms{t.peak:>6} MB"
        for t in tallies.values()
    ]
    total = Tally("all")
    for tally in tallies.values():
        total.add(tally)
    last = (
        f"{'all':32}{total.inputs:>9}{total.accepted:>10}{total.inputs - total.accepted:>9}"
        f"{total.slowest * 1000:>8.0f} ms{total.peak:>6} MB"
    )
    return "\n".join([head, *lines, last, *total.failures, f"failures: {len(total.failures)}"])


def main() -> int:
    """The command; 0 if every input was accepted or refused in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="at least so many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="targets whose name contains this")
    asked = parser.parse_args()
    started = time.monotonic()
    tallies = run(asked.inputs, asked.first, asked.processes, asked.only)
    print(_shown(tallies))
    print(f"{time.monotonic() - started:.0f} s")
    return 1 if any(tally.failures for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
