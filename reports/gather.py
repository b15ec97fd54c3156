"""What the books hold for a business date: figures, upload calendars, form 1, remarks, ledger.

Reads ``quality``, ``ops`` and ``registry``; never the journal and never the vault.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection, Integer, cast, select, text

from quality.profiles import Profile, load_profile
from quality.uploads import Cause, rhythm
from reports.compliance import Figure, LedgerLine, Remark, SchoolReport
from reports.forms import CELLS
from schemas.rulebook import rulebook
from schemas.tables import form_figures, measures, schools

IN_JOURNAL = "Заполнение журнала"
IN_UPLOADS = "Выгрузка"
REFUSED = "Не принятые записи"
IN_DOCUMENTS = "Файлы и данные"
IN_COLLECTING = "Сбор данных"

# A remark of a measure's own: fill_rate and timeliness would name a lesson a second time.
_REMARKED = (
    "held",
    "topic",
    "homework",
    "attendance",
    "marks",
    "accumulation",
    "upload_frequency",
)

_REFUSED = """
SELECT school, rule, count(*) FROM ops.quarantine WHERE state = 'open' GROUP BY school, rule
"""

# The same upload is read again by later runs: a finding counts once. What the hub itself found in
# the stored batch (``pipeline.intake.examine``) stands under the business date.
_FINDINGS = """
WITH last AS (
  SELECT school, source, max(ref) AS ref FROM ops.uploads
  WHERE upload_date <= :as_of GROUP BY school, source
  UNION ALL SELECT code, 'hub', to_char(CAST(:as_of AS date), 'YYYY-MM-DD') FROM registry.schools
)
SELECT school, rule, count(*) FROM (
  SELECT DISTINCT f.school, f.source, f.document, f.entity, f.line, f.field, f.rule,
    CASE f.source WHEN 'hub' THEN '' ELSE f.detail END AS detail
  FROM ops.findings f
  JOIN last ON last.school = f.school AND last.source = f.source AND last.ref = f.upload_ref
) AS found GROUP BY school, rule
"""

_FAILED = """
SELECT school, rule, count(*) FROM (
  SELECT DISTINCT ON (school, source) school, source, state, rule FROM ops.school_runs
  WHERE verb = 'collect' AND business_date = :as_of
  ORDER BY school, source, finished_at DESC
) AS last WHERE state = 'failed' AND rule IS NOT NULL GROUP BY school, rule
"""

_LEDGER = """
WITH last AS (
  SELECT DISTINCT ON (r.school, r.source) r.school, r.source, r.run_id
  FROM ops.school_runs r
  JOIN ops.ledger l ON l.run_id = r.run_id AND l.school = r.school AND l.source = r.source
  WHERE r.verb = 'collect' AND r.business_date <= :as_of
  ORDER BY r.school, r.source, r.business_date DESC, r.finished_at DESC
)
SELECT l.school, l.source, l.run_id, l.counter, sum(l.count)::bigint
FROM ops.ledger l JOIN last USING (run_id, school, source)
GROUP BY l.school, l.source, l.run_id, l.counter ORDER BY l.school, l.source
"""


def measured_period(connection: Connection, as_of: date) -> tuple[date, date] | None:
    """The period measured for ``as_of``; None if nothing was."""
    row = connection.execute(
        select(measures.c.date_from, measures.c.date_to).where(measures.c.as_of == as_of).limit(1)
    ).first()
    return None if row is None else (row.date_from, row.date_to)


@dataclass(frozen=True)
class Gathered:
    """Every school of the registry, the regulation profile of each by code, and form 1 of them all.

    ``form1``: columns as in ``reports.forms.CELLS``; true counts, small ones too: for
    ``publish_form`` and no report.
    """

    schools: list[SchoolReport]
    profiles: dict[str, Profile]
    form1: pl.DataFrame


def gather_schools(connection: Connection, as_of: date) -> Gathered:
    """What is kept for ``as_of``. Raises ``quality.profiles.UnknownProfileError``."""
    figures = _figures(connection, as_of)
    days, reached = _days(connection, as_of)
    ledger = _ledger(connection, as_of)
    found = _found(connection, as_of)
    registered = connection.execute(select(schools).order_by(schools.c.code)).all()
    profiles = {row.code: load_profile(row.profile) for row in registered}
    reports = [
        SchoolReport(
            code=row.code,
            name=row.name,
            district=row.district,
            figures=figures[row.code],
            days=days[row.code],
            rhythm=rhythm(reached[row.code]),
            remarks=_measured(profiles[row.code], figures[row.code]) + found[row.code],
            ledger=ledger[row.code],
        )
        for row in registered
    ]
    return Gathered(reports, profiles, form1_cells(connection, as_of))


def _figures(connection: Connection, as_of: date) -> dict[str, dict[str, Figure]]:
    figures: dict[str, dict[str, Figure]] = defaultdict(dict)
    rows = connection.execute(
        select(
            measures.c.unit, measures.c.measure, measures.c.numerator, measures.c.denominator
        ).where(measures.c.as_of == as_of, measures.c.level == "school")
    )
    for unit, measure, numerator, denominator in rows:
        figures[unit][measure] = Figure(numerator, denominator)
    return figures


_Calendars = dict[str, dict[date, Cause]]


def _days(connection: Connection, as_of: date) -> tuple[_Calendars, _Calendars]:
    """Upload calendar of each school (``pipeline.measuring.measure`` says how it is kept), and the
    same where every day whose upload the hub accepted is an uploaded one."""
    kept = select(
        form_figures.c.school, form_figures.c.row, form_figures.c.column, form_figures.c.value
    ).where(form_figures.c.as_of == as_of, form_figures.c.form == "uploads")
    days: _Calendars = defaultdict(dict)
    reached: _Calendars = defaultdict(dict)
    for school, row, cause, accepted in connection.execute(kept):
        day = date.fromisoformat(row)
        days[school][day] = Cause(cause)
        reached[school][day] = Cause.UPLOADED if accepted else Cause(cause)
    return days, reached


def form1_cells(connection: Connection, as_of: date) -> pl.DataFrame:
    """Form 1 of each school, as it was counted: ``reports.forms.CELLS``, true counts."""
    kept = select(
        form_figures.c.school,
        cast(form_figures.c.row, Integer),
        form_figures.c.column,
        form_figures.c.value,
    ).where(form_figures.c.as_of == as_of, form_figures.c.form == "form1")
    rows = [tuple(row) for row in connection.execute(kept)]
    return pl.DataFrame(rows, CELLS, orient="row")


def _measured(profile: Profile, figures: dict[str, Figure]) -> list[Remark]:
    """What the measures miss, in the words of the profile."""
    remarks = []
    for code in _REMARKED:
        missing = figures.get(code, Figure()).missing
        if missing:
            definition = profile.measure(code)
            kind = IN_UPLOADS if code == "upload_frequency" else IN_JOURNAL
            remarks.append(Remark(code, kind, definition.remark, definition.fix, missing))
    return remarks


def _found(connection: Connection, as_of: date) -> dict[str, list[Remark]]:
    """What checks and collecting found, counted by rule."""
    rules = rulebook()
    remarks: dict[str, list[Remark]] = defaultdict(list)
    queries = ((REFUSED, _REFUSED), (IN_DOCUMENTS, _FINDINGS), (IN_COLLECTING, _FAILED))
    for kind, query in queries:
        bound = {"as_of": as_of} if ":as_of" in query else {}
        for school, key, count in connection.execute(text(query), bound):
            rule = rules[key]
            remarks[school].append(Remark(key, kind, rule.reason, rule.fix, count))
    return remarks


def _ledger(connection: Connection, as_of: date) -> dict[str, list[LedgerLine]]:
    """The last run of each journal that read anything."""
    counts: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    for school, source, run_id, counter, count in connection.execute(
        text(_LEDGER), {"as_of": as_of}
    ):
        counts[school, source, run_id][counter] = count
    lines: dict[str, list[LedgerLine]] = defaultdict(list)
    for (school, source, run_id), by_counter in counts.items():
        lines[school].append(LedgerLine(source, run_id, by_counter))
    return lines
