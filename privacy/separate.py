"""Typed frames in, facts by pseudonym out; names stay behind in the vault.

1. People of the frames go to the vault, sealed.
2. People named in typed lists are matched to people of the vault; who fits nobody is refused.
3. UIDs go to the vault and are not handed on.
4. In all else: references become pseudonyms, identity columns go, the natural key becomes
   ``key``, and free text is hidden or masked where it names one of the school's people or
   says how to reach somebody (``policies/texts.yml``); so are names of groups and the like, and
   keys (``masks``).

Running it twice on the same frames gives the same answer and writes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from privacy.actions import Action, ActionLog
from privacy.claims import match
from privacy.freetext import scan
from privacy.keys import KeyRing
from privacy.likeness import snils_is_wrong
from privacy.masks import Masks
from privacy.people import keep_known_classes, people_of
from privacy.pseudonyms import lookup, pseudonym
from privacy.text_policy import load_text_policy
from privacy.uids import UidCounts
from privacy.vault import Vault
from schemas.catalogue import Field, field_names, fields_of, natural_key
from schemas.codes import PersonRole
from schemas.fields import Text
from schemas.frames import ORIGIN, REFUSAL_SCHEMA, Finding, no_refusals
from schemas.tables.journal import content_columns

GROUND = "152-ФЗ, ст. 5; порядок работы сервиса «Электронный дневник»: данные обезличены"
_NO_VALUE = "\x1e"  # what stands for null in a hash; no accepted value holds it


@dataclass(frozen=True)
class Separated:
    """What may go on, and what was refused.

    ``frames``: per entity ``key``, ``content_columns(entity)`` and ``frames.ORIGIN``; entities
    with identity fields have ``_identity_hash`` (String: it changes with the person's data),
    lessons have ``text_blocked`` (Boolean). No frame for ``uid``. ``refusals``:
    ``REFUSAL_SCHEMA``; its ``record`` holds personal data and must be sealed. ``uid_counts``:
    the accepted rows of ``uid``. ``masks`` knows the school's people as they are now.
    """

    frames: dict[str, pl.DataFrame] = field(repr=False)
    refusals: pl.DataFrame = field(repr=False)  # a frame prints its first rows
    findings: list[Finding]
    uid_counts: UidCounts
    masks: Masks = field(repr=False)


def separate(
    school: str,
    source: str,
    frames: Mapping[str, pl.DataFrame],
    vault: Vault,
    keys: KeyRing,
    log: ActionLog | None = None,
) -> Separated:
    """Part the people from the facts of one upload of ``source``.

    ``frames``: canonical typed frames accepted by the contract (``schemas.frames``). ``log``
    gets one action. Raises ``KeyError`` for an unknown entity, ``keys.UnknownKeyError``,
    ``sealing.SealBrokenError`` and ``sqlalchemy.exc.SQLAlchemyError``.
    """
    found = people_of(school, source, frames, keys)
    if found.filter(role=PersonRole.PUPIL.value)["class_name"].has_nulls():
        found = keep_known_classes(found, vault.identities(school))
    written = vault.store_people(school, found)
    masks = Masks.of(vault.names(school), keys)
    work = _Separation(school, source, keys, vault.identities(school), masks)
    work.check_snils(frames)
    uid_counts = work.file_uids(frames["uid"], vault, log) if "uid" in frames else UidCounts()
    facts = {name: work.facts(name, frame) for name, frame in frames.items() if name != "uid"}
    if log is not None:
        details = {"source": source, "written": written, "hidden_texts": work.cleared_texts()}
        log(Action("separate", school, GROUND, found.height, details))
    return Separated(facts, work.refusals, work.findings, uid_counts, work.masks)


class _Separation:
    """One upload on its way through; gathers what was refused and found."""

    def __init__(
        self, school: str, source: str, keys: KeyRing, identities: pl.DataFrame, masks: Masks
    ) -> None:
        self._school = school
        self._source = source
        self._keys = keys
        self._identities = identities
        self.masks = masks
        self.refusals = no_refusals()
        self.findings: list[Finding] = []

    def file_uids(self, frame: pl.DataFrame, vault: Vault, log: ActionLog | None) -> UidCounts:
        """Find the owner of each UID and file it."""
        named = frame.with_columns(pseudonym=self._pseudonym(pl.col("role"), "person"))
        owned = self._claimed("uid", frame, named, "pseudonym")
        filing = vault.store_uids(self._school, self._source, owned, log)
        self._refuse("uid", frame, filing.refused, "uid")
        return filing.counts

    def check_snils(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """A SNILS with a wrong control number is kept as it was said, and identifies nobody."""
        for entity, frame in frames.items():
            if "snils" in frame.columns:
                wrong = frame.filter(snils_is_wrong(pl.col("snils")))
                self.findings += [
                    Finding("snils_control", document, entity, line, "snils")
                    for document, line in wrong.select("_document", "_line").iter_rows()
                ]

    def cleared_texts(self) -> int:
        """How many remarks there are on texts that were hidden or masked, so far."""
        rules = load_text_policy().rules()
        return sum(finding.rule in rules for finding in self.findings)

    def facts(self, entity: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame of ``entity`` as the journal keeps it; see ``Separated``."""
        rows = frame.with_columns(
            self._pseudonym(str(about.person.role), about.name).alias(about.name)
            for about in fields_of(entity)
            if about.person is not None
        )
        if entity == "consent":
            pupils = rows.with_columns(role=pl.lit(PersonRole.PUPIL.value))
            rows = self._claimed(entity, frame, pupils, "pupil")
        rows = self._mask_labels(entity, rows)
        rows = rows.with_columns(_key(entity), *self._identity_hash(entity))
        columns = ["key", *content_columns(entity), *ORIGIN]
        if "_identity_hash" in rows.columns:
            columns.append("_identity_hash")
        if texts := [about.name for about in fields_of(entity) if about.free_text]:
            rows = self._clear_texts(entity, rows, texts)
            columns.append("text_blocked")
        return rows.select(columns)

    def _pseudonym(self, role: str | pl.Expr, field: str) -> pl.Expr:
        return pseudonym(
            self._keys, role=role, school=self._school, source=self._source, local_key=pl.col(field)
        )

    def _claimed(
        self, entity: str, said: pl.DataFrame, rows: pl.DataFrame, person: str
    ) -> pl.DataFrame:
        """``rows`` with ``person`` filled in where only a name is given, less those refused."""
        matched = match(rows.filter(pl.col(person).is_null()), self._identities)
        self._refuse(entity, said, matched.refused, "full_name")
        found = matched.found.rename({"pseudonym": "_found"})
        return (
            rows.join(found, on="_row", how="left", maintain_order="left")
            .with_columns(pl.coalesce(person, "_found").alias(person))
            .drop("_found")
            .filter(pl.col(person).is_not_null())
        )

    def _refuse(self, entity: str, said: pl.DataFrame, refused: pl.DataFrame, field: str) -> None:
        rows = said.join(refused, on="_row", how="inner", maintain_order="left").with_columns(
            entity=pl.lit(entity),
            field=pl.lit(field),
            record=pl.struct(field_names(entity)).struct.json_encode(),
        )
        self.refusals = pl.concat([self.refusals, rows.select(*REFUSAL_SCHEMA)])

    def _identity_hash(self, entity: str) -> list[pl.Expr]:
        """A keyed hash of the identity fields: their change is a change of the record."""
        said = [
            pl.col(about.name).cast(pl.String).fill_null(_NO_VALUE)
            for about in fields_of(entity)
            if about.identity
        ]
        if not said:
            return []
        return [lookup(self._keys, f"identity:{entity}", *said).alias("_identity_hash")]

    def _mask_labels(self, entity: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Hide what names somebody in names of groups and the like, and in keys."""
        for about in filter(_is_label, fields_of(entity)):
            labels = rows[about.name]
            if about.ref is not None or about.name in natural_key(entity):
                rows = rows.with_columns(self.masks.opaque(labels))
                continue
            named = self.masks.naming(labels)
            self.findings += [
                Finding("name_in_label", document, entity, line, about.name)
                for document, line in rows.filter(named).select("_document", "_line").iter_rows()
            ]
            rows = rows.with_columns(self.masks.shown(labels))
        return rows

    def _clear_texts(self, entity: str, rows: pl.DataFrame, texts: list[str]) -> pl.DataFrame:
        """``rows`` with ``texts`` as the policy lets them go on, and ``text_blocked``."""
        policy, blocked = load_text_policy(), pl.lit(value=False)
        for name in texts:
            cleared = policy.clear(rows[name], scan(rows[name], self.masks.lexicon))
            told = cleared.told.join(rows.with_row_index("row"), on="row", maintain_order="left")
            self.findings += [
                Finding(rule, document, entity, line, name, detail)
                for rule, document, line, detail in told.select(
                    "rule", "_document", "_line", "detail"
                ).iter_rows()
            ]
            rows = rows.with_columns(cleared.texts.alias(name))
            blocked = blocked | cleared.blocked
        return rows.with_columns(text_blocked=blocked)


def _is_label(about: Field) -> bool:
    """Words of the source that are stored as they came: no code, nobody's key, no free text."""
    own = about.person is None and not about.identity and not about.free_text
    return own and isinstance(about.kind, Text)


def _key(entity: str) -> pl.Expr:
    """The natural key after pseudonymisation; an empty part stays empty."""
    parts = [pl.col(part).cast(pl.String).fill_null("") for part in natural_key(entity)]
    return pl.concat_str(parts, separator="|").alias("key")
