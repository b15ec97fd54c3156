"""Workbooks written by openpyxl, old ones by xlwt."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import xlwt


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                if value is not None:
                    sheet.cell(number, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def old_workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    """The same as BIFF, ``.xls``."""
    book = xlwt.Workbook(encoding="utf-8")
    for title, rows in sheets:
        sheet = book.add_sheet(title)
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if value is not None:
                    sheet.write(number, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
