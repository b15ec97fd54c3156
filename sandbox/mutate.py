"""Change one delivered mark in a region that was generated before, and nothing else.

The school is built again from the region's parameters; earlier changes are kept in
``mutations.json`` and made again first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.accepted import withheld_reason
from sandbox.generate import (
    RENDERERS,
    load_params,
    store_path,
    write_files,
    write_json,
)
from sandbox.model import Mark, School
from sandbox.params import Params
from sandbox.region import build, codes
from sandbox.sources import dnevnik
from sandbox.view import View


class UnknownSchoolError(Exception):
    """The region has no school of that code."""


def school_of(data: Path, code: str) -> tuple[School, Params]:
    """The school as generated, with the changes made since. Raises ``UnknownSchoolError``."""
    params = load_params(data)
    if code not in codes(params):
        raise UnknownSchoolError(f"{code} is not one of {', '.join(codes(params))}")
    school = build(params, codes(params).index(code))
    changed = {int(k): v for k, v in _mutations(data).get(code, {}).items()}
    for mark in _marks(school):
        mark.value = changed.get(mark.code, mark.value)
    return school, params


def mutate(data: Path, code: str) -> dict[str, Any]:
    """Give one delivered mark of the school another value; say what was changed.

    Raises ``UnknownSchoolError``, ``NotARegionError`` or, if nothing is left to change,
    ``LookupError``.
    """
    school, params = school_of(data, code)
    view = View(school, params.until)
    done = _mutations(data)
    before = _rendered(school, params, view)
    mark = _next(view, set(done.get(code, {})))
    old, mark.value = mark.value, "4" if mark.value == "5" else "5"
    document = _write_difference(data, school, before, _rendered(school, params, view))
    done.setdefault(code, {})[str(mark.code)] = mark.value
    write_json(data / "mutations.json", done)
    return {
        "school": code,
        "document": document,
        "mark": mark.code,
        "pupil": mark.pupil.person.code,
        "date": str(mark.lesson.day),
        "subject": mark.lesson.slot.subject.name,
        "before": old,
        "after": mark.value,
    }


def _mutations(data: Path) -> dict[str, dict[str, str]]:
    path = data / "mutations.json"
    found: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _marks(school: School) -> list[Mark]:
    return [mark for lesson in school.lessons for mark in lesson.marks]


def _next(view: View, done: set[str]) -> Mark:
    for shown in view.lessons:
        for mark in shown.marks:
            plain = mark.flaw is None and mark.twin is None and mark.corrected is None
            if (
                plain
                and mark.scale == "5"
                and str(mark.code) not in done
                and shown.lesson.flaw is None
                and shown.lesson.named is None
                and withheld_reason(mark.pupil, view.day) is None
            ):
                return mark
    raise LookupError("no delivered mark is left to change")


def _rendered(school: School, params: Params, view: View) -> dict[str, bytes]:
    if school.system == "dnevnik_ru":
        built = dnevnik.store(school, params)
        return {"store": json.dumps(built, ensure_ascii=False).encode()}
    return RENDERERS[school.system](view)


def _write_difference(
    data: Path, school: School, before: dict[str, bytes], after: dict[str, bytes]
) -> str:
    """Write the one document that differs; its path below ``data``."""
    changed = {name: content for name, content in after.items() if before[name] != content}
    if len(changed) != 1:
        raise AssertionError(f"one mark changed {len(changed)} documents")
    if school.system == "dnevnik_ru":
        path = store_path(data, school.code)
        write_json(path, json.loads(changed["store"]))
        return str(path.relative_to(data))
    folder = last_upload(data, school.code)
    write_files(folder, changed)
    return str((folder / next(iter(changed))).relative_to(data))


def last_upload(data: Path, code: str) -> Path:
    """The newest dated folder of a school. Raises ``LookupError`` if it has none."""
    drop = data / "drops" / code
    days = sorted(p for p in drop.iterdir() if p.name != "lists") if drop.exists() else []
    if not days:
        raise LookupError(f"school {code} has no upload on disk")
    return days[-1]
