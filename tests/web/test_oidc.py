"""Coming in by a real OpenID provider on loopback: there and back, and every forged answer."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
import pyotp
import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from starlette.testclient import TestClient
from werkzeug.serving import make_server

from pipeline.access import accounts
from pipeline.access.accounts import AccountRole, Level
from pipeline.access.sessions import FEW
from pipeline.exits import Exit
from pipeline.settings import Settings
from reports.web.app import create_app
from reports.web.oidc import BACK, NO_ACCOUNT, NOT_PROVEN, NOT_REACHED
from reports.web.provider import DISCOVERY, Provider, ProviderSettingsError
from reports.web.visit import Dashboard
from schemas import tables
from tests.web.people import CSRF, PASSWORD, TIMEOUT, Person

OWN = "https://svod.example"
COOKIE = "__Host-svod-oidc"
Forge = Callable[[dict[str, Any]], dict[str, Any]]


class Running:
    """The provider; ``forge`` changes what its token endpoint answers, ``asked`` keeps its forms,
    ``names`` what it says of itself."""

    def __init__(self) -> None:
        self.forge: Forge = lambda answer: answer
        self.asked: list[dict[str, str]] = []
        self.names: dict[str, str] = {}
        app = oidc_provider_mock.app(require_nonce=True)
        app.before_request(self._keep)
        app.after_request(self._change)
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _keep(self) -> None:
        if flask.request.path == "/oauth2/token":
            self.asked.append(dict(flask.request.form))

    def _change(self, answer: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/token" and answer.status_code == 200:
            answer.set_data(json.dumps(self.forge(answer.get_json())))
        if flask.request.path == DISCOVERY:
            answer.set_data(json.dumps(answer.get_json() | self.names))
        return answer


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.stop()


@pytest.fixture
def known(dashboard: Dashboard, people: dict[str, Person]) -> dict[str, Person]:
    """Two of the accounts are known to the provider: with a second factor and without."""
    with dashboard.accounts.begin() as connection:
        for login in ("d1-officer", "operator"):
            named = tables.accounts.update().where(tables.accounts.c.login == login)
            connection.execute(named.values(subject=f"subject of {login}"))
    return people


@pytest.fixture
def client(dashboard: Dashboard, running: Running, known: dict[str, Person]) -> TestClient:
    provider = Provider(running.issuer, "svod", "a secret", "Вход области", OWN + BACK)
    # The provider has a clock of its own.
    made = replace(dashboard, address=OWN, provider=provider, clock=lambda: datetime.now(UTC))
    return TestClient(create_app(made), base_url=OWN, follow_redirects=False)


def go(client: TestClient, subject: str) -> str:
    """Ask for a sign-in and agree at the provider as ``subject``; where that leads back to."""
    there = client.get("/sign-in/oidc").headers["location"]
    form = {"sub": subject}
    answer = requests.post(there, data=form, allow_redirects=False, timeout=TIMEOUT)
    return answer.headers["location"]


def last(dashboard: Dashboard) -> tuple[str, str | None, str]:
    with dashboard.accounts.begin() as connection:
        row = connection.execute(tables.events.select().order_by(tables.events.c.id.desc())).first()
        assert row is not None
        return row.kind, row.login, row.detail


def test_who_is_known_comes_in(client: TestClient, dashboard: Dashboard) -> None:
    assert "Войти через Вход области" in client.get("/sign-in").text
    answer = client.get(go(client, "subject of d1-officer"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").headers["location"] == "/district/d1"
    assert last(dashboard)[:2] == ("signed_in", "d1-officer")
    assert COOKIE not in client.cookies


def test_what_is_asked_of_the_provider(client: TestClient, running: Running) -> None:
    answer = client.get("/sign-in/oidc")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    cookie = answer.headers["set-cookie"].lower()
    assert all(flag in cookie for flag in ("httponly", "secure", "samesite=lax", "max-age=600"))
    assert (asked["response_type"], asked["scope"]) == ("code", "openid")
    assert asked["redirect_uri"] == OWN + BACK
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    again = client.get("/sign-in/oidc").headers["location"]
    assert not any(asked[name] in again for name in ("state", "nonce", "code_challenge"))
    client.get(go(client, "subject of d1-officer"))
    assert "code_verifier" in running.asked[-1]


def test_the_verifier_is_that_of_the_challenge(client: TestClient, running: Running) -> None:
    there = client.get("/sign-in/oidc").headers["location"]
    (challenge,) = parse_qs(urlsplit(there).query)["code_challenge"]
    led = requests.post(there, data={"sub": "x"}, allow_redirects=False, timeout=TIMEOUT)
    client.get(led.headers["location"])
    digest = sha256(running.asked[-1]["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def test_who_has_a_second_factor_gives_it(
    client: TestClient, dashboard: Dashboard, known: dict[str, Person]
) -> None:
    answer = client.get(go(client, "subject of operator"))
    assert answer.headers["location"] == "/sign-in/code"
    assert client.get("/region").headers["location"] == "/sign-in/code"
    code = pyotp.TOTP(known["operator"].secret).at(datetime.now(UTC))
    answer = client.post("/sign-in/code", data={"code": code}, headers={"Origin": OWN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").headers["location"] == "/region"


def test_an_operator_without_one_is_led_to_it(client: TestClient, dashboard: Dashboard) -> None:
    with dashboard.accounts.begin() as connection:
        accounts.create(
            connection, login="second", role=AccountRole.OPERATOR, level=Level.REGION,
            unit="region", by="tests", at=dashboard.clock(), subject="subject of second",
        )  # fmt: skip
    client.get(go(client, "subject of second"))
    assert client.get("/region").headers["location"] == "/account/factor"
    own = client.get("/account").text
    assert "Пароля нет" in own
    assert "/account/password" not in own


def test_who_has_no_password_is_not_asked_for_one(client: TestClient, dashboard: Dashboard) -> None:
    with dashboard.accounts.begin() as connection:
        accounts.create(
            connection, login="d1-second", role=AccountRole.READER, level=Level.DISTRICT,
            unit="d1", by="tests", at=dashboard.clock(), subject="subject of second",
        )  # fmt: skip
    client.get(go(client, "subject of second"))
    asked = client.get("/account/password")
    assert (asked.status_code, "через Вход области" in asked.text) == (200, True)
    assert 'type="password"' not in asked.text
    csrf = CSRF.search(asked.text)
    assert csrf is not None
    for _ in range(FEW + 1):
        form = {"csrf": csrf[1], "now": "", "password": PASSWORD, "again": PASSWORD}
        told = client.post("/account/password", data=form, headers={"Origin": OWN})
        assert (told.status_code, "Пароля нет" in told.text) == (409, True)
    with dashboard.accounts.begin() as connection:
        mine = tables.accounts.select().where(tables.accounts.c.login == "d1-second")
        row = connection.execute(mine).one()
    assert (row.password, row.failures, row.locked_until) == (None, 0, None)


def test_who_has_no_account_is_told_so(client: TestClient, dashboard: Dashboard) -> None:
    answer = client.get(go(client, "subject of nobody"))
    assert (answer.status_code, NO_ACCOUNT in answer.text) == (403, True)
    assert last(dashboard) == ("refused", None, "provider: no account")
    assert client.get("/").headers["location"] == "/sign-in"


def test_a_closed_account_is_none(client: TestClient, dashboard: Dashboard) -> None:
    with dashboard.accounts.begin() as connection:
        accounts.disable(connection, "d1-officer", "tests", dashboard.clock())
    assert NO_ACCOUNT in client.get(go(client, "subject of d1-officer")).text


def test_an_answer_is_of_the_browser_that_asked(client: TestClient, dashboard: Dashboard) -> None:
    back = go(client, "subject of d1-officer")
    client.cookies.clear()  # somebody else's browser
    answer = client.get(back)
    assert (answer.status_code, NOT_PROVEN in answer.text) == (401, True)
    assert last(dashboard) == ("refused", None, "provider: cookie")
    client.get("/sign-in/oidc")  # which asks for itself besides
    assert client.get(back).status_code == 401
    assert last(dashboard) == ("refused", None, "provider: state")
    assert client.get("/").headers["location"] == "/sign-in"


def test_an_answer_serves_once(client: TestClient) -> None:
    back = go(client, "subject of d1-officer")
    assert client.get(back).status_code == 303
    client.cookies.clear()
    assert client.get(back).status_code == 401


def test_who_did_not_agree_is_not_let_in(client: TestClient, dashboard: Dashboard) -> None:
    there = client.get("/sign-in/oidc").headers["location"]
    state = parse_qs(urlsplit(there).query)["state"][0]
    answer = client.get(BACK, params={"error": "access_denied", "state": state})
    assert (answer.status_code, NOT_PROVEN in answer.text) == (401, True)
    assert last(dashboard) == ("refused", None, "provider: refused")


def claims_of(answer: dict[str, Any]) -> dict[str, Any]:
    part = answer["id_token"].split(".")[1]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return told


def by_another_key(answer: dict[str, Any]) -> dict[str, Any]:
    key = RSAKey.generate_key(2048)
    return answer | {"id_token": jwt.encode({"alg": "RS256"}, claims_of(answer), key)}


def unsigned(answer: dict[str, Any]) -> dict[str, Any]:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return answer | {"id_token": f"{head}.{answer['id_token'].split('.')[1]}."}


def altered(answer: dict[str, Any]) -> dict[str, Any]:
    head, _, signature = answer["id_token"].split(".")
    told = json.dumps(claims_of(answer) | {"sub": "subject of operator"}).encode()
    body = base64.urlsafe_b64encode(told).rstrip(b"=").decode()
    return answer | {"id_token": f"{head}.{body}.{signature}"}


@pytest.mark.parametrize(
    "forge", [by_another_key, unsigned, altered, lambda _: {}, lambda a: a | {"id_token": "a.b"}]
)
def test_a_forged_token_proves_nothing(
    client: TestClient, running: Running, dashboard: Dashboard, forge: Forge
) -> None:
    running.forge = forge
    answer = client.get(go(client, "subject of d1-officer"))
    assert (answer.status_code, NOT_PROVEN in answer.text) == (401, True)
    assert last(dashboard) == ("refused", None, "provider: token")
    assert client.get("/").headers["location"] == "/sign-in"


def test_a_token_of_another_sign_in_proves_nothing(
    client: TestClient, running: Running, dashboard: Dashboard
) -> None:
    kept: list[dict[str, Any]] = []
    running.forge = lambda answer: kept.append(answer) or answer  # type: ignore[func-returns-value]
    client.get(go(client, "subject of d1-officer"))
    client.cookies.clear()
    running.forge = lambda _: kept[0]  # well signed, with another nonce
    assert client.get(go(client, "subject of nobody")).status_code == 401
    assert last(dashboard) == ("refused", None, "provider: token")


@pytest.mark.parametrize(
    ("client_id", "hours"), [("another", 0), ("svod", 2)], ids=["another client", "too late"]
)
def test_a_token_for_another_client_or_hour_proves_nothing(
    client: TestClient, running: Running, dashboard: Dashboard, client_id: str, hours: int
) -> None:
    app: Any = client.app
    own: Dashboard = app.state.dashboard
    assert own.provider is not None
    back = go(client, "subject of d1-officer")
    app.state.dashboard = replace(
        own,
        provider=replace(own.provider, client=client_id),
        clock=lambda: datetime.now(UTC) + timedelta(hours=hours),
    )
    assert client.get(back).status_code == 401
    assert last(dashboard) == ("refused", None, "provider: token")


@pytest.mark.parametrize(
    "names",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "http://evil.example/keys"},
    ],
)
def test_a_provider_that_says_it_is_another_is_not_asked(
    client: TestClient, running: Running, dashboard: Dashboard, names: dict[str, str]
) -> None:
    running.names = names
    answer = client.get("/sign-in/oidc")
    assert (answer.status_code, NOT_REACHED in answer.text) == (503, True)
    assert last(dashboard) == ("refused", None, "provider: discovery")


def test_a_provider_that_is_down_leaves_passwords(
    dashboard: Dashboard, people: dict[str, Person]
) -> None:
    provider = Provider("http://127.0.0.1:9", "svod", "a secret", "Вход области", OWN + BACK)
    app = create_app(replace(dashboard, address=OWN, provider=provider))
    answer = TestClient(app, base_url=OWN).get("/sign-in/oidc")
    assert (answer.status_code, NOT_REACHED in answer.text) == (503, True)
    assert 'name="password"' in answer.text


def test_without_a_provider_the_way_is_not_there(dashboard: Dashboard) -> None:
    client = TestClient(create_app(dashboard), base_url=OWN)
    for path in ("/sign-in/oidc", BACK):
        assert client.get(path).status_code == 404
    assert "/sign-in/oidc" not in client.get("/sign-in").text


def test_settings_are_whole_and_closed_or_none() -> None:
    whole: dict[str, Any] = {
        "oidc_issuer": "https://id.example", "oidc_client": "svod", "oidc_secret": SecretStr("s"),
    }  # fmt: skip
    assert Provider.of(Settings(), OWN + BACK) is None
    made = Provider.of(Settings(**whole), OWN + BACK)
    assert made is not None
    assert (made.issuer, made.secret, made.back) == ("https://id.example", "s", OWN + BACK)
    for name in whole:
        with pytest.raises(ProviderSettingsError, match="SVOD_OIDC_ISSUER"):
            Provider.of(Settings(**{k: v for k, v in whole.items() if k != name}), OWN + BACK)
    with pytest.raises(ProviderSettingsError, match="must be https"):
        Provider.of(Settings(**whole | {"oidc_issuer": "http://id.example"}), OWN + BACK)


def test_half_settings_stop_the_server_before_it_serves(tmp_path: Path) -> None:
    half = {"SVOD_HOME": str(tmp_path), "SVOD_OIDC_ISSUER": "https://id.example"}
    done = subprocess.run(
        [sys.executable, "-m", "reports.web", "--host=127.0.0.1", "--port=1", f"--address={OWN}"],
        env=os.environ | half, capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.MISCONFIGURED
    assert done.stderr.splitlines()[-1] == (
        "svod: set SVOD_OIDC_ISSUER, SVOD_OIDC_CLIENT and SVOD_OIDC_SECRET, or none of them"
    )
