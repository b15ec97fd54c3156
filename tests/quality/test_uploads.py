"""Blame for each day, one cause exactly, and the rhythm in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from quality.uploads import (
    ATTEMPTS,
    Cause,
    accepted_days,
    day_causes,
    frequency_words,
    known_attempts,
    last_attempts,
    merge_calendars,
    rhythm,
)

MON, TUE, WED, SUN = (date(2026, 9, n) for n in (14, 15, 16, 20))

Upload = tuple[date, bool]
Attempt = tuple[date, str, str | None]


def _tried(attempts: list[Attempt], finished: list[datetime] | None = None) -> pl.DataFrame:
    at = finished or [datetime(2026, 9, 21, hour, tzinfo=UTC) for hour in range(len(attempts))]
    rows = [(*attempt, when) for attempt, when in zip(attempts, at, strict=True)]
    return pl.DataFrame(rows, ATTEMPTS, orient="row")


def _uploaded(uploads: list[Upload], read_on: date | None = None) -> pl.DataFrame:
    schema = {"upload_date": pl.Date, "accepted": pl.Boolean, "read_on": pl.Date}
    return pl.DataFrame([(*one, read_on) for one in uploads], schema, orient="row")


def _cause(
    uploads: list[Upload],
    attempts: list[Attempt],
    *,
    pulled: bool = False,
    day: date = TUE,
    read_on: date | None = None,
    until: date = WED,
) -> Cause:
    known = {d: a for d, a in last_attempts(_tried(attempts)).items() if d <= until}
    accepted = accepted_days(_uploaded(uploads, read_on), known, until)
    return day_causes([day], {MON, TUE, WED}, accepted, known, pulled=pulled)[day]


@pytest.mark.parametrize(
    ("uploads", "attempts", "cause"),
    [
        ([(TUE, True)], [], Cause.UPLOADED),
        ([(TUE, True)], [(TUE, "failed", "source_unavailable")], Cause.UPLOADED),
        ([(TUE, False)], [(TUE, "partly", "broken_document")], Cause.DATA_REJECTED),
        ([(TUE, False), (TUE, True)], [], Cause.UPLOADED),  # sent again the same day
        ([(MON, True)], [(TUE, "done", None)], Cause.SCHOOL_DID_NOT_FILL),
        ([], [(TUE, "nothing_new", None)], Cause.SCHOOL_DID_NOT_FILL),
        ([], [(TUE, "failed", "source_unavailable")], Cause.SOURCE_UNAVAILABLE),
        ([], [(TUE, "failed", "access_denied")], Cause.SOURCE_UNAVAILABLE),
        ([], [(TUE, "failed", "rate_limited")], Cause.SOURCE_UNAVAILABLE),
        ([], [(TUE, "failed", "misconfigured")], Cause.HUB_FAULT),
        ([], [(TUE, "failed", "hub_fault")], Cause.HUB_FAULT),
        ([], [(TUE, "failed", None)], Cause.HUB_FAULT),
        ([], [(TUE, "partly", "count_mismatch")], Cause.DATA_REJECTED),
        ([], [], Cause.HUB_FAULT),  # the hub never looked
        ([], [(WED, "done", None)], Cause.SCHOOL_DID_NOT_FILL),  # it looked back later
        ([], [(WED, "failed", "source_unavailable")], Cause.HUB_FAULT),
        # What the hub itself missed is seen at the next look: no folder of that day.
        ([], [(TUE, "failed", "hub_fault"), (WED, "done", None)], Cause.SCHOOL_DID_NOT_FILL),
        # Where the folder lies was away: perhaps the school could not leave one.
        (
            [],
            [(TUE, "failed", "source_unavailable"), (WED, "done", None)],
            Cause.SOURCE_UNAVAILABLE,
        ),
        # The hub was down; the folder lay there in time.
        ([(TUE, True)], [(WED, "done", None)], Cause.UPLOADED),
        ([(TUE, False)], [(WED, "partly", "broken_document")], Cause.DATA_REJECTED),
        (  # the last attempt of the day counts
            [],
            [(TUE, "failed", "source_unavailable"), (TUE, "nothing_new", None)],
            Cause.SCHOOL_DID_NOT_FILL,
        ),
    ],
)
def test_a_folder_a_day(uploads: list[Upload], attempts: list[Attempt], cause: Cause) -> None:
    assert _cause(uploads, attempts) is cause


@pytest.mark.parametrize(
    ("uploads", "attempts", "cause"),
    [
        ([], [(TUE, "done", None)], Cause.UPLOADED),
        ([], [(TUE, "nothing_new", None)], Cause.UPLOADED),  # read, and all was known
        ([], [(TUE, "failed", "source_unavailable")], Cause.SOURCE_UNAVAILABLE),
        ([], [(WED, "done", None)], Cause.HUB_FAULT),  # nobody but the hub reads it
        ([(TUE, False)], [(TUE, "partly", "broken_document")], Cause.DATA_REJECTED),
    ],
)
def test_a_source_the_hub_reads(
    uploads: list[Upload], attempts: list[Attempt], cause: Cause
) -> None:
    assert _cause(uploads, attempts, pulled=True) is cause


@pytest.mark.parametrize(
    ("accepted", "attempts", "cause"),
    [
        # Refused on the day; a person let it in the next day.
        (True, [(TUE, "failed", "volume_floor"), (WED, "done", None)], Cause.DATA_REJECTED),
        # Accepted on the day; what lies there was spoilt later.
        (False, [(TUE, "done", None), (WED, "partly", "broken_document")], Cause.UPLOADED),
        # Nobody had read it yet.
        (True, [(TUE, "failed", "source_unavailable"), (WED, "done", None)],
         Cause.SOURCE_UNAVAILABLE),
        (True, [(WED, "done", None)], Cause.HUB_FAULT),
    ],
)  # fmt: skip
def test_what_a_later_run_made_of_an_upload_is_not_known_before_it(
    accepted: bool, attempts: list[Attempt], cause: Cause
) -> None:
    assert _cause([(TUE, accepted)], attempts, read_on=WED, until=TUE) is cause
    now = Cause.UPLOADED if accepted else Cause.DATA_REJECTED
    assert _cause([(TUE, accepted)], attempts, read_on=WED, until=WED) is now


ZONE = ZoneInfo("Europe/Moscow")
EVENING, NIGHT = (datetime(2026, 9, 15, *at, tzinfo=ZONE) for at in ((21,), (23, 59, 59, 999999)))
NEXT_DAY = datetime(2026, 9, 16, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("attempts", "finished", "known"),
    [
        ([(TUE, "failed", "hub_fault")], [NIGHT], ["failed"]),
        ([(WED, "done", None)], [EVENING], []),  # of a later date, whatever the clock says
        # Done again the next day: on the day nobody knew.
        ([(TUE, "failed", "hub_fault"), (TUE, "done", None)], [EVENING, NEXT_DAY], ["failed"]),
        ([(TUE, "failed", "hub_fault"), (TUE, "done", None)], [EVENING, NIGHT], ["failed", "done"]),
        ([(TUE, "done", None)], [NEXT_DAY], ["done"]),  # the hub caught up
        ([(MON, "done", None), (TUE, "partly", None)], [EVENING, NEXT_DAY], ["done", "partly"]),
    ],
)
def test_what_was_known_of_runs(
    attempts: list[Attempt], finished: list[datetime], known: list[str]
) -> None:
    at = [when.astimezone(UTC) for when in finished]
    assert known_attempts(_tried(attempts, at), NIGHT)["state"].to_list() == known


def test_a_day_without_school_is_nobodys_fault() -> None:
    assert _cause([(SUN, True)], [], day=SUN) is Cause.NOT_A_SCHOOL_DAY


U, S, X = Cause.UPLOADED, Cause.SCHOOL_DID_NOT_FILL, Cause.NOT_A_SCHOOL_DAY


D, H, P = Cause.DATA_REJECTED, Cause.HUB_FAULT, Cause.PORTAL_UNAVAILABLE


@pytest.mark.parametrize(
    ("journals", "cause"),
    [
        ([U, U], U),
        ([U, X], U),  # one of them has no Saturday lessons
        ([X, X], X),
        ([U, D], D),
        ([H, D], D),
        ([H, S], S),
        ([P, H], H),  # what did not reach the hub comes before what did not leave it
        ([P, X], P),
        ([U, P, H, D, Cause.SOURCE_UNAVAILABLE], Cause.SOURCE_UNAVAILABLE),
    ],
)
def test_several_journals_have_one_cause_in_any_order(journals: list[Cause], cause: Cause) -> None:
    for order in permutations(journals):
        assert merge_calendars([{TUE: one} for one in order]) == {TUE: cause}


def test_every_cause_has_its_place_among_journals() -> None:
    assert all(merge_calendars([{TUE: cause}]) == {TUE: cause} for cause in Cause)


@pytest.mark.parametrize(
    ("causes", "uploaded", "due", "gap"),
    [
        ([], 0, 0, 0),
        ([X, X], 0, 0, 0),
        ([U, U], 2, 2, 0),
        ([S, S, U], 1, 3, 2),
        ([U, S, X, S, U, S], 2, 5, 2),  # days off do not break a gap
    ],
)
def test_rhythm_counts(causes: list[Cause], uploaded: int, due: int, gap: int) -> None:
    days = {date(2026, 9, 14 + n): cause for n, cause in enumerate(causes)}
    said = rhythm(days)
    assert (said.uploaded, said.due, said.longest_gap) == (uploaded, due, gap)
    accepted = [day for day, cause in days.items() if cause is U]
    assert said.last_upload == (max(accepted) if accepted else None)


@pytest.mark.parametrize(
    ("uploaded", "due", "week", "words"),
    [
        (0, 0, 5, "—"),
        (0, 10, 5, "не выгружается"),
        (10, 10, 5, "ежедневно"),
        (12, 12, 6, "ежедневно"),
        (19, 20, 5, "ежедневно"),
        (8, 10, 5, "4 раза в неделю"),
        (10, 12, 6, "5 раз в неделю"),
        (2, 10, 5, "1 раз в неделю"),
        (1, 20, 5, "1 раз в месяц"),
        (1, 100, 5, "1 раз в месяц"),
        (3, 40, 5, "2 раза в месяц"),
    ],
)
def test_frequency_in_words(uploaded: int, due: int, week: int, words: str) -> None:
    assert frequency_words(uploaded, due, week) == words
