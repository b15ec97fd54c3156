"""Collect: from a journal's uploads to facts, with an account of every record.

For each upload of a school, in order: fetch, land, parse, translate, check, separate, refer,
store. Everything an upload leaves behind is written in one transaction; a killed run leaves
either all of it or none, and running it again changes nothing.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Parsed, RawDocument, Source, Upload
from connectors.errors import AccessDenied, ConnectorError, RateLimited, Retriable
from connectors.registry import make_source
from mappings.applier import Translated, translate
from mappings.language import Mapping
from mappings.problems import MappingError
from pipeline import ledger, runs
from pipeline.hub import Hub
from pipeline.intake.judge import Judged, judge
from pipeline.intake.landing import land, name_landed
from pipeline.intake.quarantine import Place, keep_findings, keep_refusals
from pipeline.intake.volumes import Spoken, Volumes, judge_volumes
from pipeline.intake.waits import of_entities, unread_by_entity, with_unread
from pipeline.ledger import Counter, Entry
from pipeline.profiles import load_profile
from pipeline.registry import SchoolSource, closed_on, school_sources
from pipeline.runs import SchoolState, Verdict
from pipeline.settings import MissingVariableError, expand
from pipeline.store import Batch, mark_vanished, upsert
from privacy.actions import Action
from privacy.masks import Masks
from quality.batch_suite import load_suite
from schemas.frames import Finding
from schemas.rulebook import is_unread
from schemas.tables import uploads

COLLECT = "collect"  # the verb of this step

OpenSource = Callable[[SchoolSource], Source]


@dataclass(frozen=True)
class Run:
    """What identifies a run, and what a person has decided for it."""

    run_id: str
    business_date: date
    accept_volumes: frozenset[str] = frozenset()  # schools that a person knows to have shrunk


def collect_school(
    hub: Hub, school: str, run: Run, open_one: OpenSource | None = None
) -> list[Verdict]:
    """Collect every source of ``school``; one verdict per source, errors included. A school that is
    closed is collected no more: one verdict says so.

    Raises nothing for a school's own trouble: one bad school never stops a batch.
    """
    with hub.engine.begin() as connection:
        closed = closed_on(connection, school)
        todo = school_sources(connection, school)
    if closed is not None and closed <= run.business_date:
        over = Verdict(school, COLLECT, SchoolState.NOTHING_NEW, detail=f"closed on {closed}")
        with hub.engine.begin() as connection:
            runs.record(connection, run.run_id, COLLECT, run.business_date, over)
        return [over]
    verdicts = []
    for place in todo:
        verdict = _guarded(hub, place, run, open_one or open_registered)
        if verdict.detail:  # words of a source, and names of its files
            verdict = replace(verdict, detail=hub.masks(school).message(verdict.detail))
        with hub.engine.begin() as connection:
            runs.record(connection, run.run_id, COLLECT, run.business_date, verdict)
        verdicts.append(verdict)
    return verdicts


def open_registered(place: SchoolSource) -> Source:
    """The connector of ``place``. Raises ``Misconfigured`` or ``MissingVariableError``."""
    return make_source(
        place.kind,
        place.school,
        expand(place.settings),
        zone=place.zone,
        year_start=place.year_start,
        layout=load_profile(place.mapping, place.school_year).documents,
    )


def _guarded(hub: Hub, place: SchoolSource, run: Run, open_one: OpenSource) -> Verdict:
    """``_collect`` with each kind of failure turned into a verdict."""
    try:
        return _collect(hub, place, run, open_one(place))
    except RateLimited as error:
        return _failed(place, "rate_limited", error)
    except Retriable as error:
        return _failed(place, "source_unavailable", error)
    except AccessDenied as error:
        return _failed(place, "access_denied", error)
    except (ConnectorError, MappingError, MissingVariableError) as error:
        return _failed(place, "misconfigured", error)
    except Exception as error:
        # The last line of defence for the other schools of the batch.
        return Verdict(place.school, place.kind, SchoolState.FAILED, "hub_fault", where(error))


def where(error: BaseException) -> str:
    """Kind of ``error`` and the place in the code; its message may quote a person's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _failed(place: SchoolSource, rule: str, error: Exception) -> Verdict:
    where = getattr(error, "where", "")
    detail = f"{error} ({where})" if where else str(error)
    return Verdict(place.school, place.kind, SchoolState.FAILED, rule, detail)


def _collect(hub: Hub, place: SchoolSource, run: Run, source: Source) -> Verdict:
    mapping = load_profile(place.mapping, place.school_year)
    with hub.engine.begin() as connection:
        ledger.clear(connection, run.run_id, place.school, place.kind)
        last = _last_taken(connection, place)
    # After the rollover an export of the closed year is history, whatever its folder says.
    offered = [
        upload
        for upload in source.pending(run.business_date)
        if upload.covers[1] >= place.year_start
    ]
    newer = [upload for upload in offered if last is None or upload.taken_at > last]
    # Nothing newer: the last one is read again, since a school may have corrected it in place.
    todo = newer or [upload for upload in offered if upload.taken_at == last]
    if not todo:
        return Verdict(place.school, place.kind, SchoolState.NOTHING_NEW)
    verdict = Verdict(place.school, place.kind, SchoolState.DONE)
    for upload in todo:
        verdict = _take(hub, place, run, source, mapping, upload)
    return verdict


def _take(
    hub: Hub, place: SchoolSource, run: Run, source: Source, mapping: Mapping, upload: Upload
) -> Verdict:
    """One upload, from fetch to store."""
    documents = list(source.fetch(upload))
    batch = Batch(place.school, place.kind, place.school_year, run.run_id, upload.taken_at)
    with hub.engine.begin() as connection:
        known = hub.masks(place.school)
        landed = land(hub.landing, connection, place.kind, upload, documents, known)
    parsed = source.parse(upload, documents)
    translated = translate(mapping, parsed.tables, zone=place.zone)
    volumes = _volumes(hub, place, run, batch, upload, translated)
    if volumes.too_low:
        return _refused(hub, place, batch, upload, landed, volumes)
    judged = judge(hub, batch, translated, place.year_start)
    with hub.engine.begin() as connection:
        name_landed(connection, place.kind, upload, documents, judged.masks)
        _write(connection, batch, upload, judged, landed)
        _account(connection, batch, translated, judged)
        documents_found = of_entities(mapping, _document_findings(parsed))
        found = [
            *documents_found, *translated.findings, *volumes.findings, *judged.findings,
            *_files_named_after_somebody(documents, judged.masks),
        ]  # fmt: skip
        at = Place(batch.run_id, batch.school, batch.source, upload.ref)
        keep_findings(connection, at, judged.masks.findings(found))
        unread = [*documents_found, *unread_tables(translated.findings)]
        whole = not unread
        blamed = unread_by_entity(mapping, translated.incomplete, judged.masks.findings(unread))
        refusals = with_unread(judged.masks.refusals(judged.refusals), blamed)
        keep_refusals(connection, hub.keys, batch, upload.ref, refusals, complete=whole)
        _note_upload(connection, batch, upload, landed, accepted=whole)
    return verdict_of(place, unread)


def _volumes(
    hub: Hub, place: SchoolSource, run: Run, batch: Batch, upload: Upload, translated: Translated
) -> Volumes:
    """Whether the upload speaks of enough records; a school that was accepted has no floor."""
    if place.school in run.accept_volumes:
        hub.log_action(Action("accept_volumes", place.school, "решение оператора", 1))
        return Volumes([])
    whole = {
        entity: count
        for entity, count in translated.read.items()
        if entity not in translated.incomplete
    }
    with hub.engine.begin() as connection:
        spoken = Spoken(upload.covers, whole, run.business_date)
        return judge_volumes(connection, batch, spoken, place.volumes, load_suite())


def _refused(
    hub: Hub,
    place: SchoolSource,
    batch: Batch,
    upload: Upload,
    landed: dict[str, int],
    volumes: Volumes,
) -> Verdict:
    """An upload that spoke of too little stays landed; nothing of it is stored or counted."""
    with hub.engine.begin() as connection:
        at = Place(batch.run_id, batch.school, batch.source, upload.ref)
        keep_findings(connection, at, hub.masks(place.school).findings(volumes.findings))
        _note_upload(connection, batch, upload, landed, accepted=False)
    first = volumes.too_low[0]
    detail = f"{first.entity}: {first.detail}"
    return Verdict(place.school, place.kind, SchoolState.FAILED, first.rule, detail)


def _write(
    connection: Connection,
    batch: Batch,
    upload: Upload,
    judged: Judged,
    landed: dict[str, int],
) -> None:
    """Store each entity and put created, changed, unchanged and vanished into the ledger."""
    entries: list[Entry] = list(judged.entries)
    for entity, frame in judged.frames.items():
        stored = upsert(connection, entity, frame, batch, landed)
        vanished = 0
        if entity in judged.whole:
            vanished = mark_vanished(
                connection, entity, batch, upload.covers, judged.refused_keys.get(entity, [])
            )
        entries += [
            Entry(entity, Counter.CREATED, stored.created),
            Entry(entity, Counter.CHANGED, stored.changed),
            Entry(entity, Counter.UNCHANGED, stored.unchanged),
            Entry(entity, Counter.VANISHED, vanished),
        ]
    ledger.add(connection, batch.run_id, batch.school, batch.source, entries)


def _account(connection: Connection, batch: Batch, translated: Translated, judged: Judged) -> None:
    """Put read, quarantined and duplicate into the ledger."""
    refused = dict(judged.refusals.group_by("entity").agg(pl.col("_row").n_unique()).iter_rows())
    entries = [Entry(entity, Counter.READ, count) for entity, count in translated.read.items()]
    entries += [Entry(entity, Counter.QUARANTINED, count) for entity, count in refused.items()]
    ledger.add(connection, batch.run_id, batch.school, batch.source, entries)


def _document_findings(parsed: Parsed) -> list[Finding]:
    return [
        Finding(
            rule=problem.rule,
            document=problem.document,
            line=problem.line,
            field=problem.field or "",
            detail=problem.detail,
        )
        for problem in parsed.problems
    ]


def _files_named_after_somebody(documents: Sequence[RawDocument], masks: Masks) -> list[Finding]:
    """Told so that the school can find a file that is shown under an alias."""
    shown = masks.files(document.name for document in documents)
    ordered = sorted(documents, key=lambda document: document.name)
    return [
        Finding(
            "name_in_file_name",
            shown[one.name],
            detail=f"файл {place} из {len(ordered)} по алфавиту, {len(one.content)} Б",
        )
        for place, one in enumerate(ordered, start=1)
        if shown[one.name] != one.name
    ]


def _note_upload(
    connection: Connection, batch: Batch, upload: Upload, landed: dict[str, int], *, accepted: bool
) -> None:
    values = {
        "accepted": accepted,
        "taken_at": upload.taken_at,
        "run_id": batch.run_id,
        "covers_from": upload.covers[0],
        "covers_to": upload.covers[1],
        "documents": list(landed.values()),
    }
    statement = insert(uploads).values(
        school=batch.school,
        source=batch.source,
        ref=upload.ref,
        upload_date=upload.taken_at.date(),
        **values,
    )
    connection.execute(statement.on_conflict_do_update(constraint=uploads.primary_key, set_=values))


def _last_taken(connection: Connection, place: SchoolSource) -> datetime | None:
    """When the newest upload that the hub has read was taken; none: nothing was read yet."""
    taken: datetime | None = connection.execute(
        select(func.max(uploads.c.taken_at)).where(
            uploads.c.school == place.school, uploads.c.source == place.kind
        )
    ).scalar_one()
    return taken


def unread_tables(found: Sequence[Finding]) -> list[Finding]:
    """Those of the mapping's findings that left a whole table unread, as a missing column does."""
    return [one for one in found if is_unread(one.rule)]


def verdict_of(place: SchoolSource, unread: Sequence[Finding]) -> Verdict:
    """Done where everything was read; else partly, naming the first thing that was not."""
    if not unread:
        return Verdict(place.school, place.kind, SchoolState.DONE)
    first = unread[0]
    at = f"{first.document}:{first.line}" if first.line else first.document
    return Verdict(place.school, place.kind, SchoolState.PARTLY, first.rule, at)
