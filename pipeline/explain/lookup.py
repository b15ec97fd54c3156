"""What a person leaves out of a figure's address, or calls by its name."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from pipeline.explain.addresses import AddressError
from pipeline.measuring.measured import last_measured
from pipeline.school_years import SchoolYear, school_year_of
from schemas.tables import journal_table, schools


def journal_key(connection: Connection, school: str, entity: str, word: str) -> str:
    """The key of the class or subject that ``word`` names, by key or name, in the open year.

    Raises ``AddressError`` with what there is, where there is none or more than one.
    """
    table = journal_table(entity)
    query = (
        select(table.c.key, table.c.name)
        .join(schools, schools.c.code == table.c.school)
        .where(table.c.school == school, table.c.school_year == schools.c.school_year)
        .order_by(table.c.name, table.c.key)
        .distinct()
    )
    rows = list(connection.execute(query).tuples())
    keys: set[str] = {key for key, _ in rows if key == word}
    keys = keys or {key for key, name in rows if name.casefold() == word.casefold()}
    if len(keys) != 1:
        there = ", ".join(f"{name} ({key})" for key, name in rows) or "ничего"
        many = "несколько, напишите ключ" if keys else "нет"
        raise AddressError(f"{school}: «{word}»: {many}; есть: {there}")
    return keys.pop()


def latest_day(connection: Connection) -> date:
    """The last day that was measured. Raises ``AddressError`` if none was."""
    day = last_measured(connection)
    if day is None:
        raise AddressError("показатели ещё не считались; укажите --as-of")
    return day


def school_year(connection: Connection, day: date) -> SchoolYear:
    """The school year of ``day``. Raises ``AddressError``."""
    try:
        return school_year_of(connection, day)
    except ValueError:
        raise AddressError(f"{day}: такого учебного года в реестре нет") from None
