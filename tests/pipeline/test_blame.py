"""Outages of the source, the portal and the hub, holidays and a lazy school: who is to blame.

A fortnight of one school with real portals; each day something else goes wrong, and the calendar
is asked on each evening of what was known on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.request import Request, urlopen

from pipeline import batches
from pipeline.delivery.destinations import DIARY
from pipeline.intake.collect import Run
from pipeline.measuring.school_calendar import blamed
from pipeline.measuring.school_facts import end_of, journal_facts, places
from pipeline.profiles import load_profile
from pipeline.runs import RunState
from quality.uploads import Cause, merge_calendars, rhythm
from tests.pipeline.village import SCHOOL, Village, lesson, ru, run_of, village

__all__ = ["village"]

FIRST = date(2026, 9, 14)
ZONE = "Europe/Moscow"


def calendar(village: Village, on: str) -> tuple[dict[str, str], dict[date, Cause]]:
    """The causes as known on a day, by day of September; and what had reached the hub."""
    last = date.fromisoformat(on)
    as_of = end_of(last, ZONE)
    with village.hub.engine.begin() as connection:
        (place,) = places(connection, FIRST)
        facts = journal_facts(
            connection, place, (FIRST, last), as_of, lambda m: load_profile(m).schedule_basis
        )
        reached = merge_calendars([one.causes for one in facts])
        causes = blamed(connection, SCHOOL, reached, as_of)
    return {f"{day:%d}": cause.value for day, cause in causes.items()}, reached


def teach(village: Village, day: str) -> None:
    """A lesson of each class, so that there is something to deliver."""
    for class_ in ("10", "11"):
        village.say("lessons", **lesson(f"{class_}{day[-2:]}", day, class_))
    village.export(day)


def left_running(village: Village, verb: str, day: str) -> None:
    """The hub began and was killed before it came to the school."""
    batches.open_run(village.hub, verb, Run(run_of(day), date.fromisoformat(day)))


@contextmanager
def away(folder: Path) -> Iterator[None]:
    """Where the school leaves its exports cannot be read, as a share that does not answer."""
    hidden = folder.rename(folder.with_name("hidden"))
    folder.symlink_to(folder.name)
    yield
    folder.unlink()
    hidden.rename(folder)


def poison_what_comes(village: Village, day: str) -> None:
    """The portal breaks on one of the records that it is to be sent next."""
    village.svod("plan", "--business-date", day, "--target", "diary")
    ((key,),) = village.rows(
        "SELECT key FROM outbox.desired WHERE target = 'diary' AND state = 'pending'"
        " ORDER BY priority, key LIMIT 1"
    )
    body = json.dumps({"key": key}).encode()
    urlopen(Request(f"{village.urls['diary']}/_sandbox/poison", body), timeout=20).close()


def live_through(village: Village) -> None:
    """From the first upload, on Wednesday the 16th, to the evening of Thursday, the 1st."""
    teach(village, "2026-09-17")
    with village.down("diary"):
        village.evening("2026-09-17")
    village.wake()
    village.evening("2026-09-18")  # the school left nothing
    teach(village, "2026-09-21")  # the hub is down, that evening and the next
    teach(village, "2026-09-23")
    village.evening("2026-09-23")
    day = ru("2026-09-25")
    village.say("holidays", Код="1", Название="Грипп", Вид="Карантин", Начало=day, Окончание=day)
    teach(village, "2026-09-24")
    spoilt = village.drops / SCHOOL / "2026-09-24" / "lessons.csv"
    spoilt.write_bytes(spoilt.read_bytes()[:-20])
    village.evening("2026-09-24")
    teach(village, "2026-09-28")
    village.collect("2026-09-28")
    poison_what_comes(village, "2026-09-28")
    village.evening("2026-09-28")
    with away(village.drops):
        village.evening("2026-09-29")
    teach(village, "2026-09-30")
    village.collect("2026-09-30")
    left_running(village, DIARY.verb, "2026-09-30")
    teach(village, "2026-10-01")
    assert set(village.evening("2026-10-01").values()) == {RunState.CLOSED}


def test_each_day_has_its_cause_and_had_it_on_the_day(village: Village) -> None:
    live_through(village)
    known, reached = calendar(village, "2026-10-01")
    assert known == {
        "14": "school_did_not_fill",  # before the hub looked for the first time
        "15": "school_did_not_fill",
        "16": "uploaded",
        "17": "portal_unavailable",
        "18": "school_did_not_fill",
        "19": "not_a_school_day",
        "20": "not_a_school_day",
        "21": "uploaded",  # the hub was down, what it read later had lain there in time
        "22": "school_did_not_fill",  # the hub was down, and nothing lay there
        "23": "uploaded",
        "24": "data_rejected",
        "25": "not_a_school_day",
        "26": "not_a_school_day",
        "27": "not_a_school_day",
        "28": "portal_rejected",
        "29": "source_unavailable",
        "30": "hub_fault",  # killed before it delivered
        "01": "uploaded",
    }
    frequency = rhythm(reached)  # whatever became of the data at the portal
    assert (frequency.uploaded, frequency.due) == (7, 13)
    then = {
        on: calendar(village, f"2026-09-{on}")[0] for on in ("17", "18", "21", "22", "29", "30")
    }
    changed = {on: {d: c for d, c in days.items() if known[d] != c} for on, days in then.items()}
    assert changed == {
        "17": {},
        "18": {},
        "21": {"21": "hub_fault"},
        "22": {"21": "hub_fault", "22": "hub_fault"},
        "29": {},
        "30": {"30": "uploaded"},  # the delivery might have been under way
    }


def test_a_collection_that_was_killed_is_the_hubs_until_it_looks_again(village: Village) -> None:
    left_running(village, "collect", "2026-09-17")
    assert calendar(village, "2026-09-17")[0]["17"] == "hub_fault"
    village.evening("2026-09-18")
    assert calendar(village, "2026-09-18")[0]["17"] == "school_did_not_fill"
    assert calendar(village, "2026-09-17")[0]["17"] == "hub_fault"
