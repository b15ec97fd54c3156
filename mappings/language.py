"""The grammar of a profile. Anything it does not name is refused, with its place and the fix.

A *value* says what one canonical field holds. It is one of

* ``FromColumn``: a column, through the steps it names, in this order: ``extract``,
  ``normalise``, ``date`` or ``instant`` or ``decimal``, ``codes`` or ``codes_by``. A bare
  string is a column without steps;
* ``Constant``: the same word for every row;
* ``Joined``: several values put together, for keys and full names;
* ``Cases``: the value of the first condition that holds.

A step that cannot read a text refuses the record under ``report``, by default the column.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

DateFormat = Literal["dd.mm.yyyy", "iso_naive"]
InstantFormat = Literal["dd.mm.yyyy HH:MM:SS", "iso_naive"]


class Strict(BaseModel):
    """Base of the grammar: an unknown word is an error, not a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CodeTable(Strict):
    """Their codes and ours. ``None`` as a code is the empty cell, as a word the empty field."""

    values: dict[str | None, str | None]
    others: Literal["refuse", "keep"] = "refuse"

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        """A plain dictionary of codes is a table that refuses all others."""
        if given == "keep":
            return {"values": {}, "others": "keep"}
        if isinstance(given, dict) and not given.keys() <= {"values", "others"}:
            return {"values": given}
        return given


class CodesBy(Strict):
    """A code table per value of another column: marks by scale.

    A value of ``column`` without a table leaves the text as it is, for that column is refused
    on its own account.
    """

    column: str
    tables: dict[str, CodeTable]


class Condition(Strict):
    """What a column holds. ``in`` and ``not_in`` take a list or the name of a code table.

    An empty cell is in no list.
    """

    column: str
    within: list[str] | str | None = Field(None, alias="in")
    not_in: list[str] | str | None = None
    empty: Literal[True] | None = None  # not "null", which YAML reads as no word at all
    not_empty: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Condition:
        asked = (self.within, self.not_in, self.empty, self.not_empty)
        if sum(question is not None for question in asked) != 1:
            raise ValueError("ask exactly one of in, not_in, empty, not_empty")
        return self


class FromColumn(Strict):
    column: str
    extract: str | None = None  # a regular expression; its first group is the value
    normalise: Literal["person"] | None = None
    date: DateFormat | None = None
    instant: InstantFormat | None = None
    decimal: Literal["comma"] | None = None
    codes: str | CodeTable | None = None
    codes_by: CodesBy | None = None
    report: str | None = None
    assumed: bool = False

    @model_validator(mode="after")
    def _one_format(self) -> FromColumn:
        if sum(step is not None for step in (self.date, self.instant, self.decimal)) > 1:
            raise ValueError("name at most one of date, instant, decimal")
        if self.codes is not None and self.codes_by is not None:
            raise ValueError("name at most one of codes, codes_by")
        return self


class Constant(Strict):
    constant: str
    assumed: bool = False


class Joined(Strict):
    """Parts with a separator between them; empty when every part is empty.

    ``skip_empty`` leaves empty parts out (names); otherwise they keep their place (keys).
    ``ordinal_within`` adds the number of the record among those with the same key and the
    same values in these columns, in the order of the document.
    """

    join: list[Value]
    separator: str = "|"
    skip_empty: bool = False
    ordinal_within: list[str] | None = None
    report: str | None = None
    assumed: bool = False


class Case(Strict):
    when: Condition
    value: Value


class Cases(Strict):
    cases: list[Case]
    otherwise: Value | None = None
    assumed: bool = False


def _form(given: Any) -> str | None:
    """Which of the forms of a value was written; ``None`` if none. Brackets: see ``loader``."""
    if isinstance(given, str | FromColumn):
        return "<column>"
    for word, model in (("constant", Constant), ("join", Joined), ("cases", Cases)):
        if isinstance(given, model) or (isinstance(given, dict) and word in given):
            return f"<{word}>"
    return "<column>" if isinstance(given, dict) and "column" in given else None


class _ColumnName(FromColumn):
    """``FromColumn`` that may be written as a bare string."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given


Value = Annotated[
    Annotated[_ColumnName, Tag("<column>")]
    | Annotated[Constant, Tag("<constant>")]
    | Annotated[Joined, Tag("<join>")]
    | Annotated[Cases, Tag("<cases>")],
    Discriminator(
        _form,
        custom_error_type="value_form",
        custom_error_message="not a value: write a column, or one of column, constant, join, cases",
    ),
]


class Split(Strict):
    """A cell of tokens parted by white space: each becomes a row, its token in column ``into``.

    ``named_by`` is the column that says what a person would call the cell (its header).
    """

    column: str
    into: str
    named_by: str


class Lookup(Strict):
    """Columns of ``table``, taken where its column ``key`` equals our column ``by``.

    A row whose ``by`` is given and not found is refused (dangling_reference).
    """

    table: str
    by: str
    key: str
    take: dict[str, str]  # name here: column there


class Feed(Strict):
    """How the rows of a table (those that satisfy ``when``) become records of ``entity``."""

    entity: str
    when: list[Condition] = []
    known: dict[str, list[str]] = {}
    distinct: bool = False
    fields: dict[str, Value]
    assumed: bool = False

    @field_validator("when", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return [given] if isinstance(given, dict) else given


class Table(Strict):
    """One table of the source. ``optional``: a complete upload may be without it."""

    required: list[str] = []
    ignore: list[str] = []
    optional: bool = False
    lookups: list[Lookup] = []
    split: Split | None = None
    feeds: list[Feed] = []
    assumed: bool = False
    note: str = ""


class Mapping(Strict):
    """A profile."""

    system: str
    version: str
    title: str = ""
    base: str | None = None
    schedule_basis: Literal["timetable", "lessons"]
    codes: dict[str, CodeTable] = {}
    tables: dict[str, Table]
    assumed: bool = False

    def code_table(self, named: str | CodeTable) -> CodeTable:
        """A shared table by its name, or the table itself. Raises ``KeyError``."""
        return self.codes[named] if isinstance(named, str) else named

    def listed(self, named: list[str] | str) -> list[str]:
        """The codes a condition names. Raises ``KeyError``."""
        if isinstance(named, str):
            return [code for code in self.codes[named].values if code is not None]
        return named

    def entities(self) -> list[str]:
        """Every entity some table feeds, in the order of the profile."""
        fed = [feed.entity for table in self.tables.values() for feed in table.feeds]
        return list(dict.fromkeys(fed))
