"""``svod forms``: the forms of the documents as files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.forms.forms import FORMATS, FormsError, Wanted, write_forms
from pipeline.hub import Hub
from quality.measures import REGION
from reports.forms import district_unit, school_unit


def register(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command("forms")(forms)


def forms(
    form: Annotated[int, typer.Option("--form", min=1, max=5, help="Which of the five.")],
    on: Annotated[datetime, day("--on", "A day that was measured.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")],
    by: Annotated[str, typer.Option("--by", help="Who asks; stands in the action log.")],
    school: Annotated[str, typer.Option("--school", help="Of this school.")] = "",
    district: Annotated[str, typer.Option("--district", help="Of all schools of it.")] = "",
    region: Annotated[bool, typer.Option("--region", help="Of the region.")] = False,
    formats: Annotated[
        str, typer.Option("--format", help="pdf, xlsx, docx, parted by commas.")
    ] = "xlsx,pdf",
    since: Annotated[
        datetime | None,
        day("--since", "Form 5: the check before; by default the last day of the month before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a form of a school, a district or the region."""
    units = [
        *([school_unit(school)] if school else []),
        *([district_unit(district)] if district else []),
        *([REGION] if region else []),
    ]
    if len(units) != 1:
        raise FormsError("name one of --school, --district and --region")
    wanted_formats = [name.strip() for name in formats.split(",")]
    if strange := sorted(set(wanted_formats) - set(FORMATS)):
        raise FormsError(f"no such format: {', '.join(strange)}; there are {', '.join(FORMATS)}")
    day = on.date()
    wanted = Wanted(form, units[0], day, since.date() if since else _month_before(day))
    hub = replace(Hub.open(), actor=by)
    paths = write_forms(hub, wanted, wanted_formats, out)
    show([{"file": str(path)} for path in paths], as_json=as_json)


def _month_before(day: date) -> date:
    """The last day of the month before that of ``day``."""
    return day.replace(day=1) - timedelta(days=1)
