"""Batches to the portal and its answers back, for one school.

An answer that does not come is asked for. A batch that the portal never applied and cannot take
is halved, until the record that spoils it stands alone and is set aside; this is done only while
the portal takes other batches, so that an outage is never blamed on a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection

from connectors.base import Receipt, Target
from connectors.errors import BatchRefused, RateLimited, Retriable
from pipeline.delivery import sending
from pipeline.delivery.destinations import Destination
from pipeline.delivery.outbox import Box, Priority
from pipeline.delivery.pace import Gatekeeper, PortalResting
from pipeline.delivery.sending import Batch
from pipeline.hub import Hub
from privacy.outgoing import unwrap
from schemas.frames import Finding

# Below the portals' own limits; a batch that must be halved is soon small.
BATCH_SIZE = 200
REFUSED_ALONE = "refused_alone"  # the portal refuses even a batch of this record alone
POISON_RULE = "poison_record"
POISON = "poison"  # the portal answers no batch that holds this record, and answers others


@dataclass
class Sender:
    """Sends for one school. ``settled``: keys of the batches whose answers came. ``tell`` keeps a
    finding on a batch, by its key, in the transaction that settles it."""

    hub: Hub
    box: Box
    destination: Destination
    target: Target
    gatekeeper: Gatekeeper
    new_key: Callable[[], str]
    tell: Callable[[Connection, str, Finding], None]
    settled: list[str] = field(default_factory=list)
    suspects: list[Batch] = field(default_factory=list)

    def settle_waiting(self) -> None:
        """Bring every batch without a settled answer to its end, in the order written.

        What must not leave any more (a consent was refused meanwhile) is not sent to settle a
        batch: the portal is asked, and a batch that it never applied is dissolved.
        """
        with self.hub.engine.begin() as connection:
            waiting = sending.waiting_batches(connection, self.box)
        for batch in waiting:
            with self.hub.engine.begin() as connection:
                stale = sending.must_not_leave(connection, self.box, batch)
            if stale:
                self._ask_or_dissolve(batch)
            else:
                self._bring(batch)

    def _ask_or_dissolve(self, batch: Batch) -> None:
        self.gatekeeper.wait_turn()
        answers = self.target.fetch_batch(batch.key, self._opened(batch))
        if answers is not None:
            self._settle(batch, answers)
            return
        self.gatekeeper.succeeded()
        with self.hub.engine.begin() as connection:
            sending.dissolve(connection, self.box, batch)

    def send_pending(self, run_id: str, *, urgent: bool = False) -> None:
        """Everything that is pending, in batches; or only withdrawals and today's facts.

        Raises ``Retriable`` and ``Fatal`` errors of the portal; what is left stays in the books.
        """
        size = min(BATCH_SIZE, self.target.most_records)
        while True:
            with self.hub.engine.begin() as connection:
                batch = sending.write_batch(
                    connection,
                    self.box,
                    run_id,
                    self.new_key(),
                    size,
                    self.destination.order,
                    with_former=self.destination.asks_former,
                    most=Priority.TODAY if urgent else max(Priority),
                )
            if batch is None:
                break
            self._bring(batch)

    def count_records(self) -> int | None:
        """How many records the portal holds for the school."""
        self.gatekeeper.wait_turn()
        count = self.target.count_records(self.box.school)
        self.gatekeeper.succeeded()
        return count

    def list_records(self) -> Iterator[pl.DataFrame]:
        """The records the portal holds for the school, page by page."""
        self.gatekeeper.wait_turn()
        yield from self.target.list_records(self.box.school)
        self.gatekeeper.succeeded()

    def _bring(self, batch: Batch) -> None:
        """Send ``batch`` and settle it; halve it if it was never applied and cannot be."""
        self.gatekeeper.wait_turn()
        with self.hub.engine.begin() as connection:
            sending.mark_attempt(connection, batch.key)
        records = self._opened(batch)
        try:
            answers: Sequence[Receipt] | None = self.target.send(
                self.box.school, batch.key, records
            )
        except (RateLimited, PortalResting):
            raise
        except BatchRefused as error:
            refusals = _refusals(batch, error.rule)
            self._divide(batch, lambda: self._settle(batch, refusals))
            return
        except Retriable as error:
            answers = self._ask(batch, records, error)
        if answers is None:  # the portal is there, and never applied it
            self._divide(batch, lambda: self.suspects.append(batch))
            return
        self._settle(batch, answers)

    def _ask(
        self, batch: Batch, records: list[dict[str, Any]], lost: Retriable
    ) -> list[Receipt] | None:
        """What became of a batch whose answer was lost; raises ``lost`` if nobody says."""
        try:
            return self.target.fetch_batch(batch.key, records)
        except Retriable:
            raise lost from None

    def _divide(self, batch: Batch, alone: Callable[[], None]) -> None:
        """Send the halves of ``batch``; ``alone`` is what to do with a single record."""
        if len(batch.records) == 1:
            alone()
            return
        with self.hub.engine.begin() as connection:
            halves = sending.split(connection, batch, (self.new_key(), self.new_key()))
        for half in halves:
            self._bring(half)

    def set_suspects_aside(self) -> None:
        """Try the single records again that got no answer; what fails beside others that went
        through becomes a dead letter, with a finding. Raises ``Retriable`` when nothing did."""
        suspects, self.suspects = self.suspects, []
        for batch in suspects:
            self._bring(batch)
            if not self.suspects:
                continue
            self.suspects.clear()
            if not self._takes_others(batch):
                raise Retriable("the portal takes no batch", where=self.destination.name)
            poison = Finding(POISON_RULE, "svod dead", entity=str(batch.records[0]["type"]))
            self._settle(batch, _refusals(batch, POISON), poison)

    def _takes_others(self, batch: Batch) -> bool:
        with self.hub.engine.begin() as connection:
            return sending.taken_since(connection, self.box.target, batch.key)

    def _settle(
        self, batch: Batch, answers: Sequence[Receipt], finding: Finding | None = None
    ) -> None:
        with self.hub.engine.begin() as connection:
            sending.settle(connection, self.box, batch.key, answers)
            if finding is not None:
                self.tell(connection, batch.key, finding)
        self.settled.append(batch.key)
        self.gatekeeper.succeeded()

    def _opened(self, batch: Batch) -> list[dict[str, Any]]:
        """The records as the portal gets them; names are in the clear only here, in memory."""
        if not self.destination.names_people:
            return batch.records
        sealed = ("data", "was")
        return [
            {
                name: unwrap(self.hub.keys, record["key"], value) if name in sealed else value
                for name, value in record.items()
            }
            for record in batch.records
        ]


def _refusals(batch: Batch, code: str) -> list[Receipt]:
    return [
        Receipt(str(record["key"]), "rejected", None, code or REFUSED_ALONE)
        for record in batch.records
    ]
