"""What measures of a journal must be, in plain SQL over its tables; nothing of the product.

For regulations that ask for everything on the lesson's day (St Petersburg), of the journal as it is
now: whoever compares asks for the newest business date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

Pair = tuple[int, int]

_PLACE = "date, number, class_key, group_key, subject_key"

# Slots on their days with the lesson row of the same place, if there is one.
_TIMETABLE = f"""
scheduled AS (
  SELECT s.date, s.number, s.class_key, s.group_key, s.subject_key, l.source_key,
    coalesce(l.substitute, l.teacher, s.teacher) AS given_by, l.substitute
  FROM (
    SELECT DISTINCT ON ({_PLACE})
      d::date AS date, number, class_key, group_key, subject_key, teacher
    FROM journal.timetable_slot t, generate_series(:first, :last, interval '1 day') d
    WHERE t.school = :school AND t.source = :source AND t.vanished_at IS NULL
      AND t.weekday = extract(isodow FROM d) AND t.weekday < 7
      AND d BETWEEN t.valid_from AND t.valid_to
      AND NOT EXISTS (SELECT FROM journal.holiday h WHERE h.school = t.school
        AND h.source = t.source AND h.vanished_at IS NULL AND d BETWEEN h.start AND h.finish)
      AND NOT EXISTS (SELECT FROM registry.days_off o WHERE o.day = d)
    ORDER BY {_PLACE}, valid_from DESC, teacher
  ) s LEFT JOIN LATERAL (
    SELECT * FROM journal.lesson l
    WHERE l.school = :school AND l.source = :source AND l.vanished_at IS NULL
      AND (l.date, l.number, l.class_key, l.subject_key)
        = (s.date, s.number, s.class_key, s.subject_key)
      AND l.group_key IS NOT DISTINCT FROM s.group_key
    ORDER BY l.status IN ('cancelled', 'merged'), l.held DESC, l.source_key LIMIT 1
  ) l ON true
  WHERE coalesce(l.status, '') NOT IN ('cancelled', 'merged')
)"""
_LESSONS = f"""
scheduled AS (
  SELECT {_PLACE}, source_key, coalesce(substitute, teacher) AS given_by, substitute
  FROM journal.lesson WHERE school = :school AND source = :source AND vanished_at IS NULL
    AND date BETWEEN :first AND :last AND status NOT IN ('cancelled', 'merged')
)"""
_FACTS = """
facts AS (
  SELECT s.*, f.*, f.held AND NOT f.not_set AS homework_due
  FROM scheduled s
  LEFT JOIN journal.lesson l ON l.school = :school AND l.source = :source
    AND l.source_key = s.source_key AND l.vanished_at IS NULL,
  LATERAL (SELECT
    coalesce(l.held, false) AS held,
    coalesce(trim(l.topic), '') <> '' AS topic,
    coalesce(trim(l.homework), '') <> '' AS homework,
    coalesce(l.homework_not_set, false) AS not_set,
    coalesce(l.attendance_taken, false) OR EXISTS (SELECT FROM journal.attendance a
      WHERE a.school = :school AND a.source = :source AND a.lesson_key = s.source_key
        AND a.vanished_at IS NULL) AS attendance,
    EXISTS (SELECT FROM journal.mark m WHERE m.school = :school AND m.source = :source
      AND m.lesson_key = s.source_key AND m.vanished_at IS NULL) AS marks
  ) f
)"""
# Every content of a lesson row, and the instant of the content before it.
_VERSIONS = """
versions AS (
  SELECT *, lag(recorded_at) OVER (PARTITION BY source_key ORDER BY recorded_at) AS former
  FROM (
    SELECT * FROM journal.lesson WHERE school = :school AND source = :source
    UNION ALL
    SELECT v.* FROM journal.history h, jsonb_populate_record(NULL::journal.lesson, h.before) v
    WHERE h.entity = 'lesson' AND h.school = :school AND h.source = :source
  ) v
)"""
# First sight of each part: when it was seen, and what the journal says of when it was entered.
_SEEN = """
seen AS (
  SELECT DISTINCT ON (part, source_key) part, source_key, record, recorded_at AS seen_at,
    CASE WHEN entered_at <= recorded_at AND (former IS NULL OR entered_at > former)
      THEN entered_at
      WHEN changed_at <= recorded_at AND (former IS NULL OR changed_at > former)
      THEN changed_at END AS said
  FROM (
    SELECT 'lesson' AS part, NULL AS record, * FROM versions
    WHERE held AND coalesce(trim(topic), '') <> ''
    UNION ALL SELECT 'taken', NULL, * FROM versions WHERE attendance_taken
    UNION ALL SELECT 'substitution', NULL, * FROM versions WHERE substitute IS NOT NULL
    UNION ALL SELECT 'homework', NULL, * FROM versions WHERE coalesce(trim(homework), '') <> ''
  ) v ORDER BY part, source_key, recorded_at
), records AS (
  SELECT 'mark' AS part, lesson_key AS source_key, key AS record, first_seen_at AS seen_at,
    CASE WHEN entered_at <= first_seen_at THEN entered_at END AS said
  FROM journal.mark WHERE school = :school AND source = :source AND vanished_at IS NULL
  UNION ALL
  SELECT 'listed', lesson_key, key, first_seen_at,
    CASE WHEN entered_at <= first_seen_at THEN entered_at END
  FROM journal.attendance WHERE school = :school AND source = :source AND vanished_at IS NULL
), written AS (
  SELECT part, source_key, record, coalesce(said, seen_at) AS not_after,
    coalesce(said, (SELECT max(taken_at) FROM ops.uploads u WHERE u.school = :school
      AND u.source = :source AND u.accepted AND u.taken_at < seen_at)) AS not_before,
    said IS NOT NULL AS by_source
  FROM (SELECT * FROM seen UNION ALL SELECT * FROM records) w
)"""
_DUE = """
due AS (
  SELECT f.*, 'lesson' AS part, 'lesson' AS kind FROM facts f
  UNION ALL SELECT f.*, 'attendance', kind FROM facts f, unnest(ARRAY['taken', 'listed']) kind
  WHERE held
  UNION ALL SELECT f.*, 'substitution', 'substitution' FROM facts f
  WHERE held AND substitute IS NOT NULL
  UNION ALL SELECT f.*, 'homework', 'homework' FROM facts f WHERE homework_due
), best AS (  -- of attendance whichever was written first
  SELECT DISTINCT ON (d.date, d.number, d.class_key, d.group_key, d.subject_key, d.source_key,
      d.part) d.*, w.not_after, w.not_before, w.by_source
  FROM due d LEFT JOIN written w ON w.source_key = d.source_key AND w.part = d.kind
  ORDER BY d.date, d.number, d.class_key, d.group_key, d.subject_key, d.source_key, d.part,
    w.not_after
), parts AS (
  SELECT date, number, class_key, group_key, subject_key, source_key, not_after, not_before,
    by_source FROM best
  UNION ALL
  SELECT f.date, f.number, f.class_key, f.group_key, f.subject_key, f.source_key, w.not_after,
    w.not_before, w.by_source
  FROM facts f JOIN written w ON w.source_key = f.source_key AND w.part = 'mark' WHERE f.held
), judged AS (
  SELECT p.*, CASE
    WHEN not_after IS NULL THEN CASE WHEN midnight <= (SELECT max(taken_at) FROM ops.uploads u
      WHERE u.school = :school AND u.source = :source AND u.accepted) THEN 'missing' END
    WHEN not_after < midnight THEN 'in_time'
    WHEN by_source OR not_before >= midnight THEN 'late' END AS outcome
  FROM parts p, LATERAL (SELECT (date + 1)::timestamp AT TIME ZONE :zone AS midnight) m
)"""
_CELLS = """
SELECT f.date, f.number, f.class_key, f.group_key, f.subject_key, f.given_by,
  (SELECT grade_level FROM journal.class_ c WHERE c.school = :school AND c.source = :source
    AND c.source_key = f.class_key AND c.vanished_at IS NULL) AS grade_level,
  1 AS lessons, f.held::int AS held, (f.held AND f.topic)::int AS topic,
  f.homework_due::int AS homework_due, (f.homework_due AND f.homework)::int AS homework,
  (f.held AND f.attendance)::int AS attendance, (f.held AND f.marks)::int AS marks,
  (f.held AND f.topic AND (f.not_set OR f.homework) AND f.attendance AND f.marks)::int AS filled,
  (SELECT count(*) FROM judged j WHERE j.outcome = 'in_time' AND {same}) AS in_time,
  (SELECT count(*) FROM judged j WHERE j.outcome IS NOT NULL AND {same}) AS judged
FROM facts f""".format(
    same="(j.date, j.number, j.class_key, j.subject_key) = (f.date, f.number, f.class_key,"
    " f.subject_key) AND j.group_key IS NOT DISTINCT FROM f.group_key"
    " AND j.source_key IS NOT DISTINCT FROM f.source_key"
)

_RATIOS = {
    "fill_rate": ("filled", "lessons"), "held": ("held", "lessons"), "topic": ("topic", "held"),
    "homework": ("homework", "homework_due"), "attendance": ("attendance", "held"),
    "marks": ("marks", "held"), "timeliness": ("in_time", "judged"),
}  # fmt: skip
_UNITS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "lesson": lambda c: "|".join(
        (str(c["date"]), str(c["number"]), c["class_key"], c["group_key"] or "", c["subject_key"])
    ),
    "class": lambda c: c["class_key"],
    "subject": lambda c: c["subject_key"],
    "teacher": lambda c: c["given_by"],
    "parallel": lambda c: str(c["grade_level"]),
    "school": lambda c: c["school"],
    "district": lambda c: "d1",
    "region": lambda c: "region",
}
_BUCKETS: dict[str | None, Callable[[date], str | None]] = {
    None: lambda day: None,
    "day": lambda day: day.isoformat(),
    "week": lambda day: (day - timedelta(days=day.weekday())).isoformat(),
    "month": lambda day: f"{day:%Y-%m}",
}
LEVELS, PARTS_OF_RANGE = tuple(_UNITS), tuple(_BUCKETS)
OWN = ("lesson", "class", "subject", "teacher")


def cells(
    connection: Connection, school: str, basis: dict[str, str], days: tuple[date, date], zone: str
) -> list[dict[str, Any]]:
    """The scheduled lessons of ``days`` with what counts of each; ``basis`` by source."""
    found = []
    for source, of in basis.items():
        scheduled = _TIMETABLE if of == "timetable" else _LESSONS
        query = f"WITH {scheduled}, {_FACTS}, {_VERSIONS}, {_SEEN}, {_DUE} {_CELLS}"
        values = {"school": school, "source": source, "first": days[0], "last": days[1]}
        rows = connection.execute(text(query), values | {"zone": zone}).mappings()
        found += [dict(row) | {"school": school, "source": source} for row in rows]
    return found


def expected(
    found: Iterable[dict[str, Any]], level: str, each: str | None
) -> dict[tuple[Any, ...], Pair]:
    """(source, unit, bucket, measure) -> numerator and denominator."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for cell in found:
        source = cell["source"] if level in OWN else None
        place = (source, _UNITS[level](cell), _BUCKETS[each](cell["date"]))
        for measure, (counted, among) in _RATIOS.items():
            pair = sums[(*place, measure)]
            pair[0] += cell[counted]
            pair[1] += cell[among]
    return {key: (pair[0], pair[1]) for key, pair in sums.items()}
