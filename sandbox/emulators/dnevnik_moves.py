"""Changes that somebody makes in the journal while it is being read.

Each changes a store in place, and another record every time it is called:

* ``lesson_back``: the latest lesson is held on the first day instead, ``lesson_on``: the earliest
  on the last day; its marks and entries go with it
* ``pupil``: a pupil of the last class changes to the first one
* ``mark``: one more mark is given in the latest lesson that has any
* ``lesson_gone``: the latest lesson and all that belongs to it is deleted
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

from sandbox.sources.dnevnik import shown

Json = dict[str, Any]
NEW_ID = 50_000_000  # above every number the generator gives


def _seen(store: Json, today: date) -> list[Json]:
    """Rows of lessons as of ``today``, the earliest first."""
    rows = [row for row in store["lessons"] if shown(row, today)]
    return sorted(rows, key=lambda row: (row["day"], row["row"]["id"]))


def _lesson_back(store: Json, today: date) -> None:
    lessons = _seen(store, today)
    _reschedule(store, lessons[-1]["row"]["id_str"], lessons[0]["day"])


def _lesson_on(store: Json, today: date) -> None:
    lessons = _seen(store, today)
    _reschedule(store, lessons[0]["row"]["id_str"], lessons[-1]["day"])


def _reschedule(store: Json, lesson: str, day: str) -> None:
    for row in store["lessons"]:
        if row["row"]["id_str"] == lesson:
            row["day"] = day
            row["row"]["date"] = f"{day}T00:00:00"
    for row in store["marks"] + store["logs"]:
        if row["row"]["lesson_str"] == lesson:
            row["day"] = day


def _pupil(store: Json, _: date) -> None:
    classes = [group["id_str"] for group in store["groups"] if group["type"] == "Group"]
    members = store["members"]
    members[classes[0]].append(members[classes[-1]].pop(0))


def _mark(store: Json, today: date) -> None:
    rows = [row for row in store["marks"] if shown(row, today)]
    added = deepcopy(max(rows, key=lambda row: (row["day"], row["row"]["id"])))
    number = added["row"]["id"] + (0 if added["row"]["id"] % 10**8 > NEW_ID else NEW_ID) + 1
    added["row"] |= {"id": number, "id_str": str(number)}
    store["marks"].append(added)


def _lesson_gone(store: Json, today: date) -> None:
    lesson = _seen(store, today)[-1]["row"]["id_str"]
    store["lessons"] = [row for row in store["lessons"] if row["row"]["id_str"] != lesson]
    for name in ("works", "marks", "logs"):
        store[name] = [row for row in store[name] if row["row"]["lesson_str"] != lesson]


MOVES: dict[str, Callable[[Json, date], None]] = {
    "lesson_back": _lesson_back,
    "lesson_on": _lesson_on,
    "pupil": _pupil,
    "mark": _mark,
    "lesson_gone": _lesson_gone,
}
