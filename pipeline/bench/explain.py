"""``svod bench explain``: how long somebody waits who opens a figure of a school's whole year.

The rows are invented by the database, and nobody has measured them: the figure is counted from the
journal, and its first page of rows is followed to their lines.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, text

from pipeline.explain.addresses import Figure, Kind, Level
from pipeline.explain.figure import explain, origins_of
from pipeline.hub import Hub

CODE, FIRST, LAST = "781001", date(2026, 9, 1), date(2027, 5, 31)
MEASURES = ("timeliness", "fill_rate")
PAGE = 100  # rows that a page of the explanation shows

# 24 classes; of 34 weeks of 30 lessons: 24,480 lessons, 73,440 marks, 48,960 absences.
_YEAR = """
INSERT INTO registry.districts VALUES ('d1', 'Район');
INSERT INTO registry.school_years VALUES (2026, 'Europe/Moscow', '2026-09-01', '2027-05-31');
INSERT INTO registry.schools (code, name, district, profile, school_year, connected_on)
VALUES ('781001', 'Школа', 'd1', 'spb', 2026, '2026-09-01');
INSERT INTO registry.sources VALUES ('781001', 'paragraf', 'paragraf/3.21', '{}');
INSERT INTO ops.uploads (school, source, ref, upload_date, taken_at, accepted, run_id)
SELECT '781001', 'paragraf', d::date::text, d, d + interval '20 hours', true, 'run'
FROM generate_series(date '2026-09-01', date '2027-05-31', interval '1 day') d;
INSERT INTO ops.landing (school, source, upload_ref, name, sha256, size, media_type)
VALUES ('781001', 'paragraf', '2027-05-31', 'journal.csv', 'x', 1, 'text/csv');
CREATE TEMP TABLE told ON COMMIT DROP AS SELECT 2026 AS school_year, '781001' AS school,
  'paragraf' AS source, '' AS content_hash, 1 AS origin_document, 2 AS origin_line, 'run' AS
  recorded_run, timestamptz '2027-05-31 20:00+03' AS recorded_at, timestamptz '2026-09-01 20:00+03'
  AS first_seen_at;
INSERT INTO journal.class_ (source_key, key, name, grade_level, letter, school_year, school, source,
  content_hash, origin_document, origin_line, recorded_run, recorded_at, first_seen_at)
SELECT c, c, c, 1 + c % 11, 'а', told.* FROM generate_series(1, 24) c, told;
INSERT INTO journal.timetable_slot (source_key, key, class_key, subject_key, teacher, weekday,
  number, valid_from, valid_to, school_year, school, source, content_hash, origin_document,
  origin_line, recorded_run, recorded_at, first_seen_at)
SELECT s, s, 1 + s / 30, s % 12, 't' || s % 40, 1 + s % 30 / 6, 1 + s % 6, '2026-09-01',
  '2027-05-31', told.* FROM generate_series(0, 719) s, told;
INSERT INTO journal.lesson (source_key, key, date, number, class_key, subject_key, teacher, topic,
  homework, homework_not_set, held, status, attendance_taken, entered_at, school_year, school,
  source, content_hash, origin_document, origin_line, recorded_run, recorded_at, first_seen_at)
SELECT w || '-' || s, w || '-' || s, date '2026-08-31' + 7 * w + s % 30 / 6, 1 + s % 6, 1 + s / 30,
  s % 12, 't' || s % 40, 'Тема', CASE WHEN s % 7 > 0 THEN '№ 1' END, false, s % 20 > 0,
  'scheduled', true, date '2026-08-31' + 7 * w + s % 30 / 6 + interval '15 hours', told.*
FROM generate_series(0, 719) s, generate_series(1, :weeks) w, told;
INSERT INTO journal.mark (source_key, key, pupil, lesson_key, subject_key, date, value, scale,
  work_type, entered_at, school_year, school, source, content_hash, origin_document, origin_line,
  recorded_run, recorded_at, first_seen_at)
SELECT l.key || '-' || m, l.key || '-' || m, 'p' || l.class_key || '-' || m, l.key, l.subject_key,
  l.date, '5', 'five_point', 'oral', l.entered_at, told.*
FROM journal.lesson l, generate_series(1, 3) m, told;
INSERT INTO journal.attendance (key, pupil, lesson_key, status, entered_at, school_year, school,
  source, content_hash, origin_document, origin_line, recorded_run, recorded_at, first_seen_at)
SELECT l.key || '-' || m, 'p' || l.class_key || '-' || m, l.key, 'ill', l.entered_at, told.*
FROM journal.lesson l, generate_series(1, 2) m, told;
"""


@dataclass(frozen=True)
class Waited:
    """A figure of the year; ``rows`` it counts; ``ms``: as the clock has it, ``worked_ms``: of a
    processor, of both sides."""

    figure: str
    rows: int
    ms: int
    worked_ms: int


def explaining(hub: Hub, weeks: int) -> list[Waited]:
    """Figures of a school of ``weeks`` weeks, each explained with its first page of rows."""
    with hub.engine.begin() as connection:
        for statement in filter(str.strip, _YEAR.split(";\n")):
            connection.execute(text(statement), {"weeks": weeks} if ":weeks" in statement else {})
    return [_waited(hub, code) for code in MEASURES]


def _waited(hub: Hub, code: str) -> Waited:
    figure = Figure(Kind.MEASURE, code, Level.SCHOOL, CODE, FIRST, LAST, LAST)
    with hub.engine.begin() as connection:
        begun, worked = time.perf_counter(), _worked(connection)
        (one,) = explain(connection, figure, lambda _: "timetable")
        page = one.rows.filter(~pl.col("counted")).head(PAGE)
        origins_of(connection, one, page)
        spent = (time.perf_counter() - begun, _worked(connection) - worked)
    return Waited(str(figure), one.rows.height, *(round(1000 * seconds) for seconds in spent))


def _worked(connection: Connection) -> float:
    """Seconds that this process and its server have worked."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
