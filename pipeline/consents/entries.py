"""Consents that a person of the hub enters: an application or a refusal brought on paper.

The usual paper comes as a list that the school types (source ``lists``); an entry is for what
cannot wait for a list, or contradicts it. Entries are no source's: no upload takes one away. Pupils
are named by pseudonym, UID or the school's own key, never by name. How an entry stands
against what the journal says: ``privacy.consent``. Errors::

    EntryRefusedError   the entry makes no sense; nothing was kept, the message says what to correct
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.consents.standing import states_on
from pipeline.entries import (
    EntryRefusedError,
    enter_once,
    must_have_reason,
    must_name_nobody,
    school_of,
    take_back,
)
from pipeline.hub import Hub
from pipeline.intake.identity import places_of
from pipeline.registry import open_year, school_sources
from privacy.actions import Action, action_log_on
from privacy.pseudonyms import pseudonym
from schemas.codes import PersonRole
from schemas.tables import consent_entries

GROUND = "заявление или отказ законного представителя; внесено оператором"
# A refusal or an application older than the last school year is a slip of the pen.
_OLDEST = timedelta(days=365)


@dataclass(frozen=True)
class Named:
    """How pupils of a school are named: by pseudonym, by UID, or by ``local_keys`` of ``source``
    (default: the school's one journal). ``class_name``: the class all of them must be in."""

    pupils: Sequence[str] = ()
    uids: Sequence[str] = ()
    local_keys: Sequence[str] = ()
    source: str = ""
    class_name: str = ""


@dataclass(frozen=True)
class Said:
    """What a paper says: an application (``applied_on``, ``registered_on`` where it is registered)
    or a refusal (``refused_on``). ``paper``: its number and date, without anybody's name."""

    applied_on: date | None = None
    registered_on: date | None = None
    refused_on: date | None = None
    paper: str = ""


def pupils_named(hub: Hub, school: str, named: Named) -> list[str]:
    """Pseudonyms of pupils that the school's journal has had, in the order named, once each.

    Raises ``EntryRefusedError`` for whoever it has not had, or who is in another class.
    """
    asked = [*named.pupils, *_by_uid(hub, school, named.uids), *_by_key(hub, school, named)]
    names = list(dict.fromkeys(asked))
    if not names:
        raise EntryRefusedError("name at least one pupil: by pseudonym, UID or the school's key")
    with hub.engine.begin() as connection:
        _must_be_known(connection, school, names)
        if named.class_name:
            _must_be_in(connection, named.class_name, names)
    return names


def enter(hub: Hub, school: str, pupils: Sequence[str], said: Said, by: str) -> list[int]:
    """Keep what a paper says of ``pupils`` (pseudonyms); ids of the entries, in their order.

    The same thing said of the same pupil again is the entry that is there. Raises
    ``EntryRefusedError``.
    """
    _must_make_sense(hub, school, said, by)
    with hub.engine.begin() as connection:
        found = [
            enter_once(
                connection, consent_entries, {"school": school, "pupil": pupil, **asdict(said)}, by
            )
            for pupil in pupils
        ]
        fresh = [entry for entry, is_new in found if is_new]
        what = "enter_refusal" if said.refused_on else "enter_application"
        log = action_log_on(connection, by)
        log(Action(what, school, GROUND, len(fresh), {"entries": fresh}))
    return [entry for entry, _ in found]


def undo(hub: Hub, entry: int, by: str, reason: str) -> bool:
    """Take an entry back, which stays in the books; false if it was taken back already.

    Raises ``EntryRefusedError`` if there is no such entry, or the reason is none.
    """
    school = school_of(hub, consent_entries, entry, "svod consent list")
    must_have_reason(hub, school, reason=reason, by=by)
    with hub.engine.begin() as connection:
        if not take_back(connection, consent_entries, entry, by, reason):
            return False
        log = action_log_on(connection, by)
        log(Action("undo_consent_entry", school, GROUND, 1, {"entries": [entry]}))
    return True


def shown(hub: Hub, school: str, pupils: Sequence[str], on: date) -> list[dict[str, Any]]:
    """How the consents of ``pupils`` stand on a day: pupil, class, state, since, due_on, origin."""
    with hub.engine.begin() as connection:
        states = {row["pupil"]: row for row in states_on(connection, school, on).to_dicts()}
        places = places_of(connection, pupils)
    return [{"pupil": p, "class": places[p]["class"]} | states[p] for p in pupils]


def _by_uid(hub: Hub, school: str, uids: Sequence[str]) -> list[str]:
    known = dict(hub.vault.uids_of(school).select("uid", "pseudonym").iter_rows()) if uids else {}
    if unknown := [str(place) for place, uid in enumerate(uids, 1) if uid not in known]:
        which = ", ".join(unknown)
        raise EntryRefusedError(f"nobody of {school} has such a UID: number {which} of the UIDs")
    return [known[uid] for uid in uids]


def _by_key(hub: Hub, school: str, named: Named) -> list[str]:
    if not named.local_keys:
        return []
    keys = pl.DataFrame({"local_key": list(named.local_keys)}, schema={"local_key": pl.String})
    name = pseudonym(
        hub.keys,
        role=PersonRole.PUPIL.value,
        school=school,
        source=named.source or journal_of(hub, school),
        local_key=pl.col("local_key"),
    )
    return keys.select(name.alias("pupil"))["pupil"].to_list()


def journal_of(hub: Hub, school: str, source: str = "") -> str:
    """The kind of the journal of ``school`` that is meant: ``source``, or the only one.

    Raises ``EntryRefusedError`` where it has several and none is named, or no such one.
    """
    with hub.engine.begin() as connection:
        kinds = [place.kind for place in school_sources(connection, school)]
    journals = [kind for kind in kinds if source in ("", kind) and kind != "lists"]
    if len(journals) != 1:
        raise EntryRefusedError(
            f"{school} has the sources {', '.join(kinds) or 'none'}: say which is meant (--source)"
        )
    return journals[0]


def _must_be_known(connection: Connection, school: str, names: Sequence[str]) -> None:
    query = "SELECT person FROM journal.pupil WHERE school = :school AND person = ANY(:names)"
    values = {"school": school, "names": list(names)}
    known = set(connection.execute(text(query), values).scalars())
    if unknown := [str(place) for place, name in enumerate(names, 1) if name not in known]:
        raise EntryRefusedError(
            f"{school} has had no such pupil: number {', '.join(unknown)} of those named; see"
            " 'svod consent list'"
        )


def _must_be_in(connection: Connection, class_name: str, names: Sequence[str]) -> None:
    places = places_of(connection, names)
    classes = [_same(places[name]["class"] or "") for name in names]
    if wrong := [str(n) for n, one in enumerate(classes, 1) if one != _same(class_name)]:
        which = ", ".join(wrong)
        raise EntryRefusedError(f"not in class {class_name}: number {which} of those named")


def _same(class_name: str) -> str:
    """«7 А» and «7а» are one class."""
    return "".join(class_name.split()).casefold()


def _must_make_sense(hub: Hub, school: str, said: Said, by: str) -> None:
    if (said.applied_on is None) == (said.refused_on is None):
        raise EntryRefusedError("say the day of an application or the day of a refusal, not both")
    if said.registered_on is not None and (
        said.applied_on is None or said.registered_on < said.applied_on
    ):
        raise EntryRefusedError("an application is registered on its day or later")
    with hub.engine.begin() as connection:
        year, start = open_year(connection, school)
    oldest = start - _OLDEST
    newest = date(year + 1, 12, 31)
    for name, day in asdict(said).items():
        if isinstance(day, date) and not oldest <= day <= newest:
            raise EntryRefusedError(f"{name} {day} is not between {oldest} and {newest}")
    must_name_nobody(hub, school, paper=said.paper, by=by)
