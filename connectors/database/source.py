"""A database as a source: its state on the evening of a day, seen in one snapshot."""

from __future__ import annotations

import time as clocks
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, CursorResult, Engine, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.base import DocumentProblem, Parsed, RawDocument, SourceTable, Upload
from connectors.database.answers import SUFFIX, NotTextError, missing, read_answer, write_answer
from connectors.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from connectors.formats.reading import empty_frame

READ_AT = time(20, 0)  # the evening collection; a run is a function of its business date
CHUNK = 10_000  # rows brought at a time
# The drivers' own way to a snapshot: Firebird's is its default, the others must be asked for.
SNAPSHOT_BY_DEFAULT = "firebird"  # its dialect calls itself firebird.firebird
SNAPSHOT = "REPEATABLE READ"
# Classes of SQLSTATE (SQL standard): who may not enter, and what is wrong with a query.
DENIED, WRONG_QUERY = "28", ("42", "07", "22")


@dataclass(frozen=True)
class Bounds:
    """What one table may bring: a school of 2000 pupils has 600,000 marks a year, and its
    database answers in minutes."""

    rows: int = 5_000_000
    seconds: float = 1_800


class DatabaseSource:
    """One school's database at ``url``; ``queries``: table to SQL, in which ``:first_day`` and
    ``:last_day`` stand for the days to read."""

    kind = "database"

    def __init__(
        self,
        school: str,
        url: str,
        queries: Mapping[str, str],
        zone: ZoneInfo,
        year_start: date,
        *,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        self._school = school
        self._engine = _engine(url)
        self._queries = dict(queries)
        self._zone = zone
        self._year_start = year_start
        self._bounds = bounds or Bounds()
        self._clock = clock

    def pending(self, until: date) -> list[Upload]:
        """The state on the evening of ``until``; asks nothing of the database."""
        if until < self._year_start:
            return []
        taken_at = datetime.combine(until, READ_AT, self._zone)
        return [Upload(self._school, until.isoformat(), taken_at, (self._year_start, until))]

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """The answers of all queries, in one transaction that sees one state of the database and
        is never committed. A query that does not answer at all is ended with its task.

        Raises ``AccessDenied``, ``Misconfigured`` (a query that the database refuses, named by
        its table) or ``Unavailable``.
        """
        try:
            with self._engine.connect() as connection:
                if not self._engine.dialect.name.startswith(SNAPSHOT_BY_DEFAULT):
                    connection.execution_options(isolation_level=SNAPSHOT)
                return [
                    self._answer(connection, table, query, upload)
                    for table, query in self._queries.items()
                ]
        except DBAPIError as error:
            raise _told(error, "") from None

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:  # noqa: ARG002
        """A table per query. A missing or damaged answer makes its table incomplete."""
        by_name = {document.name: document for document in documents}
        tables: list[SourceTable] = []
        problems: list[DocumentProblem] = []
        for table in self._queries:
            document = by_name.pop(table + SUFFIX, None)
            if document is None:
                tables.append(SourceTable(table, empty_frame(), complete=False))
                problems.append(missing(table + SUFFIX))
                continue
            reading = read_answer(document)
            tables.append(SourceTable(table, reading.frame, reading.complete))
            problems += reading.problems
        problems += [DocumentProblem(name, "unknown_document") for name in sorted(by_name)]
        return Parsed(tables, problems)

    def _answer(
        self, connection: Connection, table: str, query: str, upload: Upload
    ) -> RawDocument:
        statement = text(query)
        first, last = upload.covers
        days = {"first_day": first, "last_day": last}
        try:
            result = connection.execute(
                statement, {name: day for name, day in days.items() if f":{name}" in query}
            )
            return write_answer(table, _names(result), self._rows(table, result), self._zone)
        except DBAPIError as error:
            raise _told(error, table) from None
        except SQLAlchemyError as error:  # a parameter we do not know, or no rows to bring
            raise Misconfigured(
                f"the query cannot be asked ({type(error).__name__})",
                where=table,
                fix="let it bring rows; only :first_day and :last_day stand for values",
            ) from None
        except NotTextError as error:
            raise Misconfigured(
                f"the column {error.column} holds a blob",
                where=table,
                fix="cast it to text in the query: CAST(... AS VARCHAR(...))",
            ) from None

    def _rows(self, table: str, result: CursorResult[Any]) -> Iterator[Sequence[Any]]:
        until = self._clock() + self._bounds.seconds
        count = 0
        while chunk := result.fetchmany(CHUNK):
            count += len(chunk)
            if count > self._bounds.rows:
                raise Misconfigured(
                    f"the query brings more than {self._bounds.rows} rows",
                    where=table,
                    fix="let it bring one school and one school year",
                )
            if self._clock() > until:
                raise Unavailable("the query takes too long", where=table)
            yield from chunk


def _names(result: CursorResult[Any]) -> list[str]:
    """The names as the query spells them: a dialect may write ``UID`` as ``uid``."""
    description = result.cursor.description if result.cursor is not None else None
    return [str(column[0]) for column in description or ()]


def _engine(url: str) -> Engine:
    """No connection is kept between runs. Raises ``Misconfigured`` without showing ``url``."""
    try:
        return create_engine(url, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise Misconfigured(
            f"the address of the database cannot be used ({type(error).__name__})",
            fix="write dialect+driver://user:password@host:port/database; for Firebird install "
            "the dependency group `firebird`",
        ) from None


def _told(error: DBAPIError, table: str) -> ConnectorError:
    """What the caller must do. The driver's own message may quote values and is left out."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state.startswith(DENIED):
        return AccessDenied(
            "the database refuses user or password", where=table, fix="renew them in the registry"
        )
    if state.startswith(WRONG_QUERY) and not error.connection_invalidated:
        return Misconfigured(
            f"the database refuses the query (SQLSTATE {state})",
            where=table,
            fix="correct the query of this table",
        )
    return Unavailable("the database does not answer", where=table)
