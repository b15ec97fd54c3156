"""The region's own OpenID provider: authorization code with PKCE, state and nonce.

OpenID Connect Core 1.0, 3.1; RFC 9700 (what OAuth clients must do). Of the provider only who it is
(``sub``) is asked; its names and addresses are not.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pipeline.settings import Settings

DISCOVERY = "/.well-known/openid-configuration"
# Signatures by the provider's own key alone: "none" and shared secrets are not taken.
ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512"]
PATIENCE = 10  # seconds for each answer of the provider
LEEWAY = 60  # seconds that its clock may be off
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ProviderError(Exception):
    """The provider did not answer, or its answer proves nothing; ``str`` is a code for the book."""


class ProviderSettingsError(ValueError):
    """The settings of the provider are incomplete or unsafe; the message says which."""


@dataclass(frozen=True)
class Asked:
    """What ties the answer of the provider to the browser that asked; kept in its cookie."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> Self:
        """One for a single sign-in."""
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))

    @classmethod
    def read(cls, cookie: str) -> Self | None:
        """As ``written`` wrote it; None for anything else."""
        parts = cookie.split(".")
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    @property
    def written(self) -> str:
        return ".".join((self.state, self.nonce, self.verifier))


@dataclass(frozen=True)
class Provider:
    """``title``: what the sign-in page calls it; ``back``: where it sends the browser back to."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    title: str
    back: str

    @classmethod
    def of(cls, settings: Settings, back: str) -> Self | None:
        """As ``settings`` say; None where they name none. Raises ``ProviderSettingsError``."""
        issuer, client = settings.oidc_issuer, settings.oidc_client
        secret = settings.oidc_secret.get_secret_value()
        if not (issuer or client or secret):
            return None
        if not (issuer and client and secret):
            raise ProviderSettingsError(
                "set SVOD_OIDC_ISSUER, SVOD_OIDC_CLIENT and SVOD_OIDC_SECRET, or none of them"
            )
        if not _is_closed(issuer):
            raise ProviderSettingsError(f"SVOD_OIDC_ISSUER must be https, not {issuer}")
        return cls(issuer, client, secret, settings.oidc_title or "учётную запись региона", back)

    def address(self, asked: Asked) -> str:
        """Where the browser is led to. Raises ``ProviderError``."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._endpoints(session)["authorization_endpoint"],
                state=asked.state,
                nonce=asked.nonce,
                code_verifier=asked.verifier,
            )
        return str(url)

    def subject(self, asked: Asked, answer: Mapping[str, str], at: datetime) -> str:
        """Who came back with ``answer``, parameters of the address. Raises ``ProviderError``."""
        if not hmac.compare_digest(answer.get("state", "").encode(), asked.state.encode()):
            raise ProviderError("state")
        if answer.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise ProviderError("issuer")
        if "error" in answer or not answer.get("code"):
            raise ProviderError("refused")
        try:
            with self._session() as session:
                endpoints = self._endpoints(session)
                token = session.fetch_token(
                    endpoints["token_endpoint"],
                    grant_type="authorization_code",
                    code=answer["code"],
                    code_verifier=asked.verifier,
                )
                keys = KeySet.import_key_set(_json(session, endpoints["jwks_uri"]))
            return self._verified(token, keys, asked.nonce, at)
        except (AuthlibBaseError, JoseError, requests.RequestException, *_MALFORMED):
            raise ProviderError("token") from None  # its message may hold the token

    def _verified(self, token: Mapping[str, Any], keys: KeySet, nonce: str, at: datetime) -> str:
        signed = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client},
                "sub": {"essential": True},
            },
            params={
                "client_id": self.client,
                "nonce": nonce,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(at.timestamp()), leeway=LEEWAY)
        return str(claims["sub"])

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.client,
            self.secret,
            scope="openid",
            redirect_uri=self.back,
            code_challenge_method="S256",
            default_timeout=PATIENCE,
        )

    def _endpoints(self, session: OAuth2Session) -> dict[str, str]:
        """What the provider says of itself, under its own name and over TLS."""
        try:
            told = _json(session, self.issuer.rstrip("/") + DISCOVERY)
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            found = {name: str(told[name]) for name in names}
        except (requests.RequestException, *_MALFORMED):
            raise ProviderError("discovery") from None
        if told.get("issuer") != self.issuer or not all(map(_is_closed, found.values())):
            raise ProviderError("discovery")
        return found


_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


def _json(session: OAuth2Session, address: str) -> Any:
    answer = session.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    return answer.json()


def _is_closed(address: str) -> bool:
    """Whether nobody on the way can read it."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
