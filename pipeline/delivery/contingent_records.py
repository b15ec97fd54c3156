"""Facts of the journal as records of the contingent registry, still by pseudonym.

Each frame holds ``key`` (the record's opaque name at the registry), the fields that
``privacy/policies/contingent.yml`` takes from the frame and, but for classes, ``pupil``: the gate
puts the identity in from the vault, or withholds the record. Days are ISO texts.

Keys of classes and educations hold the school year, so that a year that closes stays as it was;
but for its educations that are still open: they end with the year.
A pupil has one education per class: who comes back to a class goes on in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import polars as pl

from connectors.contingent.codes import Codes, read_codes
from pipeline.registry import ClosedYear
from privacy.keys import KeyRing
from privacy.pseudonyms import remote_key

Facts = Mapping[str, pl.DataFrame]

# The entities of the journal that a type is made of. An education is put together from who is in a
# class and the orders into and out of it.
CONTINGENT_MADE_OF = {
    "class": ("class_",),
    "person": ("pupil",),
    "education": ("enrolment", "movement"),
    "movement": ("movement",),
}

_STINT = ("source", "pupil", "class_key")


@cache
def contingent_codes() -> Codes:
    """mappings/targets/contingent.yml: the registry's code lists, and what the site states."""
    content = files("mappings").joinpath("targets/contingent.yml").read_text("utf-8")
    return read_codes(content)


def contingent_records(
    keys: KeyRing,
    school: str,
    facts: Facts,
    *,
    on: date,
    year_start: date,
    education_form: str | None,
) -> dict[str, pl.DataFrame]:
    """Records by type: class, person, education, movement.

    ``facts``: live frames of the open year (class_, pupil, enrolment, movement); where it is
    given, ``former_enrolment`` holds enrolments that vanished: one of them counts only if an order
    says that the pupil left the class. ``on``: orders of later days are not known yet.
    ``education_form``: the site's code, since sources do not say it; without it educations stay.
    """
    named = _Named(keys, school, year_start)
    classes = _classes(named, facts["class_"])
    orders = facts["movement"].filter(pl.col("date") <= on)
    stints = _stints(facts, orders, year_start)
    education = _education(named, stints, classes, education_form)
    movement = _movements(named, orders, classes)
    people = pl.concat(
        [
            facts["pupil"].select(pupil="person"),
            education.select("pupil"),
            movement.select("pupil"),
        ]
    ).unique("pupil", maintain_order=True)
    return {
        "class": classes.drop("source", "class_key"),
        "person": people.select(named.key("person", "pupil").alias("key"), "pupil"),
        "education": education,
        "movement": movement,
    }


def ended_educations(
    keys: KeyRing,
    school: str,
    closed: Facts,
    moved_up: pl.Series,
    *,
    year: ClosedYear,
    education_form: str | None,
) -> pl.DataFrame:
    """The educations of a closed year that have an end: columns as in ``contingent_records``.

    ``closed``: that year's facts as ``contingent_records`` takes them; ``moved_up``: pupils of the
    open year's classes. An education ends as that year's lists and orders say; else, if the pupil
    moved up, on the year's last day. Of who is in no class now and in no order nothing is said:
    nobody told that this pupil left.
    """
    every_order = date(year.start.year + 1, 12, 31)  # those of the summer too
    records = contingent_records(
        keys,
        school,
        closed,
        on=every_order,
        year_start=year.start,
        education_form=education_form,
    )
    now_in_a_class = pl.col("pupil").is_in(moved_up.implode())
    last_day = pl.when(now_in_a_class).then(pl.lit(year.finish.isoformat()))
    ended = records["education"].with_columns(pl.coalesce("training_end_at", last_day))
    return ended.filter(pl.col("training_end_at").is_not_null())


def contingent_keys(
    keys: KeyRing, school: str, year: int, record_type: str, rows: Facts
) -> pl.DataFrame:
    """Which record each row of the journal is at the registry, or is a part of: ``key``,
    ``made_of``, ``source``, ``journal_key``.

    ``rows``: of the school year ``year``, by entity of ``CONTINGENT_MADE_OF``, with the pupils and
    classes that they name.
    """
    named = _Named(keys, school, date(year, 9, 1))  # of the day the keys hold the year alone
    match record_type:
        case "class":
            at_registry = named.of_year("class", "source", "key")
            parts = [("class_", rows["class_"].with_columns(at_registry.alias("_at")))]
        case "person":
            person = rows["pupil"].rename({"person": "pupil"})
            parts = [("pupil", person.with_columns(named.key("person", "pupil").alias("_at")))]
        case "education":
            orders = rows["movement"]
            stints = [("enrolment", rows["enrolment"])] + [
                ("movement", orders.rename({side: "class_key"}))
                for side in ("from_class_key", "to_class_key")
            ]
            at_registry = named.of_year("education", *_STINT)
            parts = [(name, part.with_columns(at_registry.alias("_at"))) for name, part in stints]
        case _:
            at_registry = named.key("movement", "source", "key")
            parts = [("movement", rows["movement"].with_columns(at_registry.alias("_at")))]
    return pl.concat(
        part.select(
            pl.col("_at").alias("key"),
            pl.lit(name).alias("made_of"),
            "source",
            journal_key="key",
        )
        for name, part in parts
    ).unique(maintain_order=True)


class _Named:
    """The opaque keys at the registry; they are no keys of another portal."""

    def __init__(self, keys: KeyRing, school: str, year_start: date) -> None:
        self._keys, self._school = keys, school
        self.year_start = year_start
        self.year = f"{year_start.year}/{year_start.year + 1}"

    def key(self, record_type: str, *parts: str) -> pl.Expr:
        natural = pl.concat_str([pl.col(part) for part in parts], separator="|")
        return remote_key(
            self._keys, school=self._school, entity=f"contingent:{record_type}", key=natural
        )

    def of_year(self, record_type: str, *parts: str) -> pl.Expr:
        """A key that is another one next year."""
        natural = pl.concat_str([pl.lit(self.year), *(pl.col(p) for p in parts)], separator="|")
        return remote_key(
            self._keys, school=self._school, entity=f"contingent:{record_type}", key=natural
        )


def _classes(named: _Named, classes: pl.DataFrame) -> pl.DataFrame:
    programs = contingent_codes().words["program"]
    rows = classes.rename({"key": "class_key"})
    return rows.select(
        "source",
        "class_key",
        named.of_year("class", "source", "class_key").alias("key"),
        "name",
        "grade_level",
        "letter",
        pl.lit(named.year).alias("academic_year"),
        pl.col("grade_level").cast(pl.String).replace_strict(programs).alias("program"),
        pl.lit(named.year_start.isoformat()).alias("open_at"),
        pl.lit(None, pl.String).alias("close_at"),
    )


def _stints(facts: Facts, orders: pl.DataFrame, year_start: date) -> pl.DataFrame:
    """Who was in which class from when until when, by enrolments and orders.

    Columns: ``_STINT``, ``begin``, ``end`` (Date), ``begin_*`` and ``end_*`` of the order.
    """
    known = ("former_enrolment",) if "former_enrolment" in facts else ()
    former = [facts[name].select(*_STINT, "start", "finish") for name in known]
    current = facts["enrolment"].select(*_STINT, "start", "finish")
    came = _latest(orders, "to_class_key", "came")
    # An order of before the year speaks of last year's class, which may have had the same key.
    of_this_year = orders.filter(pl.col("date") >= year_start)
    went = _latest(of_this_year, "from_class_key", "went")
    # An order that a pupil left a class proves that he was in it, whatever the lists hold now.
    left = went.select(*_STINT).join(current, on=_STINT, how="anti")
    past = left.join(_once(former), on=_STINT, how="left") if former else left
    rows = pl.concat([_once([current]), past], how="diagonal")
    rows = rows.join(came, on=_STINT, how="left").join(went, on=_STINT, how="left")
    # Who came back to a class after the last order that took him out of it has not left.
    gone = pl.col("went_date") >= pl.col("came_date").fill_null(pl.date(1900, 1, 1))
    begin = pl.max_horizontal("start", "came_date")
    floored = pl.max_horizontal(begin, pl.lit(year_start))
    return rows.with_columns(
        begin=pl.when(begin.is_not_null()).then(floored),
        end=pl.coalesce("finish", pl.when(gone).then("went_date")),
        end_order_number=pl.when(gone).then("went_number"),
        end_order_date=pl.when(gone).then("went_order"),
        end_reason=pl.when(gone).then("went_reason"),
    ).filter((pl.col("end") > year_start).fill_null(value=True))


def _once(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """One row per pupil and class, the later one."""
    rows = pl.concat(frames).sort("start", nulls_last=False)
    return rows.unique(_STINT, keep="last", maintain_order=True)


def _latest(orders: pl.DataFrame, class_key: str, name: str) -> pl.DataFrame:
    """The last order into or out of each pupil's class."""
    rows = orders.filter(pl.col(class_key).is_not_null()).sort("date", "key")
    # The other reasons are in no order; what is not said is not made up.
    left_for = (pl.col("kind") == "withdrawal") & pl.col("other_school").is_not_null()
    reason = contingent_codes().words["deduction_reason"]["to_another_school"]
    return rows.unique(["source", "pupil", class_key], keep="last", maintain_order=True).select(
        "source",
        "pupil",
        pl.col(class_key).alias("class_key"),
        pl.col("date").alias(f"{name}_date"),
        pl.col("order_number").alias(f"{name}_number"),
        pl.col("order_date").alias(f"{name}_order"),
        pl.when(left_for).then(pl.lit(reason)).alias(f"{name}_reason"),
    )


def _education(
    named: _Named, stints: pl.DataFrame, classes: pl.DataFrame, education_form: str | None
) -> pl.DataFrame:
    of_class = classes.select("source", "class_key", "program", pl.col("key").alias("class"))
    rows = stints.join(of_class, on=["source", "class_key"], how="left")
    return rows.select(
        named.of_year("education", *_STINT).alias("key"),
        "pupil",
        named.key("person", "pupil").alias("person"),
        "class",
        pl.lit(education_form, pl.String).alias("education_form"),
        "program",
        _iso("begin").alias("training_begin_at"),
        _iso("end").alias("training_end_at"),
        pl.col("end_reason").alias("deduction_reason"),
        pl.col("came_number").alias("begin_order_number"),
        _iso("came_order").alias("begin_order_date"),
        "end_order_number",
        _iso("end_order_date").alias("end_order_date"),
    ).sort("key")


def _movements(named: _Named, orders: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """Orders; a class that is not one of this year's is left empty."""
    known = classes.select("source", "class_key", "key")
    rows = orders
    for side in ("from", "to"):
        told = known.rename({"class_key": f"{side}_class_key", "key": f"{side}_class"})
        rows = rows.join(told, on=["source", f"{side}_class_key"], how="left")
    return rows.select(
        named.key("movement", "source", "key").alias("key"),
        "pupil",
        named.key("person", "pupil").alias("person"),
        "kind",
        _iso("date").alias("date"),
        "order_number",
        _iso("order_date").alias("order_date"),
        "from_class",
        "to_class",
        "other_school",
    ).sort("key")


def _iso(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Date).dt.strftime("%Y-%m-%d")
