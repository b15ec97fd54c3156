"""Blame for each day, one cause exactly, and the rhythm in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from quality.uploads import Cause, day_causes, frequency_words, rhythm

MON, TUE, WED, SUN = (date(2026, 9, n) for n in (14, 15, 16, 20))

Upload = tuple[date, bool]
Attempt = tuple[date, str, str | None]


def _cause(
    uploads: list[Upload], attempts: list[Attempt], *, pulled: bool = False, day: date = TUE
) -> Cause:
    known = pl.DataFrame(
        uploads, schema={"upload_date": pl.Date, "accepted": pl.Boolean}, orient="row"
    )
    rows = [
        (*attempt, datetime(2026, 9, 21, hour, tzinfo=UTC)) for hour, attempt in enumerate(attempts)
    ]
    tried = pl.DataFrame(
        rows,
        schema={
            "business_date": pl.Date,
            "state": pl.String,
            "rule": pl.String,
            "finished_at": pl.Datetime("us", "UTC"),
        },
        orient="row",
    )
    return day_causes([day], {MON, TUE, WED}, known, tried, pulled=pulled)[day]


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
        ([], [(TUE, "failed", "misconfigured")], Cause.HUB_FAULT),
        ([], [(TUE, "failed", "hub_fault")], Cause.HUB_FAULT),
        ([], [(TUE, "failed", None)], Cause.HUB_FAULT),
        ([], [(TUE, "partly", "count_mismatch")], Cause.DATA_REJECTED),
        ([], [], Cause.HUB_FAULT),  # the hub never looked
        ([], [(WED, "done", None)], Cause.SCHOOL_DID_NOT_FILL),  # it looked back later
        ([], [(WED, "failed", "source_unavailable")], Cause.HUB_FAULT),
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


def test_a_day_without_school_is_nobodys_fault() -> None:
    assert _cause([(SUN, True)], [], day=SUN) is Cause.NOT_A_SCHOOL_DAY


U, S, X = Cause.UPLOADED, Cause.SCHOOL_DID_NOT_FILL, Cause.NOT_A_SCHOOL_DAY


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
