"""What is said to the web service, before the session adds its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from connectors.http import Question

FORM = "application/x-www-form-urlencoded"
KEY = "at"  # the session's key: a header of every request, and a field of every form

LOGIN = "/webapi/login"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Call:
    """One request. ``form`` or ``json`` is its body; ``charset`` is what the form is written in.

    ``shape`` as in ``http.Question``: ``bytes`` for a page.
    """

    method: str
    path: str
    query: Pairs = ()
    form: Pairs | None = None
    json: bytes | None = None
    charset: str = "utf-8"
    shape: type[list[Any]] | type[dict[str, Any]] | type[bytes] = dict

    def question(self, key: str = "") -> Question:
        """The request as the session with ``key`` asks it; without a key, as a stranger does."""
        headers = {KEY: key} if key else {}
        body = self.json
        if self.form is not None:
            own = ((KEY, key),) if key else ()
            body = urlencode([*self.form, *own], encoding=self.charset).encode()
            headers["Content-Type"] = FORM
        return Question(
            self.method, self.path, self.query, body=body, headers=headers, shape=self.shape
        )


# The pages of reports are older than the rest of the service and are written in cp1251.
def page(path: str, form: Pairs = ()) -> Call:
    """A page of ``/asp``, asked for with a form."""
    return Call("POST", path, form=form, charset="cp1251", shape=bytes)


def get(path: str, query: Pairs = (), shape: type[list[Any]] | type[dict[str, Any]] = list) -> Call:
    """A list or an object of ``/webapi``."""
    return Call("GET", f"/webapi{path}", query, shape=shape)
