"""Who sends what pages have written: whatever happens, the next one who asks is served."""

from __future__ import annotations

import pytest

from pipeline.forms.hand_out import Kind
from pipeline.hub import Hub
from reports.web import courier
from reports.web.courier import Courier
from reports.web.visit import Dashboard


def test_a_fault_stops_nothing_that_comes_later(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Kind] = []

    def send(_hub: Hub, kind: Kind) -> dict[str, int]:
        asked.append(kind)
        if len(asked) == 1:
            raise ZeroDivisionError
        return {}

    monkeypatch.setattr(courier, "send_letters", send)
    one = Courier()
    with pytest.raises(ZeroDivisionError):
        one.send(dashboard.hub)
    one.send(dashboard.hub)
    assert asked == [Kind.SCHOOL_REMINDERS] * 2
