"""The shape of a remark: one thing that is wrong with a journal, found by a rule.

Rules are named as in docs/compliance.md: by the measure that misses the thing (``topic``), or by
what the regulation asks (``Asked``). ``key`` is the same at every check while it is the same thing.
"""

from __future__ import annotations

import polars as pl

REMARK: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "key": pl.String(),
    "day": pl.Date(),
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),  # pseudonym
    "pupil": pl.String(),  # pseudonym
    "lesson_key": pl.String(),
    "detail": pl.String(),  # counts and dates; never a name, a mark or a text of the journal
}
