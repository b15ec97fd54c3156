"""``svod people``: the same child in two schools, matched, decided about, undone. No names."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from pipeline.cli.present import AsJson, show
from pipeline.hub import Hub
from pipeline.intake.identity import ambiguous, match_people

people = typer.Typer(help="The same child in several schools.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who decides; stands in the action log.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, without anybody's name.")]
One = Annotated[str, typer.Argument(help="A pseudonym, from 'svod people ambiguous'.")]
Other = Annotated[str, typer.Argument(help="The other pseudonym.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(people, name="people")


@people.command("match")
def match(
    changed: Annotated[
        bool, typer.Option("--changed", help="Only who is new or changed, as collecting does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find pupils of several schools who are one child; joins only where it is sure."""
    show([asdict(match_people(Hub.open(), everybody=not changed))], as_json=as_json)


@people.command("ambiguous")
def list_ambiguous(as_json: AsJson = False) -> None:
    """Pairs that a person must judge: pseudonym, school, class, line in the upload, and why."""
    show(ambiguous(Hub.open()), as_json=as_json)


@people.command("merges")
def list_merges(as_json: AsJson = False) -> None:
    """Who was joined with whom, on what basis, by whom; undone merges too."""
    show(Hub.open().vault.persons.history().to_dicts(), as_json=as_json)


@people.command("merge")
def merge(one: One, other: Other, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Decide that two pupils are one child; matching never parts them."""
    hub = replace(Hub.open(), actor=by)
    made = hub.vault.persons.merge(one, other, by, reason, hub.log_action)
    show([{"merge": made, "one": one, "other": other}], as_json=as_json)


@people.command("differ")
def differ(one: One, other: Other, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Decide that two pupils are two children; matching never joins them."""
    hub = replace(Hub.open(), actor=by)
    hub.vault.persons.differ(one, other, by, reason, hub.log_action)
    show([{"differ": True, "one": one, "other": other}], as_json=as_json)


@people.command("undo")
def undo(
    merge_id: Annotated[int, typer.Argument(metavar="MERGE", help="From 'svod people merges'.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Part again whom a merge joined, and remember that they are two children."""
    hub = replace(Hub.open(), actor=by)
    undone = hub.vault.persons.undo(merge_id, by, reason, hub.log_action)
    show([{"merge": merge_id, "undone": undone}], as_json=as_json)
