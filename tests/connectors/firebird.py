"""A Firebird server of one's own: Debian's packages, unpacked beside the project and not installed.

``FIREBIRD_BOOT_BUILD`` makes the server look for everything below ``FIREBIRD`` instead of /etc
and /var, so that no right of root is needed and nothing of the machine is touched.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from firebird.driver import create_database, driver_config

TOOLS = Path(__file__).parents[2] / ".tools" / "firebird"
PACKAGES = (
    "firebird3.0-server", "firebird3.0-server-core", "firebird3.0-common", "firebird3.0-utils",
    "libfbclient2", "libib-util", "libtommath1",
)  # fmt: skip
LIBRARIES = "usr/lib/x86_64-linux-gnu"
USER, PASSWORD = "SYSDBA", "masterkey"
START_SECONDS = 30


@dataclass
class Firebird:
    """A running server; databases lie in ``folder``."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def url(self, name: str, password: str = PASSWORD) -> str:
        place = f"127.0.0.1:{self.port}/{self.folder / name}"
        return f"firebird+firebird://{USER}:{password}@{place}?charset=UTF8"

    def kill(self) -> None:
        """End the server and every process it has made."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def create(self, name: str, statements: list[str]) -> None:
        """A database of UTF-8 texts; each statement is committed."""
        place = f"127.0.0.1/{self.port}:{self.folder / name}"
        with create_database(place, user=USER, password=PASSWORD, charset="UTF8") as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
                connection.commit()


@contextmanager
def running(folder: Path) -> Iterator[Firebird]:
    """A server whose files lie in ``folder``; killed at the end."""
    tree = _unpacked()
    home = _home(tree, folder / "home")
    environment = _environment(tree, home, folder)
    _make_users(tree, home, environment)
    port = _free_port()
    with (home / "firebird.conf").open("a") as settings:
        settings.write(f"\nRemoteServicePort = {port}\nRemoteBindAddress = 127.0.0.1\n")
        settings.write("ServerMode = Super\n")  # one process, which a test can kill
    driver_config.fb_client_library.value = str(_client(tree))
    process = subprocess.Popen(
        [tree / "usr/sbin/firebird"], env=environment, cwd=folder, start_new_session=True
    )
    server = Firebird(folder, port, process)
    try:
        _await(port)
        yield server
    finally:
        server.kill()


def _unpacked() -> Path:
    """The packages, brought once; workers that run at the same time wait for the first."""
    tree = TOOLS / "tree"
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            _bring(tree)
    return tree


def _bring(tree: Path) -> None:
    with TemporaryDirectory(dir=TOOLS) as name:
        folder = Path(name)
        _download(folder)
        unpacked = folder / "tree"
        for package in sorted(folder.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
        unpacked.rename(tree)  # all of it or none


def _download(folder: Path) -> None:
    if subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=folder).returncode:
        private = _private_lists(folder / "apt")
        subprocess.run(["apt-get", "-q", *private, "update"], check=True)
        subprocess.run(["apt-get", "-q", *private, "download", *PACKAGES], cwd=folder, check=True)


def _private_lists(folder: Path) -> list[str]:
    """Options for a machine whose lists of packages are missing or may not be renewed."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    return [
        f"-oDir::State::lists={folder / 'lists'}",
        f"-oDir::Cache={folder / 'cache'}",
        "-oDebug::NoLocking=1",
    ]


def _home(tree: Path, home: Path) -> Path:
    """What the server expects below its root: plugins, texts and settings."""
    own = tree / LIBRARIES / "firebird" / "3.0"
    for name in ("plugins", "lib"):  # copies: the server does not take a plugin through a link
        shutil.copytree(own / name, home / name)
    (home / "intl").mkdir()
    shutil.copy(own / "intl" / "libfbintl.so", home / "intl")
    shutil.copy(own / "firebird.msg", home)
    for settings in (tree / "etc/firebird/3.0").glob("*.conf"):
        shutil.copy(settings, home / ("intl" if settings.stem == "fbintl" else "."))
    return home


def _environment(tree: Path, home: Path, folder: Path) -> dict[str, str]:
    (folder / "lock").mkdir()
    return os.environ | {
        "LD_LIBRARY_PATH": str(tree / LIBRARIES),
        "FIREBIRD": str(home),
        "FIREBIRD_BOOT_BUILD": "1",
        "FIREBIRD_LOCK": str(folder / "lock"),
        "FIREBIRD_TMP": str(folder),
    }


def _make_users(tree: Path, home: Path, environment: dict[str, str]) -> None:
    """The server's own database of users, with one user in it."""
    users = home / "security3.fdb"
    script = (tree / "usr/share/firebird/3.0/security.sql").read_text()
    for arguments, statements in (
        ([], f"CREATE DATABASE '{users}'; COMMIT;"),
        ([str(users)], script),
        ([str(users)], f"CREATE USER {USER} PASSWORD '{PASSWORD}'; COMMIT;"),
    ):
        subprocess.run(
            [tree / "usr/bin/isql-fb", "-q", "-b", "-user", USER, *arguments],
            input=statements.encode(), env=environment, check=True, timeout=START_SECONDS,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _client(tree: Path) -> Path:
    """The client library; what it needs is not where the loader looks and is loaded first."""
    ctypes.CDLL(str(tree / LIBRARIES / "libtommath.so.1"), mode=ctypes.RTLD_GLOBAL)
    return tree / LIBRARIES / "libfbclient.so.2"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
