"""Remarks as drafts of cards: of each family its wide causes, and one card of all that is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
from sqlalchemy import Connection

from pipeline.cards.drafts import DUE, FIXED, WAIVED, Draft, OfRule, card_lines
from pipeline.cards.waivers import Waiver
from quality.cards import Share, Waived, WaivedPart
from quality.causes import FEW
from quality.families import family_of, lasting_rules
from quality.journal_frames import read_frame
from quality.kinds import DAY, REMARK
from quality.mark_deadlines import MARK_RULES
from quality.regulations import Asked
from quality.remark_causes import CLASS, DAYS, LESSON, OF_LESSONS, TEACHER, grouped
from schemas.tables import journal_table

# What a remark of a rule is about, where it is no more than a remark (``quality.kinds``).
_KINDS: dict[str, str] = {
    Asked.DAILY_UPLOAD.value: DAY,
    **dict.fromkeys(OF_LESSONS, "lesson"),
    **{rule.value: "mark" for rule in MARK_RULES},
}
_CARD = ("source", "family", "about", "which")


def remark_drafts(
    connection: Connection,
    school: str,
    rows: pl.DataFrame,
    last: date | None,
    waivers: Sequence[Waiver],
) -> list[Draft]:
    """The cards of ``rows`` (``remarked.open_remarks`` of the check of ``last``)."""
    families = {rule: family_of(rule) for rule in rows["rule"].unique()}
    told = _of_interest(rows, last).with_columns(
        waiver=_waiver_of(waivers),
        family=pl.col("rule").replace_strict(families, return_dtype=pl.String),
        kind=pl.col("rule").replace_strict(_KINDS, default=REMARK, return_dtype=pl.String),
        new=pl.col("first_on") == pl.lit(last, pl.Date()),
        # That of a term's marks is its first day, on which nothing was wrong.
        day=pl.when(pl.col("rule") != Asked.ACCUMULATION.value).then("day"),
    )
    standing = _placed(told.filter(~pl.col("fixed")), connection, school)
    waived = {one.waived.waiver: one.waived for one in waivers}
    drafts = {
        card: _draft(card, part, waived)
        for card, part in standing.group_by(*_CARD, maintain_order=True)
    }
    mended = told.filter("fixed").with_columns(about=pl.lit(""), which=pl.lit(""))
    for (source, family), part in mended.group_by("source", "family", maintain_order=True):
        own = [draft for card, draft in drafts.items() if card[:2] == (source, family)]
        if own:
            nearest = _nearest(own)
            nearest.fixed = part.height
            nearest.add(Counter(), _mended(part))
        else:
            drafts[source, family, "", ""] = _gone((source, family, "", ""), part)
    return list(drafts.values())


def _of_interest(rows: pl.DataFrame, last: date | None) -> pl.DataFrame:
    """``rows`` without those of rules that nothing mends, but for what stands and was first found
    in the month of the last check: else they would be told until the year is over."""
    if last is None:
        return rows
    lasting = pl.col("rule").is_in(lasting_rules())
    of_month = (pl.col("first_on") >= last.replace(day=1)) & ~pl.col("fixed")
    return rows.filter(~lasting | of_month)


def _waiver_of(waivers: Sequence[Waiver]) -> pl.Expr:
    """The oldest waiver that covers a remark."""
    found = pl.lit(None, pl.Int64)
    for one in reversed(waivers):
        said = [pl.col("rule") == one.scope.rule]
        said += [pl.col(name).eq_missing(value) for name, value in one.scope.narrowed().items()]
        found = pl.when(pl.all_horizontal(said)).then(one.waived.waiver).otherwise(found)
    return found


def _placed(rows: pl.DataFrame, connection: Connection, school: str) -> pl.DataFrame:
    """``rows`` with ``by`` and ``unit`` of ``remark_causes.grouped``, and the card of each: a wide
    cause (``about`` and ``which``), or with both empty what is left of the family. More than
    ``FEW`` wide causes of one kind are one card (``which`` empty)."""
    lessons = _lessons(connection, school, rows)
    parts = [
        grouped(part, lessons.filter(pl.col("source") == source).select(*LESSON))
        for (source,), part in rows.group_by("source", maintain_order=True)
    ]
    empty = grouped(rows.clear(), lessons.select(*LESSON))
    about = pl.when("wide").then("by").otherwise(pl.lit(""))
    placed = pl.concat([empty, *parts]).with_columns(about=about)
    few = pl.col("unit").n_unique().over("source", "family", "about") <= FEW
    return placed.with_columns(
        which=pl.when(pl.col("wide") & few).then("unit").otherwise(pl.lit(""))
    )


def _lessons(connection: Connection, school: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Lessons that were held on the days of remarks on lessons: ``LESSON`` and source."""
    lesson = journal_table("lesson")
    c = lesson.c
    days = rows.filter(pl.col("rule").is_in(OF_LESSONS))["day"].drop_nulls().unique()
    where = (c.school == school) & c.date.in_(days.to_list()) & c.held & c.vanished_at.is_(None)
    names = ["source", "date", "class_key", "subject_key", "teacher", "substitute", "status"]
    held = read_frame(connection, lesson, names, where)
    given = pl.coalesce("substitute", "teacher")
    return (
        held.filter(~pl.col("status").is_in(["cancelled", "merged"]))
        .with_columns(teacher=given)
        .rename({"date": "day"})
        .select("source", *LESSON)
    )


def _draft(card: tuple[object, ...], rows: pl.DataFrame, waivers: Mapping[int, Waived]) -> Draft:
    """A card of remarks that stand: what is due; where nothing is, what is waived."""
    due = rows.filter(pl.col("waiver").is_null())
    draft = _told(card, rows if due.is_empty() else due)
    draft.held = _held(due)
    excused = rows.drop_nulls("waiver").group_by("waiver", maintain_order=True)
    draft.waived = [WaivedPart(waivers[int(str(w))], dict(_held(part))) for (w,), part in excused]
    shares = _by_whom(rows if due.is_empty() else due)
    draft.shares = _shares(shares)
    draft.lines = _lines(rows, draft, shares)
    return draft


def _gone(card: tuple[object, ...], rows: pl.DataFrame) -> Draft:
    """A card of remarks that are all mended."""
    draft = _told(card, rows)
    draft.gone, draft.fixed, draft.lines = True, rows.height, _mended(rows)
    return draft


def _lines(rows: pl.DataFrame, draft: Draft, shares: pl.DataFrame) -> pl.DataFrame:
    """Of a lesson its key is the thing, of another remark the remark. The parts and shares of the
    card tell what is due, or, where nothing is, what is waived."""
    waived = pl.col("waiver").is_not_null()
    rules = pl.DataFrame({"rule": [one.rule for one in draft.rules]}).with_row_index("part")
    whose = shares.select("by", "unit").with_row_index("share")
    lines = (
        rows.join(rules, on="rule", how="left", maintain_order="left")
        .join(whose, on=["by", "unit"], how="left", maintain_order="left")
        .with_columns(
            thing=pl.when(kind="lesson").then("key").otherwise(_REMARK),
            state=pl.when(waived).then(pl.lit(WAIVED)).otherwise(pl.lit(DUE)),
        )
    )
    untold = waived & pl.lit(rows["waiver"].null_count() > 0)
    return card_lines(
        lines.with_columns(pl.when(~untold).then(n).alias(n) for n in ("part", "share"))
    )


_REMARK = pl.concat_str("rule", "key", "first_on", separator="|")


def _mended(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines of remarks that are mended: they are counted one by one."""
    return card_lines(rows.with_columns(thing=_REMARK, state=pl.lit(FIXED)))


def _nearest(drafts: list[Draft]) -> Draft:
    """The card that tells what is mended of its family: with something due, and no wide cause."""
    return min(drafts, key=lambda draft: (not draft.held, draft.by != ""))


def _told(card: tuple[object, ...], rows: pl.DataFrame) -> Draft:
    """A draft of ``rows``; a class, subject or teacher that all of them share stands on it."""
    source, family, about, which = (str(name) for name in card)
    by_rule = rows.group_by("rule", maintain_order=True).agg(
        pl.len(), pl.col("kind").first(), pl.col("new").sum()
    )
    rules = [
        OfRule(rule, Counter({kind: count}), new)
        for rule, count, kind, new in by_rule.sort(
            "len", "rule", descending=[True, False]
        ).iter_rows()
    ]
    return Draft(
        source=source,
        rule=rules[0].rule if len(rules) == 1 else family,
        first=min(rows["first_on"]),
        fresh=bool(rows["new"].all()),
        by=about,
        key=which,
        held=_held(rows),
        class_key=_shared(rows, "class_key"),
        subject_key=_shared(rows, "subject_key"),
        teacher=_shared(rows, "teacher"),
        first_day=min(rows["day"].drop_nulls(), default=None),
        last_day=max(rows["day"].drop_nulls(), default=None),
        rules=rules,
    )


def _shared(rows: pl.DataFrame, name: str) -> str | None:
    values = rows[name].unique()
    return str(values[0]) if len(values) == 1 and values[0] is not None else None


def _held(rows: pl.DataFrame) -> Counter[str]:
    """What ``rows`` are about, by kind; a lesson that lacks two things is one."""
    of_lessons = rows.filter(kind="lesson")
    counts = Counter(rows.filter(pl.col("kind") != "lesson")["kind"].to_list())
    if lessons := of_lessons["key"].n_unique():
        counts["lesson"] = lessons
    return counts


def _by_whom(rows: pl.DataFrame) -> pl.DataFrame:
    """How many of the remarks are whose, the most first."""
    return (
        rows.group_by("by", "unit")
        .agg(
            pl.len(),
            pl.col("new").sum(),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
        )
        .sort("len", "by", "unit", descending=[True, False, False])
    )


def _shares(counts: pl.DataFrame) -> list[Share]:
    return [
        Share(
            remarks=count,
            new=new,
            teacher=unit if by == TEACHER else None,
            class_key=unit if by == CLASS else None,
            first_day=first if by == DAYS else None,
            last_day=last if by == DAYS else None,
        )
        for by, unit, count, new, first, last in counts.iter_rows()
    ]
