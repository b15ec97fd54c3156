"""What takes long to find and is the same for all who may see it: kept, and found by one for all.

A key names whose figures are meant, not who asks: whoever may see a district or the region sees all
of its figures alike, and the right to see it is looked at before (``reports.web.visit``). Names of
people are never kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
MINUTE = timedelta(minutes=1)  # for what may change at any time
HOUR = timedelta(hours=1)  # for what changes when it is measured: the key says when that was
MOST = 500  # answers: a district's is some 50 KB


@dataclass(frozen=True)
class Found(Generic[T]):
    """``what`` was found, and when."""

    what: T
    at: datetime


@dataclass
class _Place:
    """What is known for one key; who finds it has the lock."""

    lock: Lock = field(default_factory=Lock)
    found: Found[Any] | None = None


@dataclass
class Kept:
    """Of one key one finds at a time; others that ask for it meanwhile wait, and take what was
    found. What was not asked for the longest goes first."""

    _places: OrderedDict[Hashable, _Place] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(
        self, key: Hashable, now: datetime, find: Callable[[], T], longest: timedelta = MINUTE
    ) -> Found[T]:
        """What ``key`` stands for: ``find``, unless it was found less than ``longest`` before."""
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > MOST:
                self._places.popitem(last=False)
        with place.lock:
            if place.found is None or now - place.found.at >= longest:
                place.found = Found(find(), now)
            return place.found
