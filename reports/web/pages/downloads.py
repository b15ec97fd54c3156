"""Tables of a page as a workbook: ``?format=xlsx`` gives the same rows as the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from pipeline.access.events import Kind
from reports.book_of_tables import TableSheet, to_book
from reports.web.pages.opened import Span
from reports.web.visit import Visit

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 20_000  # of a sheet; more take the hub longer than a person waits


def _as_file(request: Request) -> bool:
    return request.query_params.get("format") == "xlsx"


AsFile = Annotated[bool, Depends(_as_file)]


def download(
    visit: Visit, name: str, span: Span, sheets: Sequence[TableSheet], *, school: str | None = None
) -> Response:
    """The workbook of ``sheets``, noted in the book. ``name``: of the file, without its days."""
    file = f"svod-{name}-{span.first}-{span.last}.xlsx"
    made = to_book(sheets, span.as_of)
    visit.note(Kind.DOWNLOADED, school=school, detail=file)
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(made, media_type=MEDIA_TYPE, headers=headers)
