"""The books of who is who: merges, the persons they make, decisions of people, open doubts.

Everything here works in the transaction of the caller, which has taken its turn
(``take_turns``). A merge is an edge between two pseudonyms; persons are what the edges that are
not undone hold together, drawn anew whenever an edge comes or goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, func, insert, select, text

from privacy.dossiers import frame_of
from privacy.matching import MEMBERS, Groups
from schemas.tables.vault import decisions, merges, persons

# UIDs and persons are matters of the whole region: those who change them take turns.
_LOCK = 7_310_552  # any constant will do


@dataclass(frozen=True)
class Merge:
    """One merge as the books have it; ``undone_by`` is empty while it stands."""

    id: int
    one: str
    other: str
    undone_by: str | None


def take_turns(connection: Connection) -> None:
    """Wait until nobody else changes UIDs or persons; ends with the transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def persons_of(connection: Connection, pseudonyms: Sequence[str]) -> pl.DataFrame:
    """``pseudonym`` and ``person`` of each of ``pseudonyms``; who is alone is its own person."""
    rows = connection.execute(
        text("SELECT pseudonym, person FROM vault.persons WHERE pseudonym = ANY(:names)"),
        {"names": list(pseudonyms)},
    )
    known = frame_of(rows.all(), ["pseudonym", "person"])
    asked = pl.DataFrame({"pseudonym": pl.Series(pseudonyms, dtype=pl.String)}).unique()
    return asked.join(known, on="pseudonym", how="left").with_columns(
        person=pl.coalesce("person", "pseudonym")
    )


def members_of(connection: Connection, pseudonyms: Sequence[str]) -> pl.DataFrame:
    """``matching.MEMBERS``: everybody who is one person with one of ``pseudonyms``."""
    rows = connection.execute(text(_MEMBERS), {"names": list(pseudonyms)})
    return frame_of(rows.all(), list(MEMBERS))


_MEMBERS = """
WITH touched AS (SELECT person FROM vault.persons WHERE pseudonym = ANY(:names)),
everybody AS (
  SELECT pseudonym FROM unnest(CAST(:names AS text[])) AS asked(pseudonym)
  UNION SELECT pseudonym FROM vault.persons JOIN touched USING (person)
)
SELECT p.pseudonym, coalesce(m.person, p.pseudonym), p.school, p.snils_lookup, u.lookup
FROM everybody JOIN vault.people p USING (pseudonym)
LEFT JOIN vault.persons m USING (pseudonym) LEFT JOIN vault.uids u USING (pseudonym)"""


def add_merges(connection: Connection, links: pl.DataFrame, by: str, reason: str = "") -> list[int]:
    """Join persons by ``links`` (``one`` less than ``other``, ``basis``); ids of the merges."""
    if links.is_empty():
        return []
    rows = [link | {"made_by": by, "reason": reason} for link in links.to_dicts()]
    made = connection.execute(insert(merges).returning(merges.c.id), rows).scalars().all()
    redraw(connection, [*links["one"], *links["other"]])
    return list(made)


def merge_by_id(connection: Connection, merge: int) -> Merge | None:
    """The merge of that id, or none."""
    columns = (merges.c.id, merges.c.one, merges.c.other, merges.c.undone_by)
    row = connection.execute(select(*columns).where(merges.c.id == merge)).one_or_none()
    return None if row is None else Merge(*row)


def take_back(connection: Connection, merge: Merge, by: str, reason: str) -> int:
    """Undo ``merge`` and part the persons; returns how many UIDs lost their ground.

    Where both sides hold one UID, the side that filed it later had it on the strength of the
    merge.
    """
    connection.execute(
        merges.update()
        .where(merges.c.id == merge.id)
        .values(undone_by=by, undone_reason=reason, undone_at=func.clock_timestamp())
    )
    everybody = _together(connection, [merge.one, merge.other])
    redraw(connection, everybody)
    return connection.execute(text(_RELEASE_UIDS), {"names": everybody}).rowcount


_RELEASE_UIDS = """
WITH held AS (
  SELECT u.pseudonym, u.lookup, u.updated_at, coalesce(m.person, u.pseudonym) AS person
  FROM vault.uids u LEFT JOIN vault.persons m USING (pseudonym) WHERE u.pseudonym = ANY(:names)
)
DELETE FROM vault.uids u USING held late, held first
WHERE u.pseudonym = late.pseudonym AND first.lookup = late.lookup AND first.person <> late.person
AND (first.updated_at, first.pseudonym) < (late.updated_at, late.pseudonym)"""


def redraw(connection: Connection, pseudonyms: Sequence[str]) -> None:
    """Draw the persons of ``pseudonyms`` anew from the merges that stand."""
    everybody = _together(connection, pseudonyms)
    live = connection.execute(
        text(
            "SELECT one, other FROM vault.merges"
            " WHERE undone_at IS NULL AND one = ANY(:names) AND other = ANY(:names)"
        ),
        {"names": everybody},
    )
    groups = Groups()
    ends: set[str] = set()
    for one, other in live:
        groups.join(one, other)
        ends |= {one, other}
    connection.execute(
        text("DELETE FROM vault.persons WHERE pseudonym = ANY(:names)"), {"names": everybody}
    )
    if ends:
        rows = [{"pseudonym": name, "person": groups.find(name)} for name in sorted(ends)]
        connection.execute(insert(persons), rows)


def _together(connection: Connection, pseudonyms: Sequence[str]) -> list[str]:
    """``pseudonyms`` and all who are one person with any of them."""
    rows = connection.execute(
        text(
            "SELECT pseudonym FROM vault.persons WHERE person IN"
            " (SELECT person FROM vault.persons WHERE pseudonym = ANY(:names))"
        ),
        {"names": list(pseudonyms)},
    )
    return sorted({*pseudonyms, *rows.scalars()})


def decide(
    connection: Connection, one: str, other: str, *, same: bool, by: str, reason: str
) -> None:
    """Note what a person has decided; it replaces any former decision about the two."""
    low, high = sorted((one, other))
    connection.execute(
        insert(decisions).values(one=low, other=high, same=same, decided_by=by, reason=reason)
    )


def apart_among(connection: Connection, pseudonyms: Sequence[str]) -> pl.DataFrame:
    """``one`` and ``other`` of those ``pseudonyms`` who were told apart."""
    rows = connection.execute(
        text(
            "SELECT one, other FROM (SELECT DISTINCT ON (one, other) one, other, same"
            " FROM vault.decisions WHERE one = ANY(:names) AND other = ANY(:names)"
            " ORDER BY one, other, id DESC) latest WHERE NOT same"
        ),
        {"names": list(pseudonyms)},
    )
    return frame_of(rows.all(), ["one", "other"])


def keep_doubts(connection: Connection, found: pl.DataFrame) -> None:
    """``found`` (``one``, ``other``, ``basis``, ``rule``) are all doubts but those about UIDs."""
    kept = [f"{one}|{other}" for one, other in found["one", "other"].iter_rows()]
    connection.execute(
        text(
            "DELETE FROM vault.doubts WHERE basis <> 'uid' AND NOT one || '|' || other = ANY(:kept)"
        ),
        {"kept": kept},
    )
    _write_doubts(connection, found.with_columns(claimant=pl.lit(None, pl.String)))
    drop_settled_doubts(connection)


def keep_uid_doubts(connection: Connection, claimants: Sequence[str], found: pl.DataFrame) -> None:
    """``found`` (and ``claimant``) are all doubts about the UIDs that ``claimants`` claim.

    Who is no longer in doubt for a UID may still be for a name: the next matching looks again.
    """
    connection.execute(
        text(
            "WITH gone AS ("
            "DELETE FROM vault.doubts WHERE claimant = ANY(:names) RETURNING claimant)"
            " INSERT INTO vault.to_match SELECT DISTINCT claimant FROM gone ON CONFLICT DO NOTHING"
        ),
        {"names": list(claimants)},
    )
    _write_doubts(connection, found)


def drop_settled_doubts(connection: Connection) -> None:
    """Forget doubts about pairs that are one person now, or that a person has told apart."""
    connection.execute(text(_DROP_SETTLED))


_DROP_SETTLED = """
DELETE FROM vault.doubts d WHERE EXISTS (
  SELECT FROM vault.persons a JOIN vault.persons b USING (person)
  WHERE a.pseudonym = d.one AND b.pseudonym = d.other
) OR NOT coalesce((
  SELECT same FROM vault.decisions c WHERE c.one = d.one AND c.other = d.other
  ORDER BY id DESC LIMIT 1
), true)"""


def _write_doubts(connection: Connection, found: pl.DataFrame) -> None:
    """A doubt that is known keeps its day; one about a UID speaks for any other."""
    if found.is_empty():
        return
    columns = ["one", "other", "basis", "rule", "claimant"]
    connection.execute(text(_WRITE_DOUBT), found.select(columns).to_dicts())


_WRITE_DOUBT = """
INSERT INTO vault.doubts (one, other, basis, rule, claimant)
VALUES (:one, :other, :basis, :rule, :claimant)
ON CONFLICT (one, other) DO UPDATE SET basis = excluded.basis, rule = excluded.rule,
  claimant = excluded.claimant WHERE doubts.basis <> 'uid' OR excluded.basis = 'uid'"""
