"""Exit codes: they differ by what the operator must do."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """0 nothing; 1 report a fault of the hub; 2 correct the command; 3 see the schools named and
    run again; 4 call a developer: the ledger does not close; 5 correct the settings; 6 measure that
    day again, and if the figure still differs call a developer."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    PARTLY = 3
    LEDGER_OPEN = 4
    MISCONFIGURED = 5
    DIFFERS = 6


MEANING: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.FAULT: "a fault of the hub; read the log",
    Exit.USAGE: "wrong usage",
    Exit.PARTLY: "some schools did not finish; see their states and run again",
    Exit.LEDGER_OPEN: "the ledger does not close; see 'svod ledger', call a developer",
    Exit.MISCONFIGURED: "correct the settings",
    Exit.DIFFERS: "a figure that was kept is not the one counted again; measure that day again",
}
