"""``svod bench dashboard``: pages of a region of 700 schools while many people read them.

The dashboard runs as a process of its own, people come over HTTP and sign in. Between two pages a
person reads for a while, as people do.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import text
from urllib3.util import Retry

from pipeline.access import accounts
from pipeline.access.accounts import AccountRole, Level
from pipeline.bench.cells import DISTRICTS, FIRST, LAST, SCHOOL, fill_region
from pipeline.database import connect
from pipeline.hub import Hub
from pipeline.settings import Settings

TIMEOUT = 60  # seconds
_YEAR = f"from={FIRST}&to={LAST}"
# What people of a level open; ``{unit}``: their district, or one of the region's.
PAGES = {
    Level.REGION: ("/region", f"/region?{_YEAR}", "/district/{unit}", "/help"),
    Level.DISTRICT: ("/district/{unit}", f"/district/{{unit}}?{_YEAR}", "/help"),
}
# Figures of every evening, accumulation of 20 classes in 12 subjects known in three versions, and
# what the diary should hold.
_FILL = [
    f"""INSERT INTO quality.measures (as_of, date_from, date_to, level, unit, measure, numerator,
  denominator, definition, run_id)
SELECT DISTINCT c.day, DATE '{FIRST}', c.day, 'school', c.school, m, 90, 100, 'spb 1', 'bench'
FROM quality.day_cells c, unnest(ARRAY['fill_rate', 'held', 'topic', 'homework', 'attendance',
  'marks', 'timeliness', 'accumulation', 'upload_frequency']) m
ON CONFLICT DO NOTHING""",
    f"""INSERT INTO quality.pair_cells (school, source, class_key, subject_key, as_of, until,
  grade_level, enough, pairs)
SELECT s.code, 'paragraf', 'c' || c, 's' || n, v.as_of, v.until, 1 + c % 11, 20, 25
FROM registry.schools s, generate_series(1, 20) c, generate_series(1, 12) n,
  (VALUES (DATE '{FIRST}', DATE '{FIRST}' + 90), (DATE '{FIRST}' + 90, DATE '{FIRST}' + 180),
    (DATE '{FIRST}' + 180, NULL)) v(as_of, until)
WHERE s.code <> '{SCHOOL}'""",
    """INSERT INTO outbox.desired (target, school, key, entity, desired_hash, delivered_hash,
  school_year, priority, state)
SELECT 'diary', s.code, 'r' || n, 'mark', 'h', 'h', s.school_year, 1,
  CASE WHEN n % 50 = 0 THEN 'withheld' ELSE 'delivered' END
FROM registry.schools s, generate_series(1, :records) n""",
]


@dataclass(frozen=True)
class PageTook:
    """Milliseconds of a page, from the request to the last byte; ``server_mb``: the most memory
    that the server held meanwhile."""

    page: str
    asked: int
    failed: int
    p50: int
    p95: int
    most: int
    server_mb: int


@dataclass(frozen=True)
class Answered:
    """One answer."""

    page: str
    status: int
    seconds: float


@dataclass(frozen=True)
class Load:
    """``users`` at a time for ``seconds``; each reads a page for ``pause`` seconds on average."""

    users: int
    seconds: float
    pause: float


def dashboard(hub: Hub, schools: int, days: int, records: int, load: Load) -> list[PageTook]:
    """Pages of a region of ``schools`` with ``days`` school days, and ``records`` of each school
    for the diary; slowest first."""
    fill_region(hub, schools, days)
    with hub.engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement), {"records": records})
    with hub.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    people = _enrol(hub.settings, load.users)
    with _served(hub.settings) as (url, server), ThreadPoolExecutor(load.users) as pool:
        sessions = [_signed_in(url, login, given) for login, given in people.items()]
        until = time.perf_counter() + load.seconds
        reading = [
            pool.submit(_reads, url, session, login, until, load.pause)
            for session, login in zip(sessions, people, strict=True)
        ]
        most = 0
        while time.perf_counter() < until:
            most = max(most, server.memory_info().rss)
            time.sleep(0.2)
        answers = [one for done in reading for one in done.result()]
    return _summed(answers, most)


def _enrol(settings: Settings, users: int) -> dict[str, str]:
    """Passwords by login: a fifth sees the region, the others a district each."""
    at = datetime.now(UTC)
    people = {}
    with connect(settings, "svod_access").begin() as connection:
        for n in range(users):
            whole = n % 5 == 0
            unit = "region" if whole else f"d{n % DISTRICTS}"
            level = Level.REGION if whole else Level.DISTRICT
            login = f"{unit}-{n}"
            password = accounts.create(
                connection, login=login, role=AccountRole.READER, level=level, unit=unit,
                by="bench", at=at,
            )  # fmt: skip
            people[login] = password or ""
        connection.execute(text("UPDATE access.accounts SET must_change = false"))
    return people


@contextmanager
def _served(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SVOD_")}
    command = [sys.executable, "-m", "reports.web", "--host=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(  # noqa: S603  our own program
        [*command, f"--address={url}"], env=kept | {"SVOD_HOME": str(settings.home)}
    )
    try:
        _await(url, process)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    """Raises ``RuntimeError`` where the server ends before it answers."""
    while process.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=TIMEOUT).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError(f"the dashboard ended with {process.returncode}")


def _signed_in(url: str, login: str, password: str) -> requests.Session:
    session = requests.Session()
    # As browsers do: the server lets an idle connection go just as it is used again.
    session.mount(url, HTTPAdapter(max_retries=Retry(total=1, backoff_factor=0)))
    form = {"login": login, "password": password}
    session.post(f"{url}/sign-in", data=form, headers={"Origin": url}, timeout=TIMEOUT)
    return session


def _reads(
    url: str, session: requests.Session, login: str, until: float, pause: float
) -> list[Answered]:
    """One person's pages until ``until``."""
    chance = random.Random(login)  # noqa: S311  the same walk each time
    unit = login.rpartition("-")[0]
    level = Level.REGION if unit == "region" else Level.DISTRICT
    answers = []
    time.sleep(chance.uniform(0, pause))  # people do not all begin at once
    while time.perf_counter() < until:
        page = chance.choice(PAGES[level])
        own = f"d{chance.randrange(DISTRICTS)}" if level is Level.REGION else unit
        begun = time.perf_counter()
        answer = session.get(url + page.format(unit=own), timeout=TIMEOUT, allow_redirects=False)
        answers.append(Answered(page, answer.status_code, time.perf_counter() - begun))
        time.sleep(chance.uniform(0.5 * pause, 1.5 * pause))
    return answers


def _summed(answers: list[Answered], rss: int) -> list[PageTook]:
    by_page: dict[str, list[Answered]] = {}
    for one in answers:
        by_page.setdefault(one.page, []).append(one)
    told = []
    for page, own in by_page.items():
        took = sorted(round(1000 * one.seconds) for one in own)
        failed = sum(one.status != 200 for one in own)
        p50, p95 = (took[int(part * (len(took) - 1))] for part in (0.5, 0.95))
        told.append(PageTook(page, len(own), failed, p50, p95, took[-1], round(rss / 2**20)))
    return sorted(told, key=lambda one: -one.p95)
