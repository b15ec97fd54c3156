"""Long tables page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

PageNumber = Annotated[int, Query(ge=1, le=100_000)]
SIZE = 100  # rows of a page


@dataclass(frozen=True)
class Paging:
    """Page ``asked`` of ``height`` rows; beyond the last it is the last."""

    asked: int
    height: int

    @property
    def count(self) -> int:
        """How many pages there are; one of nothing."""
        return max(1, -(-self.height // SIZE))

    @property
    def number(self) -> int:
        return min(self.asked, self.count)

    @property
    def offset(self) -> int:
        """How many rows are on the pages before."""
        return (self.number - 1) * SIZE

    @property
    def last(self) -> int:
        """How many rows there are to the end of this page."""
        return min(self.offset + SIZE, self.height)
