"""One school of the sandbox that exports CSV, its upload to be changed before it is collected."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline import batches
from pipeline.cards.of_school import cards
from pipeline.cli import app
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.registry import import_region, read_region
from quality.cards import Card
from sandbox.generate import generate
from sandbox.params import Params

SCHOOL = "781002"  # exports CSV, on both days
BEFORE, TODAY = date(2026, 9, 17), date(2026, 9, 18)
Row = dict[str, str]


class Drop:
    """An upload's tables, to be changed; the note is kept true."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, table: str) -> list[Row]:
        """With ``line``, the place of each in its file."""
        content = (self.folder / f"{table}.csv").read_bytes().decode("cp1251")
        found = list(csv.DictReader(io.StringIO(content), delimiter=";"))
        return [row | {"line": str(line)} for line, row in enumerate(found, 2)]

    def write(self, table: str, rows: list[Row]) -> None:
        path = self.folder / f"{table}.csv"
        head = path.read_bytes().decode("cp1251").split("\r\n")[0]
        names = head.split(";")
        lines = [head, *(";".join(row.get(n) or "" for n in names) for row in rows), ""]
        path.write_bytes("\r\n".join(lines).encode("cp1251"))
        note = self.folder / "manifest.xml"
        told = re.sub(
            rf'(имя="{table}\.csv" записей=)"\d+"', rf'\1"{len(rows)}"', note.read_text("utf-8")
        )
        note.write_text(told, "utf-8")

    def change(self, table: str, which: Callable[[Row], bool], **cells: str) -> int:
        """Set cells of some rows; how many."""
        rows = self.rows(table)
        touched = [row for row in rows if which(row)]
        for row in touched:
            row.update(cells)
        self.write(table, rows)
        return len(touched)

    def remove(self, table: str, which: Callable[[Row], bool]) -> None:
        self.write(table, [row for row in self.rows(table) if not which(row)])

    def head(self, table: str, old: str, new: str) -> None:
        path = self.folder / f"{table}.csv"
        content = path.read_bytes().decode("cp1251")
        path.write_bytes(content.replace(old, new, 1).encode("cp1251"))


class School:
    """The school between its two uploads."""

    def __init__(self, hub: Hub, region: Path) -> None:
        self.hub = hub
        self.today = Drop(region / "drops" / SCHOOL / TODAY.isoformat())

    def collect(self, day: date = TODAY, run_id: str = "") -> None:
        """The ledger closes, or this raises."""
        run = Run(run_id or f"run-{day}", day)
        batches.open_run(self.hub, "collect", run)
        batches.collect_batch(self.hub, [SCHOOL], run)
        batches.close_run(self.hub, "collect", run, [SCHOOL])

    def svod(self, *words: str) -> Any:
        """The answer of the command, from JSON. Raises what the command raises."""
        done = CliRunner(env={"SVOD_HOME": str(self.hub.settings.home)}).invoke(
            app, [*words, "--json"], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def cards(self, on: date = TODAY) -> list[Card]:
        with self.hub.engine.begin() as connection:
            return cards(connection, SCHOOL, on)

    def refused(self) -> set[tuple[str, str]]:
        """Entity and line of what waits."""
        query = "SELECT entity, line::text FROM ops.quarantine WHERE state = 'open'"
        with self.hub.engine.begin() as connection:
            return {(entity, line) for entity, line in connection.execute(text(query))}

    def remark_unheld(self, on: date) -> None:
        """What a check of ``on`` would remark of lessons: those that were not held."""
        statement = (
            "INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, day,"
            " class_key, subject_key, teacher, lesson_key, run_id)"
            " SELECT school, source, 'held', key, :on, :on, date, class_key, subject_key,"
            " coalesce(substitute, teacher), key, 'measured' FROM journal.lesson"
            " WHERE NOT held AND status = 'scheduled' AND vanished_at IS NULL AND date <= :on"
            " AND key NOT IN (SELECT key FROM quality.remarks)"
        )
        with self.hub.engine.begin() as connection:
            connection.execute(text(statement), {"on": on})
        self.remarks_stand(on)

    def remarks_stand(self, on: date) -> None:
        """A check of ``on`` found all remarks again."""
        with self.hub.engine.begin() as connection:
            connection.execute(text("UPDATE quality.remarks SET last_on = :on"), {"on": on})


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cascade") / "region"
    params = Params(
        districts=1, schools_per_system=2, classes=3, systems=("paragraf",), connected_on=BEFORE
    )
    generate(params, out)
    return out


def opened(hub: Hub, generated: Path, folder: Path) -> School:
    region = folder / "region"
    shutil.copytree(generated, region)
    content = yaml.safe_load((region / "region.yml").read_text("utf-8"))
    for school in content["schools"]:
        school["sources"][0]["settings"]["root"] = str(region / "drops")
    (region / "region.yml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    with hub.engine.begin() as connection:
        import_region(connection, read_region(region / "region.yml"))
    return School(hub, region)


@pytest.fixture
def school(hub: Hub, generated: Path, tmp_path: Path) -> School:
    """After its first upload."""
    one = opened(hub, generated, tmp_path)
    one.collect(BEFORE)
    return one
