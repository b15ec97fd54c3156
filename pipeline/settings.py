"""Where the hub keeps its things; every value can be set by an environment variable.

``SVOD_HOME`` (default ``./var``) holds the embedded database, the landing folder, the key file and
the reports; ``SVOD_DATABASE_URL`` names a server of one's own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process. Raises ``pydantic.ValidationError`` for malformed values."""

    model_config = SettingsConfigDict(env_prefix="SVOD_")

    home: Path = Field(default=Path("var"))
    database_url: str = ""
    key_file: Path | None = None
    landing_url: str = ""
    zone: str = "Europe/Moscow"
    mappings: Path | None = None  # the site's own profiles, searched before the bundled ones
    schedule_clients: str = ""  # who may ask for schedules: pipeline.clients
    smtp_url: SecretStr = SecretStr("")  # the mail server: connectors.smtp.SmtpAddress
    mail_from: str = ""  # the mailbox that letters come from, and that answers go to
    mail_questions: str = ""  # whom a letter says to ask, in words
    mail_limit: int = Field(default=10, ge=1, le=100)  # MB that the files of a letter may weigh
    oidc_issuer: str = ""  # the region's OpenID provider, as it names itself: reports.web.provider
    oidc_client: str = ""  # what the provider knows Svod as
    oidc_secret: SecretStr = SecretStr("")
    oidc_title: str = ""  # what the sign-in page calls it, after "Войти через"
    airflow_url: str = Field(default="", pattern=r"^(https?://[^\s/]\S*)?$")  # as browsers call it
    batch_schools: int = Field(default=20, ge=1, le=100)

    @property
    def keys(self) -> Path:
        """The key file; by default inside ``home``, in production outside it."""
        return self.key_file or self.home.absolute() / "keys.json"

    @property
    def landing(self) -> str:
        """fsspec address of the landing area."""
        return self.landing_url or f"file://{self.home.absolute() / 'landing'}"

    @property
    def reports(self) -> Path:
        """Folder of the finished reports."""
        return self.home.absolute() / "reports"


class MissingVariableError(Exception):
    """A setting names an environment variable that is not set; set it and run again."""


def expand(
    settings: Mapping[str, Any], variables: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """``settings`` with each ``${NAME}`` replaced. Raises ``MissingVariableError``."""

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise MissingVariableError(f"set the environment variable {match[1]} and run again")
        return variables[match[1]]

    return {
        name: re.sub(r"\$\{(\w+)\}", value_of, value) if isinstance(value, str) else value
        for name, value in settings.items()
    }
