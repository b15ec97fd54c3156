"""Names of a school's own people, for that school's accounts alone; everybody else sees codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.access.events import Kind
from privacy.release import Channel, ReleaseRefusedError, release_names
from reports.web.visit import Visit

PURPOSE = "school_pages"


@dataclass(frozen=True)
class Names:
    """``known``: by pseudonym; ``refused``: names were asked for, and nobody could be named."""

    known: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False

    def called(self, pseudonym: str) -> str:
        """The name, or the pseudonym where there is none."""
        return self.known.get(pseudonym, pseudonym)


def names_for(visit: Visit, school: str, pseudonyms: Iterable[str | None]) -> Names:
    """What the account may call ``pseudonyms``, people of ``school``; a release is logged."""
    wanted = {one for one in pseudonyms if one}
    account, hub = visit.account, visit.dashboard.hub
    if not (account.is_of_school and account.unit == school and wanted):
        return Names()
    try:
        known = release_names(
            hub.vault,
            school,
            wanted,
            purpose=PURPOSE,
            channel=Channel.PAGES,
            log=replace(hub, actor=account.login).log_action,
        )
    except ReleaseRefusedError:
        return Names(refused=True)
    visit.note(Kind.NAMED, school=school, detail=f"{PURPOSE}: {len(known)}")
    return Names(known)
