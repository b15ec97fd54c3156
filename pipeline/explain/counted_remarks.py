"""The remarks of a rule that were open at the end of a day."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from pipeline.explain.addresses import Cut, Figure
from pipeline.explain.counted import Counted, shaped

# Found until then, and not seen mended by then. A remark without a day belongs to its first check.
_OPEN = """
SELECT r.source, r.key, r.day, r.class_key, r.subject_key, r.teacher, r.pupil, r.lesson_key,
  r.detail, r.run_id
FROM quality.remarks r
LEFT JOIN journal.class_ c ON c.school = r.school AND c.source = r.source
  AND c.key = r.class_key AND c.school_year = :school_year
WHERE r.school = :school AND r.rule = :rule
  AND r.first_on <= :as_of AND (r.fixed_on IS NULL OR r.fixed_on > :as_of)
  AND coalesce(r.day, r.first_on) BETWEEN :first AND :last
  AND (:class = '' OR r.class_key = :class) AND (:subject = '' OR r.subject_key = :subject)
  AND (:teacher = '' OR r.teacher = :teacher) AND (:grade = '' OR c.grade_level::text = :grade)
ORDER BY r.source, r.day, r.key"""

# Rules whose remarks have the key of a mark (docs/compliance.md).
OF_MARKS = frozenset({"lesson_marks", "control_marks", "written_marks", "no_backdating"})
_SCHEMA = {
    "source": pl.String,
    "key": pl.String,
    "date": pl.Date,
    "class_key": pl.String,
    "subject_key": pl.String,
    "teacher": pl.String,
    "pupil": pl.String,
    "lesson_key": pl.String,
    "why": pl.String,
    "run_id": pl.String,
}


def count_remarks(
    connection: Connection, school: str, school_year: int, figure: Figure
) -> dict[str, Counted]:
    """The open remarks of each journal; all of them are counted, there is nothing they are of.

    A remark of a lesson is shown by the lesson, one of a mark by the mark.
    """
    values = {
        "school": school,
        "school_year": school_year,
        "rule": figure.code,
        "as_of": figure.as_of,
        "first": figure.first,
        "last": figure.last,
    } | {cut.value: figure.cut(cut) or "" for cut in Cut}
    found = connection.execute(text(_OPEN), values).all()
    everything = pl.DataFrame([tuple(row) for row in found], _SCHEMA, orient="row")
    counted = {}
    for (source,), of_source in everything.group_by("source", maintain_order=True):
        rows = of_source.with_row_index("row").with_columns(
            thing=pl.lit("remark"), counted=pl.lit(value=True), rule=pl.lit(figure.code)
        )
        lessons = rows.select("row", entity=pl.lit("lesson"), key="lesson_key").drop_nulls("key")
        shown = [lessons]
        if figure.code in OF_MARKS:
            shown.append(rows.select("row", entity=pl.lit("mark"), key="key"))
        counted[str(source)] = Counted(shaped(rows), pl.concat(shown), (rows.height, rows.height))
    return counted
