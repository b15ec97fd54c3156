"""What Dnevnik.ru says in a body ``{type, description}``, whatever the HTTP status."""

from __future__ import annotations

from typing import Any

from connectors.errors import AccessDenied, Misconfigured, RateLimited, Unavailable
from connectors.http import Question

RATE_LIMIT = "apiRequestLimit"
ACCESS = "authorization"  # authorizationInvalidToken, authorizationOutOfScope, ...
WRONG_REQUEST = frozenset(
    {"invalidRequest", "parameterInvalid", "apiMethodNotSupported", "apiHttpsRequired"}
)


def judge(question: Question, value: Any) -> None:
    """Raises the error that ``value`` spells. Its ``description`` may name people."""
    if not isinstance(value, dict) or not {"type", "description"} <= value.keys():
        return
    kind = str(value["type"])
    if kind == RATE_LIMIT:
        raise RateLimited("apiRequestLimit", where=question.where)
    if kind.startswith(ACCESS):
        raise AccessDenied(
            "the access key is refused", where=question.where, fix="renew the school's access key"
        )
    if kind in WRONG_REQUEST:
        raise Misconfigured(
            f"the request is refused: {kind}",
            where=question.where,
            fix="check base_url and school_id in the registry of schools",
        )
    # apiServerError, apiUnknownError, apiResourceUnavailable, and words we do not know.
    raise Unavailable("the system reports an error of its own", where=question.where)
