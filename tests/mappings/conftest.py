from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from mappings import Mapping, Translated, load, translate


@dataclass(frozen=True)
class Came:
    """A table as a connector hands it over."""

    name: str
    frame: pl.DataFrame
    complete: bool = True


Row = dict[str, str | None]


def _table(
    name: str, rows: Sequence[Row], *, document: str | None = None, complete: bool = True
) -> Came:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    frame = pl.DataFrame(
        [[row.get(column) for column in columns] for row in rows],
        schema=dict.fromkeys(columns, pl.String()),
        orient="row",
    )
    origin = [
        pl.lit(document or f"{name}.xml").alias("_document"),
        pl.int_range(2, len(rows) + 2, dtype=pl.Int64, eager=True).alias("_line"),
    ]
    return Came(name, frame.with_columns(origin), complete)


@pytest.fixture(scope="session")
def table() -> Callable[..., Came]:
    """A source table out of rows; lines count from 2, as under a header."""
    return _table


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a profile's YAML under a root of its own and returns the root."""

    def write(profile: str, text: str) -> Path:
        path = tmp_path / f"{profile}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def profile(written) -> Callable[[str], Mapping]:
    """A loaded profile out of its ``codes`` and ``tables``."""

    def build(text: str) -> Mapping:
        head = 'system: t\nversion: "1"\nvalid: {from: 2026}\nschedule_basis: timetable\n'
        return load("t/1", written("t/1", head + text))

    return build


@pytest.fixture(scope="session")
def applied() -> Callable[..., Translated]:
    """Tables through a bundled profile by its name, or through a loaded one."""

    def apply(mapping: str | Mapping, *tables: Came, zone: str = "Europe/Moscow") -> Translated:
        return translate(load(mapping) if isinstance(mapping, str) else mapping, tables, zone=zone)

    return apply
