"""Whether as many guardians use the diary as is asked by now.

ASSUMED: a guardian is active who has a UID, which the portal gives when a person registers there.
"""

from __future__ import annotations

import polars as pl

from quality.attended import in_class
from quality.regulations import Asked, Growing
from quality.rules.journal import Journal, as_remarks, no_remarks
from quality.rules.words import day_words


def activation(journal: Journal) -> pl.DataFrame:
    """One remark if the share is below the last step that has come; none without guardians."""
    rule = journal.profile.rule(Growing, Asked.ACTIVATION, journal.on)
    come = [share for share in rule.shares if share.day <= journal.on] if rule else []
    guardians = _guardians(journal)
    if not come or not guardians:
        return no_remarks()
    step = max(come, key=lambda share: share.day)
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


def _guardians(journal: Journal) -> set[str]:
    """Pseudonyms of the guardians of pupils who are in a class on the day."""
    pupils = in_class(journal.frames.enrolment, pl.lit(journal.on))
    return set(journal.frames.guardian.join(pupils, on="pupil", how="semi")["person"])
