"""The registry of the contingent, by both ways in (docs/contingent-contract.md).

``POST /packet`` takes SOAP calls (packet and ticket), ``/rest/...`` is REST; both write into the
same registry. Every byte received is kept in ``contingent-received.log``, documents of an archive
also unpacked: what the hub must not send is searched for there. Control:

* ``GET /_sandbox/stats``: counters; ``GET /_sandbox/state``: the live records
* ``GET /_sandbox/batches``: every writing request received, with its size and status
* ``POST /_sandbox/queue {"polls"}``: each packet from now on is INQUEUE for so many questions
* ``POST /_sandbox/fail {"packets"}``: so many requests from now on fail as a whole
* ``POST /_sandbox/poison {"key"}``: a request that holds this record is answered 500 and not
  applied, until ``{"key", "remove": true}``
* ``POST /_sandbox/backup {"name"}``, ``POST /_sandbox/restore {"name"}``: records and requests go
  back to where they were; counters do not

Faults are played from outside (``faults``); ``MANNER`` tells them where results per record are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from sandbox.emulators import contingent_packet, contingent_rest
from sandbox.emulators.contingent_store import ContingentStore
from sandbox.emulators.faults import Change, Manner
from sandbox.emulators.web import Answer, Request, json_answer

KEY = "sandbox-contingent"  # opens nothing outside the sandbox
PACKET, REST = "/packet", "/rest"


def reshape(answer: Answer, change: Change) -> Answer:
    """The answer with ``change`` made to its results per record; as it is if it has none."""
    if answer.content_type == contingent_packet.XML:
        return contingent_packet.reshape(answer, change)
    return contingent_rest.reshape(answer, change)


MANNER = Manner(reshape=reshape)


class Contingent:
    """The registry for ``organisations``; state and log live in ``folder``."""

    def __init__(self, folder: Path, organisations: Iterable[str], key: str = KEY) -> None:
        registered = frozenset(organisations)
        self._store = ContingentStore(folder / "contingent.sqlite")
        self._log_path = folder / "contingent-received.log"
        self._log_lock = Lock()
        self._packet = contingent_packet.PacketDesk(self._store, registered, key)
        self._packet.unpacked = self._keep
        self._rest = contingent_rest.RestDesk(self._store, registered, key)

    def close(self) -> None:
        self._store.close()

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        self._keep(request.raw)
        if request.path == PACKET and request.method == "POST":
            return self._packet.respond(request)
        if request.path.startswith(f"{REST}/"):
            return self._rest.respond(request, request.path.removeprefix(REST))
        return contingent_rest.refused(404, "No such path")

    def _keep(self, content: bytes) -> None:
        with self._log_lock, self._log_path.open("ab") as log:
            log.write(content + b"\n")

    def _control(self, request: Request) -> Answer:
        match request.path.removeprefix("/_sandbox/"):
            case "stats":
                return json_answer(self._store.stats())
            case "state":
                return json_answer(self._store.live())
            case "batches":
                received = self._store.received()
                sizes = Counter(str(batch["size"]) for batch in received)
                return json_answer({"sizes": sizes, "received": received})
            case "queue" | "fail" | "poison" | "backup" | "restore" as call:
                return self._change(call, request.json())
        return json_answer({"error": "unknown control call"}, 404)

    def _change(self, call: str, body: dict[str, Any]) -> Answer:
        try:
            match call:
                case "queue":
                    self._store.order("queue", int(body["polls"]))
                case "fail":
                    self._store.order("fail", int(body["packets"]))
                case "poison":
                    self._store.poison(body["key"], remove=bool(body.get("remove", False)))
                case "backup":
                    self._store.backup(body["name"])
                case _:
                    self._store.restore(body["name"])
        except (ValueError, KeyError, LookupError) as wrong:
            return json_answer({"error": str(wrong)}, 400)
        return json_answer(body)
