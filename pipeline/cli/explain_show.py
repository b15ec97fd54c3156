"""How an explained figure looks: a table for a person, what is not counted first; a line of JSON
for each row for a machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import typer
from sqlalchemy import Connection

from pipeline.cards.drafts import DUE
from pipeline.cards.line_text import line_words
from pipeline.cards.text import told
from pipeline.cli.present import show
from pipeline.delivery.outbox import Box
from pipeline.explain.addresses import Figure, Level
from pipeline.explain.card import ExplainedCard, places_of_lines
from pipeline.explain.coverage import ExplainedCoverage, places_by_row
from pipeline.explain.figure import Explained, kept, origins_by_row
from pipeline.explain.ledger import ExplainedCounter
from pipeline.explain.lookup import school_year
from pipeline.explain.portal_origins import parts_of
from privacy.keys import KeyRing
from quality.profiles import Profile
from reports.coverage_words import KNOWN_NOW, meaning_of, pupil_words
from reports.explained import meaning, origin_words, row_words
from reports.portal_words import NOT_TRACED, STATES, reason_words
from reports.words import grouped, short_date

SHOWN = 3  # so many origins of a row in a table; --json has them all


@dataclass(frozen=True)
class How:
    """``everything``: rows that count, too; ``limit``: rows of a table."""

    everything: bool
    limit: int
    as_json: bool


def show_figure(
    connection: Connection, figure: Figure, parts: Iterable[Explained], how: How
) -> bool:
    """Show ``figure``; whether it is the one that was kept, or none was.

    A school's figure is shown with its rows, another one by school; as JSON always with the rows.
    """
    zone = ZoneInfo(school_year(connection, figure.first).zone)
    numerator = denominator = 0
    schools: list[dict[str, Any]] = []
    last: Explained | None = None
    for part in parts:
        numerator, denominator = numerator + part.numerator, denominator + part.denominator
        if how.as_json:
            for row in _objects(connection, part):
                _line({"school": part.figure.unit} | row)
        schools.append(_school_row(part))
        last = part
    stored = kept(connection, figure)
    same = stored is None or (stored[0] == numerator and stored[1] in (None, denominator))
    if how.as_json:
        said = {"address": str(figure), "numerator": numerator, "denominator": denominator}
        _line(said | {"kept": stored, "same": same})
        return same
    _heading(figure, (numerator, denominator), last.regulation if last else None)
    typer.echo(_kept_words(stored, same=same))
    if last and figure.level is Level.SCHOOL:
        _table(connection, last, how, zone)
    else:
        show(schools, as_json=False)
        typer.echo("Строки школы: та же команда с --school.")
    return same


def show_counter(explained: ExplainedCounter, how: How) -> None:
    """Show the records of a counter of a run."""
    rows = explained.records.to_dicts()
    if how.as_json:
        for row in rows:
            _line(row)
        _line({"address": str(explained.address), "count": explained.count})
        return
    typer.echo(f"{explained.address}\nзаписей: {grouped(explained.count)}")
    table = [
        {
            "источник": row["source"],
            "запись": row["key"],
            "поле": row["field"],
            "правило": row["rule"],
            "откуда": origin_words(row["document"], row["line"], row["upload"]),
        }
        for row in rows[: how.limit]
    ]
    show(table, as_json=False)
    _rest(len(rows), how)


def show_card(connection: Connection, explained: ExplainedCard, how: How) -> None:
    """Show the lines of a card: what is due, with ``everything`` also what is waived or mended."""
    lines = explained.lines
    chosen = lines if how.everything or how.as_json else lines.filter(state=DUE)
    shown = chosen if how.as_json else chosen.head(how.limit)
    places = places_of_lines(connection, explained.address, shown)
    if how.as_json:
        for row in shown.iter_rows(named=True):
            _line(_filled(row) | {"origins": [_filled(one) for one in places.get(row["row"], [])]})
        _line({"address": str(explained.address), "held": dict(explained.card.held)})
        return
    typer.echo(f"{explained.address}\n{told(explained.card)}")
    table = [line_words(row, places.get(row["row"], [])) for row in shown.iter_rows(named=True)]
    used = [name for name in table[0] if any(row[name] for row in table)] if table else []
    show([{name: row[name] for name in used} for row in table], as_json=False)
    _rest(chosen.height, how)
    if chosen.height < lines.height:
        typer.echo(f"отсрочено и исправлено {grouped(lines.height - chosen.height)}; --all")


def show_coverage(connection: Connection, explained: ExplainedCoverage, how: How) -> None:
    """Show the pupils that a count of the page of consents counts."""
    address, rows = explained.address, explained.rows
    shown = rows if how.as_json else rows.head(how.limit)
    said, enrolled = (
        places_by_row(connection, address.school, showing, shown)
        for showing in (explained.consents, explained.enrolments)
    )
    if how.as_json:
        for row in shown.iter_rows(named=True):
            places = (said.get(row["row"], []), enrolled.get(row["row"], []))
            origins, of_class = ([_filled(one) for one in those] for those in places)
            _line(_filled(row) | {"origins": origins, "class_origins": of_class})
        _line({"address": str(address), "count": rows.height})
        return
    _coverage_heading(explained)
    table = [
        pupil_words(row, said.get(row["row"], []), enrolled.get(row["row"], []))
        for row in shown.iter_rows(named=True)
    ]
    show(table, as_json=False)
    _rest(rows.height, how)


def _coverage_heading(explained: ExplainedCoverage) -> None:
    address = explained.address
    told = meaning_of(address.column)
    of_class = f", класс {explained.class_name}" if address.class_key else ""
    typer.echo(f"{told.title}: {grouped(explained.rows.height)}")
    typer.echo(f"школа {address.school}{of_class}, {short_date(address.on)}")
    for line in filter(None, (told.definition, told.source, KNOWN_NOW)):
        typer.echo(line)
    typer.echo(f"Адрес: {address}")


def show_standing(
    connection: Connection, keys: KeyRing, explained: ExplainedCounter, how: How
) -> None:
    """Show the records of a counter of a delivery, and of which rows of the journal they are."""
    address, records = explained.address, explained.records
    shown = records if how.as_json else records.head(how.limit)
    parts = parts_of(connection, keys, Box(address.source, address.school), shown)
    if how.as_json:
        for row in shown.iter_rows(named=True):
            _line(row | {"origins": parts.get(row["key"], [])})
        _line({"address": str(address), "count": explained.count})
        return
    typer.echo(f"{address}\nзаписей: {grouped(explained.count)}")
    table = [
        {
            "запись": row["key"],
            "вид": row["entity"],
            "состояние": STATES[row["state"]],
            "почему": reason_words(row["reason"]),
            "откуда": "\n".join(_origin_lines(parts.get(row["key"], []))) or NOT_TRACED,
        }
        for row in shown.iter_rows(named=True)
    ]
    show(table, as_json=False)
    _rest(records.height, how)


def _heading(figure: Figure, counts: tuple[int, int], regulation: Profile | None) -> None:
    """The words of a region stand in the profile of the last of its schools: the measures are
    Svod's own."""
    numerator, denominator = counts
    share = f" ({numerator / denominator:.1%})" if denominator else ""
    means = meaning(figure.kind, figure.code, regulation)
    typer.echo(f"{means.title}: {grouped(numerator)} из {grouped(denominator)}{share}")
    whose = "регион" if figure.level is Level.REGION else f"{_LEVELS[figure.level]} {figure.unit}"
    within = "".join(f", {cut} {value}" for cut, value in figure.within)
    typer.echo(
        f"{whose}{within}, с {short_date(figure.first)} по {short_date(figure.last)},"
        f" по состоянию на {short_date(figure.as_of)}"
    )
    for line in filter(None, (means.definition, means.source, means.version)):
        typer.echo(line)
    typer.echo(f"Адрес: {figure}")


_LEVELS = {Level.SCHOOL: "школа", Level.DISTRICT: "район"}


def _kept_words(stored: tuple[int, int | None] | None, *, same: bool) -> str:
    if stored is None:
        return "За этот период и день число не сохранялось."
    if same:
        return "Совпадает с сохранённым."
    of = "" if stored[1] is None else f" из {grouped(stored[1])}"
    return (
        f"НЕ СОВПАДАЕТ: сохранено {grouped(stored[0])}{of}. Пересчитайте день: svod measure;"
        " если не помогло, позовите разработчика."
    )


def _table(connection: Connection, explained: Explained, how: How, zone: ZoneInfo) -> None:
    rows = explained.rows.sort("counted", "date", "number", "row", nulls_last=True)
    chosen = rows if how.everything else rows.filter(~pl.col("counted"))
    shown = chosen.head(how.limit)
    origins = origins_by_row(connection, explained, shown)
    table = [
        row_words(row, zone) | {"откуда": "\n".join(_origin_lines(origins.get(row["row"], [])))}
        for row in shown.iter_rows(named=True)
    ]
    used = [name for name in table[0] if any(row[name] for row in table)] if table else []
    show([{name: row[name] for name in used} for row in table], as_json=False)
    _rest(chosen.height, how)
    if not how.everything and chosen.height < rows.height:
        typer.echo(f"засчитано {grouped(rows.height - chosen.height)}; показать их: --all")


def _rest(height: int, how: How) -> None:
    if height > how.limit:
        typer.echo(f"показано {how.limit} из {grouped(height)}; больше: --limit")


def _origin_lines(origins: list[dict[str, Any]]) -> Iterator[str]:
    for one in origins[:SHOWN]:
        yield origin_words(one["document"], one["line"], one["upload"])
    if len(origins) > SHOWN:
        yield f"и ещё {len(origins) - SHOWN}"


def _school_row(part: Explained) -> dict[str, Any]:
    return {
        "школа": part.figure.unit,
        "засчитано": part.numerator,
        "всего": part.denominator,
        "не засчитано": part.denominator - part.numerator,
        "определения": part.regulation.definition,
    }


def _objects(connection: Connection, part: Explained) -> Iterator[dict[str, Any]]:
    """Each row with its origins, without what it has not."""
    origins = origins_by_row(connection, part, part.rows)
    for row in part.rows.iter_rows(named=True):
        shown = [_filled(one) for one in origins.get(row["row"], [])]
        yield _filled(row) | {"origins": shown}


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and name != "row"}


def _line(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))
