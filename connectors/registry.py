"""Which class reads which kind of source, and what its settings in the registry of schools are.

A system that exports files needs no line here: its profile says what the files look like
(``drops``). A live system is a folder of its own and a line in ``SOURCES``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import requests
from pydantic import ValidationError

from connectors.base import Source
from connectors.contingent import Codes, ContingentClient, rest, soap
from connectors.contingent.packet import Sender
from connectors.contingent.rest import RestDoor
from connectors.contingent.shape import read_shape
from connectors.contingent.tickets import Pace, TicketDoor
from connectors.database import DatabaseSource
from connectors.database.queries import load_queries
from connectors.diary import DiaryClient
from connectors.diary.client import judge as diary_judge
from connectors.dnevnik_ru import DnevnikRuSource
from connectors.dnevnik_ru.access import Access, Application, Keys, RefreshedKey, SuppliedKey
from connectors.dnevnik_ru.errors import judge as dnevnik_judge
from connectors.dnevnik_ru.tokens import FileTokenStore
from connectors.drops import DropSource
from connectors.errors import Misconfigured
from connectors.files import DropFolder
from connectors.http import HttpClient, Judge, Look, no_judge, no_look, open_session
from connectors.lists import ListsSource
from connectors.netschool_web import Account, NetSchoolWebSource, Reach, connector
from connectors.settings import (
    ContingentPacketSettings,
    ContingentRestSettings,
    DatabaseSettings,
    DnevnikRuSettings,
    DropSettings,
    HttpSettings,
    NetSchoolWebSettings,
    Settings,
    WebSettings,
)
from schemas.layout import Layout


class Link:
    """The outside world as the sources see it: a session, time to wait with, and chance. ``now``
    gives unix seconds."""

    def __init__(
        self,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
        jitter: Callable[[], float] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.session = session or open_session()
        self.now = now
        given = {"sleep": sleep, "clock": clock, "jitter": jitter}
        self.timing: dict[str, Any] = {name: value for name, value in given.items() if value}

    def client(
        self,
        settings: WebSettings,
        judge: Judge,
        headers: Mapping[str, str],
        look: Look = no_look,
    ) -> HttpClient:
        """A client of one system with its own pace."""
        return HttpClient(
            settings.base_url,
            self.session,
            headers=headers,
            policy=settings.policy,
            judge=judge,
            look=look,
            **self.timing,
        )


def make_source(
    kind: str,
    school: str,
    settings: Mapping[str, Any],
    *,
    zone: str,
    year_start: date,
    layout: Layout | None = None,
    link: Link | None = None,
) -> Source:
    """The source of ``kind`` for ``school``; ``layout`` is the ``documents`` of its profile.

    Raises ``Misconfigured`` for a kind that is neither live nor described by a layout, unfit
    settings (named, never shown: one of them is a token) or an unknown zone."""
    try:
        region = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured("unknown time zone", fix="use a name such as Europe/Moscow") from None
    if kind in SOURCES:
        return SOURCES[kind](school, settings, region, year_start, link or Link())
    if layout is None:
        raise Misconfigured(
            f"unknown kind of source: {kind}",
            fix="give its mapping profile a section `documents`, or use one of: "
            + ", ".join(sorted(SOURCES)),
        )
    drop = DropFolder(_checked(DropSettings, settings).root)
    return DropSource(kind, school, drop, layout, region, year_start)


def make_diary(settings: Mapping[str, Any], link: Link | None = None) -> DiaryClient:
    """The diary service. Raises ``Misconfigured`` for unfit settings."""
    checked = _checked(HttpSettings, settings)
    client = (link or Link()).client(checked, diary_judge, {})
    return DiaryClient(client, checked.token)


def make_contingent(
    settings: Mapping[str, Any],
    codes: Codes,
    link: Link | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> ContingentClient:
    """The contingent registry, by the way in that ``variant`` names (packet, rest). ``sign`` puts
    the GOST signature on an envelope of the packet variant; without it none is sent.

    Raises ``Misconfigured`` for unfit settings or a schema that cannot be read.
    """
    link = link or Link()
    variant = settings.get("variant")
    if variant == "rest":
        by_rest = _checked(ContingentRestSettings, settings)
        client = link.client(by_rest, no_judge, {}, rest.look)
        door = RestDoor(client, codes, by_rest.key)
        return ContingentClient(door, read_shape(by_rest.schema_folder), codes)
    if variant == "packet":
        checked = _checked(ContingentPacketSettings, settings)
        ticket_door = _ticket_door(checked, link, sign)
        return ContingentClient(ticket_door, ticket_door.shape, codes)
    raise Misconfigured(
        "settings are missing, unknown or unfit: variant",
        fix="the contingent registry is reached by variant packet or rest",
    )


def _ticket_door(
    settings: ContingentPacketSettings, link: Link, sign: Callable[[bytes], bytes] | None
) -> TicketDoor:
    sender = Sender(
        settings.source_system_id,
        settings.destination_system_id,
        settings.key,
        str(settings.ais_guid),
    )
    pace = Pace(
        settings.longest_wait,
        link.timing.get("sleep", time.sleep),
        lambda: datetime.fromtimestamp(link.now(), UTC),
    )
    client = link.client(settings, no_judge, {}, soap.look)
    shape = read_shape(settings.schema_folder)
    return TicketDoor(client, shape, sender, pace, settings.mode, sign)


SettingsT = TypeVar("SettingsT", bound=Settings)


def _checked(model: type[SettingsT], settings: Mapping[str, Any]) -> SettingsT:
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        found = error.errors(include_input=False)
        wrong = ", ".join(".".join(map(str, e["loc"])) or str(e["msg"]) for e in found)
        raise Misconfigured(
            f"settings are missing, unknown or unfit: {wrong}",
            fix="correct them in the registry of schools",
        ) from None


# Makes a source of one school in a zone, from the first day of its year on.
Factory = Callable[[str, Mapping[str, Any], ZoneInfo, date, Link], Source]


def _lists(
    school: str, settings: Mapping[str, Any], zone: ZoneInfo, year_start: date, _: Link
) -> Source:
    return ListsSource(school, DropFolder(_checked(DropSettings, settings).root), zone, year_start)


def _database(
    school: str, settings: Mapping[str, Any], zone: ZoneInfo, year_start: date, _: Link
) -> Source:
    checked = _checked(DatabaseSettings, settings)
    return DatabaseSource(school, checked.url, load_queries(checked.queries), zone, year_start)


def _dnevnik_ru(
    school: str, settings: Mapping[str, Any], zone: ZoneInfo, year_start: date, link: Link
) -> Source:
    checked = _checked(DnevnikRuSettings, settings)
    client = link.client(checked, dnevnik_judge, {})
    access = Access(client, _dnevnik_keys(school, checked, client, link))
    return DnevnikRuSource(school, access, checked.school_id, zone, year_start)


def _dnevnik_keys(school: str, settings: DnevnikRuSettings, client: HttpClient, link: Link) -> Keys:
    if settings.token_folder is None or not settings.refresh_token:
        return SuppliedKey(settings.token)
    application = Application(settings.client_id, settings.client_secret, settings.refresh_token)
    store = FileTokenStore(settings.token_folder / f"dnevnik_ru-{school}.json")
    return RefreshedKey(client, application, store, link.now)


def _netschool_web(
    school: str, settings: Mapping[str, Any], zone: ZoneInfo, year_start: date, link: Link
) -> Source:
    checked = _checked(NetSchoolWebSettings, settings)
    account = Account(
        login=checked.login,
        password=checked.password,
        school_id=checked.school_id,
        place=checked.place,
        role=checked.rolegroup,
        key=checked.at,
        cookie=checked.cookie,
    )
    reach = Reach(checked.window_days, checked.recent_weeks, checked.full_weekday)
    connect = connector(checked.base_url, account, checked.policy, **link.timing)
    return NetSchoolWebSource(school, connect, reach, zone, year_start)


SOURCES: dict[str, Factory] = {
    "database": _database,
    "dnevnik_ru": _dnevnik_ru,
    "lists": _lists,
    "netschool_web": _netschool_web,
}
