"""The compliance report: how a district's or the region's schools keep their journals.

One object, several renderers (``page`` for people, ``workbook`` for those who count on). It holds
counts and words, no person's name, and no small count of persons (``forms``). Schools are ordered
worst first by their fill rate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from quality.declared import percent
from quality.measures import MEASURES, REGION
from quality.profiles import Profile
from quality.regulations import Accumulation, Asked
from quality.uploads import Cause, Rhythm
from reports.forms import FormSection, PublishedForm, district_unit, school_unit

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
        return percent((self.numerator, self.denominator)).replace("\u00a0", " ")

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


@dataclass(frozen=True)
class SchoolReport:
    """What is told of one school."""

    code: str
    name: str
    district: str
    figures: Figures
    days: Mapping[date, Cause]
    rhythm: Rhythm
    remarks: Sequence[Remark] = ()
    ledger: Sequence[LedgerLine] = ()

    def figure(self, measure: str) -> Figure:
        """The figure of ``measure``; zero of zero where it was not measured."""
        return self.figures.get(measure, Figure())


@dataclass(frozen=True)
class Report:
    """A finished report; ``figures`` are the sums over ``schools``.

    ``form1``: the roll-up first, then each school (of a district) or each district (of a region);
    None where no document of the region asks for the form.
    """

    level: str  # district or region
    unit: str  # code of the district, or region
    title: str
    run_id: str
    as_of: date
    period: tuple[date, date]
    profiles: Sequence[Profile]
    schools: Sequence[SchoolReport]
    form1: FormSection | None
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
    def measures(self) -> tuple[str, ...]:
        """Codes of the measures that documents of the schools ask for, in their order."""
        counted = [p.rule(Accumulation, Asked.ACCUMULATION, self.as_of) for p in self.profiles]
        return tuple(code for code in MEASURES if code != "accumulation" or any(counted))

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


def compliance_report(
    *,
    level: str,
    unit: str,
    title: str,
    run_id: str,
    period: tuple[date, date],
    profiles: Sequence[Profile],
    schools: Iterable[SchoolReport],
    form1: PublishedForm | None,
    districts: Mapping[str, str],
) -> Report:
    """A report over ``schools``, worst first; schools with nothing due come last.

    ``form1``: of all schools of the region, as its offices may see it.
    """
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
        form1=form1.section(_form_units(level, unit, title, ordered, districts)) if form1 else None,
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


def _form_units(
    level: str,
    unit: str,
    title: str,
    schools: Sequence[SchoolReport],
    districts: Mapping[str, str],
) -> list[tuple[str, str]]:
    """The units of the form's blocks, with their titles."""
    roll_up = f"{title}: свод"
    if level == "region":
        codes = sorted(districts, key=lambda code: districts[code])
        return [(REGION, roll_up), *((district_unit(code), districts[code]) for code in codes)]
    by_name = sorted(schools, key=lambda school: natural(school.name))
    return [(district_unit(unit), roll_up), *((school_unit(s.code), s.name) for s in by_name)]
