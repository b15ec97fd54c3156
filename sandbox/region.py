"""A region of schools: who is in it, and what goes wrong with whose uploads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sandbox.defects import plant
from sandbox.model import School
from sandbox.params import Params
from sandbox.school import populate, random_for
from sandbox.sources.lists import FORMATS
from sandbox.violations import violate

REGION = "Учебный регион"
_DISTRICTS = ("Береговой", "Заозёрный", "Подгорный", "Луговой", "Полесский", "Приречный")
_FILE_FORMATS = {
    "paragraf": ("xml", "csv"),
    "dnevnik_ru": ("json",),
    "netschool": ("html", "xlsx"),
    "eschool": ("csv-bom", "csv"),
    "klassinfo": ("xlsx",),
    "eljur": ("csv",),
}


@dataclass(frozen=True)
class District:
    code: str
    name: str


def districts(params: Params) -> list[District]:
    """Districts ``d1``, ``d2``, …"""
    return [
        District(
            f"d{n + 1}",
            f"{_DISTRICTS[n % len(_DISTRICTS)]} район"
            + (f" № {n // len(_DISTRICTS) + 1}" if n >= len(_DISTRICTS) else ""),
        )
        for n in range(params.districts)
    ]


def codes(params: Params) -> list[str]:
    """The codes of the region's schools, in order."""
    return [str(781001 + n) for n in range(params.schools_per_system * len(params.systems))]


def schools(params: Params) -> Iterator[School]:
    """Every school, built one at a time so that a large region needs no large memory."""
    for number in range(len(codes(params))):
        yield build(params, number)


def build(params: Params, number: int) -> School:
    """School ``number`` (from 0) with its people, journal and defects. Same input, same school."""
    system = params.systems[number // params.schools_per_system]
    place = number % params.schools_per_system
    formats = _FILE_FORMATS[system]
    school = School(
        number=number,
        code=codes(params)[number],
        name=f"Школа № {number + 1}",
        district=f"d{number % params.districts + 1}",
        system=system,
        format=formats[place % len(formats)],
        saturday=number % 4 == 0,
        list_format=FORMATS[number % len(FORMATS)],
        profile=params.profile(number % params.districts),
    )
    populate(school, params)
    # In a region of some size the last school of every system makes no mistakes.
    clean = params.schools_per_system > 2 and place == params.schools_per_system - 1
    if not clean:
        plant(school, params, extra_column=place == 0 and system != "dnevnik_ru")
    school.missing_uploads = _missing(school, params, place)
    if params.compliance:
        violate(school, params, place)
    return school


def _missing(school: School, params: Params, place: int) -> list[date]:
    """Days before the last one on which nothing comes from the school."""
    days = [d for d in params.dates if school.is_school_day(d)]
    candidates = [day for day in days if day < params.until]
    if not candidates:
        return []
    if school.system == "dnevnik_ru":
        # The system is down for one school in the middle of the period.
        return (
            [candidates[len(candidates) // 2]]
            if place == min(1, params.schools_per_system - 1)
            else []
        )
    count = (1, 0, 2, 0)[place % 4]
    rng = random_for(params.seed, school.code, "uploads")
    return sorted(rng.sample(candidates, min(count, len(candidates))))
