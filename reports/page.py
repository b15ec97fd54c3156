"""The report as one HTML page: styles and charts inside, no script, fit for A4 and for a phone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from quality.uploads import Cause
from reports import charts, words
from reports.compliance import Report, total

TEMPLATES = Path(__file__).with_name("templates")
PARTS = ("held", "topic", "homework", "attendance", "marks")  # what a full lesson is made of


@dataclass(frozen=True)
class UploadMonth:
    """A month of the upload calendar: how many schools met each cause on each day."""

    title: str
    days: list[date]
    counts: list[Counter[Cause]]
    chart: Markup


def render_page(report: Report) -> str:
    """The page of ``report``."""
    template = environment().get_template("compliance.html.j2")
    return template.render(
        report=report,
        measures=[report.profile.measure(code) for code in report.measures],
        parts=PARTS,
        parts_chart=_parts_chart(report),
        months=_months(report),
        districts=_district_rows(report),
        legend=_legend(report),
        **_helpers(),
    )


def environment() -> Environment:
    """Templates of HTML pages; what is put into them is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,  # a misspelt name must not become an empty cell
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _helpers() -> dict[str, Any]:
    return {
        "causes": words.CAUSES,
        "collected": words.COLLECTED,
        "sources": words.SOURCES,
        "form_sums": words.FORM_SUMS,
        "ledger_equation": words.LEDGER_EQUATION,
        "weekdays": words.WEEKDAYS,
        "long_date": words.long_date,
        "short_date": words.short_date,
        "grouped": words.grouped,
        "plural": words.plural,
        "share_bar": charts.share_bar,
    }


def _parts_chart(report: Report) -> Markup:
    rows = [
        (report.profile.measure(code).title, report.figure(code)) for code in ("fill_rate", *PARTS)
    ]
    return charts.bars(rows, "Полнота и её составляющие, доля в процентах")


def _months(report: Report) -> list[UploadMonth]:
    """The upload calendar month by month, so that a year still fits a page."""
    months = []
    for (year, number), group in groupby(report.days, key=lambda day: (day.year, day.month)):
        days = list(group)
        counts = [
            Counter(school.days[day] for school in report.schools if day in school.days)
            for day in days
        ]
        title = f"{words.MONTH_NAMES[number - 1]} {year}"
        labels = [day.strftime("%d.%m") for day in days]
        chart = charts.cause_columns(
            list(zip(labels, counts, strict=True)), f"Школы по дням и причинам, {title}"
        )
        months.append(UploadMonth(title, days, counts, chart))
    return months


def _district_rows(report: Report) -> list[tuple[str, int, dict[str, Any]]]:
    """Name, number of schools and figures of each district, worst first; for the region only."""
    if report.level != "region":
        return []
    rows = [
        (report.districts[code], len(own), {m: total(own, m) for m in report.measures})
        for code, own in report.by_district().items()
    ]
    return sorted(
        rows,
        key=lambda row: (row[2]["fill_rate"].share is None, row[2]["fill_rate"].share or 0, row[0]),
    )


def _legend(report: Report) -> list[Cause]:
    """Causes that occur, in the order of ``Cause``."""
    seen = {cause for school in report.schools for cause in school.days.values()}
    return [cause for cause in Cause if cause in seen]
