"""What became at the portal of a day whose data the hub has.

The delivery of a business date is judged by its own verdict; what the delivery of a later date
brings does not mend the day. A record of it that the portal refused makes it ``portal_rejected``;
withdrawals that wait for a person are nobody's fault. A day on which the hub read journals and did
not deliver is the hub's fault once the day is over: until then the delivery may be under way. A day
on which the hub did nothing at all has no delivery of its own; its data went out with a later one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from quality.uploads import Attempt, Cause

# Rules of schemas/rules.yml that stop a delivery because of the portal; any other is the hub's.
_OF_THE_PORTAL = frozenset(
    {
        "source_unavailable",
        "rate_limited",
        "portal_resting",
        "access_denied",  # the portal answered, but not to us
    }
)


@dataclass(frozen=True)
class Deliveries:
    """The deliveries of a school to the portal, as known on ``until``.

    ``attempts``: the last of each business date; ``refused``: dates with a record that the portal
    refused; ``since``: date of the hub's first delivery to the portal, of any school, None: there
    was none; ``collected``: dates on which the hub tried to read a journal of the school.
    """

    attempts: Mapping[date, Attempt]
    refused: Collection[date]
    since: date | None
    collected: Collection[date]
    until: date

    def cause(self, day: date) -> Cause:
        """Of a day whose data the hub has."""
        attempt = self.attempts.get(day)
        if attempt is None:
            return Cause.HUB_FAULT if self._owed(day) else Cause.UPLOADED
        if attempt.state == "failed":
            ours = attempt.rule not in _OF_THE_PORTAL
            return Cause.HUB_FAULT if ours else Cause.PORTAL_UNAVAILABLE
        return Cause.PORTAL_REJECTED if day in self.refused else Cause.UPLOADED

    def _owed(self, day: date) -> bool:
        begun = self.since is not None and self.since <= day
        return begun and day < self.until and day in self.collected


def with_deliveries(reached: Mapping[date, Cause], deliveries: Deliveries) -> dict[date, Cause]:
    """``reached`` (``uploads.merge_calendars``) with what came of the uploaded days."""
    return {
        day: deliveries.cause(day) if cause is Cause.UPLOADED else cause
        for day, cause in reached.items()
    }
