"""The names of a school's own people for the school's own pages, by the privacy room's release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.hub import Hub
from privacy.release import Channel, ReleaseRefusedError, release_names


def names_on_pages(
    hub: Hub, school: str, pseudonyms: Sequence[str], purpose: str
) -> Mapping[str, str] | None:
    """The names of ``pseudonyms``, logged before they are told; None where nobody may be named.

    ``purpose``: of privacy/policies/releases.yml. Who acts is the hub's ``actor``.
    """
    try:
        return release_names(
            hub.vault,
            school,
            pseudonyms,
            purpose=purpose,
            channel=Channel.PAGES,
            log=hub.log_action,
        )
    except ReleaseRefusedError:
        return None
