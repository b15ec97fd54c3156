"""The files of a month: by codes for the post, by names in the school's private folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from pipeline.forms.hand_out import Kind, Unit, files_of
from pipeline.forms.month_files import make_files
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from privacy.people import people_of
from tests.pipeline import forms_region as region
from tests.pipeline.forms_region import ON
from tests.privacy.samples import full_name, journal

RUN = Run("month", ON)
SCHOOL = Unit("school", "781001", "Школа № 1")
SHOWN = "Багрячинский И. П."


@pytest.fixture
def built(hub: Hub, tmp_path: Path) -> Iterator[Hub]:
    """The remarks are about a teacher whom the vault knows."""
    region.build(hub, tmp_path)
    people = people_of("781001", "paragraf", journal(), hub.keys)
    hub.vault.store_people("781001", people)
    teacher = people.filter(role="staff")["pseudonym"][0]
    with hub.engine.begin() as connection:
        query = "UPDATE quality.remarks SET teacher = :t WHERE school = '781001'"
        connection.execute(text(query), {"t": teacher})
    yield hub
    shutil.rmtree(hub.settings.reports, ignore_errors=True)


def words(path: Path) -> str:
    book = load_workbook(BytesIO(path.read_bytes()))
    return str([list(row) for sheet in book for row in sheet.iter_rows(values_only=True)])


def test_a_school_is_given_codes_by_post_and_names_in_its_private_folder(built: Hub) -> None:
    made = make_files(built, Kind.SCHOOL_REMARKS, RUN, ["781001"]).paths
    assert files_of(built.settings.reports, ON, SCHOOL) == sorted(made) != []
    (coded,) = [path for path in made if path.suffix == ".xlsx"]
    assert SHOWN not in words(coded)
    assert "учитель №" in words(coded)
    (named,) = (coded.parent / "private").glob("*.xlsx")
    assert SHOWN in words(named)
    assert "учитель №" not in words(named)
    assert named.stat().st_mode & 0o777 == 0o600
    assert full_name(3) not in words(coded)


def test_districts_and_the_region_are_given_the_forms_their_documents_ask_for(built: Hub) -> None:
    made = make_files(built, Kind.DISTRICT_FORMS, RUN, ["d1"]).paths
    assert {path.name.split("_")[0] for path in made} == {"forma1", "forma2", "forma3"}
    assert {path.parent.name for path in made} == {"d1"}
    assert make_files(built, Kind.REGION_FORMS, RUN).paths


def test_who_is_not_in_the_vault_costs_the_school_its_own_copy_alone(built: Hub) -> None:
    with built.engine.begin() as connection:
        query = "UPDATE quality.remarks SET teacher = 'p' || repeat('0', 32) WHERE key = 'a'"
        connection.execute(text(query))
    made = make_files(built, Kind.SCHOOL_REMARKS, RUN, ["781001"])
    assert made.unnamed == ["781001"]
    assert {path.suffix for path in made.paths} == {".xlsx", ".pdf"}
    assert not [*made.paths[0].parent.rglob("private/*")]
