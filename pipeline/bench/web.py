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
_DISTRICTS = tuple(f"d{n}" for n in range(DISTRICTS))
_YEAR = f"from={FIRST}&to={LAST}"
# Schools whose people read: codes after that of the school with a journal.
READ = tuple(str(int(SCHOOL) + n) for n in range(1, 21))
# What people of a level open; ``{unit}``: their school or district, or one of the region's.
PAGES = {
    Level.REGION: ("/region", f"/region?{_YEAR}", "/district/{unit}", "/help"),
    Level.DISTRICT: ("/district/{unit}", f"/district/{{unit}}?{_YEAR}", "/help"),
    Level.SCHOOL: (
        "/school/{unit}",
        f"/school/{{unit}}?by=subject&{_YEAR}",
        "/school/{unit}/lessons",
        "/school/{unit}/cards",
    ),
}
# Figures of every evening; accumulation of 20 classes in 12 subjects known in three versions, and
# the lessons of the schools whose people read; what the diary should hold; and every evening's
# runs, the last with its ledger.
_FILL = [
    f"""INSERT INTO quality.measures (as_of, date_from, date_to, level, unit, measure, numerator,
  denominator, definition, run_id, computed_at)
SELECT DISTINCT c.day, DATE '{FIRST}', c.day, 'school', c.school, m, 90, 100, 'spb 1', 'bench',
  c.day + time '21:00'
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
    """INSERT INTO quality.lesson_cells (school, date, source, school_year, number, class_key,
  subject_key, lesson_key, teacher, grade_level, held, topic, homework_due, homework, attendance,
  marks, filled, parts_in_time, parts_judged, parts_open)
SELECT d.school, d.day, 'paragraf', 2026, n, 'c' || c, 's' || (c + n) % 12, d.day || '-' || c || n,
  't' || (c * 7 + n) % 40, 1 + c % 11, 1, (c + n) % 9 / 8, 1, n % 2, 1, 1, 0, 3, 4, 0
FROM (SELECT DISTINCT school, day FROM quality.day_cells WHERE school = ANY(:read)) d,
  generate_series(1, 30) c, generate_series(1, 6) n""",
    """INSERT INTO registry.sources (school, kind, mapping, settings)
SELECT code, 'paragraf', 'timetable', '{}' FROM registry.schools ON CONFLICT DO NOTHING""",
    """INSERT INTO ops.school_runs (run_id, verb, school, source, business_date, state)
SELECT v.verb || m.as_of, v.verb, s.code, v.source, m.as_of, 'done'
FROM registry.schools s, (SELECT DISTINCT as_of FROM quality.measures) m,
  (VALUES ('collect', 'paragraf'), ('deliver', 'diary')) v(verb, source)""",
    """INSERT INTO ops.ledger (run_id, school, source, entity, counter, reason, count)
SELECT r.run_id, r.school, r.source, e, c, '', 1000 FROM ops.school_runs r,
  unnest(ARRAY['class', 'group', 'lesson', 'mark', 'absence', 'pupil']) e,
  unnest(ARRAY['due', 'already', 'delivered', 'withheld']) c
WHERE r.verb = 'deliver' AND r.business_date = (SELECT max(as_of) FROM quality.measures)""",
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
    for the diary: all of them together, then each, slowest first."""
    fill_region(hub, schools, days)
    values = {"records": records, "read": list(READ)}
    with hub.engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement), values)
    # The nightly load is over when people come.
    owner = connect(hub.settings, "owner").execution_options(isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
    owner.dispose()
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
    """Passwords by login: of five people one sees the region, two a district, two a school."""
    at = datetime.now(UTC)
    people = {}
    with connect(settings, "svod_access").begin() as connection:
        for n in range(users):
            level = (Level.REGION, *2 * (Level.DISTRICT,), *2 * (Level.SCHOOL,))[n % 5]
            units = {Level.REGION: ("region",), Level.DISTRICT: _DISTRICTS, Level.SCHOOL: READ}
            unit = units[level][n % len(units[level])]
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
    level = _level_of(unit)
    answers = []
    time.sleep(chance.uniform(0, pause))  # people do not all begin at once
    while time.perf_counter() < until:
        page = chance.choice(PAGES[level])
        own = chance.choice(_DISTRICTS) if level is Level.REGION else unit
        begun = time.perf_counter()
        answer = session.get(url + page.format(unit=own), timeout=TIMEOUT, allow_redirects=False)
        answers.append(Answered(page, answer.status_code, time.perf_counter() - begun))
        time.sleep(chance.uniform(0.5 * pause, 1.5 * pause))
    return answers


def _level_of(unit: str) -> Level:
    if unit == "region":
        return Level.REGION
    return Level.DISTRICT if unit in _DISTRICTS else Level.SCHOOL


def _summed(answers: list[Answered], rss: int) -> list[PageTook]:
    by_page: dict[str, list[Answered]] = {}
    for one in answers:
        by_page.setdefault(one.page, []).append(one)
    told = [_took(page, own, rss) for page, own in by_page.items()]
    return [_took("all pages", answers, rss), *sorted(told, key=lambda one: -one.p95)]


def _took(page: str, answers: list[Answered], rss: int) -> PageTook:
    took = sorted(round(1000 * one.seconds) for one in answers)
    failed = sum(one.status != 200 for one in answers)
    p50, p95 = (took[int(part * (len(took) - 1))] for part in (0.5, 0.95))
    return PageTook(page, len(answers), failed, p50, p95, took[-1], round(rss / 2**20))
