"""Small causes of one family, told on one card; what holds up more stands on a card of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.cards.drafts import Draft
from quality.causes import FEW
from quality.families import family_of


def gathered(causes: Sequence[Draft]) -> list[Draft]:
    """``causes`` of an upload with those made one that hold up no more than ``FEW`` things each,
    of one source and family. What a waiver covers, or is mended, goes to the same card."""
    alone = [cause for cause in causes if not _is_small(cause)]
    small: dict[tuple[str, str], list[Draft]] = {}
    for cause in causes:
        if _is_small(cause):
            small.setdefault((cause.source, family_of(cause.rule)), []).append(cause)
    return alone + [_one(family, drafts) for (_, family), drafts in small.items()]


def _is_small(cause: Draft) -> bool:
    held = [cause.held, *(part.held for part in cause.waived)]
    return family_of(cause.rule) != cause.rule and sum(sum(h.values()) for h in held) <= FEW


def _one(family: str, drafts: list[Draft]) -> Draft:
    """What is due of ``drafts``; where nothing is, what is waived; where none stands, what is
    mended."""
    standing = [draft for draft in drafts if not draft.gone]
    due = [draft for draft in standing if not draft.waived]
    mended = [draft for draft in drafts if draft.gone] if standing else []
    told = due or standing or drafts
    others = [draft for draft in drafts if draft not in told]
    whole = told[0] if len(told) == 1 else _together(family, told)
    return replace(
        whole,
        beside=others,
        fixed=sum(sum(draft.held.values()) for draft in mended),
        waived=[part for draft in standing for part in draft.waived],
    )


def _together(family: str, told: list[Draft]) -> Draft:
    rules = {draft.rule for draft in told}
    return Draft(
        source=told[0].source,
        rule=rules.pop() if len(rules) == 1 else family,
        first=min(draft.first for draft in told),
        fresh=all(draft.fresh for draft in told),
        gone=told[0].gone,
        held=sum((draft.held for draft in told), Counter()),
        gathered=sorted(told, key=lambda draft: -sum(draft.held.values())),
    )
