"""The truth about a region: docs/sandbox-truth.md says how to read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox.calendar import days
from sandbox.compliance.entries import entries
from sandbox.compliance.known import Known
from sandbox.compliance.looks import Looks
from sandbox.compliance.told import accumulation_ratio, compliance, people_keys, timeliness
from sandbox.consents import list_date
from sandbox.counts import delivery, late_consents, records
from sandbox.defects import all_flaws
from sandbox.measures import Ratio, form1, rows, school_measures, total
from sandbox.members import Flaw, Person
from sandbox.model import School
from sandbox.params import YEAR_START, ZONE, Params
from sandbox.region import districts
from sandbox.view import View

Json = dict[str, Any]

_MISSING_BECAUSE = {"dnevnik_ru": "source_unavailable"}


class Truth:
    """Collects what is true of each school; add them once their uploads are written."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._dates = params.dates
        self._ratios: dict[str, dict[str, dict[str, Ratio]]] = defaultdict(dict)
        self._parts: dict[str, Json] = {
            name: {} for name in ("schools", "uploads", "form1", "records", "delivery", "consents")
        }
        if params.compliance:
            self._parts["keys"] = {}
        self._compliance: dict[str, Json] = {}
        self._defects: list[Json] = []
        self._people: list[Json] = []

    def add(self, school: School) -> None:
        view = View(school, self._params.until)
        looks = Looks(school.system, self._looks(school))
        known = Known(school, self._params.until, looks)
        uploads = self._uploads(school)
        expected = [state for state in uploads.values() if state != "not_a_school_day"]
        ratios = school_measures(view)
        ratios["accumulation"] = accumulation_ratio(known)
        ratios["timeliness"] = timeliness(entries(known))
        ratios["upload_frequency"] = (expected.count("uploaded"), len(expected))
        self._ratios[school.district][school.code] = ratios
        self._parts["schools"][school.code] = {
            "system": school.system,
            "format": school.format,
            "district": school.district,
            "name": school.name,
            "saturday": school.saturday,
            "list_format": school.list_format,
        }
        self._parts["uploads"][school.code] = uploads
        if self._params.compliance:
            self._parts["keys"][school.code] = people_keys(school)
            for day in self._params.compliance:
                if looks.until(day):
                    told = compliance(Known(school, day, looks), uploads)
                    self._compliance.setdefault(str(day), {})[school.code] = told
        self._parts["form1"][school.code] = form1(view)
        self._parts["records"][school.code] = records(view)
        self._parts["delivery"][school.code] = delivery(view)
        self._parts["consents"][school.code] = late_consents(view)
        self._defects += [self._defect(school, flaw) for flaw in all_flaws(school)]
        self._people += [_person(school, person) for person in _people(school)]

    def _uploads(self, school: School) -> dict[str, str]:
        absent = _MISSING_BECAUSE.get(school.system, "school_did_not_fill")
        # Who leaves a folder a day left none; Dnevnik.ru waited for the hub, which did not come.
        never = "hub_fault" if school.system == "dnevnik_ru" else "school_did_not_fill"
        states = {}
        for day in days(self._params.first_business_date, self._params.until):
            state = absent if day in school.missing_uploads else "uploaded"
            state = state if day in self._dates else never
            state = "data_rejected" if day in school.unreadable_uploads else state
            states[str(day)] = state if school.is_school_day(day) else "not_a_school_day"
        return states

    def _looks(self, school: School) -> list[date]:
        """The evenings on which the hub saw the journal: its upload, or its own reading."""
        lost = {*school.missing_uploads, *school.unreadable_uploads}
        answered = [day for day in self._dates if day not in lost]
        if school.system == "dnevnik_ru" or self._params.compliance:
            return answered
        # The last upload is written on any day.
        seen = {day for day in answered if school.is_school_day(day)} | {self._params.until}
        return sorted(seen)

    def _defect(self, school: School, flaw: Flaw) -> Json:
        source = flaw.source or school.system
        day = list_date(self._params) if source == "lists" else self._params.until
        return {
            "school": school.code,
            "source": source,
            "upload": str(day),
            "document": flaw.document,
            "line": flaw.line,
            "entity": flaw.entity,
            "field": flaw.field,
            "rule": flaw.rule,
            "kind": flaw.kind,
        }

    def to_json(self) -> Json:
        """The whole truth, in the shape of docs/sandbox-truth.md."""
        params = self._params
        return {
            "seed": params.seed,
            "zone": ZONE,
            "business_dates": [str(day) for day in self._dates],
            "connected_on": str(params.first_business_date),
            "period": {"from": str(YEAR_START), "to": str(params.until)},
            "districts": {d.code: d.name for d in districts(params)},
            "measures": self._measures(),
            "defects": self._defects,
            **self._parts,
            **({"compliance": self._compliance} if self._compliance else {}),
            "people": self._people,
        }

    def _measures(self) -> list[Json]:
        found: list[Json] = []
        sums = []
        for district, by_school in sorted(self._ratios.items()):
            for code, ratios in by_school.items():
                found += rows("school", code, ratios)
            sums.append(total(list(by_school.values())))
            found += rows("district", district, sums[-1])
        return found + rows("region", "region", total(sums))


def _people(school: School) -> Iterator[Person]:
    yield from (pupil.person for pupil in school.pupils)
    yield from (guardian.person for guardian in school.guardians)
    yield from (teacher.person for teacher in school.teachers)
    for stranger in (school.unknown_uid, school.unknown_applicant):
        if stranger is not None:
            yield stranger.person


def _person(school: School, person: Person) -> Json:
    return {
        "school": school.code,
        "role": person.role,
        "surname": person.surname,
        "given": person.given,
        "patronymic": person.patronymic,
        "snils": person.snils,
        "phone": person.phone,
        "email": person.email,
    }
