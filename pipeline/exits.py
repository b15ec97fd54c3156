"""Exit codes: they differ by what the operator must do."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """0 nothing; 1 report a fault of the hub; 2 correct the command; 3 see the schools named and
    run again; 4 call a developer: the ledger does not close; 5 correct the settings."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    PARTLY = 3
    LEDGER_OPEN = 4
    MISCONFIGURED = 5
