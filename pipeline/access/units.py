"""Whether there is the district or school that an account is to see: else it would see nothing."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pipeline.access.accounts import AccountError, Level
from schemas.tables import districts, schools


def require_unit(connection: Connection, level: Level, unit: str) -> None:
    """Raise ``AccountError`` where the registry, as ``connection`` sees it, has no such unit."""
    if level is Level.SCHOOL:
        known = select(schools.c.code).where(schools.c.code == unit)
        if connection.execute(known).first() is None:
            raise AccountError(
                f"школы {unit} в реестре нет: проверьте её код;"
                " новую школу добавляет svod schools import"
            )
    if level is Level.DISTRICT:
        there = list(
            connection.execute(select(districts.c.code).order_by(districts.c.code)).scalars()
        )
        if unit not in there:
            raise AccountError(
                f"района {unit} в реестре нет: укажите один из {', '.join(there) or 'районов'};"
                " новый район добавляет svod schools import"
            )
