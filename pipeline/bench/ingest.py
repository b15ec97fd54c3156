"""``svod bench ingest``: the rate at which marks become facts, beside the bare database.

The product's own steps on a seeded file: translate through ``mappings/profiles/bench``, contract,
duplicates, pseudonyms, hash, COPY, MERGE. The bare run copies and merges the same rows, made ready
beforehand, with nothing in between. References are not checked: the file holds marks alone.
"""

from __future__ import annotations

import csv
import random
import resource
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, text

from connectors.base import SourceTable
from mappings.applier import translate
from mappings.loader import load
from pipeline.hub import Hub
from pipeline.store import Batch, copy_in, hashed, upsert
from privacy.separate import separate
from quality.contract import check
from quality.duplicates import drop_duplicates

SUBJECTS = (
    "Математика", "Русский язык", "Физика", "История",
    "Информатика", "Химия", "Биология", "Английский язык",
)  # fmt: skip
KINDS = ("О", "КР", "ДЗ", "СР", "Т")
ABSENT = ("", "", "", "Н", "Б")
COLUMNS = ("school_id", "student_id", "subject", "lesson_date", "mark", "kind", "absent")
SCHOOLS, PUPILS, DAYS = 60, 800, 75
FIRST_SCHOOL, FIRST_DAY = 780000, date(2026, 9, 1)
SCHOOL_YEAR = 2026
# A pass over the file holds whole schools of about so many rows: memory does not grow with it.
ROWS_A_PASS = 200_000
ENTITIES = ("mark", "attendance")
WORKERS = 2


@dataclass(frozen=True)
class Rate:
    """Rows of the file, seconds, rows a second, and the peak of resident memory so far."""

    what: str
    rows: int
    facts: int
    seconds: float
    rows_per_second: int
    peak_mb: int


def write_marks(path: Path, rows: int, seed: int = 42) -> None:
    """Write ``rows`` seeded marks as CSV, UTF-8, one header; ``COLUMNS`` in order."""
    made = random.Random(seed)  # noqa: S311  a workload, not a secret
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for _ in range(rows):
            school = FIRST_SCHOOL + made.randrange(SCHOOLS)
            pupil = school * 10000 + made.randrange(PUPILS)
            day = FIRST_DAY + timedelta(days=made.randrange(DAYS))
            writer.writerow(
                (
                    school,
                    pupil,
                    made.choice(SUBJECTS),
                    day.strftime("%d.%m.%Y"),
                    made.choice("2345"),
                    made.choice(KINDS),
                    made.choice(ABSENT),
                )
            )


def ingest(hub: Hub, path: Path, tell: Callable[[int], None]) -> Rate:
    """Bring the marks of ``path`` into the journal; ``tell`` hears rows done so far."""
    started = time.perf_counter()

    def take(school: str, frame: pl.DataFrame) -> tuple[int, int]:
        ready = _facts(hub, school, frame)
        for entity, facts in ready.items():
            with hub.engine.begin() as connection:
                upsert(connection, entity, facts, _batch(school, "bench"), {path.name: 0})
        return frame.height, sum(facts.height for facts in ready.values())

    rows, facts = _each(path, take, tell)
    return _rate("svod: translate, check, separate, merge", rows, facts, started)


def bare(hub: Hub, folder: Path, path: Path) -> Rate:
    """COPY and MERGE of the same facts, made ready beforehand and not counted."""
    for school, frame in _schools(path):
        for entity, ready in _facts(hub, school, frame).items():
            content = [name for name in ready.columns if not name.startswith("_")]
            staged = hashed(ready, content).select(*content, "content_hash")
            staged.write_ipc(folder / f"{school}.{entity}.arrow")
    started = time.perf_counter()

    def take(school: str, frame: pl.DataFrame) -> tuple[int, int]:
        count = 0
        for entity in ENTITIES:
            staged = pl.read_ipc(folder / f"{school}.{entity}.arrow")
            with hub.engine.begin() as connection:
                _bare_merge(connection, entity, school, staged)
            count += staged.height
        return frame.height, count

    rows, facts = _each(path, take, lambda _: None)
    return _rate("bare COPY and MERGE of the same facts", rows, facts, started)


def _each(
    path: Path, take: Callable[[str, pl.DataFrame], tuple[int, int]], tell: Callable[[int], None]
) -> tuple[int, int]:
    """``take`` for each school, two at a time as two Airflow tasks would; sums of its counts."""
    rows = facts = 0
    waiting: deque[Future[tuple[int, int]]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for school, frame in _schools(path):
            waiting.append(pool.submit(take, school, frame))
            while len(waiting) > WORKERS:  # memory holds what is being worked on, no more
                done = waiting.popleft().result()
                rows, facts = rows + done[0], facts + done[1]
                tell(rows)
        for one in waiting:
            rows, facts = rows + one.result()[0], facts + one.result()[1]
    tell(rows)
    return rows, facts


def _schools(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """The file school by school, in source words, a few schools in memory at a time."""
    table = pl.scan_csv(path, infer_schema=False).with_row_index("_line", offset=2)
    counts = table.group_by("school_id").len().sort("school_id").collect(engine="streaming")
    passes = counts.with_columns(turn=pl.col("len").cum_sum() // ROWS_A_PASS)
    for _, wanted in passes.group_by("turn", maintain_order=True):
        chosen = pl.col("school_id").is_in(wanted["school_id"].to_list())
        part = table.filter(chosen).collect(engine="streaming")
        for (school,), frame in part.group_by("school_id"):
            yield (
                str(school),
                frame.with_columns(
                    pl.col("_line").cast(pl.Int64), pl.lit(path.name).alias("_document")
                ),
            )


def _facts(hub: Hub, school: str, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    translated = translate(load("bench/1"), [SourceTable("marks", frame)], zone=hub.settings.zone)
    kept = {
        entity: drop_duplicates(entity, check(entity, translated.frames[entity]).accepted).kept
        for entity in ENTITIES
    }
    return separate(school, "bench", kept, hub.vault, hub.keys).frames


def _bare_merge(connection: Connection, entity: str, school: str, staged: pl.DataFrame) -> None:
    """What a hub without questions would do: no history, no count, no origin."""
    names = ", ".join(f'"{name}"' for name in staged.columns)
    values = ", ".join(f's."{name}"' for name in staged.columns)
    fixed = "school_year, school, source, recorded_run, recorded_at, first_seen_at"
    connection.execute(
        text(
            "CREATE TEMP TABLE bare ON COMMIT DROP AS"
            f" SELECT {names} FROM journal.{entity} WITH NO DATA"
        )
    )
    copy_in(connection, "bare", staged)
    connection.execute(
        text(
            f"MERGE INTO journal.{entity} t USING bare s ON t.school_year = {SCHOOL_YEAR}"
            " AND t.school = :school AND t.source = 'bare' AND t.key = s.key"
            " WHEN MATCHED AND t.content_hash <> s.content_hash THEN"
            " UPDATE SET content_hash = s.content_hash"
            f" WHEN NOT MATCHED THEN INSERT ({fixed}, {names})"
            f" VALUES ({SCHOOL_YEAR}, :school, 'bare', 'bare', now(), now(), {values})"
        ),
        {"school": school},
    )


def _batch(school: str, source: str) -> Batch:
    moment = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    return Batch(school, source, SCHOOL_YEAR, "bench", moment)


def _rate(what: str, rows: int, facts: int, started: float) -> Rate:
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Rate(what, rows, facts, round(seconds, 2), int(rows / seconds), peak)
