"""What Dnevnik.ru says in a body ``{type, description}``, whatever the HTTP status."""

from __future__ import annotations

from typing import Any

from connectors.errors import AccessDenied, Misconfigured, RateLimited, Unavailable
from connectors.http import Question

RATE_LIMIT = "apiRequestLimit"
INVALID_TOKEN = "authorizationInvalidToken"  # noqa: S105  # the error's name
OUT_OF_SCOPE = "authorizationOutOfScope"
# The key is good, but its owner may not see this school.
OWNER = frozenset(
    {"authorizationNotOwner", "authorizationOwnerForbidden", "authorizationSystemForbidden"}
)
ACCESS = "authorization"  # and whatever else begins like this
WRONG_REQUEST = frozenset(
    {"invalidRequest", "parameterInvalid", "apiMethodNotSupported", "apiHttpsRequired"}
)

# Scopes that the calls of ``plan`` need. ASSUMED: CommonInfo opens people and schools,
# EducationalInfo classes, lessons and marks; the names alone are public.
NEEDED_SCOPES = ("CommonInfo", "EducationalInfo")


class KeyRefused(AccessDenied):
    """The access key is no longer valid; another one may be."""


def judge(question: Question, value: Any) -> None:
    """Raises the error that ``value`` spells. Its ``description`` may name people."""
    if not isinstance(value, dict) or not {"type", "description"} <= value.keys():
        return
    kind = str(value["type"])
    if kind == RATE_LIMIT:
        raise RateLimited("apiRequestLimit", where=question.where)
    if kind.startswith(ACCESS):
        raise _access_error(kind, question)
    if kind in WRONG_REQUEST:
        raise Misconfigured(
            f"the request is refused: {kind}",
            where=question.where,
            fix="check base_url and school_id in the registry of schools",
        )
    # apiServerError, apiUnknownError, apiResourceUnavailable, and words we do not know.
    raise Unavailable("the system reports an error of its own", where=question.where)


def _access_error(kind: str, question: Question) -> AccessDenied:
    if kind == INVALID_TOKEN:
        return KeyRefused(
            "the access key is refused", where=question.where, fix="renew the school's access key"
        )
    if kind == OUT_OF_SCOPE:
        return AccessDenied(
            f"the access key lacks a scope; needed are {', '.join(NEEDED_SCOPES)}",
            where=question.where,
            fix="have the school authorise the application with these scopes",
        )
    if kind in OWNER:
        return AccessDenied(
            "the key's owner may not see this",
            where=question.where,
            fix="have an administrator of the school authorise the application",
        )
    return AccessDenied(
        "access is refused", where=question.where, fix="renew the school's access key"
    )
