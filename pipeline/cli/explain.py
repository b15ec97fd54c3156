"""``svod explain``: from a figure to the rows it counts and the line each of them came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import Connection

from pipeline.cli import explain_show
from pipeline.cli.options import day
from pipeline.cli.present import AsJson
from pipeline.exits import Exit
from pipeline.explain.addresses import (
    Address,
    AddressError,
    CardAddress,
    CoverageCount,
    Cut,
    Figure,
    Kind,
    LedgerCounter,
    Level,
)
from pipeline.explain.card import dues_for, explain_card
from pipeline.explain.coverage import explain_coverage
from pipeline.explain.figure import explain
from pipeline.explain.ledger import explain_counter
from pipeline.explain.lookup import journal_key, latest_day, school_year
from pipeline.explain.read_address import parse
from pipeline.hub import Hub
from pipeline.ledger import Counter
from pipeline.profiles import schedule_basis
from quality.measures import REGION
from quality.uploads import Cause

FigureName = Annotated[
    str,
    typer.Argument(
        help="A measure (timeliness), 'form1', a cause of days (source_unavailable), 'remark', "
        "'ledger', 'coverage', or a whole address (measure/held/school/781003/...@...)."
    ),
]


def register(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command("explain")(explain_figure)


@dataclass(frozen=True)
class Asked:
    """A figure as it is asked for on the command line; empty: not said."""

    name: str
    school: str = ""
    district: str = ""
    grade: str = ""
    class_: str = ""
    subject: str = ""
    teacher: str = ""
    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    code: str = ""  # column, rule or counter
    run: str = ""
    entity: str = ""
    source: str = ""
    reason: str = ""


def explain_figure(
    figure: FigureName,
    school: Annotated[str, typer.Option("--school", help="The school's code.")] = "",
    district: Annotated[str, typer.Option("--district", help="The district's code.")] = "",
    grade: Annotated[str, typer.Option("--grade", help="Only this grade level.")] = "",
    class_: Annotated[str, typer.Option("--class", help="Only this class: name or key.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Only this subject.")] = "",
    teacher: Annotated[str, typer.Option("--teacher", help="Only this teacher: pseudonym.")] = "",
    date_from: Annotated[
        datetime | None, day("--from", "The first day; by default the school year's.")
    ] = None,
    date_to: Annotated[datetime | None, day("--to", "The last day; by default --as-of.")] = None,
    as_of: Annotated[
        datetime | None, day("--as-of", "As known then; by default the day measured last.")
    ] = None,
    column: Annotated[str, typer.Option("--column", help="Of form1, coverage: its column.")] = "",
    rule: Annotated[str, typer.Option("--rule", help="Of remark: its rule.")] = "",
    counter: Annotated[str, typer.Option("--counter", help="Of ledger: quarantined, ...")] = "",
    run: Annotated[str, typer.Option("--run", help="Of ledger: the run.")] = "",
    entity: Annotated[str, typer.Option("--entity", help="Of ledger: mark, lesson, ...")] = "",
    source: Annotated[
        str, typer.Option("--source", help="Of ledger: this source; of a delivery, the portal.")
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Of a delivery's counter: no_uid, ...")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Rows that count, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many rows at most.")] = 40,
    as_json: AsJson = False,
) -> None:
    """What a figure counts, row by row, and the file and line, or request, of each.

    `--json` gives one object a line, all rows. Exit code 6 if the figure kept that day differs.
    """
    asked = Asked(
        name=figure,
        school=school,
        district=district,
        grade=grade,
        class_=class_,
        subject=subject,
        teacher=teacher,
        first=date_from.date() if date_from else None,
        last=date_to.date() if date_to else None,
        as_of=as_of.date() if as_of else None,
        code=column or rule or counter,
        run=run,
        entity=entity,
        source=source,
        reason=reason,
    )
    how = explain_show.How(everything=everything, limit=limit, as_json=as_json)
    hub = Hub.open()
    with hub.engine.begin() as connection:
        same = _shown(hub, connection, address_of(connection, asked), how)
    raise typer.Exit(Exit.DONE if same else Exit.DIFFERS)


def _shown(hub: Hub, connection: Connection, address: Address, how: explain_show.How) -> bool:
    """Show what has this address; whether it is what was kept, or nothing was."""
    match address:
        case LedgerCounter(of_delivery=True):
            counted = explain_counter(connection, address)
            explain_show.show_standing(connection, hub.keys, counted, how)
        case LedgerCounter():
            explain_show.show_counter(explain_counter(connection, address), how)
        case CardAddress():
            card = explain_card(connection, address, dues_for(hub))
            explain_show.show_card(connection, card, how)
        case CoverageCount():
            with_uid = hub.vault.who_has_uid(address.school)
            found = explain_coverage(connection, address, with_uid)
            explain_show.show_coverage(connection, found, how)
        case Figure():
            parts = explain(connection, address, schedule_basis)
            return explain_show.show_figure(connection, address, parts, how)
    return True


def address_of(connection: Connection, asked: Asked) -> Address:
    """The address that ``asked`` means. Raises ``AddressError`` for what there cannot be."""
    if "/" in asked.name:
        return parse(asked.name)
    if asked.name == "ledger":
        if asked.code not in list(Counter):
            raise AddressError(f"--counter: одно из: {', '.join(Counter)}")
        return LedgerCounter(
            Counter(asked.code),
            asked.school,
            asked.run,
            asked.entity,
            asked.source,
            asked.reason,
        )
    as_of = asked.as_of or latest_day(connection)
    if asked.name == "coverage":
        key = dict(_cuts(connection, asked)).get(Cut.CLASS, "")
        return CoverageCount(asked.code, asked.school, as_of, key)
    last = asked.last or as_of
    level, unit = _unit(asked)
    return Figure(
        *_kind(asked),
        level=level,
        unit=unit,
        first=asked.first or school_year(connection, last).start,
        last=last,
        as_of=as_of,
        within=tuple(_cuts(connection, asked)),
    )


def _kind(asked: Asked) -> tuple[Kind, str]:
    if asked.name in (Kind.FORM1, Kind.REMARK):
        return Kind(asked.name), asked.code
    return (Kind.CAUSE if asked.name in list(Cause) else Kind.MEASURE), asked.name


def _unit(asked: Asked) -> tuple[Level, str]:
    if asked.school:
        return Level.SCHOOL, asked.school
    return (Level.DISTRICT, asked.district) if asked.district else (Level.REGION, REGION)


def _cuts(connection: Connection, asked: Asked) -> Iterator[tuple[Cut, str]]:
    if asked.grade:
        yield Cut.GRADE, asked.grade
    if asked.class_:
        yield Cut.CLASS, journal_key(connection, asked.school, "class_", asked.class_)
    if asked.subject:
        yield Cut.SUBJECT, journal_key(connection, asked.school, "subject", asked.subject)
    if asked.teacher:
        yield Cut.TEACHER, asked.teacher
