"""How hard a portal is pressed, by all processes together: a token bucket and a circuit breaker.

Both live in one row of ``outbox.portals``. The bucket gives out requests at a steady rate; the
breaker rests a portal that failed several schools in a row, so that seven hundred schools do not
each wait for a portal that is down, and lets one school try when the rest is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from connectors.errors import Unavailable


class PortalResting(Unavailable):
    """The portal failed too often; nothing was sent. Wait until it has rested, or wake it."""


@dataclass(frozen=True)
class Pace:
    """Requests a second on average and at once; failures in a row that open the breaker; rests.

    ``most_failures`` are whole deliveries that failed, each after the client's own attempts. The
    rest doubles with every failure after it, up to ``longest_rest`` seconds.
    """

    rate: float = 10.0  # no portal publishes a limit; ten batches are 2,000 records a second
    burst: int = 20
    most_failures: int = 5
    first_rest: float = 60.0
    longest_rest: float = 900.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Gatekeeper:
    """Keeps the pace of one portal; ``now`` and ``sleep`` (seconds) are injected."""

    engine: Engine
    target: str
    pace: Pace = Pace()
    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = time.sleep

    def wait_turn(self) -> None:
        """Take a token, waiting for it if need be. Raises ``PortalResting``."""
        with self.engine.begin() as connection:
            self._ensure(connection)
            wait = self._take(connection)
        if wait > 0:
            self.sleep(wait)

    def succeeded(self) -> None:
        """The portal answered: what failed before counts no more."""
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE outbox.portals SET failures = 0, rests_until = NULL"
                    " WHERE target = :target AND (failures > 0 OR rests_until IS NOT NULL)"
                ),
                {"target": self.target},
            )

    def failed(self) -> None:
        """The portal did not answer a school; the last of several in a row puts it to rest."""
        with self.engine.begin() as connection:
            self._ensure(connection)
            failures = connection.execute(
                text(
                    "UPDATE outbox.portals SET failures = failures + 1 WHERE target = :target"
                    " RETURNING failures"
                ),
                {"target": self.target},
            ).scalar_one()
            over = failures - self.pace.most_failures
            if over >= 0:
                # The exponent is bounded before the power is taken: failures may be many.
                rest = min(self.pace.first_rest * 2.0 ** min(over, 16), self.pace.longest_rest)
                self._rest(connection, self.now() + timedelta(seconds=rest))

    def _ensure(self, connection: Connection) -> None:
        connection.execute(
            text(
                "INSERT INTO outbox.portals (target, tokens, filled_at)"
                " VALUES (:target, :burst, :now) ON CONFLICT DO NOTHING"
            ),
            {"target": self.target, "burst": self.pace.burst, "now": self.now()},
        )

    def _take(self, connection: Connection) -> float:
        """One token off, a debt if there is none; the seconds until it is paid."""
        row = connection.execute(
            text(
                "SELECT tokens, filled_at, failures, rests_until FROM outbox.portals"
                " WHERE target = :target FOR UPDATE"
            ),
            {"target": self.target},
        ).one()
        tokens, filled_at, failures, rests_until = float(row[0]), row[1], row[2], row[3]
        now = self.now()
        if rests_until is not None and now < rests_until:
            raise PortalResting(
                f"{self.target} failed {failures} times in a row and rests until"
                f" {rests_until:%Y-%m-%d %H:%M:%S %Z}",
                fix="wait, or svod portals --wake",
            )
        if rests_until is not None:  # the rest is over: one tries, the others wait for its answer
            self._rest(connection, now + timedelta(seconds=self.pace.first_rest))
        passed = max(0.0, (now - filled_at).total_seconds())
        left: float = min(float(self.pace.burst), tokens + passed * self.pace.rate) - 1
        connection.execute(
            text(
                "UPDATE outbox.portals SET tokens = :left, filled_at = :now WHERE target = :target"
            ),
            {"target": self.target, "left": left, "now": now},
        )
        return max(0.0, -left / self.pace.rate)

    def _rest(self, connection: Connection, until: datetime) -> None:
        connection.execute(
            text("UPDATE outbox.portals SET rests_until = :until WHERE target = :target"),
            {"target": self.target, "until": until},
        )


def wake(connection: Connection, target: str) -> bool:
    """End the rest of a portal that works again; false when it did not rest."""
    return bool(
        connection.execute(
            text(
                "UPDATE outbox.portals SET failures = 0, rests_until = NULL"
                " WHERE target = :target AND rests_until IS NOT NULL"
            ),
            {"target": target},
        ).rowcount
    )
