"""How often a school's journal reaches the hub, and what each missing day is due to.

A school day has exactly one cause (``Cause``). An accepted upload of the day settles it; then an
upload whose documents could not be read; then the hub's last attempt of that day. A source the
hub reads itself (``pulled``) counts as uploaded when that day's reading succeeded, even if it
brought nothing new. A folder looks back: a day that the hub itself missed is the school's once a
later attempt went through and found no folder of that day, and the hub's fault until then. A folder
that lay there while the hub was down is the day's upload, whenever the hub read it.

What came of the data afterwards, at the portal: ``delivery_causes``.

``uploads``: ``upload_date`` Date, ``accepted`` Boolean, ``read_on`` Date or null: business date of
the run that read the upload last. ``attempts``, and deliveries (``ATTEMPTS``): ``business_date``
Date, ``state`` (done, nothing_new, partly, failed), ``rule`` String or null, ``finished_at``
Datetime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import polars as pl

from schemas.frames import INSTANT

ATTEMPTS: dict[str, pl.DataType] = {
    "business_date": pl.Date(),
    "state": pl.String(),
    "rule": pl.String(),
    "finished_at": INSTANT,
}


class Cause(StrEnum):
    """What a day's upload came to."""

    UPLOADED = "uploaded"
    SCHOOL_DID_NOT_FILL = "school_did_not_fill"
    SOURCE_UNAVAILABLE = "source_unavailable"
    DATA_REJECTED = "data_rejected"
    PORTAL_UNAVAILABLE = "portal_unavailable"
    PORTAL_REJECTED = "portal_rejected"
    HUB_FAULT = "hub_fault"
    NOT_A_SCHOOL_DAY = "not_a_school_day"


# What stands against an upload, the first that holds: among journals too.
_PRECEDENCE = (
    Cause.SCHOOL_DID_NOT_FILL,
    Cause.SOURCE_UNAVAILABLE,
    Cause.DATA_REJECTED,
    Cause.HUB_FAULT,
    Cause.PORTAL_UNAVAILABLE,
    Cause.PORTAL_REJECTED,
    Cause.UPLOADED,
)

# Rules of schemas/rules.yml that stop a source; any other rule is about the data themselves.
_BY_RULE = {
    "source_unavailable": Cause.SOURCE_UNAVAILABLE,
    "rate_limited": Cause.SOURCE_UNAVAILABLE,
    "access_denied": Cause.SOURCE_UNAVAILABLE,  # the system answered, but not to us
    "misconfigured": Cause.HUB_FAULT,  # the operator's settings
    "hub_fault": Cause.HUB_FAULT,
    "missing_document": Cause.DATA_REJECTED,
}
_WENT_THROUGH = ("done", "nothing_new")


@dataclass(frozen=True)
class Attempt:
    """The hub's last attempt on a day: to read a school's journal, or to deliver what it read."""

    state: str
    rule: str | None

    @property
    def went_through(self) -> bool:
        return self.state in _WENT_THROUGH

    @property
    def cause(self) -> Cause:
        """Of a day whose reading did not go through."""
        if self.rule is None:
            return Cause.HUB_FAULT
        return _BY_RULE.get(self.rule, Cause.DATA_REJECTED)


def known_attempts(attempts: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Those that were known ``as_of``, an instant of the region's zone.

    A run is known by its business date. What it came to is what it had come to at the instant;
    a date on which the hub worked only afterwards, catching up, is known as it then became.
    """
    ours = attempts.filter(pl.col("business_date") <= as_of.date())
    in_time = ours.filter(pl.col("finished_at") <= as_of.astimezone(UTC))
    return pl.concat([in_time, ours.join(in_time, on="business_date", how="anti")])


def last_attempts(attempts: pl.DataFrame) -> dict[date, Attempt]:
    """The attempt that finished last, by business date."""
    ordered = attempts.sort("finished_at").select("business_date", "state", "rule")
    return {day: Attempt(state, rule) for day, state, rule in ordered.iter_rows()}


def accepted_days(
    uploads: pl.DataFrame, attempts: Mapping[date, Attempt], until: date
) -> dict[date, bool]:
    """Whether the upload of a day was accepted, as ``attempts`` until ``until`` had read it.

    The record of an upload says how its last reading ended. If that came later, the last attempt
    that reached the data says it; if none had, there was no upload to speak of.
    """
    found: dict[date, bool] = {}
    for day, accepted, read_on in uploads.select("upload_date", "accepted", "read_on").iter_rows():
        known = accepted
        if read_on is not None and read_on > until:
            reached = [
                attempts[on].went_through
                for on in sorted(attempts)
                if day <= on <= until
                and (attempts[on].went_through or attempts[on].cause is Cause.DATA_REJECTED)
            ]
            if not reached:
                continue
            known = reached[-1]
        found[day] = found.get(day, False) or known
    return found


def day_causes(
    days: list[date],
    school_days: set[date],
    accepted: Mapping[date, bool],
    attempts: Mapping[date, Attempt],
    *,
    pulled: bool,
) -> dict[date, Cause]:
    """The cause of each of ``days``, in their order, by what reached the hub.

    ``accepted``: ``accepted_days``; ``attempts``: ``last_attempts``.
    """
    through = [day for day, attempt in attempts.items() if attempt.went_through]
    looked_until = max(through, default=date.min)
    return {
        day: Cause.NOT_A_SCHOOL_DAY
        if day not in school_days
        else _cause(
            accepted.get(day),
            attempts.get(day),
            looked_back=day < looked_until and not pulled,
            pulled=pulled,
        )
        for day in days
    }


def _cause(
    accepted: bool | None, attempt: Attempt | None, *, looked_back: bool, pulled: bool
) -> Cause:
    if accepted is not None:
        return Cause.UPLOADED if accepted else Cause.DATA_REJECTED
    if attempt is not None and attempt.went_through:
        return Cause.UPLOADED if pulled else Cause.SCHOOL_DID_NOT_FILL
    cause = Cause.HUB_FAULT if attempt is None else attempt.cause
    if cause is Cause.HUB_FAULT and looked_back:
        return Cause.SCHOOL_DID_NOT_FILL
    return cause


def merge_calendars(calendars: Sequence[Mapping[date, Cause]]) -> dict[date, Cause]:
    """The days of a school with several journals: uploaded when every journal due was.

    Otherwise the cause that comes first in the order of docs/compliance.md, whichever journal's.
    """
    merged = {}
    for day in sorted({day for calendar in calendars for day in calendar}):
        causes = {calendar[day] for calendar in calendars if day in calendar}
        due = [cause for cause in _PRECEDENCE if cause in causes]
        merged[day] = due[0] if due else Cause.NOT_A_SCHOOL_DAY
    return merged


@dataclass(frozen=True)
class Rhythm:
    """Upload frequency of a school: school days with an accepted upload of those due."""

    uploaded: int
    due: int
    longest_gap: int  # school days in a row without an accepted upload
    last_upload: date | None
    words: str


def rhythm(causes: Mapping[date, Cause]) -> Rhythm:
    """The frequency over ``causes`` (one entry per day of the period)."""
    days = sorted(day for day, cause in causes.items() if cause is not Cause.NOT_A_SCHOOL_DAY)
    uploaded = [day for day in days if causes[day] is Cause.UPLOADED]
    gap = longest = 0
    for day in days:
        gap = 0 if causes[day] is Cause.UPLOADED else gap + 1
        longest = max(longest, gap)
    return Rhythm(
        uploaded=len(uploaded),
        due=len(days),
        longest_gap=longest,
        last_upload=uploaded[-1] if uploaded else None,
        words=frequency_words(len(uploaded), len(days), school_week(causes)),
    )


def school_week(causes: Mapping[date, Cause]) -> int:
    """How many school days the weeks of ``causes`` have: 5, or 6 where any Saturday is one."""
    open_days = (day for day, cause in causes.items() if cause is not Cause.NOT_A_SCHOOL_DAY)
    return 6 if any(day.isoweekday() == 6 for day in open_days) else 5


def frequency_words(uploaded: int, due: int, week: int) -> str:
    """ежедневно / N раз в неделю / N раз в месяц, as annex 3 asks; ``week``: school days a week.

    The share of school days is turned into uploads a week and rounded; less than one a week is
    told by the month of four weeks.
    """
    if due == 0:
        return "—"
    if uploaded == 0:
        return "не выгружается"
    weekly = round(uploaded / due * week)
    if weekly >= week:
        return "ежедневно"
    if weekly >= 1:
        return f"{weekly} {_times(weekly)} в неделю"
    monthly = max(1, round(uploaded / due * week * 4))
    return f"{monthly} {_times(monthly)} в месяц"


def _times(number: int) -> str:
    return "раза" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "раз"
