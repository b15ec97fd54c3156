"""How often a school's journal reaches the hub, and what each missing day is due to.

A school day has exactly one cause (``Cause``). An accepted upload of the day settles it; then an
upload whose documents could not be read; then the hub's last attempt of that day. A source the
hub reads itself (``pulled``) counts as uploaded when that day's reading succeeded, even if it
brought nothing new. A folder looks back: a day without any attempt is the school's once a later
attempt went through and found no folder of that day, and the hub's fault until then.

``uploads``: ``upload_date`` Date, ``accepted`` Boolean. ``attempts``: ``business_date`` Date,
``state`` (done, nothing_new, partly, failed), ``rule`` String or null, ``finished_at`` Datetime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl


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


# Rules of schemas/rules.yml that stop a source; any other rule is about the data themselves.
_BY_RULE = {
    "source_unavailable": Cause.SOURCE_UNAVAILABLE,
    "access_denied": Cause.SOURCE_UNAVAILABLE,  # the system answered, but not to us
    "misconfigured": Cause.HUB_FAULT,  # the operator's settings
    "hub_fault": Cause.HUB_FAULT,
    "missing_document": Cause.DATA_REJECTED,
}
_WENT_THROUGH = ("done", "nothing_new")


@dataclass(frozen=True)
class Attempt:
    """The hub's last attempt to read a school's journal on a day."""

    state: str
    rule: str | None


def day_causes(
    days: list[date],
    school_days: set[date],
    uploads: pl.DataFrame,
    attempts: pl.DataFrame,
    *,
    pulled: bool,
) -> dict[date, Cause]:
    """The cause of each of ``days``, in their order."""
    accepted: dict[date, bool] = dict(
        uploads.group_by("upload_date").agg(pl.col("accepted").any()).iter_rows()
    )
    last = last_attempts(attempts)
    through = [day for day, attempt in last.items() if attempt.state in _WENT_THROUGH]
    looked_until = max(through, default=date.min)
    return {
        day: Cause.NOT_A_SCHOOL_DAY
        if day not in school_days
        else _cause(accepted.get(day), last.get(day), looked_back=day < looked_until, pulled=pulled)
        for day in days
    }


def last_attempts(attempts: pl.DataFrame) -> dict[date, Attempt]:
    """The attempt that finished last, by business date."""
    ordered = attempts.sort("finished_at").select("business_date", "state", "rule")
    return {day: Attempt(state, rule) for day, state, rule in ordered.iter_rows()}


def _cause(
    accepted: bool | None, attempt: Attempt | None, *, looked_back: bool, pulled: bool
) -> Cause:
    if accepted:
        return Cause.UPLOADED
    if accepted is False:
        return Cause.DATA_REJECTED
    if attempt is None:
        return Cause.SCHOOL_DID_NOT_FILL if looked_back and not pulled else Cause.HUB_FAULT
    if attempt.state in _WENT_THROUGH:
        return Cause.UPLOADED if pulled else Cause.SCHOOL_DID_NOT_FILL
    if attempt.rule is None:
        return Cause.HUB_FAULT
    return _BY_RULE.get(attempt.rule, Cause.DATA_REJECTED)


def merge_calendars(calendars: Sequence[Mapping[date, Cause]]) -> dict[date, Cause]:
    """The days of a school with several journals: uploaded when every journal due was.

    Otherwise the cause of the first journal that was not.
    """
    merged = {}
    for day in sorted({day for calendar in calendars for day in calendar}):
        causes = [calendar[day] for calendar in calendars if day in calendar]
        due = [cause for cause in causes if cause is not Cause.NOT_A_SCHOOL_DAY]
        missing = [cause for cause in due if cause is not Cause.UPLOADED]
        merged[day] = (missing or due or causes)[0]
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
