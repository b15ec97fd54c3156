"""A small region generated once, and independent readers of what was rendered."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from lxml import etree

from sandbox.generate import generate
from sandbox.params import Params
from sandbox.serve import Running, start

Json = dict[str, Any]
SMALL = Params(seed=11, schools_per_system=2, classes=2, districts=2)


class Region:
    """A generated folder with its truth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: Json = json.loads((folder / "truth.json").read_text("utf-8"))

    def codes(self, system: str) -> list[str]:
        return [c for c, s in self.truth["schools"].items() if s["system"] == system]

    def code(self, system: str, form: str) -> str:
        return next(c for c in self.codes(system) if self.truth["schools"][c]["format"] == form)

    def drop(self, code: str, day: str = "2026-09-18") -> Path:
        return self.folder / "drops" / code / day

    def store(self, code: str) -> Json:
        found: Json = json.loads((self.folder / "dnevnik" / f"{code}.json").read_text("utf-8"))
        return found

    def ratio(self, unit: str, measure: str) -> tuple[int, int]:
        row = next(
            m for m in self.truth["measures"] if (m["unit"], m["measure"]) == (unit, measure)
        )
        return row["numerator"], row["denominator"]


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    folder = tmp_path_factory.mktemp("region")
    generate(SMALL, folder)
    return Region(folder)


@pytest.fixture
def spoilt(region: Region, tmp_path: Path) -> Region:
    """A copy to change."""
    shutil.copytree(region.folder, tmp_path / "region")
    return Region(tmp_path / "region")


@pytest.fixture
def running(spoilt: Region) -> Iterator[Running]:
    servers = start(spoilt.folder)
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def read_paragraf() -> Callable[[Path, str], list[dict[str, str]]]:
    """Rows of a table, each with ``#`` = its line; written without the generator's help."""

    def read(folder: Path, table: str) -> list[dict[str, str]]:
        xml = folder / f"{table}.xml"
        if xml.exists():
            records = etree.parse(str(xml)).getroot().findall("Запись")
            return [{"#": str(r.sourceline), **{c.tag: c.text or "" for c in r}} for r in records]
        text = (folder / f"{table}.csv").read_bytes().decode("cp1251")
        reader = csv.DictReader(text.splitlines(), delimiter=";")
        return [{"#": str(n), **row} for n, row in enumerate(reader, start=2)]

    return read


Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="session")
def ask() -> Ask:
    """``ask(url, body, **headers)`` -> status and JSON."""

    def asked(url: str, body: object = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with urlopen(Request(url, data, named), timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refused:
            content = refused.read()
            is_json = "json" in refused.headers["Content-Type"]
            return refused.code, json.loads(content) if is_json else content.decode()

    return asked
