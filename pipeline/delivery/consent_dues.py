"""Who must act upon a consent, by when, and what is late (VLK 3.1, 7.6: ``policies/consent.yml``).

==========  =====================================  ==========================================
action      what must be done                      done when
==========  =====================================  ==========================================
register    the school registers an application    the day of registration is known
start       the service starts                     the diary holds something of the child
stop        the service stops                      the diary holds nothing of the child
==========  =====================================  ==========================================

A child of whom nothing could be delivered yet has nothing to start. A record in a batch without an
answer counts as held: it may be there.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from pipeline.consents.standing import states_on
from pipeline.delivery.destinations import DIARY
from pipeline.delivery.wanted import person_name
from privacy.keys import KeyRing
from schemas.frames import Finding

DUES = {
    "pupil": pl.String,
    "state": pl.String,
    "action": pl.String,
    "due_on": pl.Date,
    "days_late": pl.Int64,
    "held": pl.Int64,
    "waits_for": pl.String,
}
# By action, the gravest first.
RULES = {
    "stop": "consent_overdue_stop",
    "start": "consent_overdue_start",
    "register": "consent_unregistered",
}


def dues_on(connection: Connection, keys: KeyRing, school: str, on: date) -> pl.DataFrame:
    """What is still to be done on the day ``on``, the latest first: ``DUES``.

    ``days_late``: 0 up to the last day, which is ``due_on``; ``held``: how many records of the
    pupil the diary holds; ``waits_for``: why the others are not there, with their number.
    """
    states = states_on(connection, school, on)
    named = states.with_columns(person_name(keys, school, "pupil").alias("person"))
    known = named.join(_standing(connection, school), on="person", how="left").with_columns(
        pl.col("held", "confirmed", "open").fill_null(0), pl.col("waits_for").fill_null("")
    )
    state = pl.col("state")
    not_begun = (pl.col("confirmed") == 0) & (pl.col("open") > 0)
    # Who has applied anew may still have a stop to be done: nothing may be there meanwhile.
    to_stop = (state != "active") & (pl.col("held") > 0) & pl.col("stop_due_on").is_not_null()
    actions = {
        "register": state == "applied",
        "start": state.is_in(["registered", "active"]) & not_begun,
        "stop": to_stop,
    }
    late = (pl.lit(on) - pl.col("due_on")).dt.total_days().clip(lower_bound=0)
    due = {"stop": "stop_due_on"}
    found = [
        known.filter(rows).with_columns(
            pl.col(due.get(action, "due_on")).alias("due_on"), action=pl.lit(action)
        )
        for action, rows in actions.items()
    ]
    return pl.concat(found).with_columns(days_late=late).select(*DUES).sort("due_on", "pupil")


def overdue(dues: pl.DataFrame) -> list[Finding]:
    """What is late, the gravest first, as a finding per rule: counts and days, no pupil."""
    late = dues.filter(pl.col("days_late") > 0)
    found = []
    for action, rule in RULES.items():
        these = late.filter(pl.col("action") == action)
        if these.height:
            earliest = these.select(pl.col("due_on").min().dt.to_string("%Y-%m-%d")).item()
            detail = f"{these.height}; {earliest}"
            found.append(Finding(rule, "svod consent due", entity="consent", detail=detail))
    return found


def _standing(connection: Connection, school: str) -> pl.DataFrame:
    """By ``person``: how many records the diary may hold, how many it confirmed, how many it did
    not, and what these wait for."""
    rows = connection.execute(text(_STANDING), {"target": DIARY.name, "school": school})
    schema = {"person": pl.String} | dict.fromkeys(("held", "confirmed", "open"), pl.Int64)
    return pl.DataFrame(
        [tuple(row) for row in rows], schema=schema | {"waits_for": pl.String}, orient="row"
    )


# A word the portal has no code for, and a text that names somebody, are no obstacle to the service.
_STANDING = """
WITH told AS (
  SELECT person, coalesce(nullif(reason, ''), state) AS why, state = 'in_flight' AS under_way,
    delivered_hash IS NOT NULL AS confirmed
  FROM outbox.desired WHERE target = :target AND school = :school AND person IS NOT NULL
    AND (delivered_hash IS NOT NULL OR state = 'in_flight'
      OR state <> 'gone' AND reason NOT IN ('no_code', 'blocked_text'))
), counted AS (
  SELECT person, why, under_way, confirmed, count(*) AS n FROM told GROUP BY 1, 2, 3, 4
)
SELECT person, coalesce(sum(n) FILTER (WHERE confirmed OR under_way), 0)::bigint,
  coalesce(sum(n) FILTER (WHERE confirmed), 0)::bigint,
  coalesce(sum(n) FILTER (WHERE NOT confirmed), 0)::bigint,
  string_agg(why || ' ' || n, ', ' ORDER BY why) FILTER (WHERE NOT confirmed)
FROM counted GROUP BY person"""
