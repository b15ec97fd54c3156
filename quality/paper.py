"""The shape of counts of the paper journal, as a person typed them from its sheets."""

from __future__ import annotations

import polars as pl

SHEET: dict[str, pl.DataType] = {
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "month": pl.Date(),  # its first day
    "counted_on": pl.Date(),
    "lessons": pl.Int64(),
    "marks": pl.Int64(),
}
