"""What schools ask not to have to mend: the requests and waivers of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.end_to_end.world import World


@contextmanager
def asking(region: World) -> Iterator[None]:
    """Whatever is asked and granted meanwhile is forgotten afterwards."""
    yield
    region.write("DELETE FROM quality.waiver_requests")
    region.write("DELETE FROM quality.waivers")


def asked(region: World) -> list[dict[str, Any]]:
    """The requests, in order."""
    return region.rows("SELECT * FROM quality.waiver_requests ORDER BY id")


def granted(region: World) -> list[dict[str, Any]]:
    """The waivers, in order."""
    return region.rows("SELECT * FROM quality.waivers ORDER BY id")
