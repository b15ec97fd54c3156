"""The new school year ends last year's educations at the contingent registry, each by a date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from pipeline.delivery.deliver import Delivery, Mode, deliver_schools
from pipeline.delivery.destinations import CONTINGENT
from pipeline.delivery.pace import Gatekeeper
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.ledger import open_rows
from pipeline.runs import SchoolState
from sandbox.emulators.contingent import KEY, Contingent
from sandbox.emulators.web import address, serve
from schemas.tables import targets
from tests.end_to_end.registry import OF_PACKETS, WAYS
from tests.end_to_end.world import ask
from tests.pipeline.test_rollover import new_year, old_year, open_year, write
from tests.pipeline.test_volumes import SCHOOL, collect

PUPILS = (
    "Код;Фамилия;Имя;ДатаРождения;Пол;ДокументВид;ДокументСерия;ДокументНомер;КодКласса;"
    "ДатаЗачисления\r\n"
)
MOVEMENTS = "Код;КодУченика;Вид;Дата;НомерПриказа;ДатаПриказа;ИзКласса;ВКласс\r\n"
NAMES = {100: "Жмелеватов", 101: "Брянчихин", 102: "Аргуняхин", 103: "Хлыновцев", 104: "Ряполов"}


def pupil(code: int, class_: int, since: str) -> str:
    """A row of the export: as much of an identity as the registry asks for."""
    document = f"Свидетельство о рождении;I-АК;10000{code}"
    return f"{code};{NAMES[code]};Олег;0{code - 99}.04.2013;М;{document};{class_};{since}\r\n"


def order(code: int, pupil_code: int, kind: str, day: str, left: int | str, to: int | str) -> str:
    return f"{code};{pupil_code};{kind};{day};{code}-к;{day};{left};{to}\r\n"


@dataclass
class Registry:
    """The registry's emulator, and the hub that delivers to it."""

    hub: Hub
    url: str
    settings: dict[str, Any]
    runs: int = 0

    def deliver(self, day: str, mode: Mode = Mode.DAILY) -> SchoolState:
        self.runs += 1
        run = Run(f"contingent-{self.runs}", date.fromisoformat(day))
        keeper = Gatekeeper(self.hub.engine, CONTINGENT.name)
        delivery = Delivery(CONTINGENT, CONTINGENT.connect(self.settings), keeper, mode)
        (verdict,) = deliver_schools(self.hub, [SCHOOL], run, delivery)
        with self.hub.engine.begin() as connection:
            assert open_rows(connection, run.run_id) == []
        return verdict.state

    def records(self, record_type: str) -> dict[str, dict[str, Any]]:
        found = ask(f"{self.url}/_sandbox/state")
        return {one["uid"]: one["data"] for one in found if one["type"] == record_type}

    def spans(self) -> set[tuple[str, str, str, str | None]]:
        """Surname, class, and the two days of every education."""
        people = {key: data["lastname"] for key, data in self.records("person").items()}
        classes = {key: data["name"] for key, data in self.records("class").items()}
        return {
            (people[one["person"]], classes[one["class"]], one["training_begin_at"],
             one.get("training_end_at"))
            for one in self.records("education").values()
        }  # fmt: skip

    def sent(self) -> list[str]:
        """The types of the records sent by the last delivery."""
        with self.hub.engine.begin() as connection:
            rows = connection.execute(
                text(
                    "SELECT r->>'type' FROM outbox.batches b, jsonb_array_elements(b.records) r"
                    " WHERE b.run_id = :run"
                ),
                {"run": f"contingent-{self.runs}"},
            )
            return sorted(rows.scalars())


@pytest.fixture(params=WAYS)
def registry(request: pytest.FixtureRequest, hub: Hub, tmp_path: Path) -> Iterator[Registry]:
    emulator = Contingent(tmp_path, [SCHOOL])
    server = serve(emulator.respond)
    settings = {
        "variant": request.param,
        "key": KEY,
        "base_url": f"{address(server)}/{request.param}",
    }
    settings |= OF_PACKETS if request.param == "packet" else {}
    with hub.engine.begin() as connection:
        connection.execute(insert(targets).values(kind=CONTINGENT.name, settings=settings))
    yield Registry(hub, address(server), settings)
    server.shutdown()
    server.server_close()
    emulator.close()


def test_the_new_year_ends_what_last_year_left_open(
    hub: Hub, registry: Registry, tmp_path: Path
) -> None:
    drops = tmp_path / "drops"
    since = "01.09.2026"
    open_year(hub, drops, 2026)
    everybody = "".join(pupil(code, 10, since) for code in NAMES)
    left_in_march = order(7, 103, "Выбытие", "10.03.2027", 10, "")
    write(
        drops, "2027-05-28", ("2026-09-01", "2027-05-28"),
        **old_year(pupils=PUPILS + everybody, movements=MOVEMENTS + left_in_march),
    )  # fmt: skip
    assert collect(hub, "2027-05-28").state is SchoolState.DONE
    assert registry.deliver("2027-05-28") is SchoolState.DONE
    begun = "2026-09-01"
    stayed = {(NAMES[code], "7а", begun, None) for code in (100, 101, 102, 104)}
    gone = {(NAMES[103], "7а", begun, "2027-03-10")}
    assert registry.spans() == stayed | gone
    before = registry.records("education")

    # 100 and 104 move up, 104 by an order; 101 leaves in summer by an order, 102 without a word.
    orders = left_in_march + order(8, 101, "Выбытие", "20.06.2027", 10, "")
    orders += order(9, 104, "Перевод", "01.06.2027", 10, "")
    write(
        drops, "2027-06-25", ("2026-09-01", "2027-06-25"),
        **old_year(pupils=PUPILS + everybody, movements=MOVEMENTS + orders),
    )  # fmt: skip
    assert collect(hub, "2027-06-25").state is SchoolState.DONE
    open_year(hub, drops, 2027)
    moved_up = "".join(pupil(code, 11, "01.09.2027") for code in (100, 104))
    write(
        drops, "2027-09-06", ("2027-09-01", "2027-09-06"),
        **new_year(pupils=PUPILS + moved_up),
    )  # fmt: skip
    assert collect(hub, "2027-09-06").state is SchoolState.DONE
    assert registry.deliver("2027-09-06", Mode.ROLLOVER) is SchoolState.DONE
    assert registry.spans() == gone | {
        (NAMES[100], "7а", begun, "2027-05-31"),
        (NAMES[101], "7а", begun, "2027-06-20"),
        (NAMES[102], "7а", begun, None),
        (NAMES[104], "7а", begun, "2027-06-01"),
        (NAMES[100], "8а", "2027-09-01", None),
        (NAMES[104], "8а", "2027-09-01", None),
    }
    now = registry.records("education")
    assert before.keys() < now.keys(), "no education of last year is another record now"
    ended = {data.get("end_order_number") for key, data in now.items() if key in before}
    assert ended == {None, "7-к", "8-к", "9-к"}

    assert registry.deliver("2027-09-06") is SchoolState.DONE
    assert registry.sent() == [], "nothing is sent twice"


def test_a_pupil_found_in_a_class_later_has_last_years_education_ended_then(
    hub: Hub, registry: Registry, tmp_path: Path
) -> None:
    drops = tmp_path / "drops"
    open_year(hub, drops, 2026)
    write(
        drops, "2027-05-28", ("2026-09-01", "2027-05-28"),
        **old_year(pupils=PUPILS + pupil(100, 10, "01.09.2026") + pupil(101, 10, "01.09.2026")),
    )  # fmt: skip
    collect(hub, "2027-05-28")
    registry.deliver("2027-05-28")
    open_year(hub, drops, 2027)
    first = pupil(100, 11, "01.09.2027")
    for day, pupils, end in (("2027-09-06", first, None),
                             ("2027-09-07", first + pupil(101, 11, "01.09.2027"), "2027-05-31"),
                             ("2027-09-08", first, "2027-05-31")):  # fmt: skip
        write(drops, day, ("2027-09-01", day), **new_year(pupils=PUPILS + pupils))
        collect(hub, day)
        registry.deliver(day)
        assert (NAMES[100], "7а", "2026-09-01", "2027-05-31") in registry.spans()
        assert (NAMES[101], "7а", "2026-09-01", end) in registry.spans(), day
