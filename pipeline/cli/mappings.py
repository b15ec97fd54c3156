"""Commands about profiles: list, check against a sample, a first draft, the schema for editors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mappings.assumptions import lines_of
from mappings.difference import Change, differences
from mappings.json_schema import printed
from mappings.language import Mapping
from mappings.loader import PROFILES, folder_of, profiles
from mappings.met import CodeMet
from mappings.problems import MappingError
from pipeline.cli.present import AsJson, show
from pipeline.exits import Exit
from pipeline.profiles import load_profile, profile_folders
from pipeline.samples.check import ColumnRead, SampleReport, check_sample, summed
from pipeline.samples.draft import draft_of
from pipeline.samples.sample import open_sample
from pipeline.settings import Settings

commands = typer.Typer(
    help="Profiles: what a journal system's tables and codes mean.", no_args_is_help=True
)

COUNTED = ("school_years", "base", "lines", "assumed")

Profile = Annotated[str, typer.Argument(help="A profile, such as paragraf/3.21.")]
SamplePath = Annotated[Path, typer.Argument(help="A file, a ZIP or the folder of an upload.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(commands, name="mappings")
    commands.command("list")(list_profiles)
    commands.command("check")(check)
    commands.command("new")(new)
    commands.command("schema")(schema)


def list_profiles(as_json: AsJson = False) -> None:
    """Every profile, its school years, and how much of it no public source confirms."""
    show([_described(name) for name in profiles(*profile_folders())], as_json=as_json)


def _described(name: str) -> dict[str, Any]:
    folder = folder_of(name, *profile_folders())
    row = {"profile": name, "folder": "bundled" if folder == PROFILES else str(folder)}
    try:
        mapping = load_profile(name)
    except MappingError as error:  # one broken profile hides no other
        told = f"cannot be used: {error.problems[0].what}"
        return row | dict.fromkeys(COUNTED) | {"title": told}
    lines = lines_of(mapping)
    return row | {
        "school_years": str(mapping.valid),
        "base": mapping.base,
        "lines": len(lines),
        "assumed": sum(line.assumed for line in lines),
        "title": mapping.title,
    }


def check(
    profile: Profile,
    sample: SamplePath,
    against: Annotated[
        str, typer.Option(help="Also show what differs from this version of the profile.")
    ] = "",
    school_year: Annotated[
        int | None,
        typer.Option(
            help="The year in which the school year begins; by default the profile's first."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How a profile reads a sample: columns, codes, what would be lost. Stores nothing.

    Exit code 5 if anything of the sample would not be taken.
    """
    mapping = load_profile(profile, school_year)
    report = check_sample(
        mapping,
        open_sample(sample),
        school_year=mapping.valid.first if school_year is None else school_year,
        zone=Settings().zone,
    )
    changes = differences(_version(profile, against), mapping) if against else []
    if as_json:
        answer = asdict(report) | {"loses": report.loses, "changes": [asdict(c) for c in changes]}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _print(report, changes, against)
    raise typer.Exit(Exit.MISCONFIGURED if report.loses else Exit.DONE)


def _version(profile: str, against: str) -> Mapping:
    return load_profile(against if "/" in against else f"{profile.split('/')[0]}/{against}")


def _print(report: SampleReport, changes: Sequence[Change], against: str) -> None:
    _section("Tables", [asdict(table) for table in report.tables])
    _section("Columns", [_column_row(column) for column in report.columns])
    _section("Codes", [_code_row(code) for code in report.codes])
    _section("Records", [asdict(entity) for entity in report.entities])
    if against:
        _section(f"Changed since {against}", [asdict(change) for change in changes])
    losses = [
        {
            "count": count,
            "rule": loss.rule,
            "document": loss.document,
            "first_line": loss.line,
            "field": loss.field,
            "reason": ": ".join(part for part in (loss.reason, loss.detail) if part),
            "fix": loss.fix,
        }
        for loss, count in summed(report.losses)
    ]
    _section("Would be lost", losses)
    typer.echo(f"\n{report.profile}: {_verdict(report)}")


def _verdict(report: SampleReport) -> str:
    if not report.tables:
        return "no table of this profile was found in the sample"
    refused = sum(entity.refused for entity in report.entities)
    if report.loses:
        return f"{refused} records refused, {len(report.losses)} remarks in all"
    return "everything in the sample is read"


def _section(title: str, rows: Sequence[dict[str, Any]]) -> None:
    typer.echo(f"\n{title}")
    show(rows, as_json=False)


def _column_row(column: ColumnRead) -> dict[str, Any]:
    return {
        "table": column.table,
        "column": column.column,
        "status": column.status,
        "read_as": "\n".join(column.fields),
        "assumed": "assumed" if column.assumed else "",
    }


def _code_row(met: CodeMet) -> dict[str, Any]:
    meaning = {"unknown": "UNKNOWN", "kept": "as it is"}.get(met.state, met.meaning or "nothing")
    return {
        "table": met.table,
        "column": met.column,
        "field": f"{met.entity}.{met.field}",
        "code": "(empty)" if met.code is None else met.code,
        "meaning": meaning,
        "assumed": "assumed" if met.assumed else "",
        "count": met.count,
    }


def new(
    sample: SamplePath,
    system: Annotated[str, typer.Option(help="Name of the system: latin letters, digits, _.")],
    out: Annotated[Path | None, typer.Option(help="Write the draft there; else print it.")] = None,
) -> None:
    """A first draft of a profile from a sample. What a person must decide stands there as TODO,
    and a profile with a TODO is refused."""
    text = draft_of(open_sample(sample), system)
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists():
        typer.echo(f"{out} is there already", err=True)
        raise typer.Exit(Exit.USAGE)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: decide every TODO, then: svod mappings check {system}/1 {sample}")


def schema() -> None:
    """The JSON Schema of a profile, for editors that complete YAML."""
    typer.echo(printed(), nl=False)
