"""``python -m tests.fuzz.guided xls -runs=20000``: a reader fuzzed by what it executes.

Atheris (libFuzzer) keeps each input that reaches new lines of ``connectors`` and spoils it
further, so it gets past checks that ``tests.fuzz.run`` passes by chance only. Slower for each
input; further arguments are libFuzzer's. An input that breaks the reader, takes five seconds or
half a gigabyte ends it and is left in ``tests/fuzz/found/``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["connectors"]):
    from connectors.base import RawDocument
    from tests.fuzz.run import FOUND, MEGABYTES, SECONDS
    from tests.fuzz.targets import readers, unfit


def main() -> None:
    """Does not return: libFuzzer ends the process."""
    targets = {target.name: target for target in readers()}
    target = targets[sys.argv[1]]
    [healthy] = target.healthy

    def try_one(content: bytes) -> None:
        why = unfit(target, target.read([RawDocument(healthy.name, content, "")]))
        if why:
            raise AssertionError(why)

    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds:
        Path(seeds, "healthy").write_bytes(healthy.content)
        bounds = [f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}"]
        kept = f"-artifact_prefix={FOUND}/{target.name}-"
        atheris.Setup([sys.argv[0], seeds, kept, *bounds, *sys.argv[2:]], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
