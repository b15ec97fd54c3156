"""When the hub saw a journal, and what can be shown of an entry by that."""

from __future__ import annotations

from datetime import date, datetime, time

# The moment an upload was taken at (Dnevnik.ru: the hub's own reading), as its note says.
TAKEN_AT = {
    "paragraf": time(17, 40),
    "dnevnik_ru": time(20, 0),
    "netschool": time(18, 5),
    "eschool": time(18, 30),
    "klassinfo": time(19, 0),
    "eljur": time(20, 10),
}

IN_TIME, LATE, MISSING = "in_time", "late", "missing"


def end_of(day: date) -> datetime:
    """The last moment of ``day``: midnight itself is the next day's."""
    return datetime.combine(day, time.max)


class Looks:
    """Moments of the accepted uploads of one school, the earliest first."""

    def __init__(self, system: str, days: list[date]) -> None:
        self.moments = [datetime.combine(day, TAKEN_AT[system]) for day in sorted(days)]

    def until(self, day: date) -> list[datetime]:
        return [moment for moment in self.moments if moment.date() <= day]

    def shown_first(self, day: date) -> datetime | None:
        """The first look at or after ``day``, on which what was entered that day is shown."""
        return next((moment for moment in self.moments if moment.date() >= day), None)

    def before(self, moment: datetime) -> datetime | None:
        return next((m for m in reversed(self.moments) if m < moment), None)

    def judge(
        self, entered: datetime | None, deadline: datetime, last: datetime, *, tells: bool
    ) -> str | None:
        """What became of an entry by ``last``, the last look; None where nobody can say."""
        seen = self.shown_first(entered.date()) if entered else None
        if entered is None or seen is None or seen > last:
            return MISSING if last >= deadline else None
        if tells:
            return IN_TIME if entered <= deadline else LATE
        if seen <= deadline:
            return IN_TIME
        return LATE if self.changed_after(seen, deadline) else None

    def changed_after(self, seen: datetime, deadline: datetime) -> bool:
        """Whether what was first seen at ``seen`` was surely not there at ``deadline``."""
        earlier = self.before(seen)
        return earlier is not None and earlier >= deadline
