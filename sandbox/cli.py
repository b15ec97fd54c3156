"""``python -m sandbox``: a pretend region on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sandbox.damage import WAYS, DamageError, damage
from sandbox.demo import demo
from sandbox.emulators.fault_plan import Plan, read
from sandbox.generate import NotARegionError, generate
from sandbox.mutate import UnknownSchoolError, mutate
from sandbox.params import SYSTEMS, Params
from sandbox.regulations import REGULATIONS
from sandbox.serve import EMULATORS, serve_until_stopped

_TEACH = """
A region of schools that do not exist, with journals kept well and badly and with known
defects, and emulators of the systems around the hub. The same seed gives the same bytes.

  python -m sandbox generate --seed 7 --out /tmp/region     write the region (about 10 s)
  python -m sandbox serve --data /tmp/region                the systems around the hub, on loopback
  python -m sandbox serve --data /tmp/region --faults diary=429:3,cut_after:1@5,restored@20
  python -m sandbox demo --out /tmp/region                  the whole way through `svod`
  python -m sandbox mutate --data /tmp/region --school 781001
  python -m sandbox damage --data /tmp/region --school 781001 --how broken_xml

truth.json in the region's folder says what is in it: docs/sandbox-truth.md.
Exit codes: 0 done, 2 the request cannot be met (the message says why), else of `svod`.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (NotARegionError, UnknownSchoolError, DamageError, LookupError, ValueError) as problem:
        sys.stderr.write(f"sandbox: {problem}\n")
        return 2


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "generate":
            generate(_params(options), options.out)
            _say(
                {
                    "region": str(options.out / "region.yml"),
                    "truth": str(options.out / "truth.json"),
                }
            )
        case "serve":
            ports = {name: getattr(options, f"{name}_port") for name in EMULATORS}
            chosen = {name: port for name, port in ports.items() if port}
            serve_until_stopped(options.data, chosen, _faults(options.faults), options.ready_file)
        case "demo":
            return demo(_params(options), options.out)
        case "mutate":
            _say(mutate(options.data, options.school))
        case "damage":
            _say(damage(options.data, options.school, options.how))
    return 0


def _faults(asked: Sequence[str]) -> dict[str, Plan]:
    """Plans by emulator; "" for all others. Raises ``ValueError``."""
    plans = {}
    for text in asked:
        name, equals, plan = text.partition("=")
        own = equals and name in EMULATORS
        plans[name if own else ""] = read(plan if own else text)
    return plans


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _params(options: argparse.Namespace) -> Params:
    return Params(
        seed=options.seed,
        until=options.until,
        connected_on=options.connected_on,
        districts=options.districts,
        schools_per_system=options.schools_per_system,
        classes=options.classes,
        systems=tuple(options.systems.split(",")),
        profiles=tuple(options.profiles.split(",")),
        evenings=_days(options.evenings),
        compliance=_days(options.compliance),
    )


def _days(text: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(day) for day in text.split(",") if day)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m sandbox",
        description=_TEACH,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, teach in (
        ("generate", "write a region to a folder"),
        ("demo", "generate, serve and run `svod` for every business date"),
    ):
        _add_size(commands.add_parser(name, help=teach, description=teach))
    serve = commands.add_parser("serve", help="run the emulators until SIGTERM")
    _add_data(serve)
    for name in EMULATORS:
        serve.add_argument(f"--{name}-port", type=int, default=0, help="0: any free port")
    serve.add_argument(
        "--faults",
        action="append",
        default=[],
        metavar="[EMULATOR=]PLAN|FILE",
        help="faults to play; may be given for each emulator. See sandbox/emulators/fault_plan.py",
    )
    serve.add_argument("--ready-file", type=Path, help="gets the same JSON line as the output")
    change = commands.add_parser("mutate", help="change one delivered mark, and nothing else")
    spoil = commands.add_parser("damage", help="damage the last upload of a school")
    for command in (change, spoil):
        _add_data(command)
        command.add_argument("--school", required=True, help="code of a school, as 781001")
    spoil.add_argument("--how", required=True, choices=WAYS)
    return parser


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, required=True, help="folder of a generated region")


def _add_size(command: argparse.ArgumentParser) -> None:
    size = Params()
    add = command.add_argument
    add("--out", type=Path, required=True, help="folder to write the region to")
    add("--seed", type=int, default=size.seed)
    add("--until", type=date.fromisoformat, default=size.until, help="last business date")
    add("--connected-on", type=date.fromisoformat, help="first one (default: 4 days before)")
    add("--districts", type=int, default=size.districts)
    add("--schools-per-system", type=int, default=size.schools_per_system)
    add(
        "--systems",
        default=",".join(size.systems),
        help=f"journal systems, with commas; possible: {', '.join(SYSTEMS)}",
    )
    add(
        "--profiles",
        default=",".join(size.profiles),
        help=f"regulations of the districts in turn; possible: {', '.join(REGULATIONS)}",
    )
    add("--compliance", default="", help="evenings whose remarks are told; breaks the regulations")
    add("--evenings", default="", help="days on which the hub works, with commas (default: all)")
    add("--classes", type=int, default=size.classes, help="grade levels a school has, 1-11")
