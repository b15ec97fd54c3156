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
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema

from mappings.spellings import Dates, Instants, as_list
from schemas.layout import Layout


class Strict(BaseModel):
    """Base of the grammar: an unknown word is an error, not a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


LONG_FORM = {"values", "others", "assumed"}  # words of a code table that is no plain dictionary


class CodeTable(Strict):
    """Their codes and ours. ``None`` as a code is the empty cell, as a word the empty field.

    ``assumed``: every meaning is our own, or those of the codes listed are.
    """

    values: dict[str | None, str | None]
    others: Literal["refuse", "keep"] = "refuse"
    assumed: bool | list[str | None] = False

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        """A plain dictionary of codes is a table that refuses all others."""
        if given == "keep":
            return {"values": {}, "others": "keep"}
        if isinstance(given, dict) and not given.keys() <= LONG_FORM:
            return {"values": given}
        return given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What ``_plain`` takes beside the long form."""
        words = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        plain = {"type": "object", "additionalProperties": words, "not": {"required": ["values"]}}
        return {"anyOf": [handler(core), plain, {"const": "keep"}]}

    @model_validator(mode="after")
    def _assumed_codes_exist(self) -> CodeTable:
        if isinstance(self.assumed, list) and (strange := set(self.assumed) - self.values.keys()):
            told = ", ".join(sorted(map(str, strange)))
            raise ValueError(f"assumed names codes that are not in values: {told}")
        return self

    def is_assumed(self, code: str | None) -> bool:
        """Is the meaning of ``code`` our own, not confirmed by a public source?"""
        return self.assumed if isinstance(self.assumed, bool) else code in self.assumed


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
    date: Dates | None = None  # of several the first that fits
    instant: Instants | None = None
    decimal: Literal["comma", "point"] | None = None
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
    ``normalise`` makes the whole a key, as in ``FromColumn``.
    ``ordinal_within`` adds the number of the record among those with the same key and the
    same values in these columns, in the order of the document.
    """

    join: list[Value]
    separator: str = "|"
    skip_empty: bool = False
    normalise: Literal["person"] | None = None
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

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


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


WHITE_SPACE = r"\s+"


class Split(Strict):
    r"""A cell of tokens parted by ``separator``: each becomes a row, its token in column ``into``.

    ``named_by`` is the column that says what a person would call the cell (its header in a wide
    sheet); without it the cell goes by the name of its column. ``parts`` takes a token to pieces:
    its named groups become columns, and a token it does not fit is refused (bad_format)::

        separator: ',\s*'
        parts: '^(?P<Предмет>[^/\[\]]+)(?:/(?P<Группа>[^\[\]]+))?$'
    """

    column: str
    into: str
    named_by: str | None = None
    separator: str = WHITE_SPACE  # a regular expression, as ``extract``
    parts: str | None = None


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
    when: Annotated[
        list[Condition],
        BeforeValidator(as_list, json_schema_input_type=Condition | list[Condition]),
    ] = []
    known: dict[str, list[str]] = {}
    distinct: bool = False
    fields: dict[str, Value]
    assumed: bool = False


class Table(Strict):
    """One table of the source."""

    required: list[str] = []
    ignore: list[str] = []
    lookups: list[Lookup] = []
    split: Split | None = None
    feeds: list[Feed] = []
    assumed: bool = False
    note: str = ""


class Validity(Strict):
    """School years the profile was reviewed for, each by the year in which it begins."""

    first: int = Field(alias="from", ge=2000, le=2100)
    last: int | None = Field(None, alias="to", ge=2000, le=2100)  # None: in use until another is

    @model_validator(mode="after")
    def _in_order(self) -> Validity:
        if self.last is not None and self.last < self.first:
            raise ValueError("to is before from")
        return self

    def holds(self, school_year: int) -> bool:
        """Is ``school_year`` one of them?"""
        return self.first <= school_year and (self.last is None or school_year <= self.last)

    def __str__(self) -> str:
        return f"{self.first}-{'' if self.last is None else self.last}"


class Mapping(Strict):
    """A profile. ``assumed``: nothing in it is confirmed by a public source."""

    system: str
    version: str
    valid: Validity
    title: str = ""
    base: str | None = None
    schedule_basis: Literal["timetable", "lessons"]
    codes: dict[str, CodeTable] = {}
    documents: Layout | None = None  # how its files lie and are read; None: a live source
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
