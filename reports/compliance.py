"""The compliance report: how a district's or the region's schools keep their journals.

One object, several renderers (``page`` for people, ``workbook`` for those who count on). It holds
counts and words, no person's name. Schools are ordered worst first by their fill rate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from quality.measures import MEASURES
from quality.profiles import Form, Profile
from quality.uploads import Cause, Rhythm

NOTHING = "—"  # the denominator is 0: there was nothing to count


@dataclass(frozen=True)
class Figure:
    """``numerator`` of ``denominator``; without a denominator there is no share."""

    numerator: int = 0
    denominator: int = 0

    @property
    def share(self) -> float | None:
        """Between 0 and 1, or None where nothing was due."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def missing(self) -> int:
        """How many are not there."""
        return self.denominator - self.numerator

    @property
    def percent(self) -> str:
        """As a Russian reader writes it: ``94,1 %``; never rounded up to a full hundred."""
        if self.share is None:
            return NOTHING
        tenths = round(self.share * 1000)
        if tenths == 1000 and self.missing:
            tenths = 999
        return f"{tenths // 10},{tenths % 10} %"

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.numerator + other.numerator, self.denominator + other.denominator)


Figures = Mapping[str, Figure]  # by code of the measure


@dataclass(frozen=True)
class Remark:
    """``count`` records, lessons or days met ``rule``; ``reason`` and ``fix`` are for people."""

    rule: str
    kind: str
    reason: str
    fix: str
    count: int


@dataclass(frozen=True)
class LedgerLine:
    """The account of the last run: what came from one journal of a school, by counter."""

    source: str
    run_id: str
    counts: Mapping[str, int]


# Row of form 1 by grade level: the eight counts, in the order of the form's columns.
FormCounts = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True)
class SchoolReport:
    """What is told of one school."""

    code: str
    name: str
    district: str
    figures: Figures
    days: Mapping[date, Cause]
    rhythm: Rhythm
    form1: FormCounts
    remarks: Sequence[Remark] = ()
    ledger: Sequence[LedgerLine] = ()

    def figure(self, measure: str) -> Figure:
        """The figure of ``measure``; zero of zero where it was not measured."""
        return self.figures.get(measure, Figure())


@dataclass(frozen=True)
class FormBlock:
    """One filled form 1: of a school, or a roll-up."""

    title: str
    rows: Sequence[tuple[str, tuple[int, ...]]]  # official row title, eight counts

    @property
    def total(self) -> tuple[int, ...]:
        """The sums of the columns."""
        return tuple(map(sum, zip(*(counts for _, counts in self.rows), strict=True)))


@dataclass(frozen=True)
class Report:
    """A finished report; ``figures`` are the sums over ``schools``."""

    level: str  # district or region
    unit: str  # code of the district, or region
    title: str
    run_id: str
    as_of: date
    period: tuple[date, date]
    profiles: Sequence[Profile]
    schools: Sequence[SchoolReport]
    figures: Figures = field(default_factory=dict)
    districts: Mapping[str, str] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        """The profile whose words head the report; ``profiles`` is never empty."""
        return self.profiles[0]

    def figure(self, measure: str) -> Figure:
        """The figure of ``measure`` for the whole unit."""
        return self.figures.get(measure, Figure())

    @property
    def days(self) -> list[date]:
        """Every day of the upload calendars, in order."""
        return sorted({day for school in self.schools for day in school.days})

    @property
    def remarks(self) -> list[Remark]:
        """Remarks of all schools added up, most frequent first."""
        return add_remarks(remark for school in self.schools for remark in school.remarks)

    def by_district(self) -> dict[str, list[SchoolReport]]:
        """The schools of each district, districts by name."""
        codes = sorted(self.districts, key=lambda code: self.districts[code])
        return {code: [s for s in self.schools if s.district == code] for code in codes}

    def form_blocks(self) -> list[FormBlock]:
        """The roll-up first, then each school (of a district) or each district (of a region)."""
        form = self.profile.form("form1")
        blocks = [_block(form, f"{self.title}: свод", self.schools)]
        if self.level == "region":
            parts = self.by_district().items()
            return blocks + [_block(form, self.districts[code], own) for code, own in parts]
        by_name = sorted(self.schools, key=lambda school: natural(school.name))
        return blocks + [_block(form, school.name, [school]) for school in by_name]


def compliance_report(
    *,
    level: str,
    unit: str,
    title: str,
    run_id: str,
    period: tuple[date, date],
    profiles: Sequence[Profile],
    schools: Iterable[SchoolReport],
    districts: Mapping[str, str],
) -> Report:
    """A report over ``schools``, worst first; schools with nothing due come last."""
    ordered = sorted(schools, key=_worst_first)
    return Report(
        level=level,
        unit=unit,
        title=title,
        run_id=run_id,
        as_of=period[1],
        period=period,
        profiles=list(profiles),
        schools=ordered,
        figures={code: total(ordered, code) for code in MEASURES},
        districts=dict(districts),
    )


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts school 2 before school 11."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def total(schools: Iterable[SchoolReport], measure: str) -> Figure:
    """Sums of numerators and of denominators."""
    return sum((school.figure(measure) for school in schools), Figure())


def add_remarks(remarks: Iterable[Remark]) -> list[Remark]:
    """Counts of equal rules added up, most frequent first."""
    sums: dict[tuple[str, str], Remark] = {}
    for one in remarks:
        known = sums.get((one.kind, one.rule))
        count = one.count + (known.count if known else 0)
        sums[one.kind, one.rule] = Remark(one.rule, one.kind, one.reason, one.fix, count)
    return sorted(sums.values(), key=lambda remark: (-remark.count, remark.reason))


def _worst_first(school: SchoolReport) -> tuple[bool, float, str]:
    share = school.figure("fill_rate").share
    return share is None, share or 0.0, school.name


def _block(form: Form, title: str, schools: Sequence[SchoolReport]) -> FormBlock:
    width = len(form.columns)
    rows = []
    for row in form.rows:
        counted = [
            school.form1[level]
            for school in schools
            for level in row.grade_levels
            if level in school.form1
        ]
        sums = (
            tuple(sum(column) for column in zip(*counted, strict=True)) if counted else (0,) * width
        )
        rows.append((row.title, sums))
    return FormBlock(title, rows)
