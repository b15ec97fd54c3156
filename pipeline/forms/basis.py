"""What the forms of a day are made of, read once: figures, passports, counts, districts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from string import Formatter

import polars as pl
from sqlalchemy import Connection, select

from pipeline.hub import Hub
from pipeline.measuring.form_counts import FORM2, FORM4, REGISTRATION
from pipeline.measuring.measured import NothingMeasuredError
from pipeline.passports.versions import Passport, passports_on
from privacy.disclosure import Audience
from privacy.passports import release_contacts
from quality.declared import Facts
from quality.forms import Form
from quality.measures import REGION
from quality.passports import NO_DATA, passport_fields
from quality.profiles import Profile
from quality.uploads import school_week
from reports.compliance import SchoolReport
from reports.filled import SchoolForm, Time
from reports.forms import PublishedForm, district_unit, publish_form, school_unit
from reports.gather import gather_schools, measured_period
from reports.shares import COUNTS, Shares, publish_shares
from reports.words import SOURCES, short_date
from schemas.tables import districts, form_figures, sources

WITHHELD = "выдаётся по запросу"  # of contacts, in what is written every day

_Kept = Mapping[tuple[str, str, str], int]  # by form, row and column


@dataclass(frozen=True)
class FormBasis:
    """``schools``: all of the registry. ``counts``: of ``pipeline.measuring.form_counts``, by
    school. ``form1``: true counts, for ``publish_form`` and nothing else."""

    time: Time
    schools: Sequence[SchoolReport]
    profiles: Mapping[str, Profile]
    form1: pl.DataFrame
    passports: Mapping[str, Passport]
    counts: Mapping[str, _Kept]
    systems: Mapping[str, str]
    district_names: Mapping[str, str]

    def of_unit(self, unit: str) -> list[SchoolReport]:
        """The schools of ``school …``, ``district …`` or the region, by code."""
        return [
            one
            for one in self.schools
            if unit in (REGION, school_unit(one.code), district_unit(one.district))
        ]

    def asking(self, code: str, schools: Collection[SchoolReport]) -> list[SchoolReport]:
        """Those of ``schools`` whose documents ask for the form."""
        return [one for one in schools if self.profiles[one.code].has_form(code)]

    def form_of(self, school: SchoolReport, code: str) -> Form:
        """The form in the words of the school's own documents."""
        return self.profiles[school.code].form(code)

    def profile_names(self, codes: Collection[str]) -> set[str]:
        """The profiles of the schools ``codes``."""
        return {self.profiles[code].name for code in codes}

    def districts_of(self, schools: Collection[SchoolReport]) -> dict[str, str]:
        """Names of the districts of ``schools``, by code."""
        there = {one.district for one in schools}
        return {code: name for code, name in self.district_names.items() if code in there}

    def facts(self, school: SchoolReport) -> Facts:
        """What is measured of a school."""
        kept = self.counts.get(school.code, {})
        return Facts(
            measures={c: (f.numerator, f.denominator) for c, f in school.figures.items()},
            in_time=(kept.get((FORM2, "", "in_time"), 0), kept.get((FORM2, "", "judged"), 0)),
            uploads=(school.rhythm.uploaded, school.rhythm.due),
            week=school_week(school.days),
            registration_days=kept.get((FORM2, "", REGISTRATION)),
        )

    @cached_property
    def office_form1(self) -> PublishedForm:
        """Form 1 of all schools as offices may see it; one for all districts of a day."""
        return self._form1(self.schools, Audience.OFFICES)

    @cached_property
    def office_shares(self) -> Shares:
        """The shares of form 4 as offices may see them; one for all districts of a day."""
        return self._shares(self.asking("form4", self.schools), Audience.OFFICES)

    def own_form1(self, school: SchoolReport) -> PublishedForm:
        """Form 1 as the school itself sees it."""
        return self._form1([school], Audience.SCHOOL)

    def own_shares(self, school: SchoolReport) -> Shares:
        """The shares of form 4 as the school itself sees them."""
        return self._shares([school], Audience.SCHOOL)

    def _form1(self, schools: Sequence[SchoolReport], audience: Audience) -> PublishedForm:
        districts = {one.code: one.district for one in schools}
        return publish_form(
            self.form_of(self.asking("form1", schools)[0], "form1"),
            self.form1.filter(pl.col("school").is_in(list(districts))),
            districts,
            self.profile_names(districts),
            audience,
        )

    def _shares(self, schools: Sequence[SchoolReport], audience: Audience) -> Shares:
        districts = {one.code: one.district for one in schools}
        return publish_shares(
            "form4",
            self._person_counts().filter(pl.col("school").is_in(list(districts))),
            districts,
            self.profile_names(districts),
            audience,
        )

    def _person_counts(self) -> pl.DataFrame:
        """The counts of form 4 of every school: ``reports.shares.COUNTS``."""
        rows = [
            (school, column, value)
            for school, kept in self.counts.items()
            for (form, row, column), value in kept.items()
            if form == FORM4 and not row
        ]
        return pl.DataFrame(rows, COUNTS, orient="row")

    def classes(self, school: str, column: str) -> str:
        """The classes that have any of what ``column`` counts."""
        there = [
            row
            for (form, row, name), value in self.counts.get(school, {}).items()
            if form == FORM4 and row and name == column and value
        ]
        return ", ".join(sorted(there, key=lambda name: (len(name), name))) or NO_DATA

    def filled(
        self,
        school: SchoolReport,
        contacts: Mapping[str, str],
        known: Mapping[str, str],
        absent: Collection[str] = (),
    ) -> SchoolForm:
        """What a form tells of ``school``. ``contacts``: released; ``known``: places filled by the
        caller; ``absent``: words of these that say that something is not told."""
        passport = self.passports.get(school.code)
        return SchoolForm(
            school=school.name,
            district=self.district_names[school.district],
            values={**(passport.values if passport else {}), **contacts},
            lists=passport.lists if passport else {},
            facts=self.facts(school),
            known={"system": self.systems.get(school.code, NO_DATA), **known},
            absent=frozenset({NO_DATA, WITHHELD, *absent}),
            passport=_words(passport) if passport else "",
        )


def form_basis(connection: Connection, on: date) -> FormBasis:
    """The basis of the forms of ``on``.

    Raises ``pipeline.measuring.measured.NothingMeasuredError`` and
    ``quality.profiles.UnknownProfileError``.
    """
    period = measured_period(connection, on)
    if period is None:
        raise NothingMeasuredError(on.isoformat())
    gathered = gather_schools(connection, on)
    named = connection.execute(select(districts).order_by(districts.c.code))
    return FormBasis(
        time=Time(on, period[0]),
        schools=gathered.schools,
        profiles=gathered.profiles,
        form1=gathered.form1,
        passports=passports_on(connection, on),
        counts=_counts(connection, on),
        systems=_systems(connection),
        district_names={row.code: row.name for row in named},
    )


def persons_asked(form: Form) -> list[str]:
    """The fields about persons that ``form`` has places for."""
    personal = {one.code for one in passport_fields().fields if one.personal}
    cells = (cell for row in form.rows for cell in row.cells)
    places = {name for cell in cells for _, name, _, _ in Formatter().parse(cell)}
    return sorted(personal & places)


def released(hub: Hub, passport: Passport, form: Form) -> dict[str, str]:
    """The contacts that ``form`` asks for; told to the action log first.

    Raises as ``privacy.passports.release_contacts``.
    """
    asked = persons_asked(form)
    if not asked:
        return {}
    return release_contacts(
        hub.keys,
        passport.school,
        passport.version,
        passport.sealed,
        asked,
        purpose=form.code,
        ground=f"{form.citation.document}, {form.citation.clause}: форма называет этих лиц",
        log=hub.log_action,
    )


def _words(passport: Passport) -> str:
    return f"Паспорт ОУ: версия {passport.version}, действует с {short_date(passport.valid_from)}."


def _counts(connection: Connection, on: date) -> dict[str, _Kept]:
    kept: dict[str, dict[tuple[str, str, str], int]] = {}
    table = form_figures.c
    cells = select(table.school, table.form, table.row, table.column, table.value).where(
        table.as_of == on, table.form.in_([FORM2, FORM4])
    )
    for school, form, row, column, value in connection.execute(cells):
        kept.setdefault(school, {})[form, row, column] = value
    return dict(kept)


def _systems(connection: Connection) -> dict[str, str]:
    """What the journal of each school is called."""
    named: dict[str, list[str]] = {}
    rows = connection.execute(
        select(sources.c.school, sources.c.kind)
        .where(sources.c.kind != "lists")
        .order_by(sources.c.school, sources.c.kind)
    )
    for school, kind in rows:
        named.setdefault(school, []).append(SOURCES.get(kind, kind))
    return {school: ", ".join(names) for school, names in named.items()}
