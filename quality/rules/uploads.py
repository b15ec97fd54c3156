"""School days without an accepted upload."""

from __future__ import annotations

import polars as pl

from quality.regulations import Asked
from quality.rules.journal import Journal, as_remarks
from quality.uploads import Cause

# What became of the data at the portal is no fault of the upload.
_THERE = frozenset(
    {Cause.UPLOADED, Cause.NOT_A_SCHOOL_DAY, Cause.PORTAL_UNAVAILABLE, Cause.PORTAL_REJECTED}
)


def daily_upload(journal: Journal) -> pl.DataFrame:
    """A remark for each school day without an accepted upload; ``detail`` is the cause."""
    missing = [(day, cause.value) for day, cause in journal.causes.items() if cause not in _THERE]
    days = pl.DataFrame(missing, {"day": pl.Date, "detail": pl.String}, orient="row")
    return as_remarks(
        days, rule=pl.lit(Asked.DAILY_UPLOAD.value), key=pl.col("day").cast(pl.String)
    )
