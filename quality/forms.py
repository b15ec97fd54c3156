"""The texts of the documents' forms, as data: titles, columns, rows, what is filled in where.

A text may hold places such as ``{school}`` or ``{registration_days}``: fields of the passport
(``quality/passport.yml``) and what the hub knows. ``reports/filled.py`` fills them.
"""

from __future__ import annotations

from pydantic import Field

from quality.regulations import Citation, Strict


class FormColumn(Strict):
    """A column with the document's own wording.

    ``fill``: what stands in it, where each row is a school. ``width``: parts of the page's width.
    ``span``: over how many columns of cells its title stands.
    """

    code: str
    title: str
    fill: str = ""
    width: int = Field(default=10, ge=1)
    span: int = Field(default=1, ge=1)


class FormRow(Strict):
    """A row with the document's own wording.

    ``grade_levels``: of annex 4, whose last row holds two levels. ``cells``: what stands beside the
    title. ``measured``: what the hub measures of it (``quality/declared.py``). ``repeat``: a list
    of the passport that stands here line by line; ``cells`` are of one line then.
    ``confirmed_from``: a declared «да» is confirmed from this per cent of lessons on.
    """

    title: str = ""
    number: str = ""
    grade_levels: list[int] = Field(default=[])
    cells: list[str] = Field(default=[])
    measured: str = ""
    repeat: str = ""
    confirmed_from: int | None = Field(default=None, ge=1, le=100)


class FormList(Strict):
    """A table of its own below the form, one line for each entry of a list of the passport."""

    code: str
    title: str
    columns: list[FormColumn] = Field(min_length=1)


class Form(Strict):
    """A form of the documents: its wording, columns and rows.

    ``whole``: the title of the sum of several schools, where ``title`` names one. ``heading``:
    lines under the title; ``closing``: lines after the tables; ``notes``: what the hub
    says of how it filled the form in. ``word``: the document
    is to be filled in as a text, so that it is made as a Word file too.
    """

    code: str
    title: str
    whole: str = ""
    citation: Citation
    heading: list[str] = Field(default=[])
    columns: list[FormColumn]
    rows: list[FormRow] = Field(default=[])
    lists: list[FormList] = Field(default=[])
    closing: list[str] = Field(default=[])
    notes: list[str] = Field(default=[])
    landscape: bool = False
    word: bool = False

    @property
    def whole_title(self) -> str:
        """The title of what names no one school."""
        return self.whole or self.title
