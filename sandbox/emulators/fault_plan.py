"""Which faults are to be played, and at which requests.

A plan is text: items with commas, spaces or lines between them, ``#`` before a remark. ::

    429:3              the first three requests (count: 1 unless said, -1 or always: for ever)
    cut_after:1@5      one request, once five have come; they count from the start of serving
    refused:2.5@8      nobody listens for 2.5 seconds after the eighth request
    backup=monday@10   the state is kept under a name before request 11 (name: auto unless said)
    restored@20        the state goes back to the last backup; restored=monday: to that one
    rate=0.05 seed=7   besides, that share of all requests by chance; the same seed and order of
                       requests give the same faults. kinds=429+503: of these kinds only
    hold=30 slow=5     seconds a timeout and a slow answer take
    retry_after=1      what a 429 asks for

Kinds: see ``KINDS``. A fault that needs something a request has not (results to halve, a change
to apply and not answer) waits for one that has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

KINDS = {
    "429": "refused, with Retry-After",
    "429_silent": "refused, without Retry-After",
    "503": "maintenance page",
    "cut_before": "nothing applied, connection closed without an answer",
    "cut_after": "applied, connection closed without an answer",
    "timeout": "nothing applied, no answer for `hold` seconds, then closed",
    "timeout_after": "applied, no answer for `hold` seconds, then closed",
    "late": "no answer for `hold` seconds, then applied and closed",
    "error200": "nothing applied, HTTP 200 with the service's own error",
    "html": "nothing applied, HTTP 200 with a page",
    "out_of_disk": "nothing applied, 507: no space left",
    "slow": "applied, the answer trickles in for `slow` seconds",
    "partial": "applied, half of the results are missing",
    "reordered": "applied, the results come in another order",
    "duplicate": "applied, half of the results come twice",
    "refused": "nobody listens for so many seconds",
    "backup": "the state is kept",
    "restored": "the state goes back to a backup",
}
EVENTS = ("backup", "restored")  # between two requests
OUTAGE = "refused"
RESULTS = ("partial", "reordered", "duplicate")
# Of a request that changes nothing nobody can tell whether it was applied.
CHANGING = ("cut_after", "timeout_after", "late")
_WAITING = ("timeout", "timeout_after", "late")
BY_CHANCE = tuple(k for k in KINDS if k not in (*EVENTS, OUTAGE, *_WAITING))
LONGEST = 600.0  # seconds anybody is kept waiting
AUTO = "auto"

_ITEM = re.compile(
    r"(?P<kind>\w+)(=(?P<name>\w+))?(:(?P<count>-?\d+(\.\d+)?|always))?(@(?P<after>\d+))?"
)


@dataclass
class Rule:
    """``count`` more requests from number ``start`` on (-1: all); of ``method`` only, if given.
    For an outage ``count`` is seconds; ``name`` is a backup's."""

    kind: str
    count: float = 1
    start: int = 0
    method: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; possible: {', '.join(KINDS)}")
        if self.kind == OUTAGE and not 0 < self.count <= LONGEST:
            raise ValueError(f"refused takes seconds, above 0 and up to {LONGEST:g}")
        if self.kind != OUTAGE and self.count != int(self.count):
            raise ValueError(f"{self.kind} takes a whole number of requests")

    def to_json(self) -> dict[str, Any]:
        """Plain values; a count that is whole as an integer."""
        whole = int(self.count) if self.count == int(self.count) else self.count
        return {k: v for k, v in (vars(self) | {"count": whole}).items() if v != ""}


@dataclass(frozen=True)
class Storm:
    """A share of all requests, by chance."""

    rate: float = 0.0
    seed: int = 0
    kinds: tuple[str, ...] = BY_CHANCE

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise ValueError("rate is a share, 0 to 1")
        if wrong := set(self.kinds) - set(KINDS) | set(self.kinds) & {*EVENTS, OUTAGE}:
            raise ValueError(f"not to be played by chance: {', '.join(sorted(wrong))}")

    def at(self, emulator: str, number: int) -> str | None:
        """The kind that request ``number`` of ``emulator`` meets. Same input, same answer."""
        chance = Random(f"{self.seed}/{emulator}/{number}")  # noqa: S311  # no secret
        return chance.choice(self.kinds) if chance.random() < self.rate else None


@dataclass(frozen=True)
class Plan:
    """Rules in the order of their text, and a storm. ``hold`` and ``slow`` are seconds."""

    rules: tuple[Rule, ...] = ()
    storm: Storm = field(default_factory=Storm)
    hold: float = 30.0
    slow: float = 5.0
    retry_after: str = "1"

    def __post_init__(self) -> None:
        if not (0 <= self.hold <= LONGEST and 0 <= self.slow <= LONGEST):
            raise ValueError(f"hold and slow are seconds, 0 to {LONGEST:g}")


def parse(text: str) -> Plan:
    """The plan of a text. Raises ``ValueError``, which names the item and what is wrong."""
    rules: list[Rule] = []
    options: dict[str, str] = {}
    for item in _items(text):
        name, equals, value = item.partition("=")
        if equals and name in _OPTIONS:
            options[name] = value
        else:
            rules.append(_rule(item))
    return _with_options(Plan(tuple(rules)), options)


def read(text_or_path: str) -> Plan:
    """The plan of a text, or of the file whose name it is. Raises ``ValueError``."""
    path = Path(text_or_path)
    try:
        return parse(path.read_text("utf-8") if path.is_file() else text_or_path)
    except OSError:  # too long for a name
        return parse(text_or_path)


def _items(text: str) -> list[str]:
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [item for line in lines for item in re.split(r"[,\s]+", line) if item]


def _rule(item: str) -> Rule:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise ValueError(f"{item!r} is not kind:count@after, as in cut_after:1@5")
    said = found["count"] or "1"
    count = -1.0 if said == "always" else float(said)
    if found["name"] and found["kind"] not in EVENTS:
        raise ValueError(f"{item!r}: only {' and '.join(EVENTS)} take a name")
    return Rule(found["kind"], count, int(found["after"] or 0), name=found["name"] or "")


_OPTIONS = ("rate", "seed", "kinds", "hold", "slow", "retry_after")


def _with_options(plan: Plan, options: dict[str, str]) -> Plan:
    try:
        storm = Storm(
            float(options.get("rate", 0)),
            int(options.get("seed", 0)),
            tuple(options["kinds"].split("+")) if "kinds" in options else BY_CHANCE,
        )
        hold, slow = (float(options.get(n, getattr(plan, n))) for n in ("hold", "slow"))
    except ValueError as problem:
        raise ValueError(
            f"{', '.join(f'{k}={v}' for k, v in options.items())}: {problem}"
        ) from None
    after = options.get("retry_after", plan.retry_after)
    return replace(plan, storm=storm, hold=hold, slow=slow, retry_after=after)
