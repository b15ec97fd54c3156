"""The spellings of days and instants that a profile may name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

# ``dd.mm.yy`` is a day of this century; ``iso_date`` is YYYY-MM-DD, ``iso_naive`` may add a time
# without an offset, ``iso_offset`` has both and is the day in the region's zone.
DateFormat = Literal["dd.mm.yyyy", "dd.mm.yy", "iso_date", "iso_naive", "iso_offset"]
# ``iso_space_minutes`` is YYYY-MM-DD HH:MM; all but ``iso_offset`` are clocks of the region's zone.
InstantFormat = Literal[
    "dd.mm.yyyy HH:MM:SS", "dd.mm.yyyy HH:MM", "iso_space_minutes", "iso_naive", "iso_offset"
]


def as_list(given: Any) -> Any:
    """One value stands for a list of one."""
    return given if isinstance(given, list) else [given]


Dates = Annotated[
    list[DateFormat],
    BeforeValidator(as_list, json_schema_input_type=DateFormat | list[DateFormat]),
    Field(min_length=1),
]
Instants = Annotated[
    list[InstantFormat],
    BeforeValidator(as_list, json_schema_input_type=InstantFormat | list[InstantFormat]),
    Field(min_length=1),
]
