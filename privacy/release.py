"""The names of a school's own people, told to that school alone, for a purpose of the policy.

What is told for what, of whom and in which form is data (``policies/releases.yml``). A release is
whole or nothing: somebody who is not of the school, or of a role that the purpose does not name,
and nobody is named. It stands in the action log, without names, before it is handed over; if it
cannot be logged there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from importlib.resources import files

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field

from privacy.actions import Action, ActionLog
from privacy.identities import name_parts
from privacy.vault import Vault
from schemas.codes import PersonRole


class ReleaseRefusedError(Exception):
    """Nobody was named: the purpose, or whom it was asked for, does not fit the policy.

    Correct the code that asked, or the policy (a reviewed change); do not try again.
    """


class Form(StrEnum):
    """How a name is written."""

    FULL = "full"
    INITIALS = "initials"


class Channel(StrEnum):
    """How the school gets what holds its people's names. There is no channel over the open net."""

    FOLDER = "folder"
    PAGES = "pages"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Purpose(_Strict):
    """What names are released for; see ``policies/releases.yml``."""

    title: str = Field(min_length=1)
    roles: frozenset[PersonRole] = Field(min_length=1)
    form: Form
    channels: frozenset[Channel] = Field(min_length=1)
    ground: str = Field(min_length=1)


class Releases(_Strict):
    """All purposes there are."""

    version: str
    recipient: str
    purposes: dict[str, Purpose]


@cache
def load_releases() -> Releases:
    """The policy. Raises ``pydantic.ValidationError`` for a malformed one; nobody is named then."""
    text = files("privacy.policies").joinpath("releases.yml").read_text(encoding="utf-8")
    return Releases.model_validate(yaml.safe_load(text))


def release_names(
    vault: Vault,
    school: str,
    pseudonyms: Iterable[str],
    *,
    purpose: str,
    channel: Channel,
    log: ActionLog,
    policy: Releases | None = None,
) -> dict[str, str]:
    """The name of each of ``pseudonyms``, for ``school`` itself; by pseudonym.

    ``log`` knows who acts. Raises ``ReleaseRefusedError`` for a purpose or channel that the policy
    does not name, for anybody who is not of ``school`` and for a role that the purpose does not
    name; whatever ``log`` raises; and as ``Vault.identities``. No message names anybody.
    """
    policy = policy or load_releases()
    asked = _purpose(policy, purpose, channel)
    wanted = pl.DataFrame({"pseudonym": sorted(set(pseudonyms))}, {"pseudonym": pl.String})
    people = vault.identities(school).join(wanted, on="pseudonym", how="semi")
    if strangers := wanted.height - people.height:
        raise ReleaseRefusedError(f"{purpose}: {strangers} of those asked for are not of {school}")
    roles = Counter(people["role"].to_list())
    if other := roles.keys() - {role.value for role in asked.roles}:
        raise ReleaseRefusedError(f"{purpose}: the policy names no {', '.join(sorted(other))}")
    named = dict(people.select("pseudonym", _written(asked.form)).iter_rows())
    details = {
        "purpose": purpose,
        "version": policy.version,
        "recipient": policy.recipient,
        "channel": channel.value,
        "form": asked.form.value,
        "roles": dict(sorted(roles.items())),
    }
    log(Action("release_names", school, asked.ground, len(named), details))
    return named


def _purpose(policy: Releases, name: str, channel: Channel) -> Purpose:
    purpose = policy.purposes.get(name)
    if purpose is None:
        raise ReleaseRefusedError(f"the policy names no purpose {name!r}")
    if channel not in purpose.channels:
        raise ReleaseRefusedError(f"{name}: the policy allows no {channel.value}")
    return purpose


def _written(form: Form) -> pl.Expr:
    """The name as it is shown."""
    full = pl.col("full_name")
    if form is Form.FULL:
        return full
    parts = name_parts(full)
    surname, given, patronymic = (
        parts.struct.field(name) for name in ("lastname", "firstname", "patronymic")
    )
    initials = pl.concat_str(
        surname,
        pl.lit(" "),
        given.str.head(1) + ".",
        (pl.lit(" ") + patronymic.str.head(1) + ".").fill_null(""),
    )
    return pl.coalesce(initials, full)
