"""Defects planted in the files of three more systems are found where they stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.registry import make_source
from mappings import load
from sandbox.generate import generate
from sandbox.params import YEAR_START, Params
from sandbox.registry import MAPPINGS
from tests.forms.reading import ZONE, Objection, read

SYSTEMS = ("eschool", "klassinfo", "eljur")
SIZE = Params(seed=5, schools_per_system=1, classes=2, districts=1, systems=SYSTEMS)
LATER = {"name_in_text"}  # what only the privacy room can find

# No workbook of totals before the end of a term: that proves nothing about term marks.
NOT_YET = {"klassinfo": {Objection("incomplete", "term_mark")}}


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flawed")
    generate(SIZE, folder)
    return folder


@pytest.mark.parametrize("system", SYSTEMS)
def test_planted_defects_are_the_only_objections(system: str, region: Path) -> None:
    truth = json.loads((region / "truth.json").read_text("utf-8"))
    code = next(c for c, school in truth["schools"].items() if school["system"] == system)
    source = make_source(
        system,
        code,
        {"root": str(region / "drops")},
        zone=ZONE,
        year_start=YEAR_START,
        layout=load(MAPPINGS[system]).documents,
    )
    planted = {
        Objection(d["rule"], d["document"], d["line"], d["field"])
        for d in truth["defects"]
        if d["source"] == system and d["rule"] not in LATER
    }
    came = read(source, MAPPINGS[system], SIZE.until)
    assert set(came.objections) == planted | NOT_YET.get(system, set())
    accepted = {entity: n["accepted"] for entity, n in truth["records"][code].items()}
    listed = ("uid", "consent")  # from typed lists
    assert {e: came.frames[e].height for e in accepted if e not in listed} == {
        entity: count for entity, count in accepted.items() if entity not in listed
    }
