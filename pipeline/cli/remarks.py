"""What is wrong with a school's journal, counted by rule or listed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.hub import Hub
from pipeline.measuring.remarks import remark_counts, remarks_on
from quality.remarks import RULES, remark_words

# What fits on a terminal; the rest is in JSON.
_FOR_PEOPLE = ("state", "rule", "day", "class_key", "subject_key", "teacher", "pupil", "detail")


class State(StrEnum):
    """What the last check made of a remark."""

    NEW = "new"
    OPEN = "open"
    FIXED = "fixed"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("remarks")(remarks)


def remarks(
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    rule: Annotated[str, typer.Option("--rule", help="Only this rule, each remark.")] = "",
    state: Annotated[State | None, typer.Option("--state", help="Only these, each.")] = None,
    on: Annotated[
        datetime | None,
        day("--on", "As checked by this day; else the last."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remarks by rule: new, still open, fixed; each of them with --rule or --state."""
    if rule and rule not in RULES:
        raise typer.BadParameter(f"no rule {rule!r}; there are {', '.join(sorted(RULES))}")
    day = on.date() if on else None
    with Hub.open().engine.begin() as connection:
        if rule or state:
            found = remarks_on(connection, school, day, rule=rule, state=state or "")
            if not as_json:
                found = [{name: row[name] for name in _FOR_PEOPLE} for row in found]
        else:
            found = [
                row | {"title": remark_words()[row["rule"]].title}
                for row in remark_counts(connection, school, day)
            ]
    show(found, as_json=as_json)
