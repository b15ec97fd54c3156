"""Where a school's tokens are kept between runs.

Every refresh gives a new refresh token and ends the old one, so the newest must outlive a crash:
it is written before it is used.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from connectors.errors import Misconfigured

AGAIN = "delete the file and authorise the application anew"


@dataclass(frozen=True)
class Grant:
    """An answer of the authorization service. Nothing of it may be shown.

    ``renew_at``: unix seconds from which the access key counts as worn out; ``scopes`` is empty
    where the service did not name them; ``seed`` is a hash of the refresh token in the
    settings with which the chain began: another one there begins another chain.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    renew_at: float
    scopes: tuple[str, ...]
    seed: str


class TokenStore(Protocol):
    """Keeps the newest grant of one school."""

    def load(self) -> Grant | None:
        """The grant kept last. Raises ``Misconfigured`` when it cannot be read."""
        ...

    def save(self, grant: Grant) -> None:
        """Keeps ``grant`` for good before it returns. Raises ``Misconfigured``."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keeps everybody else, other processes too, from renewing meanwhile."""
        ...


class FileTokenStore:
    """A file of mode 0600 in a folder of mode 0700, replaced whole; beside it a lock file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Grant | None:
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            return Grant(
                access=str(kept["access"]),
                refresh=str(kept["refresh"]),
                renew_at=float(kept["renew_at"]),
                scopes=tuple(str(scope) for scope in kept["scopes"]),
                seed=str(kept["seed"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            raise Misconfigured(
                "the kept tokens cannot be read", where=self._path.name, fix=AGAIN
            ) from None

    def save(self, grant: Grant) -> None:
        with self._told():
            self._make_folder()
            number, name = tempfile.mkstemp(dir=self._path.parent, prefix=".new-")  # mode 0600
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(asdict(grant), file)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path)
            except BaseException:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
                raise
            self._sync_folder()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._told():
            self._make_folder()
            lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel gives it back when a process dies
            yield
        finally:
            os.close(lock)

    def _make_folder(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Misconfigured(
                f"the tokens cannot be kept ({type(error).__name__})",
                where=self._path.name,
                fix="make token_folder a folder that the hub may write to",
            ) from None
