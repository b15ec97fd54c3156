"""Which class reads which kind of source, and what its settings in the registry of schools are.

A new system is a folder of its own and a line in ``SOURCES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import requests
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.base import Source
from connectors.diary import DiaryClient
from connectors.diary.client import judge as diary_judge
from connectors.dnevnik_ru import DnevnikRuSource
from connectors.dnevnik_ru.errors import judge as dnevnik_judge
from connectors.dnevnik_ru.source import TOKEN_HEADER
from connectors.errors import Misconfigured
from connectors.files import DropFolder
from connectors.http import MOST_CONCURRENT, HttpClient, Judge, Policy, open_session
from connectors.lists import ListsSource
from connectors.netschool import NetSchoolSource
from connectors.paragraf import ParagrafSource


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DropSettings(_Settings):
    """``root``: the drop root, which holds a folder per school."""

    root: Path


class HttpSettings(_Settings):
    """Where a system answers and how hard it may be pressed (``http.Policy``)."""

    base_url: str = Field(min_length=1)
    token: str = Field(min_length=1)
    spacing: float = Field(default=0, ge=0, le=60)
    concurrency: int = Field(default=MOST_CONCURRENT, ge=1, le=MOST_CONCURRENT)
    attempts: int = Field(default=5, ge=1, le=20)


class DnevnikRuSettings(HttpSettings):
    """``school_id``: the school's number at Dnevnik.ru."""

    school_id: str = Field(coerce_numbers_to_str=True)


class Link:
    """The outside world as the sources see it: a session, and time to wait with."""

    def __init__(
        self,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.session = session or open_session()
        self._timing: dict[str, Any] = {
            name: value for name, value in (("sleep", sleep), ("clock", clock)) if value
        }

    def client(
        self, settings: HttpSettings, judge: Judge, headers: Mapping[str, str]
    ) -> HttpClient:
        """A client of one system with its own pace."""
        policy = Policy(
            attempts=settings.attempts,
            spacing=settings.spacing,
            concurrency=settings.concurrency,
        )
        return HttpClient(
            settings.base_url,
            self.session,
            headers=headers,
            policy=policy,
            judge=judge,
            **self._timing,
        )


def make_source(
    kind: str,
    school: str,
    settings: Mapping[str, Any],
    *,
    zone: str,
    year_start: date,
    link: Link | None = None,
) -> Source:
    """The source of ``kind`` for ``school``. Raises ``Misconfigured`` for an unknown kind, unfit
    settings (named, never shown: one of them is a token) or an unknown zone."""
    if kind not in SOURCES:
        raise Misconfigured(
            f"unknown kind of source: {kind}", fix=f"use one of: {', '.join(sorted(SOURCES))}"
        )
    try:
        region = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured("unknown time zone", fix="use a name such as Europe/Moscow") from None
    return SOURCES[kind](school, settings, region, year_start, link or Link())


def make_diary(settings: Mapping[str, Any], link: Link | None = None) -> DiaryClient:
    """The diary service. Raises ``Misconfigured`` for unfit settings."""
    checked = _checked(HttpSettings, settings)
    client = (link or Link()).client(checked, diary_judge, {})
    return DiaryClient(client, checked.token)


SettingsT = TypeVar("SettingsT", bound=_Settings)


def _checked(model: type[SettingsT], settings: Mapping[str, Any]) -> SettingsT:
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) for e in error.errors(include_input=False))
        raise Misconfigured(
            f"settings are missing, unknown or unfit: {wrong}",
            fix="correct them in the registry of schools",
        ) from None


# Makes a source of one school in a zone, from the first day of its year on.
Factory = Callable[[str, Mapping[str, Any], ZoneInfo, date, Link], Source]


def _from_drop(make: Callable[[str, DropFolder, ZoneInfo, date], Source]) -> Factory:
    def factory(
        school: str, settings: Mapping[str, Any], zone: ZoneInfo, year_start: date, _: Link
    ) -> Source:
        return make(school, DropFolder(_checked(DropSettings, settings).root), zone, year_start)

    return factory


def _dnevnik_ru(
    school: str, settings: Mapping[str, Any], zone: ZoneInfo, year_start: date, link: Link
) -> Source:
    checked = _checked(DnevnikRuSettings, settings)
    client = link.client(checked, dnevnik_judge, {TOKEN_HEADER: checked.token})
    return DnevnikRuSource(school, client, checked.school_id, zone, year_start)


SOURCES: dict[str, Factory] = {
    "paragraf": _from_drop(ParagrafSource),
    "dnevnik_ru": _dnevnik_ru,
    "netschool": _from_drop(NetSchoolSource),
    "lists": _from_drop(ListsSource),
}
