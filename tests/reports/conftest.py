"""A small invented district and region, ready to render."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from privacy.disclosure import Audience
from quality.form1 import COLUMNS
from quality.profiles import load_profile
from quality.uploads import Cause, rhythm
from reports.compliance import (
    Figure,
    LedgerLine,
    Remark,
    Report,
    SchoolReport,
    compliance_report,
)
from reports.forms import CELLS, PublishedForm, publish_form

FIRST = date(2026, 9, 1)
AS_OF = date(2026, 9, 18)

U, S, N, D = (
    Cause.UPLOADED,
    Cause.SCHOOL_DID_NOT_FILL,
    Cause.SOURCE_UNAVAILABLE,
    Cause.DATA_REJECTED,
)


def _days(week: list[Cause]) -> dict[date, Cause]:
    """Two weeks from 7 September, weekends no school days."""
    days = {}
    for n in range(12):
        day = date(2026, 9, 7) + timedelta(days=n)
        days[day] = Cause.NOT_A_SCHOOL_DAY if day.isoweekday() > 5 else week[n % 7]
    return days


def _figures(scheduled: int, held: int, *rest: tuple[int, int]) -> dict[str, Figure]:
    names = (
        "topic", "homework", "attendance", "marks", "fill_rate", "timeliness", "accumulation",
        "upload_frequency",
    )  # fmt: skip
    pairs = {name: Figure(*pair) for name, pair in zip(names, rest, strict=True)}
    return {"held": Figure(held, scheduled)} | pairs


def build_schools() -> list[SchoolReport]:
    """Three schools: a good one with a markup-like name, a poor one, an empty one."""
    good, poor = _days([U, U, U, N, U, U, U]), _days([U, S, S, D, U, U, U])
    topic = Remark("topic", "Заполнение журнала", "не записана тема урока", "Впишите тему.", 31)
    mark = Remark("off_scale", "Не принятые записи", "такой отметки нет", "Исправьте отметку.", 2)
    counts = {"read": 1200, "accepted": 1190, "quarantined": 6, "duplicate": 4, "created": 90,
              "changed": 100, "unchanged": 1000, "vanished": 1}  # fmt: skip
    return [
        SchoolReport(
            "781001", "Школа № 1 <Восток>", "d1",
            _figures(400, 396, (395, 396), (350, 360), (396, 396), (340, 396), (320, 400),
                     (1500, 1580), (310, 420), (8, 10)),
            good, rhythm(good), [mark], [LedgerLine("paragraf", "r1", counts)],
        ),
        SchoolReport(
            "781002", "Гимназия № 2", "d1",
            _figures(1500, 1300, (1100, 1300), (900, 1200), (1250, 1300), (1000, 1300),
                     (800, 1500), (3900, 5200), (500, 930), (4, 10)),
            poor, rhythm(poor), [topic, mark], [LedgerLine("netschool", "r1", counts)],
        ),
        SchoolReport("782003", "Лицей № 3", "d2", {}, {}, rhythm({})),
    ]  # fmt: skip


# School, grade level, and the eight counts of form 1.
FORM1 = [
    ("781001", 7, (2, 2, 50, 49, 14, 13, 19, 19)),
    ("781001", 11, (1, 1, 20, 20, 12, 12, 8, 7)),
    ("781002", 7, (3, 2, 75, 60, 15, 10, 21, 11)),
    ("781002", 12, (1, 1, 9, 9, 10, 10, 6, 6)),
]


def build_form(
    rows: list[tuple[str, int, tuple[int, ...]]] = FORM1,
    audience: Audience = Audience.OFFICES,
    districts: dict[str, str] | None = None,
) -> PublishedForm:
    """Form 1 of the schools of ``build_schools``, or of others."""
    cells = [
        (school, level, column, value)
        for school, level, counts in rows
        for column, value in zip(COLUMNS, counts, strict=True)
    ]
    return publish_form(
        load_profile("spb").form("form1"),
        pl.DataFrame(cells, CELLS, orient="row"),
        districts or {school.code: school.district for school in build_schools()},
        ["spb"],
        audience,
    )


def build_report(level: str) -> Report:
    """The report of district d1, or of the region."""
    schools = build_schools()
    names = {"d1": "Северный район", "d2": "Южный район"}
    own = schools if level == "region" else schools[:2]
    return compliance_report(
        level=level,
        unit="region" if level == "region" else "d1",
        title="Регион" if level == "region" else names["d1"],
        run_id="r1",
        period=(FIRST, AS_OF),
        profiles=[load_profile("spb")],
        schools=own,
        form1=build_form(),
        districts=names if level == "region" else {"d1": names["d1"]},
    )


@pytest.fixture
def district() -> Report:
    return build_report("district")


@pytest.fixture
def region() -> Report:
    return build_report("region")
