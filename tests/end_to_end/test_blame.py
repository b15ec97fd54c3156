"""Four evenings after the last one, with a system of the world out of order on each of three."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pipeline.measuring.school_calendar import blamed
from pipeline.measuring.school_facts import end_of, journal_facts, places
from pipeline.profiles import load_profile
from quality.uploads import merge_calendars
from tests.end_to_end.world import World, ask

FIRST, LAST = date(2026, 9, 18), date(2026, 9, 24)
UP = {"kind": "all", "count": 0}
DOWN = {"kind": "503", "count": -1}


def _calendar(world: World, school: str) -> dict[str, str]:
    """Cause of each day, as known on the last one."""
    as_of = end_of(LAST, "Europe/Moscow")
    with world.hub.engine.begin() as connection:
        place = next(one for one in places(connection, FIRST) if one.code == school)
        facts = journal_facts(
            connection, place, (FIRST, LAST), as_of, lambda name: load_profile(name).schedule_basis
        )
        reached = merge_calendars([one.causes for one in facts])
        causes = blamed(connection, school, reached, as_of)
    return {f"{day:%d}": cause.value for day, cause in causes.items() if day.isoweekday() < 6}


def test_source_portal_hub_and_school_are_told_apart(
    evening: World, copy_of: Callable[[World], World]
) -> None:
    world = copy_of(evening)
    live, drops = world.schools("dnevnik_ru")[0], world.schools("paragraf")[0]
    schools = [live, drops]

    def live_through(day: str) -> None:
        world.today(day)
        world.collect(day, f"blame-{day}", schools)
        world.deliver(day, f"blame-{day}", schools)
        world.write("UPDATE outbox.portals SET failures = 0, rests_until = NULL")

    with world.served():
        ask(f"{world.source_url}/_sandbox/fault", DOWN)
        live_through("2026-09-21")
        ask(f"{world.source_url}/_sandbox/fault", UP)
        ask(f"{world.portal_url}/_sandbox/fault", DOWN)
        live_through("2026-09-22")
        ask(f"{world.portal_url}/_sandbox/fault", UP)
        # On the 23rd the hub was down.
        live_through("2026-09-24")
    assert _calendar(world, live) == {
        "18": "uploaded",
        "21": "source_unavailable",
        "22": "portal_unavailable",
        "23": "hub_fault",
        "24": "uploaded",
    }
    # Nobody left a folder after the last evening of the region.
    nothing = dict.fromkeys(("21", "22", "23", "24"), "school_did_not_fill")
    assert _calendar(world, drops) == {"18": "uploaded"} | nothing
