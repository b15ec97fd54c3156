"""A figure of a school-year is explained while somebody waits for it."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Connection, text

from pipeline.addresses import Figure, Kind, Level
from pipeline.explain import explain, origins_of
from pipeline.hub import Hub

CODE, FIRST, LAST = "781001", date(2026, 9, 1), date(2027, 5, 31)
LONGEST = 2.0  # seconds of a processor, of both sides: what one waits who is alone
WEEKS = 34

# 600 pupils in 24 classes, 34 weeks of 30 lessons: 24,480 lessons, 73,440 marks, 48,960 absences.
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
FROM generate_series(0, 719) s, generate_series(1, 34) w, told;
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


@pytest.fixture
def year(hub: Hub) -> Hub:
    """A school that nobody has measured yet, at the end of its year."""
    with hub.engine.begin() as connection:
        for statement in filter(str.strip, _YEAR.split(";\n")):
            connection.execute(text(statement))
    return hub


@pytest.mark.parametrize("code", ["timeliness", "fill_rate"])
def test_a_school_year(year: Hub, code: str) -> None:
    figure = Figure(Kind.MEASURE, code, Level.SCHOOL, CODE, FIRST, LAST, LAST)
    took = []
    for _ in range(2):
        with year.engine.begin() as connection:
            begun = _worked(connection)
            (one,) = explain(connection, figure, lambda _: "timetable")
            page = one.rows.filter(~pl.col("counted")).head(100)
            origins = origins_of(connection, one, page)
            took.append(_worked(connection) - begun)
    assert one.denominator >= 720 * WEEKS
    assert origins["row"].n_unique() == page.height == 100
    assert set(origins["document"]) == {"journal.csv"}
    assert min(took) < LONGEST, took


def _worked(connection: Connection) -> float:
    """Seconds that this process and its server have worked; the clock of a busy machine is no
    measure of either."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
