"""Puts canaries into finished documents of every format, without knowing what they mean.

``in_fields``: one cell of every column; ``in_frames``: what surrounds the cells, an undocumented
column, a row too many; ``broken``: a document that says something else altogether.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import openpyxl

from tests.connectors.samples.dbf import dbf

Next = Callable[[], str]  # gives the next canary to plant
Change = Callable[[bytes, Next], bytes]


def in_fields(name: str, content: bytes, canary: Next) -> bytes:
    """``content`` with a canary in one cell of every column of every table in it."""
    return _changed(name, content, canary, _FIELDS)


def in_frames(name: str, content: bytes, canary: Next) -> bytes:
    """``content`` with canaries in headings and captions, a column and a row nobody knows."""
    return _changed(name, content, canary, _FRAMES)


def broken(name: str, content: bytes, canary: Next, way: int) -> bytes:
    """Something else under the name of the document: a page of an error, half of it, a heap of
    bytes with a name in it."""
    said = canary()
    match way % 4:
        case 0:
            page = f"<html><head><title>{said}</title></head><body><p>Нет доступа: {canary()}"
            return f"{page}</p></body></html>".encode()
        case 1:
            return content[: len(content) * 2 // 3] + said.encode()
        case 2:
            return b"\0\xff" + said.encode("utf-16") + canary().encode("cp1251") + b"\0"
        case _:
            return json.dumps({"error": said, "detail": [canary()]}).encode()


def _changed(name: str, content: bytes, canary: Next, ways: dict[str, Change]) -> bytes:
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as old:
            parts = {inner: old.read(inner) for inner in old.namelist()}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for inner, part in parts.items():
                new.writestr(inner, _changed(inner, part, canary, ways))
        return out.getvalue()
    return ways[_kind(name, content)](content, canary)


def _kind(name: str, content: bytes) -> str:
    suffix = name.rpartition(".")[2].lower()
    if suffix in ways_by_suffix:
        return suffix
    start = content.lstrip()[:1]
    return "json" if start in (b"{", b"[") else "html"


# --- CSV -----------------------------------------------------------------------------------------


def _csv_fields(content: bytes, canary: Next) -> bytes:
    def change(rows: list[list[str]]) -> None:
        for column in range(len(rows[0])):
            if len(rows) > 1:
                rows[1 + column % (len(rows) - 1)][column] = canary()

    return _csv(content, change)


def _csv_frames(content: bytes, canary: Next) -> bytes:
    def change(rows: list[list[str]]) -> None:
        for row in rows:
            row.append("")
        rows[0][-1] = canary()
        if len(rows) > 1:
            rows[1][-1] = canary()
        rows.append([canary() for _ in rows[0]])
        rows.append([canary(), canary()])

    return _csv(content, change)


def _csv(content: bytes, change: Callable[[list[list[str]]], None]) -> bytes:
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1251"
        text = content.decode(encoding)
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    change(rows)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


# --- XML and HTML --------------------------------------------------------------------------------

_ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_CELL = re.compile(r"(<t[dh][^>]*>)(.*?)(</t[dh]>)", re.S)
_ROW = re.compile(r"<tr[^>]*>.*?</tr>", re.S)


def _xml_fields(content: bytes, canary: Next) -> bytes:
    """In one element of every name, each in another record where there are enough."""
    text = content.decode()
    places: dict[str, list[re.Match[str]]] = defaultdict(list)
    for found in _ELEMENT.finditer(text):
        places[found[1]].append(found)
    spans = [
        (found.start(2), found.end(2))
        for order, group in enumerate(places.values())
        for found in [group[order % len(group)]]
    ]
    return _put(text, spans, canary).encode()


def _xml_frames(content: bytes, canary: Next) -> bytes:
    """In attributes, in a comment, in an element whose name names somebody, in loose text."""
    text = content.decode()
    head, mark, rest = text.partition("?>")
    named = re.sub(r"\W+", "_", canary())
    rest = _put(rest, [found.span(2) for found in _ATTRIBUTE.finditer(rest)][2:4], canary)
    rest = rest.replace("<Запись>", f"<Запись><{named}>{escape(canary())}</{named}>", 1)
    rest = rest.replace("</Запись>", f"</Запись><!-- {canary()} -->{escape(canary())}", 1)
    return (head + mark + rest).encode()


def _html_fields(content: bytes, canary: Next) -> bytes:
    text, encoding = _page(content)
    rows = [found.span() for found in _ROW.finditer(text)]
    cells = [[c.span(2) for c in _CELL.finditer(text, *row)] for row in rows]
    return _put(text, list(_one_of_each_column(cells)), canary).encode(encoding)


def _html_frames(content: bytes, canary: Next) -> bytes:
    """In the caption, every third heading, a column too many and a row too many."""
    text, encoding = _page(content)
    first = _ROW.search(text)
    if first is None:
        return content + canary().encode(encoding)
    heads = [cell.span(2) for cell in _CELL.finditer(text, *first.span())][2::3]
    captions = [m.span(1) for m in re.finditer(r'<p class="caption">[^:<]*:? ?([^<]*)</p>', text)]
    text = _put(text, sorted([*heads, *captions[-1:]]), canary)
    text = text.replace("</tr>", f"<td>{escape(canary())}</td></tr>", 1)
    tail = f"<tr><td>{escape(canary())}</td></tr></table>"
    return text.replace("</table>", tail).encode(encoding)


def _page(content: bytes) -> tuple[str, str]:
    """A page and its encoding."""
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1251"), "cp1251"


def _one_of_each_column(cells: list[list[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """A cell of every column below the first row, in the order of the text."""
    body = cells[1:]
    if not body:
        return
    found = {
        row[column]
        for column in range(max(map(len, body)))
        for row in [body[column % len(body)]]
        if column < len(row)
    }
    yield from sorted(found)


def _put(text: str, spans: list[tuple[int, int]], canary: Next) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + escape(canary()) + text[end:]
    return text


# --- workbooks and DBF ---------------------------------------------------------------------------


def _book_fields(content: bytes, canary: Next) -> bytes:
    def change(book: Any) -> None:
        for sheet in book:
            first = 7 if sheet.max_row > 8 else 2  # below the caption and the header
            for column in range(1, sheet.max_column + 1):
                filled = [r for r in range(first, sheet.max_row + 1) if sheet.cell(r, column).value]
                if filled:
                    sheet.cell(filled[column % len(filled)], column).value = canary()

    return _book(content, change)


def _book_frames(content: bytes, canary: Next) -> bytes:
    """In properties, comments, the names of sheets, a column and rows too many."""

    def change(book: Any) -> None:
        book.properties.creator = canary()
        book.properties.title = canary()
        for sheet in book:
            width, height = sheet.max_column, sheet.max_row
            header = next((r for r in range(1, height + 1) if sheet.cell(r, width).value), 1)
            sheet.cell(header, width + 1).value = canary()
            sheet.cell(height, width + 1).value = canary()
            sheet.cell(header, 1).comment = openpyxl.comments.Comment(canary(), canary())
            sheet.cell(height + 1, 1).value = canary()
        book.create_sheet(canary()[-28:].replace(":", " ")).append([canary()])

    return _book(content, change)


def _book(content: bytes, change: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _dbf_fields(content: bytes, canary: Next) -> bytes:
    columns, rows, encoding = _dbf_read(content)
    for place in range(len(columns)):
        if rows:
            rows[place % len(rows)][place] = canary()
    return dbf(columns, rows, encoding)


def _dbf_frames(content: bytes, canary: Next) -> bytes:
    """A field's name holds ten letters: those in which a surname begins."""
    columns, rows, encoding = _dbf_read(content)
    said = [[*row, canary() if place == 0 else ""] for place, row in enumerate(rows)]
    heading = next(text for text in iter(canary, "") if text.startswith("Работа"))
    return dbf([*columns, heading.split()[-1]], said, encoding)


def _dbf_read(content: bytes) -> tuple[list[str], list[list[str]], str]:
    count, head, length = struct.unpack("<LHH", content[4:12])
    encoding = "cp1251" if content[29] == 0xC9 else "cp866"
    fields = [content[at : at + 32] for at in range(32, head - 1, 32)]
    names = [f[:11].split(b"\0")[0].decode(encoding) for f in fields]
    rows = []
    for start in range(head, head + count * length, length):
        at, cells = start + 1, []
        for one in fields:
            cells.append(content[at : at + one[16]].decode(encoding).strip())
            at += one[16]
        rows.append(cells)
    return names, rows, encoding


# --- JSON and notes ------------------------------------------------------------------------------


def _json_fields(content: bytes, canary: Next) -> bytes:
    """In a leaf of every path, each in another element of the lists on the way."""
    value = json.loads(content)
    leaves: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    _collect(value, "", leaves)
    for order, group in enumerate(leaves.values()):
        holder, key = group[order % len(group)]
        holder[key] = canary()
    return json.dumps(value, ensure_ascii=False).encode()


def _json_frames(content: bytes, canary: Next) -> bytes:
    """Under a key nobody knows, in every kind of object."""
    value = json.loads(content)
    objects: dict[str, list[Any]] = defaultdict(list)
    _objects(value, "", objects)
    for group in objects.values():
        group[0][canary()] = canary()
    return json.dumps(value, ensure_ascii=True).encode()


def _collect(value: Any, path: str, leaves: dict[str, list[tuple[Any, Any]]]) -> None:
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(steps):
        below = f"{path}/{key}" if isinstance(value, dict) else f"{path}/*"
        if isinstance(inner, dict | list):
            _collect(inner, below, leaves)
        else:
            leaves[below].append((value, key))


def _objects(value: Any, path: str, objects: dict[str, list[Any]]) -> None:
    if isinstance(value, dict):
        objects[path].append(value)
        for key, inner in list(value.items()):
            _objects(inner, f"{path}/{key}", objects)
    elif isinstance(value, list):
        for inner in value:
            _objects(inner, f"{path}/*", objects)


def _note(content: bytes, canary: Next) -> bytes:
    """Beside what a note of ``key=value`` lines says."""
    return content + f"\r\nзамечание={canary()}\r\n{canary()}\r\n".encode()


_FIELDS: dict[str, Change] = {
    "csv": _csv_fields, "xml": _xml_fields, "html": _html_fields, "xlsx": _book_fields,
    "dbf": _dbf_fields, "json": _json_fields, "txt": lambda content, _: content,
}  # fmt: skip
_FRAMES: dict[str, Change] = {
    "csv": _csv_frames, "xml": _xml_frames, "html": _html_frames, "xlsx": _book_frames,
    "dbf": _dbf_frames, "json": _json_frames, "txt": _note,
}  # fmt: skip
ways_by_suffix = frozenset(_FIELDS)
