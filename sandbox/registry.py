"""``region.yml``: what ``svod schools import`` reads to know the schools and their sources."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.calendar import DAYS_OFF
from sandbox.model import School
from sandbox.params import SCHOOL_YEAR, YEAR_END, YEAR_START, ZONE, Params
from sandbox.region import REGION, districts
from sandbox.sources.dnevnik_words import Ids, token

MAPPINGS = {
    "paragraf": "paragraf/3.21",
    "dnevnik_ru": "dnevnik_ru/v2",
    "netschool": "netschool/5",
    "eschool": "eschool/1",
    "klassinfo": "klassinfo/2",
    "eljur": "eljur/1",
}


def registry(params: Params, entries: list[dict[str, Any]]) -> str:
    """The YAML of a region whose schools are ``entries`` (of ``school_entry``)."""
    return _yaml(
        {
            "region": REGION,
            "zone": ZONE,
            "school_year": SCHOOL_YEAR,
            "year_start": YEAR_START,
            "year_end": YEAR_END,
            "days_off": [{"day": day, "name": name} for day, name in DAYS_OFF],
            "districts": [{"code": d.code, "name": d.name} for d in districts(params)],
            "schools": entries,
            "targets": {
                "diary": {"base_url": "${SANDBOX_DIARY_URL}", "token": "${SANDBOX_DIARY_TOKEN}"}
            },
        }
    )


def school_entry(school: School, params: Params, drops: Path) -> dict[str, Any]:
    """A school and its sources."""
    files = {"root": str(drops.resolve())}
    settings: dict[str, Any] = dict(files)
    if school.system == "dnevnik_ru":
        settings = {
            "base_url": "${SANDBOX_DNEVNIK_URL}",
            "token": token(school, params.seed),
            "school_id": str(Ids(school.number)("school", 0)),
            "spacing": 0,  # the emulator has nobody else to serve
        }
    sources = [{"kind": school.system, "mapping": MAPPINGS[school.system], "settings": settings}]
    if school.system != "paragraf":
        sources.append({"kind": "lists", "mapping": "lists/1", "settings": files})
    return {
        "code": school.code,
        "name": school.name,
        "district": school.district,
        "profile": school.profile,
        "connected_on": params.first_business_date,
        "sources": sources,
    }


def _yaml(value: dict[str, Any], indent: str = "") -> str:
    return "".join(_entry(f"{indent}{key}:", item, indent) for key, item in value.items())


def _entry(label: str, item: Any, indent: str) -> str:
    if isinstance(item, dict):
        return f"{label}\n{_yaml(item, indent + '  ')}"
    if isinstance(item, list):
        return f"{label}\n" + "".join(_item(element, indent + "  ") for element in item)
    return f"{label} {_scalar(item)}\n"


def _item(element: dict[str, Any], indent: str) -> str:
    text = _yaml(element, indent + "  ")
    return f"{indent}- {text[len(indent) + 2 :]}"


def _scalar(item: object) -> str:
    return str(item) if isinstance(item, date | int) else json.dumps(item, ensure_ascii=False)
