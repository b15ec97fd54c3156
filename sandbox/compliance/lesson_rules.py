"""``held``, ``topic``, ``homework``, ``attendance``, ``marks``, and parts entered late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.compliance.entries import Entry
from sandbox.compliance.known import Known
from sandbox.compliance.looks import LATE
from sandbox.measures import parts

Remark = tuple[str, str]  # rule, key


def missing(known: Known) -> Iterator[Remark]:
    """A remark for each scheduled lesson that is not held, and each part a held one lacks."""
    for lesson, shown in known.scheduled:
        key = known.keys.place(lesson)
        if shown is None or not shown.held:
            yield "held", key
            continue
        there = parts(known.view, shown)
        for name in ("topic", "attendance", "marks"):
            if not there[name]:
                yield name, key
        if there["homework_due"] and not there["homework"]:
            yield "homework", key


def late(known: Known, judged: Iterable[Entry]) -> Iterator[Remark]:
    for entry in judged:
        if entry.outcome == LATE:
            if entry.mark is None or entry.shown is None:
                yield entry.rule, known.keys.place(entry.lesson)
            else:
                yield entry.rule, known.keys.mark(entry.mark, entry.shown)
