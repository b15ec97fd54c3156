"""Keep the embedded server up until told to stop: ``python -m pipeline.keep_database``.

The embedded PostgreSQL stops with the last process that opened it. Airflow's parts know it by
address only, so ``svod up`` starts this keeper first and ``svod down`` stops it last.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from pipeline.database import server_url
from pipeline.settings import Settings


def main() -> None:
    """Open the server, say so, wait for SIGTERM; leaving closes it in good order."""
    server_url(Settings())
    signal.signal(signal.SIGTERM, _leave)
    sys.stdout.write("database is up\n")
    sys.stdout.flush()
    while True:
        signal.pause()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
