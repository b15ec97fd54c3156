"""Read a school's last upload again from landing: what a corrected mapping accepts now.

The bytes are those that came; no source is asked. Everything is judged anew and stored as by a
collect, so that what is not touched by the correction stays unchanged, and the ledger closes.
Errors::

    RereadRefusedError   landing does not hold the upload as it came; collect it from its source
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from connectors.base import Parsed, RawDocument, Source, Upload
from pipeline import batches
from pipeline.hub import Hub
from pipeline.intake.collect import COLLECT, Run, collect_school, open_registered
from pipeline.registry import SchoolSource, open_year, school_sources
from pipeline.runs import RunState
from privacy.actions import Action
from privacy.masks import HIDDEN_NAME
from schemas.tables import landing, quarantine, school_runs, uploads

GROUND = "решение оператора: прочитать последнюю выгрузку ещё раз"


class RereadRefusedError(Exception):
    """Landing does not hold the upload as it came; collect it from its source instead."""


@dataclass(frozen=True)
class Reread:
    """Refusals of one rule and entity: how many waited before, and how many of them wait still."""

    source: str
    entity: str
    rule: str
    waited: int
    accepted: int
    waiting: int


@dataclass(frozen=True)
class Outcome:
    """The run that read again, how it ended, and what became of what waited."""

    run: Run
    state: RunState
    told: list[Reread]


class Landed:
    """A source whose one upload lies in landing; ``source`` reads it, and is not asked for it."""

    def __init__(
        self, source: Source, upload: Upload | None, documents: Sequence[RawDocument]
    ) -> None:
        self.kind = source.kind
        self._source, self._upload, self._documents = source, upload, documents

    def pending(self, until: date) -> list[Upload]:
        """The upload, if there is one that begins by ``until``."""
        upload = self._upload
        return [upload] if upload is not None and upload.covers[0] <= until else []

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """The documents as they came; of another upload, none."""
        return self._documents if upload == self._upload else []

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        """As the source does."""
        return self._source.parse(upload, documents)


def reread(hub: Hub, school: str, run_id: str, rule: str = "") -> Outcome:
    """Judge and store the last upload of each of the school's sources again, as ``run_id``; what
    became of what waited, of ``rule`` or all.

    Raises ``RereadRefusedError``, ``UnknownSchoolError`` and ``ledger.LedgerOpenError``.
    """
    with hub.engine.begin() as connection:
        open_year(connection, school)
        run = Run(run_id, _last_day(connection, school))
        before = _waiting(connection, school)
        for place in school_sources(connection, school):
            _landed(hub, connection, place)  # nothing is touched where one of them is not there

    def from_landing(place: SchoolSource) -> Source:
        with hub.engine.begin() as connection:
            upload, documents = _landed(hub, connection, place)
        return Landed(open_registered(place), upload, documents)

    hub.log_action(Action("reread", school, GROUND, sum(before.values()), {"run": run_id}))
    batches.open_run(hub, COLLECT, run)
    collect_school(hub, school, run, from_landing)
    state = batches.close_run(hub, COLLECT, run, [school])
    with hub.engine.begin() as connection:
        after = _waiting(connection, school)
    told = [
        Reread(*key, before[key], max(before[key] - after[key], 0), after[key])
        for key in sorted(before | after)
        if rule in ("", key[-1])
    ]
    return Outcome(run, state, told)


def _last_day(connection: Connection, school: str) -> date:
    """The business date of the last collect that took something."""
    runs = school_runs.c
    days = connection.execute(
        select(runs.business_date).where(
            runs.school == school, runs.verb == COLLECT, runs.state.in_(["done", "partly"])
        )
    ).scalars()
    last: date | None = max(days, default=None)
    if last is None:
        raise RereadRefusedError(f"nothing of {school} was collected yet; run 'svod collect'")
    return last


def _landed(
    hub: Hub, connection: Connection, place: SchoolSource
) -> tuple[Upload | None, list[RawDocument]]:
    """The last upload of ``place`` and its documents, in the order in which they were read."""
    c = uploads.c
    row = connection.execute(
        select(c.ref, c.taken_at, c.covers_from, c.covers_to, c.documents)
        .where(c.school == place.school, c.source == place.kind)
        .order_by(c.taken_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None, []
    if row.documents is None or row.covers_from is None or row.covers_to is None:
        raise RereadRefusedError(
            f"{place.school} {place.kind}: {row.ref} was collected by an older version of the hub;"
            " run 'svod collect' for it"
        )
    found = connection.execute(
        select(landing.c.id, landing.c.name, landing.c.sha256, landing.c.media_type).where(
            landing.c.id.in_(row.documents)
        )
    )
    kept = {number: (name, content, kind) for number, name, content, kind in found}
    if any(HIDDEN_NAME in name for name, *_ in kept.values()):
        raise RereadRefusedError(
            f"{place.school} {place.kind}: a file of {row.ref} is named after somebody, and its"
            " name was not kept; run 'svod collect' for it"
        )
    taken_at = row.taken_at.astimezone(ZoneInfo(place.zone))
    upload = Upload(place.school, row.ref, taken_at, (row.covers_from, row.covers_to))
    documents = [kept[number] for number in row.documents]
    return upload, [RawDocument(n, hub.landing.get(sha), kind) for n, sha, kind in documents]


def _waiting(connection: Connection, school: str) -> Counter[tuple[str, str, str]]:
    """Open refusals by source, entity and rule."""
    c = quarantine.c
    rows = connection.execute(
        select(c.source, c.entity, c.rule).where(c.school == school, c.state == "open")
    )
    return Counter((source, entity, rule) for source, entity, rule in rows)
