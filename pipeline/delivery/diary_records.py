"""Facts of the journal as records of the diary service, still by pseudonym.

Each frame holds ``key`` (the record's opaque name at the portal), the fields of
docs/diary-contract.md for its type, ``day`` (Date) where a record has one, and ``pupil`` or
``teacher`` where the contract has a UID: the privacy gate puts the UID there or withholds the
record.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml

from privacy.keys import KeyRing
from privacy.pseudonyms import remote_key

Facts = Mapping[str, pl.DataFrame]

# The entity of the journal that a type is made of, a record of one row; the names of subjects,
# classes and terms are joined to it.
DIARY_MADE_OF = {
    "timetable": ("timetable_slot",),
    "lesson": ("lesson",),
    "mark": ("mark",),
    "attendance": ("attendance",),
    "term_mark": ("term_mark",),
}


def diary_keys(
    keys: KeyRing, school: str, year: int, record_type: str, rows: Facts
) -> pl.DataFrame:
    """Which record each row of the journal is at the portal: ``key``, ``made_of``, ``source``,
    ``journal_key``.

    ``rows``: ``source`` and ``key`` of the school year ``year``, by entity of ``DIARY_MADE_OF``.
    """
    (entity,) = DIARY_MADE_OF[record_type]
    at_portal = portal_key(keys, school, year, entity, "key")
    return rows[entity].select(
        at_portal, pl.lit(entity).alias("made_of"), "source", journal_key="key"
    )


@cache
def diary_codes() -> dict[str, Any]:
    """The code tables of mappings/targets/diary.yml."""
    content = files("mappings").joinpath("targets/diary.yml").read_text(encoding="utf-8")
    codes: dict[str, Any] = yaml.safe_load(content)
    return codes


def diary_records(keys: KeyRing, school: str, facts: Facts, year: int) -> dict[str, pl.DataFrame]:
    """Records by type: timetable, lesson, mark, attendance, term_mark; a row per fact that is due.

    ``facts``: live journal frames of ``school`` in the school year ``year`` (timetable_slot,
    lesson, mark, attendance, term_mark, class_, subject, term); ``former_…`` of what a record may
    point at holds what vanished: a refused mark stays as it was accepted last though its
    term is gone. Attendance the portal has no code
    for keeps a null ``estimate_value_code``.
    """
    named = _Named(keys, school, facts, year)
    return {
        "timetable": _timetable(named),
        "lesson": _lessons(named),
        "mark": _marks(named),
        "attendance": _attendance(named),
        "term_mark": _term_marks(named),
    }


class _Named:
    """The facts with the portal's keys and the names of subjects and classes joined."""

    def __init__(self, keys: KeyRing, school: str, facts: Facts, year: int) -> None:
        self._keys, self._school, self._year, self.facts = keys, school, year, facts
        self.subjects = self.known("subject").select(
            "source", pl.col("key").alias("subject_key"), pl.col("name").alias("subject_name")
        )
        self.classes = self.known("class_").select(
            "source", pl.col("key").alias("class_key"), group_name().alias("group_name")
        )
        lessons = self.known("lesson").select("source", "key", "subject_key", "date")
        self.lessons = lessons.rename({"key": "lesson_key"})

    def known(self, entity: str) -> pl.DataFrame:
        """Rows of ``entity``, those that vanished too: what still points at them has their name."""
        there = [self.facts[n] for n in (entity, f"former_{entity}") if n in self.facts]
        return pl.concat(there, how="diagonal")

    def of(self, entity: str) -> pl.DataFrame:
        """Live rows of ``entity`` with their key at the portal."""
        frame = self.facts[entity]
        return frame.with_columns(self.portal_key(entity, "key"))

    def portal_key(self, entity: str, column: str) -> pl.Expr:
        return portal_key(self._keys, self._school, self._year, entity, column)


def portal_key(keys: KeyRing, school: str, year: int, entity: str, column: str) -> pl.Expr:
    """The opaque name of the record of ``entity`` whose natural key is in ``source`` and
    ``column``; systems number their records anew every ``year``."""
    natural = pl.concat_str(pl.lit(str(year)), "source", column, separator="|")
    return remote_key(keys, school=school, entity=entity, key=natural).alias(column)


def group_name() -> pl.Expr:
    """«7 а», as the portal writes a class (interfaces.md 6.5)."""
    letter = pl.col("letter").fill_null("").str.to_lowercase()
    return pl.concat_str(
        pl.col("grade_level").cast(pl.String), pl.lit(" "), letter
    ).str.strip_chars()


def _timetable(named: _Named) -> pl.DataFrame:
    frame = named.of("timetable_slot")
    frame = frame.join(named.subjects, on=["source", "subject_key"], how="left")
    frame = frame.join(named.classes, on=["source", "class_key"], how="left")
    return frame.select(
        "key",
        pl.col("key").alias("slot"),
        "group_name",
        "subject_name",
        "weekday",
        "number",
        "teacher",
        _as_text("valid_from"),
        _as_text("valid_to"),
    )


def _lessons(named: _Named) -> pl.DataFrame:
    due = pl.col("held") & (pl.col("status") == "scheduled")
    frame = named.of("lesson").filter(due)
    frame = frame.join(named.subjects, on=["source", "subject_key"], how="left")
    frame = frame.join(named.classes, on=["source", "class_key"], how="left")
    return frame.select(
        "key",
        "text_blocked",
        pl.col("key").alias("lesson"),
        *_day("date"),
        "number",
        "group_name",
        "subject_name",
        pl.col("topic").alias("content_name"),
        pl.col("homework").alias("task_name"),
        pl.col("attachment").alias("task_file"),
        pl.coalesce("substitute", "teacher").alias("teacher"),
        pl.col("substitute").is_not_null().alias("substitution"),
        "held",
    )


def _marks(named: _Named) -> pl.DataFrame:
    codes = diary_codes()
    types = {work: code for work, (code, _) in codes["mark_types"].items()}
    names = {work: name for work, (_, name) in codes["mark_types"].items()}
    frame = named.of("mark").join(named.subjects, on=["source", "subject_key"], how="left")
    return frame.select(
        "key",
        named.portal_key("lesson", "lesson_key").alias("lesson"),
        "pupil",
        "subject_name",
        *_day("date"),
        pl.col("work_type")
        .replace_strict(types, return_dtype=pl.Int64)
        .alias("estimate_type_code"),
        pl.col("work_type")
        .replace_strict(names, return_dtype=pl.String)
        .alias("estimate_type_name"),
        *_value(codes),
    )


def _attendance(named: _Named) -> pl.DataFrame:
    codes = diary_codes()
    values = {status: code for status, (code, _) in codes["attendance"].items()}
    names = {status: name for status, (_, name) in codes["attendance"].items()}
    frame = named.of("attendance").filter(pl.col("status") != "present")
    frame = frame.join(named.lessons, on=["source", "lesson_key"], how="left")
    frame = frame.join(named.subjects, on=["source", "subject_key"], how="left")
    type_code, type_name = codes["attendance_type"]
    status = pl.col("status")
    return frame.select(
        "key",
        named.portal_key("lesson", "lesson_key").alias("lesson"),
        "pupil",
        "subject_name",
        *_day("date"),
        pl.lit(type_code, dtype=pl.Int64).alias("estimate_type_code"),
        pl.lit(type_name).alias("estimate_type_name"),
        status.replace_strict(values, default=None, return_dtype=pl.String).alias(
            "estimate_value_code"
        ),
        status.replace_strict(names, default=None, return_dtype=pl.String).alias(
            "estimate_value_name"
        ),
    )


def _term_marks(named: _Named) -> pl.DataFrame:
    codes = diary_codes()
    terms = named.known("term").select(
        "source",
        pl.col("key").alias("term_key"),
        pl.col("name").alias("term_name"),
        "kind",
        pl.col("finish").alias("date"),
    )
    frame = named.of("term_mark").join(named.subjects, on=["source", "subject_key"], how="left")
    frame = frame.join(terms, on=["source", "term_key"], how="left")
    kinds = pl.col("kind").replace_strict(codes["term_kinds"], return_dtype=pl.String)
    return frame.select(
        "key",
        "pupil",
        "subject_name",
        "term_name",
        *_day("date"),
        pl.lit(codes["term_mark_type"], dtype=pl.Int64).alias("estimate_type_code"),
        kinds.alias("estimate_type_name"),
        *_value(codes),
    )


def _value(codes: dict[str, Any]) -> tuple[pl.Expr, pl.Expr]:
    """«5/5» and «5»; marks in words as «code/debt» and «долг»."""
    numeric = pl.col("scale").is_in(["5", "10", "100"])
    said = pl.concat_str("scale", "value", separator="/")
    code = pl.when(numeric).then(pl.concat_str("value", "scale", separator="/")).otherwise(said)
    word = said.replace_strict(codes["value_names"], default=pl.col("value"))
    name = pl.when(numeric).then(pl.col("value")).otherwise(word)
    return code.alias("estimate_value_code"), name.alias("estimate_value_name")


def _day(column: str) -> tuple[pl.Expr, pl.Expr]:
    return _as_text(column), pl.col(column).alias("day")


def _as_text(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%d.%m.%Y").alias(column)
