"""What a district or the region reads first of a form that each school fills in: our own tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from quality.forms import Form
from quality.passports import NO_DATA
from reports.document import Cell, Look, Row, Section, Table
from reports.filled import SchoolForm, Time, differences
from reports.shares import Shares
from reports.words import short_date

SUM = "Свод"
NO_PASSPORT = "паспорт не заполнен: сравнивать не с чем"
_SHARES = {
    "pupils_applied": "Подано заявлений, доля учеников",
    "guardians_active": "Активированы родители",
    "teachers_with_access": "Учителя, имеющие доступ",
    "teachers_working": "Учителя, работающие в системе",
}


def declared_rollup(form: Form, schools: Sequence[SchoolForm], time: Time, title: str) -> Section:
    """Form 2: where each school's measured and declared differ; of a school that has declared
    nothing, that alone."""
    rows: list[Row] = []
    for school in schools:
        told = differences(form, school) if school.values else [NO_PASSPORT]
        words = Cell("\n".join(told)) if told else Cell("нет", Look.MUTED)
        rows.append([Cell(school.school), Cell(school.passport or NO_DATA), words])
    return _section(form, time, title, (26, 24, 60), ["ОУ", "Паспорт", "Расхождения"], rows)


def declared_counts(
    form: Form, districts: Mapping[str, Sequence[SchoolForm]], time: Time, title: str
) -> Section:
    """Form 2 of the region: schools by district, with a passport, without a difference."""
    counts = {
        name: [
            len(schools),
            sum(bool(one.values) for one in schools),
            sum(not differences(form, one) for one in schools),
        ]
        for name, schools in districts.items()
    }
    heads = ["Район", "ОУ", "С паспортом", "Без расхождений"]
    return _section(form, time, title, (40, 14, 18, 18), heads, _summed(counts))


def regulation_counts(
    form: Form, districts: Mapping[str, Sequence[SchoolForm]], time: Time, title: str
) -> Section:
    """Form 3 of the region: schools by district whose regulation is approved, conforms, is
    published."""
    counts = {
        name: [
            len(schools),
            sum("regulation_date" in one.values for one in schools),
            sum(one.values.get("conforms") == "соответств." for one in schools),
            sum({"link", "published_on"} <= one.values.keys() for one in schools),
        ]
        for name, schools in districts.items()
    }
    heads = ["Район", "ОУ", "С регламентом", "Соответств.", "Размещён на сайте"]
    return _section(form, time, title, (40, 12, 16, 16, 18), heads, _summed(counts))


def shares_rollup(
    form: Form, units: Mapping[str, Mapping[str, str]], time: Time, title: str, shares: Shares
) -> Section:
    """Form 4: the measured shares of ``units``, by name; the last one is the sum."""
    rows: list[Row] = []
    for number, (name, said) in enumerate(units.items(), start=1):
        look = Look.BOLD if number == len(units) else Look.PLAIN
        rows.append(
            [
                Cell(name, look),
                *(
                    Cell(said[code], Look.MUTED if said[code] in (shares.sign, NO_DATA) else look)
                    for code in _SHARES
                ),
            ]
        )
    widths = (34, *[18] * len(_SHARES))
    section = _section(form, time, title, widths, ["", *_SHARES.values()], rows)
    return replace(section, notes=[*section.notes, *shares.notes])


def _summed(counts: Mapping[str, Sequence[int]]) -> list[Row]:
    rows: list[Row] = [[Cell(name), *(Cell(n) for n in own)] for name, own in counts.items()]
    sums = [sum(column) for column in zip(*counts.values(), strict=True)]
    return [*rows, [Cell("Всего", Look.BOLD), *(Cell(n, Look.BOLD) for n in sums)]]


def _section(
    form: Form,
    time: Time,
    title: str,
    widths: tuple[int, ...],
    heads: Sequence[str],
    rows: Sequence[Row],
) -> Section:
    return Section(
        name=f"{SUM} {title}",
        title=form.whole_title,
        lines=[f"{title}: свод", f"По состоянию на {short_date(time.on)}"],
        tables=[Table(widths, [[Cell(words) for words in heads]], rows)],
        notes=[f"{form.citation.document}, {form.citation.clause}."],
    )
