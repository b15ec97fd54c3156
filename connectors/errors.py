"""Errors of outside systems, grouped by what the caller must do.

::

    ConnectorError
    ├── Retriable            try again later; nothing is wrong with the request
    │   ├── Unavailable      no answer, 5xx, time-out, maintenance page
    │   └── RateLimited      429, 433, apiRequestLimit; carries ``retry_after``
    ├── Fatal                stop this source; a person has to change something
    │   ├── AccessDenied     token, password or scope refused
    │   └── Misconfigured    wrong address, missing folder, unknown system version
    └── RecordRejected       one record or document is bad: quarantine it, go on
        └── BatchRefused     a portal took nothing of a batch: split it around the bad record

Airflow's retry policy is bound to the first two (``dags/retry.py``). Messages never carry a
person's data: they name the system, the document or request, and the rule.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base; ``where`` names the request or document, ``fix`` says what a person can do."""

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.where = where
        self.fix = fix


class Retriable(ConnectorError):
    """The caller must wait and try again."""


class Unavailable(Retriable):
    """The outside system did not answer usefully; try again with back-off."""


class RateLimited(Retriable):
    """The outside system asks for fewer requests; wait ``retry_after`` seconds."""

    def __init__(
        self, message: str, *, where: str = "", fix: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, where=where, fix=fix)
        self.retry_after = retry_after


class Fatal(ConnectorError):
    """The caller must stop this source and tell a person."""


class AccessDenied(Fatal):
    """The credentials are refused; a person must renew them."""


class Misconfigured(Fatal):
    """The source's settings do not fit the outside system; a person must correct them."""


class RecordRejected(ConnectorError):
    """One record or document cannot be used; the caller quarantines it and goes on."""

    def __init__(self, rule: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(rule, where=where, fix=fix)
        self.rule = rule


class BatchRefused(RecordRejected):
    """A portal refused a batch as a whole and applied nothing of it; the caller sends its halves
    under keys of their own, until the record that spoils it stands alone."""
