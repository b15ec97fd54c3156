"""Letters that pages have written are sent after their answer, by one thread at a time."""

from __future__ import annotations

import logging
from threading import Lock

from connectors.errors import ConnectorError
from pipeline.forms.hand_out import Kind
from pipeline.hub import Hub
from pipeline.intake.collect import where
from pipeline.mail.post import send_letters

log = logging.getLogger("svod.web")


class Courier:
    """Who asks while it is at work makes it look once more: a slow mail server holds one thread,
    and no letter is left behind."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked = False
        self._at_work = False

    def send(self, hub: Hub) -> None:
        """Send the reminders that wait. What is not taken waits on for the evening
        (``dags.wiring.send_what_waits``); only what kind of error it was is told."""
        with self._lock:
            self._asked = True
            if self._at_work:
                return
            self._at_work = True
        try:
            while self._is_asked():
                _send(hub)
        except BaseException:
            with self._lock:
                self._at_work = False
            raise

    def _is_asked(self) -> bool:
        """Whether there is something to look for; if not, the work ends in the same moment."""
        with self._lock:
            asked, self._asked = self._asked, False
            self._at_work = asked
            return asked


def _send(hub: Hub) -> None:
    try:
        send_letters(hub, Kind.SCHOOL_REMINDERS)
    except ConnectorError as error:
        log.warning("reminders wait: %s", where(error))
