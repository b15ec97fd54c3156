"""What takes long to find and is the same for all who may see it: kept for a minute.

Only what a whole level of accounts sees alike may be kept, since the key does not hold who asks:
the region's own page, whose accounts see every row. A district's or a school's figures are read
anew each time; an index finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
LONGEST = timedelta(minutes=1)


@dataclass(frozen=True)
class Found(Generic[T]):
    """``what`` was found, and when."""

    what: T
    at: datetime


@dataclass
class Kept:
    """One who finds at a time; others that ask meanwhile wait, and take what was found."""

    _held: dict[Hashable, Found[Any]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, now: datetime, find: Callable[[], T]) -> Found[T]:
        """What ``key`` stands for: ``find``, unless it was found within ``LONGEST`` before."""
        with self._lock:
            self._held = {known: one for known, one in self._held.items() if now - one.at < LONGEST}
            if key not in self._held:
                self._held[key] = Found(find(), now)
            return self._held[key]
