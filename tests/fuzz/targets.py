"""What is fuzzed: every reader of documents, and every whole source over a healthy upload."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from random import Random

import polars as pl

from connectors.base import Parsed, RawDocument, SourceTable
from connectors.formats.reading import DOCUMENT, LINE, REMARKS
from connectors.registry import Link
from schemas.rulebook import rulebook
from tests.connectors import samples
from tests.connectors.samples.server import Server
from tests.connectors.samples.stage import Cases, Stage
from tests.fuzz.mutate import mutated
from tests.support.readers import READERS


@dataclass(frozen=True)
class Target:
    """``healthy``: documents it reads whole; ``read`` must take whatever becomes of them."""

    name: str
    healthy: Sequence[RawDocument]
    read: Callable[[Sequence[RawDocument]], Parsed]

    @cached_property
    def columns(self) -> dict[str, set[str]]:
        """The columns of each table as a healthy upload has them."""
        found: dict[str, set[str]] = defaultdict(set)
        for table in self.read(self.healthy).tables:
            found[table.name] |= set(table.frame.columns)
        return found

    def spoilt(self, seed: int) -> list[RawDocument]:
        """The documents of input ``seed``: one or a few of them mutated, now and then one
        missing, given twice or called by another's name."""
        made = Random(f"{self.name}:{seed}")
        documents = list(self.healthy)
        for _ in range(made.choice((1, 1, 1, 2, 4)) if len(documents) > 1 else 1):
            place = made.randrange(len(documents))
            old = documents[place]
            act = made.random() if len(documents) > 1 else 1.0
            if act < 0.03 and len(documents) > 1:
                documents.pop(place)
            elif act < 0.06:
                documents.append(old)
            elif act < 0.09:
                documents[place] = replace(old, name=made.choice(documents).name)
            else:
                content = mutated(old.content, made)
                if made.random() < 0.1:  # of another kind than its name says
                    content = mutated(made.choice(list(READERS.values())).healthy, made)
                documents[place] = replace(old, content=content)
        return documents


def unfit(target: Target, parsed: Parsed) -> str:
    """Why ``parsed`` is neither an acceptance nor a refusal; empty when it is one of them. A
    table that lost a column is refused later, by the mapping."""
    lost = any(target.columns[t.name] - set(t.frame.columns) for t in parsed.tables)
    unknown = {problem.rule for problem in parsed.problems} - set(rulebook())
    if unknown:
        return f"unknown rule: {sorted(unknown)}"
    for table in parsed.tables:
        schema = table.frame.schema
        columns = [name for name in schema if name not in (DOCUMENT, LINE)]
        if any(schema[name] != pl.String for name in columns):
            return f"a column of {table.name} is no text"
        if schema.get(DOCUMENT) != pl.String or schema.get(LINE) != pl.Int64:
            return f"{table.name} does not say where its rows stand"
        if table.frame.select(pl.any_horizontal(pl.col(DOCUMENT, LINE).is_null()).any()).item():
            return f"a row of {table.name} does not say where it stands"
        told = lost or any(problem.rule not in REMARKS for problem in parsed.problems)
        if not table.complete and not told:
            return f"{table.name} is incomplete and nothing says why"
    if any(len(problem.detail) > 1000 for problem in parsed.problems):
        return "a problem tells too much"
    return ""


def readers() -> Iterator[Target]:
    """Each reader of one document."""
    for name, reader in sorted(READERS.items()):

        def read(documents: Sequence[RawDocument], name: str = name) -> Parsed:
            outcome = READERS[name].read(documents[0])
            complete = all(problem.rule in REMARKS for problem in outcome.problems)
            tables = [SourceTable(name, frame, complete) for frame in outcome.frames]
            return Parsed(tables, outcome.problems)

        document = RawDocument(f"pupils{reader.suffix}", reader.healthy, "")
        yield Target(name, [document], read)


@contextmanager
def sources() -> Iterator[list[Target]]:
    """Each source of ``tests/connectors/samples`` with the documents it fetched there."""
    cases: Cases = {}
    for found in iter_modules(samples.__path__, f"{samples.__name__}."):
        cases |= getattr(import_module(found.name), "CASES", {})
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield [_source(name, cases, Path(folder) / name, server) for name in sorted(cases)]
    finally:
        server.close()


def _source(name: str, cases: Cases, folder: Path, server: Server) -> Target:
    folder.mkdir()
    link = Link(sleep=lambda _: None)
    case = cases[name](Stage(folder, server, link))
    [upload] = case.source.pending(case.until)
    documents = list(case.source.fetch(upload))
    return Target(
        f"source {name}", documents, lambda spoilt: case.source.parse(upload, list(spoilt))
    )
