"""How everything is counted: measures with their documents, causes of a day, forms, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection, select

from quality.profiles import Profile, load_profile
from quality.regulations import Citation, Strict
from quality.uploads import Cause
from reports.web.pages.view import definitions, page
from reports.web.visit import Visiting
from schemas.tables import schools

router = APIRouter()
WORDS = Path(__file__).parents[1] / "help.yml"


class Word(Strict):
    """A word of the pages, and what it means here."""

    word: str
    meaning: str


class Words(Strict):
    """What ``help.yml`` holds; ``causes``: by the value of each ``Cause``."""

    causes: Mapping[str, str] = Field(min_length=len(Cause), max_length=len(Cause))
    words: list[Word]


@dataclass(frozen=True)
class Told:
    """A measure or a form as documents have it; ``by``: a citation of each, with whose it is."""

    code: str
    title: str
    definition: str
    by: Sequence[tuple[str, Citation]]


@router.get("/help")
def explained(visit: Visiting) -> Response:
    """The page, for the documents of the schools that the visitor sees."""
    with visit.reading() as connection:
        profiles = profiles_seen(connection)
    return page(
        visit,
        "help.html.j2",
        measures=told_measures(profiles),
        forms=told_forms(profiles),
        profiles=profiles,
        meanings=spoken().causes,
        words=spoken().words,
    )


def profiles_seen(connection: Connection) -> list[Profile]:
    """The profiles of the schools that ``connection`` sees; without schools, Svod's own words."""
    c = schools.c
    query = select(c.profile).where(c.closed_on.is_(None)).distinct().order_by(c.profile)
    return [load_profile(name) for name in connection.execute(query).scalars()] or [definitions()]


def told_measures(profiles: Sequence[Profile]) -> list[Told]:
    """Each measure; a definition that documents differ in stands once for each wording."""
    entries = [
        (one.code, one.title, one.definition, profile.title, one.citation)
        for profile in profiles
        for one in profile.measures
    ]
    return _together(entries)


def told_forms(profiles: Sequence[Profile]) -> list[Told]:
    """Each form that the documents ask for."""
    entries = [
        (one.code, one.whole_title, "", profile.title, one.citation)
        for profile in profiles
        for one in profile.forms
    ]
    return sorted(_together(entries), key=lambda told: told.code)


@cache
def spoken() -> Words:
    """The words of the page."""
    return Words.model_validate(yaml.safe_load(WORDS.read_text("utf-8")))


def _together(entries: Sequence[tuple[str, str, str, str, Citation]]) -> list[Told]:
    """``entries``: code, title, definition, profile, citation; equal wordings become one, those of
    one code stand together, in the order of the first profile."""
    found: dict[str, dict[tuple[str, str], list[tuple[str, Citation]]]] = {}
    for code, title, definition, profile, citation in entries:
        wordings = found.setdefault(code, {})
        wordings.setdefault((title, definition), []).append((profile, citation))
    return [
        Told(code, title, definition, by)
        for code, wordings in found.items()
        for (title, definition), by in wordings.items()
    ]
