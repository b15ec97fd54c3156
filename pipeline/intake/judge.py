"""Judge: which translated records become facts, and why the others wait.

Contract, duplicates, separation of identities, references, in this order; every record that
falls out is a refusal with its rule. What comes out knows people by pseudonym only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date

import polars as pl
from sqlalchemy import text

from mappings.applier import Translated
from pipeline.hub import Hub
from pipeline.intake.waits import with_waits
from pipeline.ledger import Counter, Entry
from pipeline.store import Batch, anchor
from privacy.masks import Masks
from privacy.separate import separate
from quality.contract import check
from quality.duplicates import drop_duplicates
from quality.references import MISSING, PEOPLE, check_references, references
from quality.school_year import refuse_earlier
from schemas.catalogue import natural_key
from schemas.frames import Finding, no_refusals
from schemas.records import ENTITIES
from schemas.tables.journal import VAULT_ONLY


@dataclass(frozen=True)
class Judged:
    """Facts ready to store, and the account of the rest.

    ``whole`` names the entities whose absence from this upload means they are gone;
    ``refused_keys`` the keys of refused records, which are not gone. ``masks`` knows everybody
    of the school, those of this upload too. ``refusals``: ``frames.REFUSAL_SCHEMA`` with
    ``frames.WAITS``.
    """

    frames: dict[str, pl.DataFrame]
    refusals: pl.DataFrame
    findings: list[Finding]
    entries: list[Entry]
    whole: set[str]
    refused_keys: dict[str, list[str]]
    masks: Masks = field(repr=False)


def judge(hub: Hub, batch: Batch, translated: Translated, year_start: date) -> Judged:
    """Judge the records of one upload. Writes identities and UIDs to the vault, nothing else."""
    later: list[pl.DataFrame] = []
    checked: dict[str, pl.DataFrame] = {}
    entries: list[Entry] = []
    for entity in _in_order(translated.frames):
        verdict = check(entity, translated.frames[entity])
        of_year = refuse_earlier(entity, verdict.accepted, year_start)
        single = drop_duplicates(entity, of_year.kept)
        later += [verdict.refusals, of_year.refusals, single.refusals]
        checked[entity] = single.kept
        entries.append(Entry(entity, Counter.DUPLICATE, single.duplicates))
    separated = separate(batch.school, batch.source, checked, hub.vault, hub.keys, hub.log_action)
    later.append(separated.refusals)
    frames, dangling, missing = _refer(hub, batch, translated, separated.frames)
    later += dangling
    entries += [Entry(entity, Counter.ACCEPTED, frame.height) for entity, frame in frames.items()]
    if "uid" in checked:
        lost = separated.refusals.filter(pl.col("entity") == "uid").get_column("_row").n_unique()
        entries.append(Entry("uid", Counter.ACCEPTED, checked["uid"].height - lost))
        entries += [
            Entry("uid", Counter(name), n) for name, n in asdict(separated.uid_counts).items()
        ]
    refused = pl.concat([no_refusals(), *later])
    waiting = refused.join(
        missing, on=["entity", "_row", "field"], how="left", maintain_order="left"
    )
    told = [translated.refusals, translated.under_source_names(waiting)]
    return Judged(
        frames=frames,
        refusals=with_waits(
            pl.concat(told, how="diagonal"), translated, batch, hub.keys, separated.masks
        ),
        findings=[_under_source_name(one, translated) for one in separated.findings],
        entries=entries,
        whole=set(frames) - translated.incomplete - _unplaced(translated, refused),
        refused_keys=_anchors(translated, refused, separated.masks),
        masks=separated.masks,
    )


def _under_source_name(finding: Finding, translated: Translated) -> Finding:
    """``finding`` with the column its reader will look for."""
    columns = translated.field_names.get(finding.entity, {})
    return replace(finding, field=columns.get(finding.field, finding.field))


def _in_order(frames: dict[str, pl.DataFrame]) -> list[str]:
    return [entity for entity in ENTITIES if entity in frames]


def _refer(
    hub: Hub, batch: Batch, translated: Translated, frames: dict[str, pl.DataFrame]
) -> tuple[dict[str, pl.DataFrame], list[pl.DataFrame], pl.DataFrame]:
    """Refuse records that refer to nothing; a record refused here carries others with it. Records
    kept, refusals, and what is missing (``references.MISSING``)."""
    known: dict[str, pl.Series] = {}
    kept: dict[str, pl.DataFrame] = {}
    refusals = []
    missing = [pl.DataFrame(schema=MISSING)]
    for entity in _in_order(frames):
        for needed in set(references(entity).values()) - set(known):
            known[needed] = _known(hub, batch, translated, kept, needed)
        referenced = check_references(entity, frames[entity], known)
        kept[entity] = referenced.kept
        refusals.append(referenced.refusals)
        missing.append(referenced.missing)
    return kept, refusals, pl.concat(missing)


def _known(
    hub: Hub, batch: Batch, translated: Translated, kept: dict[str, pl.DataFrame], needed: str
) -> pl.Series:
    """Keys a record may refer to: this upload's, and the stored ones where it is incomplete."""
    entity = next((e for e, name in PEOPLE.items() if name == needed), needed)
    column = "key" if entity in PEOPLE else natural_key(entity)[0]
    here = kept[entity].get_column(column) if entity in kept else pl.Series([], dtype=pl.String)
    if entity in kept and entity not in translated.incomplete:
        return here
    with hub.engine.begin() as connection:
        stored = connection.execute(
            text(
                f"SELECT {column} FROM journal.{entity} WHERE school = :school"
                " AND vanished_at IS NULL"
            ),
            {"school": batch.school},
        ).scalars()
        return pl.concat([here, pl.Series(list(stored), dtype=pl.String)])


def _anchors(translated: Translated, refused: pl.DataFrame, masks: Masks) -> dict[str, list[str]]:
    """What protects the rows of refused records from being taken for vanished: keys as stored."""
    anchors = {}
    for entity, frame in translated.frames.items():
        column = None if entity in VAULT_ONLY else anchor(entity)
        if column is None:
            continue
        rows = refused.filter(pl.col("entity") == entity).select("_row").unique()
        keys = [frame.join(rows, on="_row").get_column(column)]
        keys += [part.get_column(column) for part in _untranslated(translated, entity)]
        anchors[entity] = masks.opaque(pl.concat(keys).drop_nulls()).to_list()
    return anchors


def _unplaced(translated: Translated, refused: pl.DataFrame) -> set[str]:
    """Entities with a refused record that cannot be told from a vanished one."""
    untold = {e for e in set(refused.get_column("entity")) if anchor(e) is None}
    for entity in translated.frames:
        column = anchor(entity)
        if any(
            column is None or part.get_column(column).null_count()
            for part in _untranslated(translated, entity)
        ):
            untold.add(entity)
    return untold


def _untranslated(translated: Translated, entity: str) -> list[pl.DataFrame]:
    """The records of ``entity`` that the mapping refused, if there are any."""
    return [part for part in (translated.refused.get(entity),) if part is not None and part.height]
