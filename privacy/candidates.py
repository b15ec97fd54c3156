"""Whom to compare with whom: the queue of changed people, their lookups, pairs that share one."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, Engine, Table, Text, cast, column, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from privacy.dossiers import dossiers, rows_of, unsealed
from privacy.keys import KeyRing
from privacy.likeness import index_columns, index_key
from privacy.merges import take_turns
from privacy.pseudonyms import lookup
from schemas.tables.vault import people, uids

# More people than this behind one SNILS or one name and birth date: a filler, not a fact.
CROWD = 8


def queue_for_matching(connection: Connection, pseudonyms: list[str]) -> None:
    """The next matching looks at ``pseudonyms``."""
    connection.execute(
        text(
            "INSERT INTO vault.to_match SELECT unnest(CAST(:names AS text[]))"
            " ON CONFLICT DO NOTHING"
        ),
        {"names": pseudonyms},
    )


def index_stale(engine: Engine, keys: KeyRing) -> int:
    """Make anew the lookups that another key or another way of folding made; how many people.

    One transaction per school. Raises ``sealing.SealBrokenError`` or ``keys.UnknownKeyError``.
    """
    stale = people.c.index_key.is_distinct_from(index_key(keys))
    with engine.connect() as connection:
        schools = connection.execute(select(people.c.school).where(stale).distinct()).scalars()
        todo = sorted(schools)
    return sum(_index(engine, keys, school) for school in todo)


def _index(engine: Engine, keys: KeyRing, school: str) -> int:
    with engine.begin() as connection:
        take_turns(connection)
        stale = people.c.index_key.is_distinct_from(index_key(keys))
        found = dossiers(connection, keys, (people.c.school == school) & stale)
        rows = found.select("pseudonym", *index_columns(keys))
        _rewrite(connection, people, school, rows.with_columns(index_key=pl.lit(index_key(keys))))
        held = rows_of(connection, uids, ["pseudonym", "sealed"], uids.c.school == school)
        codes = held.select("pseudonym", uid=unsealed(keys, uids, held))
        by_uid = lookup(keys, "uid", pl.col("uid"))
        _rewrite(connection, uids, school, codes.select("pseudonym", lookup=by_uid))
        queue_for_matching(connection, found["pseudonym"].to_list())
    return found.height


def _rewrite(connection: Connection, table: Table, school: str, rows: pl.DataFrame) -> None:
    """Write the columns of ``rows`` (``pseudonym`` names the row, all String) into ``table``."""
    columns = [column(name, Text) for name in rows.columns]
    values = [cast(rows[name].to_list(), ARRAY(Text)) for name in rows.columns]
    fresh = func.unnest(*values).table_valued(*columns, name="fresh").render_derived()
    written = {name: fresh.c[name] for name in rows.columns if name != "pseudonym"}
    connection.execute(
        update(table)
        .where(table.c.school == school, table.c.pseudonym == fresh.c.pseudonym)
        .values(written)
    )


def open_scope(connection: Connection, *, everybody: bool, take: bool) -> None:
    """Whom to match, in the temporary table ``scope``; ``take`` takes them off the queue."""
    connection.execute(text("DROP TABLE IF EXISTS scope"))
    connection.execute(text("CREATE TEMP TABLE scope (pseudonym text) ON COMMIT DROP"))
    # Whoever queues one of them again meanwhile waits for this transaction: nobody is lost.
    connection.execute(text(_TAKE_QUEUED if take else _READ_QUEUED))
    connection.execute(text(_ADD_EVERYBODY if everybody else _ADD_DOUBTED))
    connection.execute(text("ANALYZE scope"))


def candidates(connection: Connection, basis: str) -> tuple[pl.DataFrame, int]:
    """Pairs of different persons, one of them in scope, who share a lookup; and the crowds.

    ``one``, ``other``, ``basis``, ``alike`` (Boolean: name and birth date are the same).
    """
    statement = _CANDIDATES.replace("LOOKUP", f"{basis}_lookup")
    rows = connection.execute(text(statement), {"crowd": CROWD}).all()
    pairs = [row[:3] for row in rows if row[0] is not None]
    schema = {"one": pl.String, "other": pl.String, "alike": pl.Boolean}
    frame = pl.DataFrame(pairs, schema=schema, orient="row").with_columns(basis=pl.lit(basis))
    return frame.select("one", "other", "basis", "alike"), sum(row[0] is None for row in rows)


_READ_QUEUED = "INSERT INTO scope SELECT pseudonym FROM vault.to_match"
_TAKE_QUEUED = """
WITH taken AS (DELETE FROM vault.to_match RETURNING pseudonym)
INSERT INTO scope SELECT pseudonym FROM taken"""
_ADD_EVERYBODY = "INSERT INTO scope SELECT pseudonym FROM vault.people"
_ADD_DOUBTED = """
INSERT INTO scope SELECT one FROM vault.doubts WHERE basis <> 'uid'
UNION SELECT other FROM vault.doubts WHERE basis <> 'uid'"""

_CANDIDATES = """
WITH asked AS (
  SELECT DISTINCT p.LOOKUP FROM scope JOIN vault.people p USING (pseudonym) WHERE p.LOOKUP <> ''
), crowds AS (
  SELECT array_agg(p.pseudonym) AS names FROM vault.people p JOIN asked USING (LOOKUP)
  GROUP BY p.LOOKUP, p.role HAVING count(*) > 1
), pairs AS (
  SELECT a AS one, b AS other FROM crowds, unnest(names) a, unnest(names) b
  WHERE a < b AND cardinality(names) <= :crowd
)
SELECT one, other, coalesce(p.name_lookup = q.name_lookup, false) AS alike FROM pairs
JOIN vault.people p ON p.pseudonym = one JOIN vault.people q ON q.pseudonym = other
LEFT JOIN vault.persons x ON x.pseudonym = one LEFT JOIN vault.persons y ON y.pseudonym = other
WHERE coalesce(x.person, one) <> coalesce(y.person, other)
UNION ALL SELECT NULL, NULL, NULL FROM crowds WHERE cardinality(names) > :crowd"""
