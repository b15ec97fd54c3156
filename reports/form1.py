"""Form 1 as sections of a document: what ``publish_form`` lets be shown."""

from __future__ import annotations

from reports.document import Cell, Look, Section, Table
from reports.filled import Time
from reports.forms import FormBlock, FormSection
from reports.words import FORM_SUMS

# Of the page's width: the level, and each count.
_LEVEL, _COUNT = 12, 14
OWN_COPY = (
    "Экземпляр школы: малые числа людей показаны. Для передачи району предназначена книга района,"
    " где они скрыты."
)


def form1_sections(section: FormSection, time: Time, districts: dict[str, str]) -> list[Section]:
    """A section for each block. ``districts``: by title of a school's block the name of its
    district; a block that is not there is a roll-up."""
    return [_block(section, block, time, districts.get(block.title)) for block in section.blocks]


def _block(section: FormSection, block: FormBlock, time: Time, district: str | None) -> Section:
    form, guard = section.form, section.guard
    said = time.places() | {"school": block.title, "district": district or ""}
    if district is None:
        lines = [form.heading[0].format_map(said), block.title, FORM_SUMS]
    else:
        lines = [line.format_map(said) for line in form.heading]
    hidden = Cell(guard.sign if guard else "", Look.MUTED)
    return Section(
        name=block.title,
        title=form.title,
        lines=lines,
        tables=[
            Table(
                widths=(_LEVEL, *[_COUNT] * len(form.columns)),
                head=[[Cell(), *(Cell(column.title) for column in form.columns)]],
                rows=[
                    [Cell(title), *(hidden if n is None else Cell(n) for n in counts)]
                    for title, counts in block.rows
                ],
            )
        ],
        closing=[] if district is None else form.closing,
        notes=[
            f"{form.citation.document}, {form.citation.clause}.",
            *(guard.notes if guard else [OWN_COPY]),
        ],
        landscape=form.landscape,
    )
