"""Faults around any emulator, which knows nothing of them.

``Faulty(respond, plan, manner).respond`` stands where ``respond`` stood. What the emulator says
per record is reached through its ``reshape``, how it spells an error through its ``said``.

Control, beside the emulator's own: ``POST /_sandbox/fault {"kind", "count", "after", "method",
"name"}`` adds a rule that begins ``after`` requests from now, in place of those of its kind and
method (``count`` 0: takes them away; kind ``all`` with 0: takes everything away); or ``{"plan"}``,
the text of a plan (``fault_plan``), which is added to what is there. A fault with a ``school`` is
the emulator's own affair. ``GET /_sandbox/faults`` says what was played at which request, and what
still waits.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.emulators.fault_plan import (
    AUTO,
    CHANGING,
    EVENTS,
    OUTAGE,
    RESULTS,
    Plan,
    Rule,
    Storm,
    parse,
)
from sandbox.emulators.web import (
    HTML,
    MAINTENANCE,
    Answer,
    Request,
    Responder,
    Server,
    json_answer,
    serve,
)

Change = Callable[[list[Any]], list[Any]]
_READING = ("GET", "HEAD")


def _error(status: int, message: str) -> Answer:
    return json_answer({"type": "error", "description": message}, status)


def _no_results(answer: Answer, _: Change) -> Answer:
    return answer


@dataclass(frozen=True)
class Manner:
    """How a service speaks. ``said(status, message)`` is an error; ``reshape(answer, change)``
    applies ``change`` to the results per record, and leaves an answer without any alone."""

    said: Callable[[int, str], Answer] = _error
    reshape: Callable[[Answer, Change], Answer] = _no_results


_CHANGES: dict[str, Change] = {
    "partial": lambda results: results[: len(results) // 2],
    "reordered": lambda results: results[::-1],
    "duplicate": lambda results: [*results, *results[: max(1, len(results) // 2)]],
}


class Faulty:
    """``respond`` of an emulator with the faults of ``plan``. ``name`` tells the storms of several
    emulators apart. Raises ``ValueError`` when the plan restores and there are no backups."""

    def __init__(
        self,
        respond: Responder,
        plan: Plan | None = None,
        manner: Manner | None = None,
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emulator = respond
        self._plan = plan or Plan()
        self._rules = [replace(rule) for rule in self._plan.rules]
        self._manner = manner or Manner()
        self._name = name
        self._clock = clock
        self._started = clock()
        self._seen = 0  # requests so far
        self._backup = ""  # the last one taken
        self._played: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        if any(rule.kind == "restored" for rule in self._rules):
            self._keep("backup", AUTO)

    def close(self) -> None:
        """Let go of everybody who is kept waiting."""
        self._stopped.set()

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        with self._lock:
            number, self._seen = self._seen, self._seen + 1
        self._play_events(number, request)
        answer = self._play(number, request)
        away = self.outage()
        return replace(answer, away=away) if away else answer

    def outage(self) -> float:
        """Seconds for which nobody must listen from now on; counted as played."""
        with self._lock:
            rule = self._take(self._seen, None, OUTAGE)
            if rule is None:
                return 0.0
            self._rules.remove(rule)
            self._note(self._seen, OUTAGE, None)
            return rule.count

    def told(self) -> dict[str, Any]:
        """``requests`` so far, faults ``played`` at which of them, and rules ``waiting``."""
        with self._lock:
            waiting = [rule.to_json() for rule in self._rules if rule.count]
            played = list(self._played)
            return {"requests": self._seen, "played": played, "waiting": waiting}

    # --- which --------------------------------------------------------------------------------

    def _take(self, number: int, request: Request | None, *kinds: str) -> Rule | None:
        """The first rule that is due, of ``kinds`` or of those that a request meets."""
        for rule in self._rules:
            due = number >= rule.start and rule.count != 0
            wanted = rule.kind in kinds if kinds else rule.kind not in (*EVENTS, OUTAGE)
            if due and wanted and (request is None or _fits(rule, request)):
                return rule
        return None

    def _next(self, number: int, request: Request) -> Rule | None:
        """What request ``number`` meets; its count goes down. Rules go before chance."""
        with self._lock:
            rule = self._take(number, request)
            if rule is not None:
                rule.count -= rule.count > 0
                return rule
        kind = self._plan.storm.at(self._name, number)
        rule = Rule(kind) if kind else None
        return rule if rule and _fits(rule, request) else None

    def _note(self, number: int, kind: str, request: Request | None, problem: str = "") -> None:
        asked = f"{request.method} {request.path}" if request else ""
        seconds = round(self._clock() - self._started, 3)
        entry = {"request": number, "kind": kind, "asked": asked, "seconds": seconds}
        self._played.append(entry | ({"problem": problem} if problem else {}))

    # --- playing ------------------------------------------------------------------------------

    def _play(self, number: int, request: Request) -> Answer:
        rule = self._next(number, request)
        if rule is None:
            return self._emulator(request)
        if rule.kind in RESULTS:
            return self._reshaped(number, request, rule)
        with self._lock:
            self._note(number, rule.kind, request)
        if rule.kind in ("cut_after", "timeout_after", "slow"):
            return self._applied(rule.kind, request)
        if rule.kind in ("timeout", "late"):
            self._stopped.wait(self._plan.hold)
            if rule.kind == "late":
                self._emulator(request)
            return Answer(cut=True)
        return self._instead(rule.kind)

    def _reshaped(self, number: int, request: Request, rule: Rule) -> Answer:
        whole = self._emulator(request)
        changed = self._manner.reshape(whole, _CHANGES[rule.kind])
        with self._lock:
            if changed.body != whole.body:
                self._note(number, rule.kind, request)
            elif rule.count >= 0:
                rule.count += 1  # there was nothing to play with
        return changed

    def _applied(self, kind: str, request: Request) -> Answer:
        whole = self._emulator(request)
        if kind == "slow":
            return replace(whole, trickle=self._plan.slow)
        if kind == "timeout_after":
            self._stopped.wait(self._plan.hold)
        return Answer(cut=True)

    def _instead(self, kind: str) -> Answer:
        said = self._manner.said
        match kind:
            case "429":
                headers = {"Retry_After": self._plan.retry_after}
                return replace(said(429, "Too many requests"), headers=headers)
            case "429_silent":
                return said(429, "Too many requests")
            case "503":
                return Answer(503, MAINTENANCE, HTML)
            case "html":
                return Answer(200, MAINTENANCE, HTML)
            case "error200":
                return said(200, "Внутренняя ошибка")
            case "out_of_disk":
                return said(507, "No space left on device")
        return Answer(cut=True)

    def _play_events(self, number: int, request: Request) -> None:
        while True:
            with self._lock:
                rule = self._take(number, None, *EVENTS)
                if rule is None:
                    return
                self._rules.remove(rule)
                name = rule.name or (AUTO if rule.kind == "backup" else self._backup)
            try:
                self._keep(rule.kind, name)
                problem = ""
            except ValueError as wrong:
                problem = str(wrong)
            with self._lock:
                self._note(number, rule.kind, request, problem)

    def _keep(self, kind: str, name: str) -> None:
        """Take a backup or go back to it, by the emulator's own control."""
        call = "backup" if kind == "backup" else "restore"
        body = json.dumps({"name": name}).encode()
        done = self._emulator(Request("POST", f"/_sandbox/{call}", {}, {}, body, body))
        if done.status != 200:
            raise ValueError(f"{self._name or 'the emulator'} cannot {call} {name!r}")
        if kind == "backup":
            self._backup = name

    # --- control ------------------------------------------------------------------------------

    def _control(self, request: Request) -> Answer:
        if request.path == "/_sandbox/faults":
            return json_answer(self.told())
        if request.path == "/_sandbox/fault":
            body = request.json()
            if "school" not in body:
                return self._add(body)
        answer = self._emulator(request)
        if request.path == "/_sandbox/backup" and answer.status == 200:
            self._backup = request.json()["name"]
        return answer

    def _add(self, body: dict[str, Any]) -> Answer:
        try:
            if "plan" in body:
                self._add_plan(parse(body["plan"]))
            else:
                self._add_rule(body)
        except (ValueError, KeyError, TypeError) as problem:
            return json_answer({"error": str(problem)}, 400)
        away = self.outage()
        return replace(json_answer({"ok": True}), away=away)

    def _add_plan(self, plan: Plan) -> None:
        with self._lock:
            self._rules += [replace(rule, start=self._seen + rule.start) for rule in plan.rules]
            self._plan = replace(plan, rules=())

    def _add_rule(self, body: dict[str, Any]) -> None:
        kind, method = str(body["kind"]), str(body.get("method", ""))
        count, after = float(body.get("count", 1)), int(body.get("after", 0))
        if kind == "all" and not count:
            with self._lock:
                self._rules.clear()
                self._plan = replace(self._plan, storm=Storm())
            return
        rule = Rule(kind, count or 1, after, method, str(body.get("name", "")))
        if kind == "restored" and not (rule.name or self._backup):
            raise ValueError("there is nothing to restore; POST /_sandbox/backup first")
        with self._lock:
            same = (kind, method)
            self._rules = [r for r in self._rules if (r.kind, r.method) != same]
            if count:
                self._rules.append(replace(rule, start=self._seen + after))


def _fits(rule: Rule, request: Request) -> bool:
    """Whether the request is of the rule's method and has what the fault needs."""
    if rule.method and rule.method != request.method:
        return False
    return rule.kind not in CHANGING or request.method not in _READING


def serve_with_faults(faulty: Faulty, port: int = 0) -> Server:
    """A server at work; an outage that is due at once begins now."""
    server = serve(faulty.respond, port)
    away = faulty.outage()
    if away:
        server.go_away(away)
    return server
