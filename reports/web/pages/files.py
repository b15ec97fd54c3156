"""Files that were written for the account's own unit, to be taken; each taking is noted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from pipeline.access.accounts import Level
from pipeline.access.events import Kind
from pipeline.forms.hand_out import PRIVATE, Unit
from pipeline.forms.handed_files import handed_file, handed_files
from pipeline.forms.report import REGION_TITLE
from pipeline.mail.post import MEDIA
from reports.letters import size_words
from reports.web.pages.view import page
from reports.web.visit import Visit, Visiting
from schemas.tables import districts, schools

router = APIRouter()
UNKNOWN = "application/octet-stream"


@router.get("/files")
def files(visit: Visiting) -> Response:
    """The files of the account's region, district or school."""
    unit = _unit(visit)
    return page(
        visit,
        "files.html.j2",
        unit=unit,
        files=handed_files(_reports(visit), unit, private=visit.account.is_of_school),
        size=size_words,
    )


@router.get("/files/{on}/{name}")
def taken(visit: Visiting, on: date, name: str) -> Response:
    """One file of it."""
    return _taken(visit, on, name, private=False)


@router.get(f"/files/{{on}}/{PRIVATE}/{{name}}")
def taken_private(visit: Visiting, on: date, name: str) -> Response:
    """One file that names people of the school, for its own people."""
    if not visit.account.is_of_school:
        raise HTTPException(404)
    return _taken(visit, on, name, private=True)


def _taken(visit: Visit, on: date, name: str, *, private: bool) -> Response:
    unit = _unit(visit)
    found = handed_file(_reports(visit), unit, on, name, private=private)
    if found is None:
        raise HTTPException(404)
    school = unit.code if unit.level == "school" else None
    place = f"{PRIVATE}/" if private else ""
    visit.note(Kind.DOWNLOADED, school=school, detail=f"{on} {place}{found.name}")
    media = MEDIA.get(found.path.suffix, UNKNOWN)
    return FileResponse(found.path, media_type=media, filename=found.name)


def _unit(visit: Visit) -> Unit:
    """The account's own unit. Raises 404 where the registry has it no more."""
    account = visit.account
    if account.level is Level.REGION:
        return Unit(account.level, account.unit, REGION_TITLE)
    table = schools if account.level is Level.SCHOOL else districts
    with visit.reading() as connection:
        query = select(table.c.name).where(table.c.code == account.unit)
        name: str | None = connection.execute(query).scalar_one_or_none()
    if name is None:
        raise HTTPException(404)
    return Unit(account.level, account.unit, name)


def _reports(visit: Visit) -> Path:
    return visit.dashboard.hub.settings.reports
