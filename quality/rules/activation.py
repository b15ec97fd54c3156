"""Whether as many guardians use the diary as is asked by now.

ASSUMED: a guardian is active who has a UID, which the portal gives when a person registers there.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.attended import in_class
from quality.regulations import Asked, Growing, Share
from quality.rules.journal import Journal, as_remarks, no_remarks
from quality.rules.words import day_words


def step_begun(journal: Journal) -> date | None:
    """The day of the last step that has come; None before the first."""
    step = _step(journal)
    return step.day if step else None


def activation(journal: Journal) -> pl.DataFrame:
    """One remark if the share is below the last step that has come; none without guardians."""
    step = _step(journal)
    guardians = _guardians(journal)
    if step is None or not guardians:
        return no_remarks()
    active = len(guardians & journal.with_uid)
    if active * 100 >= step.least * len(guardians):
        return no_remarks()
    row = pl.DataFrame({"day": [step.day], "active": [active], "all": [len(guardians)]})
    return as_remarks(
        row,
        rule=pl.lit(Asked.ACTIVATION.value),
        key=pl.col("day").cast(pl.String),
        detail=pl.format(
            f"{{}} из {{}}, к {{}} требуется {step.least} %",
            "active",
            "all",
            day_words(pl.col("day")),
        ),
    )


def _step(journal: Journal) -> Share | None:
    rule = journal.profile.rule(Growing, Asked.ACTIVATION, journal.on)
    come = [share for share in rule.shares if share.day <= journal.on] if rule else []
    return max(come, key=lambda share: share.day, default=None)


def _guardians(journal: Journal) -> set[str]:
    """Pseudonyms of the guardians of pupils who are in a class on the day."""
    pupils = in_class(journal.frames.enrolment, pl.lit(journal.on))
    return set(journal.frames.guardian.join(pupils, on="pupil", how="semi")["person"])
