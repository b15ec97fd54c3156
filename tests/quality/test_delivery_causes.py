"""What came of an uploaded day at the portal, one cause exactly."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quality.delivery_causes import Deliveries, with_deliveries
from quality.uploads import Attempt, Cause

MON, TUE, WED = (date(2026, 9, n) for n in (14, 15, 16))
DONE = Attempt("done", None)


def _cause(
    attempt: Attempt | None,
    *,
    refused: bool = False,
    since: date | None = MON,
    collected: bool = True,
    until: date = WED,
) -> Cause:
    deliveries = Deliveries(
        attempts={} if attempt is None else {TUE: attempt},
        refused={TUE} if refused else (),
        since=since,
        collected={TUE} if collected else (),
        until=until,
    )
    return with_deliveries({TUE: Cause.UPLOADED}, deliveries)[TUE]


@pytest.mark.parametrize(
    ("state", "rule", "cause"),
    [
        ("done", None, Cause.UPLOADED),
        ("done", "consent_start_late", Cause.UPLOADED),  # told in the verdict, stops nothing
        ("partly", "unplanned_withdrawal", Cause.UPLOADED),  # waits for a person
        ("failed", "source_unavailable", Cause.PORTAL_UNAVAILABLE),
        ("failed", "rate_limited", Cause.PORTAL_UNAVAILABLE),
        ("failed", "portal_resting", Cause.PORTAL_UNAVAILABLE),
        ("failed", "access_denied", Cause.PORTAL_UNAVAILABLE),
        ("failed", "misconfigured", Cause.HUB_FAULT),
        ("failed", "hub_fault", Cause.HUB_FAULT),
        ("failed", None, Cause.HUB_FAULT),
    ],
)
def test_the_verdict_of_the_delivery(state: str, rule: str | None, cause: Cause) -> None:
    assert _cause(Attempt(state, rule)) is cause


def test_a_refused_record_counts_where_the_portal_was_there() -> None:
    assert _cause(DONE, refused=True) is Cause.PORTAL_REJECTED
    partly = Attempt("partly", "unplanned_withdrawal")
    assert _cause(partly, refused=True) is Cause.PORTAL_REJECTED
    failed = Attempt("failed", "source_unavailable")
    assert _cause(failed, refused=True) is Cause.PORTAL_UNAVAILABLE
    assert _cause(Attempt("failed", "hub_fault"), refused=True) is Cause.HUB_FAULT


@pytest.mark.parametrize(
    ("since", "collected", "until", "cause"),
    [
        (TUE, True, WED, Cause.HUB_FAULT),
        (MON, True, TUE + timedelta(days=90), Cause.HUB_FAULT),
        (MON, True, TUE, Cause.UPLOADED),  # it may be under way
        (WED, True, WED, Cause.UPLOADED),  # the portal was connected later
        (None, True, WED, Cause.UPLOADED),  # there is no portal
        (MON, False, WED, Cause.UPLOADED),  # the hub was down, its folder was read later
    ],
)
def test_no_delivery(since: date | None, collected: bool, until: date, cause: Cause) -> None:
    assert _cause(None, since=since, collected=collected, until=until) is cause


def test_only_uploaded_days_depend_on_the_delivery() -> None:
    failed = Deliveries({TUE: Attempt("failed", "portal_resting")}, {TUE}, MON, {TUE}, WED)
    for cause in Cause:
        told = with_deliveries({TUE: cause}, failed)[TUE]
        assert told is (Cause.PORTAL_UNAVAILABLE if cause is Cause.UPLOADED else cause)
