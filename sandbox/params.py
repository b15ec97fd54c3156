"""What a person may ask of a pretend region."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.calendar import business_dates
from sandbox.regulations import REGULATIONS

YEAR_START = date(2026, 9, 1)
YEAR_END = date(2027, 5, 31)
SCHOOL_YEAR = 2026
ZONE = "Europe/Moscow"
OFFSET = "+03:00"

# Journal systems a region can have, and those it has unless asked otherwise.
SYSTEMS = ("paragraf", "dnevnik_ru", "netschool", "eschool", "klassinfo", "eljur")
USUAL_SYSTEMS = SYSTEMS[:3]

# Which grades a smaller school has: a lower, a middle and an upper one come first.
_GRADES_BY_USE = (5, 8, 1, 10, 3, 7, 11, 2, 9, 4, 6)


@dataclass(frozen=True)
class Params:
    """Seed and size of a region; the same parameters always give the same bytes.

    ``classes``: grade levels a school has (1-11); ``until``: the last business date;
    ``connected_on``: the first day the hub answers for; ``evenings``: those on which schools upload
    and the hub works, every business date unless given; ``systems``: of ``SYSTEMS``;
    ``profiles``: regulations, one a district in turn; ``compliance``: evenings on which the truth
    tells every remark and level; if there are any, what breaks the regulations is planted, and
    uploads come on days off too. Raises ``ValueError`` for what cannot be built.
    """

    seed: int = 7
    until: date = date(2026, 9, 18)
    connected_on: date | None = None
    districts: int = 3
    schools_per_system: int = 4
    classes: int = 11
    pupils_least: int = 12
    pupils_most: int = 15
    systems: tuple[str, ...] = USUAL_SYSTEMS
    profiles: tuple[str, ...] = ("spb",)
    evenings: tuple[date, ...] = ()
    compliance: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if not YEAR_START + timedelta(days=7) <= self.until <= YEAR_END:
            raise ValueError(
                f"until must lie between {YEAR_START + timedelta(days=7)} and {YEAR_END}"
            )
        if not business_dates(self.until, self.until):
            raise ValueError("until must be a business date: no Sunday, no day off")
        if not 1 <= self.classes <= len(_GRADES_BY_USE):
            raise ValueError("classes must lie between 1 and 11")
        if not self.districts >= 1 or not 1 <= self.schools_per_system <= 300:
            raise ValueError("a region needs a district and 1 to 300 schools of each system")
        if not self.systems or len(set(self.systems)) < len(self.systems):
            raise ValueError("a region needs at least one system, and each of them once")
        if set(self.systems) - set(SYSTEMS):
            raise ValueError(f"systems must be of {', '.join(SYSTEMS)}")
        if self.compliance and set(self.systems) - set(USUAL_SYSTEMS):
            raise ValueError(f"compliance is told of {', '.join(USUAL_SYSTEMS)} only: systems must")
        if set(self.compliance) - set(self.dates):
            raise ValueError("compliance must be told on evenings")
        if not self.profiles or set(self.profiles) - set(REGULATIONS):
            raise ValueError(f"profiles must be of {', '.join(REGULATIONS)}")
        if not 4 <= self.pupils_least <= self.pupils_most:
            raise ValueError("a class needs at least 4 pupils")
        if not YEAR_START <= self.first_business_date <= self.until:
            raise ValueError("connected_on must lie in the school year, not after until")
        possible = business_dates(self.first_business_date, self.until)
        if set(self.evenings) - set(possible) or self.until not in self.dates:
            raise ValueError(
                "evenings must be business dates since connected_on, the last is until"
            )

    @property
    def first_business_date(self) -> date:
        """The day the hub starts: four days before ``until`` unless given."""
        return self.connected_on or self.until - timedelta(days=4)

    @property
    def dates(self) -> list[date]:
        """The evenings on which something happens, in their order."""
        return sorted(self.evenings) or business_dates(self.first_business_date, self.until)

    def profile(self, district: int) -> str:
        """The regulation of a district, counted from 0."""
        return self.profiles[district % len(self.profiles)]

    @property
    def grades(self) -> list[int]:
        return sorted(_GRADES_BY_USE[: self.classes])

    def to_json(self) -> dict[str, Any]:
        """Plain values, read back by ``from_json``."""
        plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(self).items()}
        listed = {"evenings": self.evenings, "compliance": self.compliance}
        return plain | {name: [day.isoformat() for day in told] for name, told in listed.items()}

    @staticmethod
    def from_json(values: dict[str, Any]) -> Params:
        days = {
            name: date.fromisoformat(values[name]) if values[name] else None
            for name in ("until", "connected_on")
        }
        names = {name: tuple(values[name]) for name in ("systems", "profiles")}
        listed = {
            name: tuple(date.fromisoformat(day) for day in values[name])
            for name in ("evenings", "compliance")
        }
        return Params(**{**values, **days, **names, **listed})
