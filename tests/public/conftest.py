"""A hub, one school with children of every kind, and the service over HTTP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.clients import Clients, new_client
from pipeline.database import connect
from pipeline.hub import Hub
from reports.public.__main__ import ROLE
from reports.public.app import Service
from reports.public.limits import Limits
from reports.public.tokens import Tokens
from tests.pipeline.conftest import hub, shared_hub
from tests.public.asking import Asker, serving
from tests.public.school import TODAY, School

__all__ = ["hub", "shared_hub"]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def school(hub: Hub) -> School:
    made = School(hub)
    made.fill()
    return made


@pytest.fixture
def service(hub: Hub, clock: Clock) -> Iterator[Service]:
    """As ``svod serve schedule`` makes it, with a clock of the test and an impatient refusal."""
    _, entry = new_client("epgu")
    tokens, limits = Tokens(hub, clock), Limits(now=clock)
    own = replace(hub, engine=connect(hub.settings, ROLE))
    yield Service(own, Clients.read(entry), tokens, lambda: TODAY, limits, refusal=0.0)
    own.engine.dispose()


@pytest.fixture
def ask(service: Service) -> Iterator[Asker]:
    with serving(service) as url:
        yield Asker(url, service.tokens.issue("epgu"))
