"""Keys that are refreshed: renewed in time, kept for good, one process at a time."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connectors.dnevnik_ru.access import Access, Application, RefreshedKey, SuppliedKey
from connectors.dnevnik_ru.errors import judge
from connectors.dnevnik_ru.tokens import FileTokenStore, Grant
from connectors.errors import AccessDenied, Misconfigured, Unavailable
from connectors.http import HttpClient, Policy, Question, open_session

ASK = Question("GET", "/things")
FIRST = Application("hub", "secret-of-hub", "refresh-0")
REFUSED = {"type": "authorizationInvalidToken", "description": "x"}
SCOPES = "CommonInfo,EducationalInfo"


class Service:
    """Gives keys by the code grant and answers whoever has the newest one."""

    def __init__(self, server: Any, reply: Any) -> None:
        self.refresh = "refresh-0"
        self.given = 0
        self.valid: set[str] = set()
        self.extra: dict[str, Any] = {"expiresIn": 3600, "scope": SCOPES}
        self._lock = threading.Lock()
        self._reply = reply
        server.replies["POST /authorizations"] = self.authorize
        server.replies["GET /things"] = self.answer

    def authorize(self, heard: Any) -> Any:
        said = json.loads(heard.body)
        with self._lock:
            if said != {
                "grant_type": "RefreshToken",
                "refreshToken": self.refresh,
                "client_id": "hub",
                "client_secret": "secret-of-hub",
            }:
                return self._reply.json({"type": "authorizationFailed", "description": "x"}, 401)
            self.given += 1
            self.refresh = f"refresh-{self.given}"
            key = f"key-{self.given}"
            self.valid = {key}
        return self._reply.json({"accessToken": key, "refreshToken": self.refresh} | self.extra)

    def answer(self, heard: Any) -> Any:
        if heard.headers.get("Access-Token") in self.valid:
            return self._reply.json({"fine": True})
        return self._reply.json(REFUSED, 401)


@pytest.fixture
def service(server: Any, reply: Any) -> Service:
    return Service(server, reply)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "tokens" / "781001.json"


@pytest.fixture
def access(server: Any, time_: Any, kept: Path) -> Callable[..., Access]:
    """A process of the hub: what it knows is in the file alone."""

    def start(application: Application = FIRST) -> Access:
        client = HttpClient(
            server.url,
            open_session(),
            policy=Policy(attempts=2),
            judge=judge,
            sleep=time_.sleep,
            clock=time_.clock,
            jitter=lambda: 0.0,
        )
        keys = RefreshedKey(client, application, FileTokenStore(kept), time_.clock)
        return Access(client, keys)

    return start


def test_a_key_is_fetched_once_and_used_until_it_wears_out(
    access: Any, service: Service, time_: Any
) -> None:
    one = access()
    for at in (0, 1000, 3299):
        time_.now = at
        one.ask(ASK)
    assert service.given == 1
    time_.now = 3301  # five minutes before its hour is over
    one.ask(ASK)
    assert service.given == 2


def test_a_short_lived_key_is_renewed_at_half_its_life(
    access: Any, service: Service, time_: Any
) -> None:
    service.extra["expiresIn"] = 100
    one = access()
    one.ask(ASK)
    time_.now = 49
    one.ask(ASK)
    assert service.given == 1
    time_.now = 51
    one.ask(ASK)
    assert service.given == 2


def test_the_next_process_goes_on_with_what_was_kept(access: Any, service: Service) -> None:
    access().ask(ASK)
    access().ask(ASK)
    assert service.given == 1


def test_a_refused_key_is_renewed_once(access: Any, service: Service) -> None:
    one = access()
    one.ask(ASK)
    service.valid = set()
    assert one.ask(ASK).value == {"fine": True}
    assert service.given == 2


def test_a_key_refused_twice_is_fatal(
    access: Any, service: Service, server: Any, reply: Any
) -> None:
    server.replies["GET /things"] = reply.json(REFUSED)
    with pytest.raises(AccessDenied):
        access().ask(ASK)
    assert service.given == 2
    assert [heard.name for heard in server.heard].count("GET /things") == 2


def test_a_supplied_key_is_not_renewed(service: Service, server: Any) -> None:
    client = HttpClient(server.url, open_session(), judge=judge)
    with pytest.raises(AccessDenied) as caught:
        Access(client, SuppliedKey("old-key")).ask(ASK)
    assert "old-key" not in repr(caught.value) + caught.value.fix
    assert len(server.heard) == 1


def test_the_new_refresh_token_outlives_a_crash_before_its_use(
    access: Any, service: Service, server: Any, reply: Any
) -> None:
    server.replies["GET /things"] = reply(b"", 503)
    with pytest.raises(Unavailable):
        access().ask(ASK)
    service.valid = set()  # and by the next run the key is of no use
    server.replies["GET /things"] = service.answer
    assert access().ask(ASK).value == {"fine": True}
    assert service.given == 2


def test_a_service_that_does_not_rotate_keeps_its_refresh_token(
    access: Any, service: Service, kept: Path, server: Any, reply: Any
) -> None:
    server.replies["POST /authorizations"] = reply.json({"accessToken": "key", "expiresIn": 60})
    service.valid = {"key"}
    access().ask(ASK)
    assert json.loads(kept.read_text("utf-8"))["refresh"] == "refresh-0"


def test_many_threads_and_processes_renew_once(access: Any, service: Service) -> None:
    ready = threading.Barrier(8, timeout=5)

    def ask(process: Access) -> Any:
        ready.wait()
        return process.ask(ASK).value

    processes = [access(), access()] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, processes)) == [{"fine": True}] * 8
    assert service.given == 1


def test_another_refresh_token_in_the_settings_begins_another_chain(
    access: Any, service: Service
) -> None:
    access().ask(ASK)
    service.refresh = "refresh-of-september"
    renewed = Application("hub", "secret-of-hub", "refresh-of-september")
    service.valid = set()
    assert access(renewed).ask(ASK).value == {"fine": True}
    assert service.given == 2


def test_a_refused_refresh_token_is_fatal_and_says_what_to_do(
    access: Any, service: Service, server: Any
) -> None:
    service.refresh = "something-else"
    with pytest.raises(AccessDenied) as caught:
        access().ask(ASK)
    assert "authorise" in caught.value.fix
    told = repr(caught.value) + caught.value.fix + caught.value.where
    assert not any(secret in told for secret in ("refresh-0", "secret-of-hub"))
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("scope", "lacking"),
    [
        ("CommonInfo", "EducationalInfo"),
        ("EducationalInfo Files", "CommonInfo"),
        (["Messages"], "CommonInfo, EducationalInfo"),
    ],
)
def test_a_scope_that_is_missing_is_named(
    access: Any, service: Service, scope: object, lacking: str, kept: Path
) -> None:
    service.extra["scope"] = scope
    for _ in range(2):  # what was kept is judged in the same way
        with pytest.raises(AccessDenied, match=f"lacks the scope {lacking}$"):
            access().ask(ASK)
    assert service.given == 1
    assert json.loads(kept.read_text("utf-8"))["refresh"] == "refresh-1"


@pytest.mark.parametrize(
    "scope", ["EducationalInfo, CommonInfo", ["CommonInfo", "EducationalInfo"]]
)
def test_scopes_may_be_a_list_or_a_text(access: Any, service: Service, scope: object) -> None:
    service.extra["scope"] = scope
    assert access().ask(ASK).value == {"fine": True}


@pytest.mark.parametrize(
    "answer",
    [
        {"accessToken": "key"},
        {"accessToken": "", "expiresIn": 60},
        {"accessToken": 7, "expiresIn": 60},
        {"accessToken": "key", "expiresIn": "soon"},
        {"accessToken": "key", "expiresIn": -1},
    ],
)
def test_a_grant_without_a_key_is_unavailable(
    access: Any, service: Service, server: Any, reply: Any, answer: dict[str, Any]
) -> None:
    server.replies["POST /authorizations"] = reply.json(answer)
    with pytest.raises(Unavailable):
        access().ask(ASK)


def grant(refresh: str) -> Grant:
    return Grant("key", refresh, 17.5, ("CommonInfo",), "seed")


def test_tokens_are_kept_whole_and_for_the_hub_alone(kept: Path) -> None:
    store = FileTokenStore(kept)
    assert store.load() is None
    with store.locked():
        store.save(grant("one"))
        store.save(grant("two"))
    assert FileTokenStore(kept).load() == grant("two")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in kept.parent.iterdir()) == ["781001.json", "781001.lock"]
    assert "two" not in repr(grant("two"))


def test_a_crash_while_writing_leaves_the_former_tokens(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileTokenStore(kept)
    store.save(grant("one"))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        store.save(grant("two"))
    assert store.load() == grant("one")
    assert [path.name for path in kept.parent.iterdir()] == ["781001.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"access": "x"}', b"\xff", b"null"])
def test_tokens_that_cannot_be_read_are_told(kept: Path, content: bytes) -> None:
    kept.parent.mkdir()
    kept.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        FileTokenStore(kept).load()
    assert caught.value.fix


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = FileTokenStore(tmp_path / "file" / "781001.json")
    with pytest.raises(Misconfigured), store.locked():
        raise AssertionError("nobody gets here")
    with pytest.raises(Misconfigured):
        store.save(grant("one"))
