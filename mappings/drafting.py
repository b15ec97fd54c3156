"""A first draft of a profile out of tables that nobody has described yet.

What only a person can decide stands in the draft as TODO, and ``loader`` refuses a profile with
one. A draft holds no cell but codes: texts of which a column has few, and which are no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import yaml

from mappings.draft_fields import Codes, fields_of_long, fields_of_wide
from mappings.guessing import Guess, guess, plain
from mappings.widths import WideHeader, wide_header

Yaml = dict[str, Any]

_HEAD = """\
# yaml-language-server: $schema=../profile.schema.json
# A draft made by `svod mappings new`. Decide every TODO (a profile that has one is refused), take
# out what is not needed, then hold it against the sample: `svod mappings check`. The words are
# explained in docs/mappings.md. Codes show how many rows have them.
"""
_COLUMN_NAME = 60  # a longer header is a sentence
_PERSON = re.compile(r"[А-ЯЁ][а-яё]+(-[А-ЯЁ][а-яё]+)?( [А-ЯЁ]([а-яё]+|\.)){1,2}\.?")
_PERIOD = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4} *- *[0-9]{2}\.[0-9]{2}\.[0-9]{4}")


@dataclass(frozen=True)
class Shape:
    """One table of a sample: ``stem`` and ``suffix`` of its file, ``form`` as in
    ``schemas.layout``, its rows (String columns), the lines above it, the title of its sheet."""

    stem: str
    suffix: str
    form: Yaml
    frame: pl.DataFrame
    above: tuple[tuple[str, str], ...] = ()
    sheet: str = ""


@dataclass(frozen=True)
class NoteShape:
    """The note of an export as far as its words tell; None where they do not."""

    file: str
    form: str
    root: str | None
    taken_at: str | None
    first_day: str | None
    last_day: str | None


@dataclass
class _Drafted:
    """One table of the draft."""

    name: str
    document: Yaml
    table: Yaml


def draft(system: str, shapes: Sequence[Shape], note: NoteShape | None) -> str:
    """The YAML of a draft for ``system``, of at least one shape."""
    codes = Codes()
    names: set[str] = set()
    drafted = [_drafted(alike, names, codes) for alike in _alike(shapes)]
    profile = {
        "system": system,
        "version": "1",
        "valid": {"from": "TODO first school year, such as 2026"},
        "title": "TODO",
        "schedule_basis": "TODO timetable or lessons",
        "assumed": True,
    }
    parts: list[Yaml] = [
        profile,
        {"codes": codes.tables},
        {
            "documents": {
                "note": _note(note),
                "tables": {one.name: one.document for one in drafted},
            }
        },
        {"tables": {one.name: one.table for one in drafted}},
    ]
    return _HEAD + "\n".join(_written(part) for part in parts)


class _Dumper(yaml.SafeDumper):
    """Writes an empty cell as profiles do, and what is said twice twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base asks it of each
        return True


_Dumper.add_representer(
    type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "~")
)


def _written(part: Yaml) -> str:
    in_blocks = "codes" in part  # a line per code
    flow = False if in_blocks else None
    return str(
        yaml.dump(
            part,
            Dumper=_Dumper,
            allow_unicode=True,
            sort_keys=False,
            default_flow_style=flow,
            width=100,
        )
    )


def _note(note: NoteShape | None) -> Yaml:
    if note is None:
        return {"file": "TODO the file that the export writes last", "format": "marker"}
    words = {
        "taken_at": note.taken_at,
        "first_day": note.first_day,
        "last_day": note.last_day,
    }
    told = {name: word or "TODO" for name, word in words.items()}
    root = {"root": note.root} if note.root else {}
    return {"file": note.file, "format": note.form, **root, **told}


def _alike(shapes: Sequence[Shape]) -> Iterator[list[Shape]]:
    """Shapes of one table: files whose names differ in digits only."""
    found: dict[tuple[str, str, str], list[Shape]] = {}
    for shape in shapes:
        key = (re.sub(r"[0-9]+", "0", shape.stem), shape.suffix, shape.sheet)
        found.setdefault(key, []).append(shape)
    yield from found.values()


def _drafted(alike: list[Shape], names: set[str], codes: Codes) -> _Drafted:
    shape = alike[0]
    caption = [name for name, value in shape.above if value and not _personal(name)]
    header = wide_header(shape.frame.columns)
    columns = header.columns() if header else list(shape.frame.columns)
    title = shape.sheet or re.sub(r"[0-9_]+$", "", shape.stem)
    guessed = guess(title, [*caption, *columns])
    if header is not None:
        guessed = Guess("journal", ("mark", "attendance"), {}, ())
    name = _free(guessed.table if guessed else "table", names)
    document = _document(shape, name, many=len({one.stem for one in alike}) > 1)
    period = next((n for n, value in shape.above if _PERIOD.fullmatch(value)), None)
    if caption:
        required = [one for one in caption if one != period]
        document["caption"] = {"required": required} | ({"period": period} if period else {})
        caption = required
    frame = pl.concat([one.frame for one in alike], how="diagonal_relaxed")
    if header is not None:
        return _wide(name, document, header, frame, caption, codes)
    return _long(name, document, guessed, frame, caption, codes)


def _free(name: str, names: set[str]) -> str:
    """``name``, or with a number where another table has it already."""
    free = next(
        one for n in range(1, 1000) if (one := f"{name}_{n}" if n > 1 else name) not in names
    )
    names.add(free)
    return free


def _document(shape: Shape, name: str, *, many: bool) -> Yaml:
    document: Yaml = {}
    if _personal(shape.stem):
        document["file"] = "TODO what the names of the files look like, without a person's name"
    elif many:
        document["file"] = re.sub("[0-9]+", "[0-9]+", re.escape(shape.stem))
    elif shape.stem != name:
        document["file"] = re.escape(shape.stem)
    if many:
        document["many"] = True
    document["formats"] = {shape.suffix: shape.form}
    return document


def _long(
    name: str,
    document: Yaml,
    guessed: Guess | None,
    frame: pl.DataFrame,
    caption: list[str],
    codes: Codes,
) -> _Drafted:
    shown = _shown(frame.columns)
    document["columns"] = shown
    if guessed is None:
        table: Yaml = {"ignore": [f"TODO {column}" for column in shown]}
        return _Drafted(name, document, table)
    feeds, used = fields_of_long(name, guessed, frame, caption, codes)
    table = {"required": [column for column in frame.columns if column in used]}
    if left := [column for column in shown if column not in used]:
        table["ignore"] = [f"TODO {column}" for column in left]
    return _Drafted(name, document, {**table, "feeds": feeds})


def _wide(
    name: str,
    document: Yaml,
    header: WideHeader,
    frame: pl.DataFrame,
    caption: list[str],
    codes: Codes,
) -> _Drafted:
    document["wide"] = header.layout()
    if header.without_year:
        document["years"] = [header.day]
    feeds, used = fields_of_wide(header, frame, caption, codes)
    known = [*caption, *header.columns()]
    table: Yaml = {"required": [column for column in known if column in used]}
    if left := [column for column in known if column not in used]:
        table["ignore"] = [f"TODO {column}" for column in left]
    table["split"] = {"column": header.cell, "into": "Знак", "named_by": header.named}
    return _Drafted(name, document, {**table, "feeds": feeds})


def _shown(columns: Sequence[str]) -> list[str]:
    """Names of columns, without those that may be a person's."""
    return [
        f"TODO name of column {place}" if _personal(column) else column
        for place, column in enumerate(columns, 1)
    ]


def _personal(text: str) -> bool:
    """Does ``text`` look like a person's name, or like a sentence?"""
    return len(text) > _COLUMN_NAME or (
        _PERSON.fullmatch(text) is not None and plain(text) not in _KNOWN
    )


_KNOWN = {plain(word) for word in ("Учебный План", "Домашнее Задание", "Дата Рождения")}
