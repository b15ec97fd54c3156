"""Cause cards of a school: the few roots of what is wrong, each with what it holds up.

Four books are read: the quarantine, the findings and the verdicts of runs, and the remarks. A
refusal that others wait for, a document that could not be read and a source that did not answer
take with them what comes of them, remarks too; what is left is told by families of rules
(``pipeline.cards.gathered_causes``, ``pipeline.cards.remark_drafts``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from pipeline.cards import words as card_words
from pipeline.cards.cause_drafts import move_unread, of_failures, of_findings, of_refusals
from pipeline.cards.checks import lines
from pipeline.cards.drafts import Draft
from pipeline.cards.found_causes import failures, found
from pipeline.cards.gathered_causes import gathered
from pipeline.cards.refused_causes import refusals
from pipeline.cards.remark_drafts import remark_drafts
from pipeline.cards.remarked import DAILY_UPLOAD, explained, open_remarks, silenced
from pipeline.cards.waivers import first_match, in_force
from pipeline.registry import schools_of
from quality.cards import Card, CardState, Part, Where, worst_first
from quality.families import lasting_rules
from quality.remark_causes import OF_LESSONS
from schemas.rulebook import is_unread
from schemas.tables import journal_table, school_runs

_SHOWN = 3  # documents on a card: the first tell where to look
# Which remarks say no more than that a document was not read, by what it feeds.
_SILENT = {
    "lesson": OF_LESSONS,
    "mark": frozenset({"marks"}),
    "attendance": frozenset({"attendance"}),
}
_NAMED = ("class_", "subject", "group", "term")  # what a card calls by its name


def cards(connection: Connection, school: str, on: date) -> list[Card]:
    """The cards of ``school`` as of its last checks up to ``on``, worst first.

    What was fixed before those checks is not there; what is waived is, with its reason.
    """
    names = names_of_things(connection, school)
    return worst_first(
        [card_of(school, draft, names) for draft in drafts_of(connection, school, on)]
    )


def drafts_of(connection: Connection, school: str, on: date) -> list[Draft]:
    """What ``cards`` puts into words, with the lines that are counted on each."""
    checks = lines(connection, school, on)
    waivers = in_force(connection, school, on)
    refused = refusals(connection, school, checks)
    by_cause = of_refusals(refused.held, refused.lines)
    told = of_findings(found(connection, school, checks))
    move_unread(by_cause, told)
    failed = of_failures(failures(checks))
    remarked, last = open_remarks(connection, school, on)
    left = explained(remarked.filter(~pl.col("fixed")), refused.lost, by_cause)
    for draft in [*failed, *told]:
        left = silenced(left, draft, _comes_of(draft, failed))
    causes = list({id(draft): draft for draft in [*told, *by_cause.values(), *failed]}.values())
    for draft in causes:
        if waived := first_match(waivers, draft.rule, **draft.place()):
            draft.excuse(waived)
    rest = pl.concat([left, remarked.filter("fixed")])
    return [*gathered(causes), *remark_drafts(connection, school, rest, last, waivers)]


def district_counts(connection: Connection, district: str, on: date) -> list[dict[str, Any]]:
    """How many cards the schools of ``district`` have, by state, and what they hold up."""
    return [
        _counts(school, cards(connection, school, on))
        for school in schools_of(connection, district)
    ]


def last_day(connection: Connection, schools: Sequence[str]) -> date | None:
    """The last business date of a run on one of ``schools``; None where there was none."""
    query = select(func.max(school_runs.c.business_date)).where(school_runs.c.school.in_(schools))
    day: date | None = connection.execute(query).scalar_one()
    return day


def _counts(school: str, found: Sequence[Card]) -> dict[str, Any]:
    due = [card for card in found if not card.excused and card.state is not CardState.FIXED]
    return {
        "school": school,
        "new": sum(card.state is CardState.NEW for card in due),
        "open": sum(card.state is CardState.OPEN for card in due),
        "waived": sum(card.excused for card in found),
        "fixed": sum(card.state is CardState.FIXED for card in found),
        "holds_up": sum(card.weight for card in due),
    }


def _comes_of(draft: Draft, failed: Sequence[Draft]) -> frozenset[str]:
    """The rules whose remarks on the days since then come of the draft."""
    if draft.gone:
        return frozenset()
    if draft in failed:
        return OF_LESSONS | {DAILY_UPLOAD}
    return _SILENT.get(draft.entity, frozenset()) if is_unread(draft.rule) else frozenset()


def names_of_things(connection: Connection, school: str) -> card_words.Names:
    """Names of classes and the like, of those too that are there no more."""
    names: dict[tuple[str, str, str], str] = {}
    for entity in _NAMED:
        c = journal_table(entity).c
        query = select(c.source, c.source_key, c.name).where(c.school == school)
        for source, key, name in connection.execute(query):
            names[source, entity, key] = name
    return names


def card_of(school: str, draft: Draft, names: card_words.Names) -> Card:
    """``draft`` in words; ``names``: of things of the school's journals."""
    state = CardState.NEW if draft.fresh else CardState.OPEN
    return Card(
        school=school,
        source=draft.source,
        rule=draft.rule,
        state=CardState.FIXED if draft.gone else state,
        since=draft.first,
        held={kind: count for kind, count in draft.held.items() if count},
        fixed=draft.fixed,
        where=_where(draft, names),
        title=card_words.title(draft, names),
        why=card_words.why(draft),
        who=card_words.who(draft),
        fix=card_words.fix(draft),
        parts=tuple(_parts(draft, names)),
        shares=tuple(
            replace(share, class_name=names.get((draft.source, "class_", share.class_key or "")))
            for share in draft.shares
        ),
        detail=draft.detail,
        about=draft.by,
        waived=tuple(draft.waived),
        mendable=not any(one.rule in lasting_rules() for one in draft.rules),
    )


def _where(draft: Draft, names: card_words.Names) -> Where:
    about = draft.place()
    class_key, subject_key = about["class_key"], about["subject_key"]
    return Where(
        documents=tuple(draft.documents[:_SHOWN]),
        documents_in_all=len(draft.documents),
        line=draft.line,
        field=draft.column,
        entity=draft.entity,
        key=draft.key,
        class_key=class_key,
        class_name=names.get((draft.source, "class_", class_key or "")),
        subject_key=subject_key,
        subject_name=names.get((draft.source, "subject", subject_key or "")),
        teacher=about["teacher"],
        first_day=draft.first_day,
        last_day=draft.last_day,
    )


def _parts(draft: Draft, names: card_words.Names) -> Iterator[Part]:
    """The card's remarks by rule; or its causes, one unless several are told together."""
    for one in draft.rules:
        title, fix = card_words.rule_title(one.rule), card_words.rule_fix(draft.source, one.rule)
        yield Part(one.rule, title, fix, dict(one.held), one.new)
    for cause in [] if draft.rules else draft.gathered or [draft]:
        yield Part(
            rule=cause.rule,
            title=card_words.title(cause, names),
            fix=card_words.fix(cause),
            held=dict(cause.held),
            new=sum(cause.held.values()) if cause.fresh and not cause.gone else 0,
            where=_where(cause, names),
            detail=cause.detail,
        )
