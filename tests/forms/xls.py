"""Workbooks in the old binary format, for sites whose NetSchool exports them.

Written by ``xlwt``, which is a library for tests: the sandbox is shipped and does without.
"""

from __future__ import annotations

import io

import openpyxl
import xlwt


def as_xls(files: dict[str, bytes]) -> dict[str, bytes]:
    """``files`` with every ``.xlsx`` as the same sheets in an ``.xls``; the others as they are."""
    return {
        name.replace(".xlsx", ".xls"): _converted(content) if name.endswith(".xlsx") else content
        for name, content in files.items()
    }


def _converted(content: bytes) -> bytes:
    old = xlwt.Workbook(encoding="utf-8")
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        page = old.add_sheet(sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    page.write(cell.row - 1, cell.column - 1, cell.value)
    buffer = io.BytesIO()
    old.save(buffer)
    return buffer.getvalue()
