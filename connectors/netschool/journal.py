"""A journal file: who had what in which lesson, and the topics of the lessons.

The sheet is wide, a column per lesson and kind of work; it leaves here long, a row per filled cell.
What the tokens of a cell mean is the mapping's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats import grid, html, xlsx
from connectors.formats.reading import LINE, ORIGIN, Reading, empty_frame, make_frame

JOURNAL_COLUMNS = (
    "Класс", "Предмет", "Группа", "ФИО", "Дата", "Урок", "ВидКод", "Ячейка", "Столбец",
)  # fmt: skip
CAPTION_COLUMNS = ("Класс", "Предмет", "Группа")
NUMBER, PUPIL, PERIOD = "№", "ФИО", "Период"
JOURNAL_SHEET, TOPICS_SHEET, JOURNAL_HEADER_ROW = "Журнал", "Темы", 6
LESSON = re.compile(r"([0-9]{2})\.([0-9]{2})/([0-9]{1,2})(?:/([^/\s]+))?")


@dataclass(frozen=True)
class Caption:
    """Whose journal it is; ``period`` gives the lesson columns their year."""

    class_: str
    subject: str
    group: str | None
    period: tuple[date, date]


@dataclass(frozen=True)
class WideJournal:
    """The sheet as it stands: header cells, rows of the same length, and their places."""

    header: list[str]
    rows: list[list[str | None]]
    lines: list[int]


@dataclass(frozen=True)
class JournalFile:
    """Both tables of a file, in the shapes of the source. ``caption`` is None when unreadable."""

    journal: Reading
    topics: Reading
    caption: Caption | None = None


def read_journal(document: RawDocument) -> JournalFile:
    """The journal and topics of ``document``, an HTML page or a workbook by its name."""
    if document.name.endswith(".html"):
        return _from_html(document)
    return _from_xlsx(document)


def _from_html(document: RawDocument) -> JournalFile:
    page = html.read_page(document)
    if isinstance(page, DocumentProblem):
        return _unreadable(page)
    said = dict(_parted(line) for line in page.caption)
    tables = {
        name: next((t for t in page.tables if {"table-print", name} <= t.classes), None)
        for name in ("journal", "topics")
    }
    caption, journal, topics = _caption(said), tables["journal"], tables["topics"]
    if caption is None or journal is None or not journal.rows or topics is None:
        return _unreadable(*(page.problems or [_broken(document, "нет подписи или таблицы")]))
    rows, lines, problems = html.body_of(document.name, journal)
    wide = WideJournal([cell or "" for cell in journal.rows[0]], rows, lines)
    found = html.table_of(document.name, topics)
    return _file(
        document, caption, wide, [*page.problems, *problems],
        Reading(found.frame, [*found.problems, *page.problems]),
    )  # fmt: skip


def _from_xlsx(document: RawDocument) -> JournalFile:
    grids = xlsx.read_grids(document)
    if isinstance(grids, DocumentProblem):
        return _unreadable(grids)
    journal, topics = grids.get(JOURNAL_SHEET), grids.get(TOPICS_SHEET)
    if journal is None or topics is None or len(journal.rows) < JOURNAL_HEADER_ROW:
        return _unreadable(_broken(document, "нет листа или шапки журнала"))
    said = {(row[0] or "").rstrip(":"): row[1] or "" for row in journal.rows[:4] if len(row) > 1}
    caption = _caption(said)
    if caption is None:
        return _unreadable(_broken(document, "нет подписи журнала"))
    header = [cell or "" for cell in journal.rows[JOURNAL_HEADER_ROW - 1]]
    body = grid.body_of(document.name, journal, header, JOURNAL_HEADER_ROW)
    wide = WideJournal(header, body.rows, body.lines)
    found = grid.table_of(document.name, topics, header_row=1)
    return _file(document, caption, wide, body.problems, found)


def _file(
    document: RawDocument,
    caption: Caption,
    wide: WideJournal,
    problems: Sequence[DocumentProblem],
    topics: Reading,
) -> JournalFile:
    named = [
        pl.lit(caption.class_).alias("Класс"),
        pl.lit(caption.subject).alias("Предмет"),
        pl.lit(caption.group, pl.String).alias("Группа"),
    ]
    journal = _long(document.name, wide, caption).with_columns(named)
    return JournalFile(
        Reading(
            journal.select(*JOURNAL_COLUMNS, *ORIGIN),
            [*problems, *_column_problems(document, wide.header)],
        ),
        Reading(topics.frame.with_columns(named), topics.problems),
        caption,
    )


def _long(name: str, wide: WideJournal, caption: Caption) -> pl.DataFrame:
    """A row per filled lesson cell, by sheet row and then by column."""
    if PUPIL not in wide.header:
        return empty_frame(JOURNAL_COLUMNS)
    places = [str(place) for place in range(len(wide.header))]
    pupil = places[wide.header.index(PUPIL)]
    lessons = _lessons(wide.header, caption.period)
    if lessons.is_empty():
        return empty_frame(JOURNAL_COLUMNS)  # a subject whose lessons have not begun
    sheet = make_frame(name, places, wide.rows, wide.lines)
    return (
        sheet.unpivot(
            [place for place in places if place in set(lessons["place"])],
            index=[pupil, *ORIGIN],
            variable_name="place",
            value_name="Ячейка",
        )
        .drop_nulls("Ячейка")
        .rename({pupil: PUPIL})
        .join(lessons, on="place", how="left")
        .sort(LINE, pl.col("place").cast(pl.Int64))
    )


def _lessons(header: Sequence[str], period: tuple[date, date]) -> pl.DataFrame:
    """The lesson columns: place, Дата (dd.mm.yyyy), Урок, ВидКод, Столбец."""
    found = [(place, cell, LESSON.fullmatch(cell)) for place, cell in enumerate(header)]
    rows = [
        (str(place), f"{m[1]}.{m[2]}.{_year(int(m[1]), int(m[2]), period)}", m[3], m[4], cell)
        for place, cell, m in found
        if m
    ]
    columns = ("place", "Дата", "Урок", "ВидКод", "Столбец")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _year(day: int, month: int, period: tuple[date, date]) -> int:
    """The year of the period in which the month falls: a school year turns in January."""
    first, last = period
    return first.year if (month, day) >= (first.month, first.day) else last.year


def _column_problems(document: RawDocument, header: Sequence[str]) -> list[DocumentProblem]:
    """A column that is neither the pupil's nor a lesson's is only told; one that begins like a
    date is a lesson whose marks we cannot place, so the journal is not whole."""
    if PUPIL not in header:
        return [_broken(document, "нет колонки ФИО")]
    return [
        DocumentProblem(
            document.name,
            "broken_document" if cell[:1].isdigit() else "unknown_column",
            None,
            cell or None,
            "колонка журнала",
        )
        for cell in header
        if cell not in (NUMBER, PUPIL) and not LESSON.fullmatch(cell)
    ]


def _caption(said: dict[str, str]) -> Caption | None:
    first, _, last = said.get(PERIOD, "").partition(" - ")
    period = _day(first), _day(last)
    class_, subject = said.get("Класс", ""), said.get("Предмет", "")
    if not class_ or not subject or period[0] is None or period[1] is None:
        return None
    return Caption(class_, subject, said.get("Группа") or None, (period[0], period[1]))


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%d.%m.%Y").date()  # noqa: DTZ007  # a day
    except ValueError:
        return None


def _parted(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _broken(document: RawDocument, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", None, None, detail)


def _unreadable(*problems: DocumentProblem) -> JournalFile:
    frame = empty_frame()
    return JournalFile(Reading(frame, list(problems)), Reading(frame, list(problems)))
