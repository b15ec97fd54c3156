"""How often each client may ask: a token bucket per client, in the memory of this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Limits:
    """``rate`` requests a second on average, ``burst`` at once; ``now`` in seconds.

    One process answers about twenty a second (tests/public/test_speed.py); a burst of a hundred is
    answered in five seconds, a quarter of what the regulation grants.
    """

    rate: float = 20.0
    burst: int = 100
    now: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_for(self, client: str) -> float:
        """Take one request of ``client``; the seconds to wait if it has none left, else 0."""
        now = self.now()
        left, since = self._left.get(client, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.rate)
        if left < 1:
            self._left[client] = (left, now)
            return (1 - left) / self.rate
        self._left[client] = (left - 1, now)
        return 0.0
