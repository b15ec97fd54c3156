"""The same person in several schools: matched by machine where sure, by a person where not.

Matching reads lookups and opens dossiers only to compare the few who share a UID or a SNILS. It
only ever joins: what it joined is parted by a person (``undo``), and what a person has decided it
leaves alone. Each method is one transaction; the action log is written before it is committed,
so that nothing is joined or parted without a line there. Errors::

    DecisionRefusedError   the command makes no sense for these people; the message says why
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, Engine, or_, text

from privacy import merges
from privacy.actions import Action, ActionLog
from privacy.candidates import candidates, index_stale, open_scope, queue_for_matching
from privacy.dossiers import among, dossiers, frame_of, names_of, rows_of
from privacy.freetext import scan
from privacy.keys import KeyRing
from privacy.lexicon import Lexicon
from privacy.likeness import agree
from privacy.matching import Judged, judge
from schemas.tables.vault import people

Moves = Callable[[list[str]], pl.DataFrame]  # pseudonyms in, their moves out (``departures``)

GROUND = "152-ФЗ, ст. 5, ч. 6: точность данных; один ребёнок — одна запись"
MACHINE = "svod"


class DecisionRefusedError(Exception):
    """What was asked makes no sense for these people; nothing was changed."""


@dataclass(frozen=True)
class Matched:
    """Counts: pairs compared, merges made, pairs in doubt, values that too many people share."""

    compared: int
    merged: int
    doubts: int
    crowded: int


class Persons:
    """Who is who in the vault behind ``engine``; raises ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    def match(self, moves: Moves, log: ActionLog, *, everybody: bool = False) -> Matched:
        """Match those whose identity is new or changed, and the open doubts; or ``everybody``.

        ``moves`` is asked for the departures of those who share name and birth date. Running it
        twice changes nothing. Raises ``sealing.SealBrokenError`` or ``keys.UnknownKeyError``.
        """
        index_stale(self._engine, self._keys)
        with self._engine.begin() as connection:
            open_scope(connection, everybody=everybody, take=False)
            by_name = candidates(connection, "name")[0]
        known = moves(sorted({*by_name["one"], *by_name["other"]}))
        with self._engine.begin() as connection:
            merges.take_turns(connection)
            open_scope(connection, everybody=everybody, take=True)
            return self._match(connection, known, log)

    def _match(self, connection: Connection, moves: pl.DataFrame, log: ActionLog) -> Matched:
        by_snils, crowded_snils = candidates(connection, "snils")
        by_name, crowded_names = candidates(connection, "name")
        found = pl.concat([by_snils, by_name])
        judged = self.judge_pairs(connection, self._compared(connection, found), moves)
        made = merges.add_merges(connection, judged.links, MACHINE)
        merges.keep_doubts(connection, judged.doubts)
        log_merges(connection, made, log)
        counts = Matched(
            compared=found.height,
            merged=len(made),
            doubts=judged.doubts.height,
            crowded=crowded_snils + crowded_names,
        )
        details = {"merged": counts.merged, "doubts": counts.doubts, "crowded": counts.crowded}
        log(Action("match_people", "", GROUND, counts.compared, details))
        return counts

    def judge_pairs(
        self,
        connection: Connection,
        pairs: pl.DataFrame,
        moves: pl.DataFrame,
        claimed: pl.DataFrame | None = None,
    ) -> Judged:
        """``matching.judge`` on what the vault knows of ``pairs`` (``matching.PAIRS``).

        ``claimed``: ``pseudonym`` and ``lookup`` of UIDs that stand in place of those held.
        """
        members = merges.members_of(connection, sorted({*pairs["one"], *pairs["other"]}))
        if claimed is not None:
            said = claimed.select("pseudonym", uid="lookup")
            members = members.update(said, on="pseudonym", how="left")
        apart = merges.apart_among(connection, members["pseudonym"].to_list())
        return judge(pairs, members, moves, apart)

    def _compared(self, connection: Connection, found: pl.DataFrame) -> pl.DataFrame:
        """Candidates (``one``, ``other``, ``basis``, ``alike``) with ``agrees`` for ``alike``."""
        sure = found.filter("alike").select("one", "other", "basis", agrees=pl.lit(value=True))
        unsure = found.filter(~pl.col("alike"))
        return pl.concat([sure, self.agreeing(connection, unsure)])

    def agreeing(self, connection: Connection, pairs: pl.DataFrame) -> pl.DataFrame:
        """``matching.PAIRS`` of ``pairs`` (``one``, ``other``, ``basis``), dossiers compared.

        Somebody whom the vault does not know agrees with nobody.
        """
        names = sorted({*pairs["one"], *pairs["other"]})
        said = dossiers(connection, self._keys, people.c.pseudonym == among(names)).select(
            "pseudonym", "school", "role", "full_name", "birth_date"
        )
        return (
            pairs.join(said, left_on="one", right_on="pseudonym", how="left")
            .join(said, left_on="other", right_on="pseudonym", how="left", suffix="_other")
            .select("one", "other", "basis", agrees=agree())
        )

    def merge(self, one: str, other: str, by: str, reason: str, log: ActionLog) -> int | None:
        """A person says that the two are one; the id of the merge, none if they were one already.

        Raises ``DecisionRefusedError`` where others of these persons were told apart.
        """
        with self._engine.begin() as connection:
            merges.take_turns(connection)
            schools = self._two(connection, one, other, reason)
            members = merges.members_of(connection, [one, other])
            merges.decide(connection, one, other, same=True, by=by, reason=reason)
            _refuse_if_apart(connection, members)
            joined = members["person"].n_unique() == 1
            low, high = sorted((one, other))
            link = pl.DataFrame({"one": [low], "other": [high], "basis": ["decision"]})
            made = [] if joined else merges.add_merges(connection, link, by, reason)
            merges.drop_settled_doubts(connection)
            for school in schools:
                log(Action("merge_people", school, GROUND, len(made), {"merges": made}))
        return made[0] if made else None

    def differ(self, one: str, other: str, by: str, reason: str, log: ActionLog) -> None:
        """A person says that the two are not one.

        Raises ``DecisionRefusedError`` while they are: then a merge must be undone.
        """
        with self._engine.begin() as connection:
            merges.take_turns(connection)
            schools = self._two(connection, one, other, reason)
            if merges.persons_of(connection, [one, other])["person"].n_unique() == 1:
                raise DecisionRefusedError(
                    "they are one person now; find the merge with 'svod people merges' and undo it"
                )
            merges.decide(connection, one, other, same=False, by=by, reason=reason)
            merges.drop_settled_doubts(connection)
            for school in schools:
                log(Action("tell_people_apart", school, GROUND, 1))

    def undo(self, merge: int, by: str, reason: str, log: ActionLog) -> bool:
        """Undo a merge, and remember that its two are not one; false if it was undone already.

        Raises ``DecisionRefusedError`` if there is no such merge.
        """
        with self._engine.begin() as connection:
            merges.take_turns(connection)
            known = merges.merge_by_id(connection, merge)
            if known is None:
                raise DecisionRefusedError(f"there is no merge {merge}")
            if known.undone_by is not None:
                return False
            schools = self._two(connection, known.one, known.other, reason)
            released = merges.take_back(connection, known, by, reason)
            merges.decide(connection, known.one, known.other, same=False, by=by, reason=reason)
            queue_for_matching(connection, [known.one, known.other])
            details = {"merges": [merge], "released_uids": released}
            for school in schools:
                log(Action("undo_merge", school, GROUND, 1, details))
        return True

    def doubts(self) -> pl.DataFrame:
        """Pairs that wait for a person: ``one``, ``other``, ``basis``, ``rule``, and each one's
        ``school``; String. Joined pairs whose SNILS or UIDs contradict it now are among them."""
        names = ["one", "other", "school", "other_school", "basis", "rule"]
        with self._engine.connect() as connection:
            return frame_of(
                connection.execute(text(_DOUBTS), {"doubted": "merge_in_doubt"}).all(), names
            )

    def history(self) -> pl.DataFrame:
        """Every merge, the latest first: ``merge`` (Int64), ``one``, ``other``, their schools,
        ``basis``, ``made_by``, ``made_at``, ``undone_by``, ``undone_at``."""
        with self._engine.connect() as connection:
            rows = connection.execute(text(_HISTORY)).mappings().all()
        return pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)

    def _two(self, connection: Connection, one: str, other: str, reason: str) -> list[str]:
        """The schools of two people of one role; the reason must name nobody of them."""
        where = or_(people.c.pseudonym == one, people.c.pseudonym == other)
        found = rows_of(connection, people, ["pseudonym", "school", "role"], where)
        if one == other or found.height != 2:
            raise DecisionRefusedError("two different pseudonyms that the vault knows are needed")
        if found["role"].n_unique() != 1:
            raise DecisionRefusedError("a pupil, a teacher and a guardian are never one person")
        schools = found["school"].unique().sort().to_list()
        theirs = names_of(connection, self._keys, people.c.school == among(schools))
        named = scan(pl.Series([reason]), Lexicon.of(theirs)).height > 0
        if named or not reason.strip():
            raise DecisionRefusedError("the reason must be given and must name nobody")
        return schools


def log_merges(connection: Connection, made: list[int], log: ActionLog) -> None:
    """One action per school (of a merge's first pseudonym) for the merges ``made``."""
    rows = connection.execute(text(_BY_SCHOOL), {"ids": made})
    for school, ids, bases in rows:
        log(Action("merge_people", school, GROUND, len(ids), {"merges": ids, "bases": bases}))


def _refuse_if_apart(connection: Connection, members: pl.DataFrame) -> None:
    persons = dict(members.select("pseudonym", "person").iter_rows())
    apart = merges.apart_among(connection, list(persons))
    for one, other in apart.iter_rows():
        if persons[one] != persons[other]:
            raise DecisionRefusedError(
                f"{one} and {other} belong to these persons and were told apart;"
                " decide about those two first"
            )


_BY_SCHOOL = """
SELECT school, array_agg(id ORDER BY id), jsonb_object_agg(basis, n)
FROM (
  SELECT p.school, m.id, m.basis, count(*) OVER (PARTITION BY p.school, m.basis) AS n
  FROM vault.merges m JOIN vault.people p ON p.pseudonym = m.one WHERE m.id = ANY(:ids)
) made GROUP BY school ORDER BY school"""

_DOUBTS = """
SELECT d.one, d.other, p.school, q.school, d.basis, d.rule FROM vault.doubts d
JOIN vault.people p ON p.pseudonym = d.one JOIN vault.people q ON q.pseudonym = d.other
UNION ALL
SELECT a.pseudonym, b.pseudonym, p.school, q.school,
  CASE WHEN p.snils_lookup <> q.snils_lookup THEN 'snils' ELSE 'uid' END, :doubted
FROM vault.persons a JOIN vault.persons b USING (person)
JOIN vault.people p ON p.pseudonym = a.pseudonym JOIN vault.people q ON q.pseudonym = b.pseudonym
LEFT JOIN vault.uids u ON u.pseudonym = a.pseudonym
LEFT JOIN vault.uids v ON v.pseudonym = b.pseudonym
WHERE a.pseudonym < b.pseudonym AND (p.snils_lookup <> q.snils_lookup OR u.lookup <> v.lookup)
AND NOT coalesce((
  SELECT same FROM vault.decisions c WHERE c.one = a.pseudonym AND c.other = b.pseudonym
  ORDER BY id DESC LIMIT 1
), false)
ORDER BY 3, 4, 1, 2"""

_HISTORY = """
SELECT m.id AS merge, m.one, m.other, p.school, q.school AS other_school, m.basis,
  m.made_by, m.made_at, m.undone_by, m.undone_at
FROM vault.merges m LEFT JOIN vault.people p ON p.pseudonym = m.one
LEFT JOIN vault.people q ON q.pseudonym = m.other ORDER BY m.id DESC"""
