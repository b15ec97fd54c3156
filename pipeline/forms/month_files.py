"""A month's files for schools and offices, made into the folders that ``hand_out`` names.

A school gets form 5 twice: by codes of people, which may be mailed, and with the names of its own
people, in its private folder. What offices are given names nobody, since it goes by mail too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipeline.forms.forms import DAILY, NotAskedError, Wanted, write_forms
from pipeline.forms.hand_out import Kind, Unit, folder_of, private_folder, units
from pipeline.forms.remark_lines import remarked_teachers
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from privacy.release import Channel, ReleaseRefusedError, release_names
from quality.measures import REGION
from reports.forms import district_unit, school_unit

FORMATS = ("xlsx", "pdf")
REMARKS_FORM = 5


@dataclass(frozen=True)
class Made:
    """``paths``: of the files that may be mailed; ``unnamed``: schools whose own copy could not be
    made, since the vault does not know everybody whom their remarks are about."""

    paths: list[Path]
    unnamed: list[str]


def make_files(hub: Hub, kind: Kind, run: Run, chosen: Sequence[str] | None = None) -> Made:
    """Make the files of ``kind`` as of the run's business date.

    A form that the documents of a unit do not ask for is left out. Raises as ``write_forms``.
    """
    on = run.business_date
    with hub.engine.begin() as connection:
        todo = units(connection, kind, on, chosen)
    paths: list[Path] = []
    unnamed = []
    for unit in todo:
        paths += _shared(hub, kind, unit, on)
        if kind is Kind.SCHOOL_REMARKS:
            try:
                _own(hub, unit.code, on)
            except ReleaseRefusedError:
                unnamed.append(unit.code)
    return Made(paths, unnamed)


def _shared(hub: Hub, kind: Kind, unit: Unit, on: date) -> list[Path]:
    """The files of a unit that name nobody."""
    folder = folder_of(hub.settings.reports, on, unit.level, unit.code)
    if kind is Kind.SCHOOL_REMARKS:
        coded = Wanted(REMARKS_FORM, school_unit(unit.code), on, _check_before(on), contacts=False)
        return _asked(hub, coded, folder)
    whose = REGION if kind is Kind.REGION_FORMS else district_unit(unit.code)
    wanted = [Wanted(number, whose, on, on, contacts=False) for number in DAILY]
    return [path for one in wanted for path in _asked(hub, one, folder)]


def _own(hub: Hub, school: str, on: date) -> None:
    """The list of remarks with the names of a school's teachers, in its private folder."""
    since = _check_before(on)
    with hub.engine.begin() as connection:
        teachers = remarked_teachers(connection, school, on, since)
    names = release_names(
        hub.vault,
        school,
        teachers,
        purpose=Kind.SCHOOL_REMARKS.value,
        channel=Channel.FOLDER,
        log=hub.log_action,
    )
    named = Wanted(REMARKS_FORM, school_unit(school), on, since, names, contacts=False)
    for path in _asked(hub, named, private_folder(hub.settings.reports, on, school)):
        path.chmod(0o600)


def _check_before(on: date) -> date:
    """The last day of the month before."""
    return on.replace(day=1) - timedelta(days=1)


def _asked(hub: Hub, wanted: Wanted, out: Path) -> list[Path]:
    try:
        return write_forms(hub, wanted, FORMATS, out)
    except NotAskedError:
        return []
