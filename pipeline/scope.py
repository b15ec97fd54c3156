"""Whose rows a reader of the dashboard may see: the region's, a district's, or some schools'.

Row-level security holds every query of ``svod_web`` to the scope of its transaction; without one
there are no rows of any school. See docs/roles.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection, Engine, text

_CODE = re.compile(r"[0-9A-Za-z_-]+")  # as ``pipeline.registry`` has it


@dataclass(frozen=True)
class Scope:
    """Exactly one of: the whole region, a district, schools (none of them: no rows).

    Raises ``ValueError`` for anything else.
    """

    region: bool = False
    district: str | None = None
    schools: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if [self.region, self.district is not None, self.schools is not None].count(True) != 1:
            raise ValueError("a scope is the region, or one district, or some schools")
        if self.district == "" or not all(map(_CODE.fullmatch, self.schools or ())):
            raise ValueError("a scope names districts and schools by their codes")

    @classmethod
    def of_region(cls) -> Self:
        """All schools."""
        return cls(region=True)

    @classmethod
    def of_district(cls, code: str) -> Self:
        """The schools of a district, and the district's own figures."""
        return cls(district=code)

    @classmethod
    def of_schools(cls, *codes: str) -> Self:
        """These schools."""
        return cls(schools=frozenset(codes))

    @classmethod
    def of_unit(cls, level: str, code: str) -> Self:
        """The rows of a ``region``, of a ``district`` or of a ``school``. Raises ``ValueError``."""
        match level:
            case "region":
                return cls.of_region()
            case "district":
                return cls.of_district(code)
            case "school":
                return cls.of_schools(code)
        raise ValueError(f"a scope is no {level}")


@contextmanager
def scoped(engine: Engine, scope: Scope) -> Iterator[Connection]:
    """A transaction of ``engine`` (acting as ``svod_web``) that sees the rows of ``scope``.

    The scope ends with the transaction: the next user of the connection has none.
    """
    with engine.begin() as connection:
        if scope.region:
            connection.execute(text("SET LOCAL ROLE svod_web_region"))
        else:
            values = {"district": scope.district, "schools": ",".join(scope.schools or ())}
            connection.execute(_SET, values)
        yield connection


_SET = text(
    "SELECT set_config('svod.district', coalesce(:district, ''), true),"
    " set_config('svod.schools', :schools, true)"
)
