"""Forms 1 to 5 of the documents as files, for a school, a district or the region.

From what ``measure`` kept for the day, the passports and the remarks. Names of responsible persons
leave through the privacy gate, and only where a person asks for the files: what is written every
day holds none. Files: ``forma<number>_<school, district or region>_<day>``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from pipeline.forms.basis import WITHHELD, FormBasis, form_basis, persons_asked, released
from pipeline.forms.remark_lines import remark_lines
from pipeline.forms.report import REGION_TITLE
from pipeline.hub import Hub
from privacy.disclosure import Audience
from quality.measures import REGION
from quality.passports import NO_DATA
from reports.compliance import SchoolReport
from reports.document import Document, Section
from reports.docx import to_docx
from reports.filled import SchoolForm, roll_section, school_section
from reports.form1 import form1_sections
from reports.forms import district_unit, school_unit
from reports.pdf import to_pdf
from reports.remarks import counts_section, remarks_section
from reports.rollups import (
    declared_counts,
    declared_rollup,
    regulation_counts,
    shares_rollup,
)
from reports.shares import Shares
from reports.xlsx import to_xlsx

DAILY = (1, 2, 3, 4)

_WRITERS: dict[str, Callable[[Document], bytes]] = {
    "xlsx": to_xlsx,
    "pdf": to_pdf,
    "docx": to_docx,
}
FORMATS = tuple(_WRITERS)


class FormsError(Exception):
    """No form can be made as it was asked for; ask as the message says."""


class NotAskedError(FormsError):
    """The documents of these schools ask for no such form; leave it out."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for. ``unit``: ``school …``, ``district …`` or ``REGION``; ``since``: the day
    of the check before, for form 5; ``names``: of teachers by pseudonym, for form 5 of a school's
    own copy, released by the privacy gate; ``contacts``: whether responsible persons are named."""

    number: int
    unit: str
    on: date
    since: date
    names: Mapping[str, str] = field(default_factory=dict)
    contacts: bool = True

    @property
    def code(self) -> str:
        """As regulation profiles call the form."""
        return f"form{self.number}"

    @property
    def audience(self) -> Audience:
        """Who reads it: a school its own figures, or offices."""
        return Audience.SCHOOL if self.unit.startswith("school ") else Audience.OFFICES


def write_forms(hub: Hub, wanted: Wanted, formats: Sequence[str], out: Path) -> list[Path]:
    """Write one form in each of ``formats`` (of ``FORMATS``) to the folder ``out``.

    Raises ``FormsError``, ``OSError``, and as ``form_basis``, ``publish_form`` and ``released``.
    """
    with hub.engine.begin() as connection:
        making = _Making(hub, connection, form_basis(connection, wanted.on), wanted)
        if "docx" in formats and not making.form.word:
            raise FormsError(f"form {wanted.number} is no Word file in the documents: xlsx or pdf")
        document = making.document()
    return _written(document, wanted, formats, out)


def write_daily(hub: Hub, on: date, out: Path) -> list[Path]:
    """The forms of every district that its documents ask for, without persons.

    Raises as ``write_forms``.
    """
    paths = []
    with hub.engine.begin() as connection:
        basis = form_basis(connection, on)
        for code in basis.districts_of(basis.schools):
            unit = district_unit(code)
            for number in DAILY:
                if basis.asking(f"form{number}", basis.of_unit(unit)):
                    wanted = Wanted(number, unit, on, on, contacts=False)
                    document = _Making(hub, connection, basis, wanted).document()
                    paths += _written(document, wanted, ("xlsx", "pdf"), out)
    return paths


def _written(document: Document, wanted: Wanted, formats: Sequence[str], out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    stem = f"forma{wanted.number}_{wanted.unit.split()[-1]}_{wanted.on.isoformat()}"
    paths = []
    for name in formats:
        path = out / f"{stem}.{name}"
        path.write_bytes(_WRITERS[name](document))
        paths.append(path)
    return paths


class _Making:
    """One form that is being made."""

    def __init__(self, hub: Hub, connection: Connection, basis: FormBasis, wanted: Wanted) -> None:
        everybody = basis.of_unit(wanted.unit)
        if not everybody:
            raise FormsError(
                f"there is no {wanted.unit} in the registry; see 'svod passports list'"
            )
        self._schools = basis.asking(wanted.code, everybody)
        if not self._schools:
            names = ", ".join(sorted(basis.profile_names([one.code for one in everybody])))
            raise NotAskedError(f"the documents of {names} do not ask for form {wanted.number}")
        self._hub, self._connection, self._basis = hub, connection, basis
        self._wanted = wanted
        self._own = wanted.audience is Audience.SCHOOL
        self.form = basis.form_of(self._schools[0], wanted.code)

    def document(self) -> Document:
        """The form with all its sections."""
        making = {
            1: self._form1,
            2: self._form2,
            3: self._form3,
            4: self._form4,
            5: self._form5,
        }
        title = self.form.title.format_map({"school": self._title})
        if not self._own:
            title = f"{self.form.whole_title}: {self._title}"
        return Document(title, self._wanted.on, making[self._wanted.number]())

    @property
    def _title(self) -> str:
        """What the unit is called."""
        if self._wanted.unit == REGION:
            return REGION_TITLE
        first = self._schools[0]
        return first.name if self._own else self._basis.district_names[first.district]

    @property
    def _region(self) -> bool:
        return self._wanted.unit == REGION

    def _form1(self) -> list[Section]:
        basis = self._basis
        published = basis.own_form1(self._schools[0]) if self._own else basis.office_form1
        units = [(school_unit(one.code), one.name) for one in self._schools]
        of_schools = {one.name: basis.district_names[one.district] for one in self._schools}
        if self._region:
            named = basis.districts_of(self._schools).items()
            units, of_schools = [(district_unit(code), name) for code, name in named], {}
        whole = [] if self._own else [(self._wanted.unit, f"{self._title}: свод")]
        return form1_sections(published.section([*whole, *units]), basis.time, of_schools)

    def _form2(self) -> list[Section]:
        time = self._basis.time
        if self._region:
            by_district = self._by_district()
            rolled = (declared_rollup(self.form, own, time, n) for n, own in by_district.items())
            return [declared_counts(self.form, by_district, time, REGION_TITLE), *rolled]
        filled = [self._filled(one) for one in self._schools]
        sections = [
            school_section(self._basis.form_of(school, self.form.code), one, time)
            for school, one in zip(self._schools, filled, strict=True)
        ]
        whole = [] if self._own else [declared_rollup(self.form, filled, time, self._title)]
        return [*whole, *sections]

    def _form3(self) -> list[Section]:
        time, by_district = self._basis.time, self._by_district()
        sections = [roll_section(self.form, own, time, name) for name, own in by_district.items()]
        if not self._region:
            return sections
        return [regulation_counts(self.form, by_district, time, REGION_TITLE), *sections]

    def _form4(self) -> list[Section]:
        basis, form = self._basis, self.form
        shares = basis.own_shares(self._schools[0]) if self._own else basis.office_shares
        sections = [] if self._region else [self._form4_of(one, shares) for one in self._schools]
        if self._own:
            return sections
        units = {one.name: shares.of(school_unit(one.code)) for one in self._schools}
        if self._region:
            named = basis.districts_of(self._schools).items()
            units = {name: shares.of(district_unit(code)) for code, name in named}
        units[f"{self._title}: всего"] = shares.of(self._wanted.unit)
        rolled = shares_rollup(form, units, basis.time, self._title, shares)
        return [rolled, *sections]

    def _form5(self) -> list[Section]:
        on, since = self._wanted.on, self._wanted.since
        names = self._wanted.names if self._own else {}
        lines = {
            one.name: remark_lines(self._connection, one.code, on, since, names)
            for one in self._schools
        }
        if self._region:
            return [counts_section(self.form, self._title, lines, on, since)]
        lists = [
            remarks_section(
                self._basis.form_of(one, self.form.code), one.name, lines[one.name], on, since
            )
            for one in self._schools
        ]
        whole = [] if self._own else [counts_section(self.form, self._title, lines, on, since)]
        return [*whole, *lists]

    def _by_district(self) -> dict[str, list[SchoolForm]]:
        return {
            name: [self._filled(one) for one in self._schools if one.district == code]
            for code, name in self._basis.districts_of(self._schools).items()
        }

    def _form4_of(self, school: SchoolReport, shares: Shares) -> Section:
        basis = self._basis
        said = shares.of(school_unit(school.code))
        untold = {NO_DATA, shares.sign}
        classes = {
            f"{column}_classes": words if words in untold else basis.classes(school.code, column)
            for column, words in said.items()
        }
        filled = self._filled(school, said | classes, [shares.sign])
        section = school_section(basis.form_of(school, self.form.code), filled, basis.time)
        return replace(section, notes=[*section.notes, *shares.notes])

    def _filled(
        self,
        school: SchoolReport,
        known: Mapping[str, str] | None = None,
        absent: Sequence[str] = (),
    ) -> SchoolForm:
        """The region's roll-ups name nobody, so that nobody's contacts are released for them."""
        passport = self._basis.passports.get(school.code)
        contacts, withheld = {}, {}
        if not self._wanted.contacts:
            withheld = dict.fromkeys(persons_asked(self.form), WITHHELD)
        elif passport and not self._region:
            contacts = released(self._hub, passport, self.form)
        return self._basis.filled(school, contacts, {**withheld, **(known or {})}, absent)
