"""Form 1 as it is published: small counts of persons are not in it.

Computed once for all reports of a day: the region's and a district's are slices of one table, so
nobody can compute from the one what the other hides. What is hidden is no longer here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from privacy.disclosure import (
    HIDES_NOTHING,
    Audience,
    Part,
    Table,
    disclosure_policy,
    suppress,
)
from quality.forms import Form
from quality.measures import REGION

CELLS = {"school": pl.String, "grade_level": pl.Int64, "column": pl.String, "value": pl.Int64}

Count = int | None  # None: hidden


@dataclass(frozen=True)
class FormBlock:
    """One filled form: of a school, or a roll-up."""

    title: str
    rows: Sequence[tuple[str, tuple[Count, ...]]]  # official row title, a count per column


@dataclass(frozen=True)
class Guard:
    """What a reader is told of hidden figures: ``sign`` in their place, ``hint`` at it, notes."""

    sign: str
    hint: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FormSection:
    """The blocks of one report; ``guard`` is None where nothing is hidden from its reader."""

    form: Form
    blocks: Sequence[FormBlock]
    guard: Guard | None


@dataclass(frozen=True)
class PublishedForm:
    """What may be shown of a form: a count per column, by unit and number of the row.

    Units: ``school_unit``, ``district_unit``, ``REGION``. What is not there is zero.
    """

    form: Form
    counts: Mapping[tuple[str, int], tuple[Count, ...]]
    guard: Guard | None

    def section(self, units: Iterable[tuple[str, str]]) -> FormSection:
        """A block for each of ``units``, which are given with their titles."""
        return FormSection(self.form, [self._block(*unit) for unit in units], self.guard)

    def _block(self, unit: str, title: str) -> FormBlock:
        nobody = (0,) * len(self.form.columns)
        rows = [
            (row.title, self.counts.get((unit, number), nobody))
            for number, row in enumerate(self.form.rows)
        ]
        return FormBlock(title, rows)


def school_unit(code: str) -> str:
    """A school among the units of a form; a district may have the same code."""
    return f"school {code}"


def district_unit(code: str) -> str:
    """A district among the units of a form."""
    return f"district {code}"


def publish_form(
    form: Form,
    cells: pl.DataFrame,
    districts: Mapping[str, str],
    profiles: Iterable[str],
    audience: Audience,
) -> PublishedForm:
    """The form of all schools of ``districts`` (school -> district), with roll-ups.

    ``cells``: columns as in ``CELLS``, counts of each school. ``profiles``: of all these schools.
    Raises ``privacy.disclosure.NoThresholdError``, or ``ValueError`` for a part beyond its whole.
    """
    policy = disclosure_policy()
    threshold = policy.threshold(set(profiles))
    persons = policy.persons[form.code]
    finest = _by_row(form, cells)
    units = {school_unit(school): district_unit(code) for school, code in districts.items()}
    units |= dict.fromkeys(units.values(), REGION)
    of_persons = pl.col("column").is_in([name for p in persons for name in (p.whole, p.part)])
    shown = [
        suppress(finest.filter(~of_persons), Table(units, {}), HIDES_NOTHING, by=["row"]),
        suppress(
            _parts(finest, persons),
            Table(
                units,
                {name: pair.whole for pair in persons for name in (pair.part, _rest(pair))},
                frozenset(map(_rest, persons)),
            ),
            HIDES_NOTHING if audience is Audience.SCHOOL else threshold.persons,
            by=["row"],
        ),
    ]
    guard = Guard(
        policy.sign,
        policy.hint,
        (
            policy.note.format(sign=policy.sign, largest=threshold.persons - 1),
            f"Порог (наименьшее число людей, которое показывается, кроме нуля):"
            f" {threshold.persons}. Основание: {threshold.source}."
            f" Политика контроля раскрытия, версия {policy.version}.",
        ),
    )
    return PublishedForm(
        form, _wide(form, pl.concat(shown)), None if audience is Audience.SCHOOL else guard
    )


def _by_row(form: Form, cells: pl.DataFrame) -> pl.DataFrame:
    """Counts by ``unit``, ``column`` and number of the form's ``row`` of one or two levels."""
    levels = [(level, number) for number, row in enumerate(form.rows) for level in row.grade_levels]
    rows = pl.DataFrame(levels, {"grade_level": pl.Int64, "row": pl.Int64}, orient="row")
    return (
        cells.join(rows, on="grade_level")
        .with_columns(unit=pl.format(school_unit("{}"), "school"))
        .group_by("unit", "column", "row")
        .agg(count=pl.col("value").sum())
    )


def _parts(finest: pl.DataFrame, persons: Sequence[Part]) -> pl.DataFrame:
    """The finest counts of persons: each whole as its part and the rest."""
    frames = [finest.filter(pl.col("column").is_in([pair.part for pair in persons]))]
    for pair in persons:
        signed = pl.when(pl.col("column") == pair.whole).then("count").otherwise(-pl.col("count"))
        frames.append(
            finest.filter(pl.col("column").is_in([pair.whole, pair.part]))
            .group_by("unit", "row")
            .agg(count=signed.sum())
            .select("unit", "row", "count", column=pl.lit(_rest(pair)))
        )
    return pl.concat(frame.select("unit", "column", "row", "count") for frame in frames)


def _rest(pair: Part) -> str:
    """What nobody prints and everybody can compute."""
    return f"{pair.whole} without {pair.part}"


def _wide(form: Form, shown: pl.DataFrame) -> dict[tuple[str, int], tuple[Count, ...]]:
    columns = {column.code: number for number, column in enumerate(form.columns)}
    counts: dict[tuple[str, int], list[Count]] = {}
    for unit, column, row, count in shown.select("unit", "column", "row", "count").rows():
        counts.setdefault((unit, row), [0] * len(columns))[columns[column]] = count
    return {place: tuple(values) for place, values in counts.items()}
