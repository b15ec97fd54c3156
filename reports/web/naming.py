"""The names of a school's own people on its own pages: released to its own accounts, noted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.access.events import Kind
from pipeline.hub import Hub
from pipeline.page_names import names_on_pages
from reports.web.visit import Unit, Visit

# Purposes of privacy/policies/releases.yml: what is to be mended, and what figures are made of.
REMARKS, FIGURES = "school_remarks", "school_pages"


_PSEUDONYM = re.compile(r"p[0-9a-f]{32}")  # privacy.pseudonyms
_SHOWN = 8  # signs of it; of a school's people hardly two begin alike, and the whole is at hand


def shortened(words: str) -> str:
    """A pseudonym as a reader is shown it; anything else, such as a name, as it is."""
    return f"{words[:_SHOWN]}…" if _PSEUDONYM.fullmatch(words) else words


@dataclass(frozen=True)
class Names:
    """``known``: by pseudonym; ``refused``: names were asked for, and nobody could be named."""

    known: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False

    def called(self, pseudonym: str) -> str:
        """The name, or the pseudonym where there is none."""
        return self.known.get(pseudonym, pseudonym)


def acting(visit: Visit) -> Hub:
    """The hub, whose action log names the account as who acts."""
    return replace(visit.dashboard.hub, actor=visit.account.login)


def names_of(
    visit: Visit, school: Unit, pseudonyms: Iterable[str | None], purpose: str, page: str
) -> Names:
    """The names of people of ``school``.

    None for whoever is not of the school, nor where the vault does not know all of them.
    """
    wanted = sorted({one for one in pseudonyms if one})
    if not wanted or not visit.account.is_of_school:
        return Names()
    hub = acting(visit)
    known = names_on_pages(hub, school.code, wanted, purpose)
    if known is None:
        return Names(refused=True)
    visit.note(Kind.NAMED, school=school.code, detail=page)
    return Names(known)
