"""The names of a school's own people on its own pages: released to its own accounts, noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.access.events import Kind
from pipeline.hub import Hub
from privacy.release import Channel, ReleaseRefusedError, release_names
from reports.web.visit import Unit, Visit

REMARKS = "school_remarks"  # a purpose of privacy/policies/releases.yml


def acting(visit: Visit) -> Hub:
    """The hub, whose action log names the account as who acts."""
    return replace(visit.dashboard.hub, actor=visit.account.login)


def names_of(visit: Visit, school: Unit, pseudonyms: Iterable[str], page: str) -> dict[str, str]:
    """The names of teachers of ``school`` by pseudonym, for what it has to mend.

    None for whoever is not of the school, nor where the vault does not know all of them.
    """
    wanted = sorted(set(pseudonyms))
    if not wanted or not visit.account.is_of_school:
        return {}
    hub = acting(visit)
    try:
        named = release_names(
            hub.vault,
            school.code,
            wanted,
            purpose=REMARKS,
            channel=Channel.PAGES,
            log=hub.log_action,
        )
    except ReleaseRefusedError:
        return {}
    visit.note(Kind.NAMED, school=school.code, detail=page)
    return named
