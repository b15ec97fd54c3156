"""The settings of each kind of source in the registry of schools, as they are checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from connectors.http import MOST_CONCURRENT, Policy


class Settings(BaseModel):
    """Base: a word that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DropSettings(Settings):
    """``root``: the drop root, which holds a folder per school."""

    root: Path


class DatabaseSettings(Settings):
    """``url``: SQLAlchemy's, with user and password; ``queries``: table to SQL, or the path of a
    YAML file that holds it."""

    url: str = Field(min_length=1)
    queries: dict[str, str] | Path


class WebSettings(Settings):
    """Where a system answers and how hard it may be pressed (``http.Policy``)."""

    base_url: str = Field(min_length=1)
    spacing: float = Field(default=0, ge=0, le=60)
    concurrency: int = Field(default=MOST_CONCURRENT, ge=1, le=MOST_CONCURRENT)
    attempts: int = Field(default=5, ge=1, le=20)
    patience: float = Field(default=60, gt=0, le=600)  # seconds without a byte of an answer

    @property
    def policy(self) -> Policy:
        """The pace as a client keeps it."""
        return Policy(
            attempts=self.attempts,
            spacing=self.spacing,
            concurrency=self.concurrency,
            read_timeout=self.patience,
        )


class HttpSettings(WebSettings):
    """A system that knows its caller by a token."""

    token: str = Field(min_length=1)


class DnevnikRuSettings(WebSettings):
    """``school_id``: the school's number at Dnevnik.ru. Its key is either supplied as ``token``,
    or refreshed with ``refresh_token``, ``client_id`` and ``client_secret``; then the newest
    tokens are kept in ``token_folder``, usually ``${SVOD_HOME}/tokens``."""

    school_id: str = Field(coerce_numbers_to_str=True)
    # 1.5 seconds for 100 requests is what a client author found the service to bear.
    spacing: float = Field(default=0.015, ge=0, le=60)
    refresh_token: str = ""
    client_id: str = Field(default="", coerce_numbers_to_str=True, validate_default=True)
    client_secret: str = Field(default="", validate_default=True)
    token_folder: Path | None = Field(default=None, validate_default=True)
    token: str = Field(default="", validate_default=True)

    @field_validator("client_id", "client_secret", "token_folder")
    @classmethod
    def _needed_to_refresh(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("refresh_token") and not value:
            raise ValueError("needed to refresh the key")
        return value

    @field_validator("token")
    @classmethod
    def _one_way(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) == bool(info.data.get("refresh_token")):
            raise ValueError("give either token or refresh_token")
        return value


class NetSchoolWebSettings(WebSettings):
    """How the school's account signs in (``netschool_web.Account``) and how much is read
    (``netschool_web.Reach``): ``login``, ``password`` and ``school_id`` (``scid``), or ``at`` and
    ``cookie`` of a session that somebody opened."""

    # No limit is public; these are a region's own servers, which hundreds of schools share.
    spacing: float = Field(default=0.1, ge=0, le=60)
    concurrency: int = Field(default=3, ge=1, le=MOST_CONCURRENT)
    login: str = ""
    password: str = ""
    school_id: str = Field(default="", coerce_numbers_to_str=True)
    place: dict[str, Annotated[str, Field(coerce_numbers_to_str=True)]] = {}
    rolegroup: str = Field(default="", coerce_numbers_to_str=True)
    at: str = ""
    cookie: str = ""
    window_days: int = Field(default=7, ge=1, le=31)
    recent_weeks: int | None = Field(default=None, ge=1, le=60)
    full_weekday: int = Field(default=6, ge=1, le=7)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        by_password = bool(self.login and self.password and self.school_id)
        if by_password == bool(self.at and self.cookie):
            raise ValueError("give login, password and school_id, or at and cookie")
        return self


class ContingentSettings(WebSettings):
    """A contingent registry: ``key`` is the hub's own; ``schema_folder`` holds the registry's XSD
    and ``shape.yml`` in place of ours (docs/contingent-contract.md)."""

    key: str = Field(min_length=1)
    schema_folder: Path | None = None


class ContingentRestSettings(ContingentSettings):
    """The registry by REST."""

    variant: Literal["rest"]


class ContingentPacketSettings(ContingentSettings):
    """The registry by packet and ticket. ``longest_wait``: seconds that one run waits for one
    packet; ``mode``: MODE_ALL says that the records are sent whether or not they changed."""

    variant: Literal["packet"]
    source_system_id: str = Field(min_length=1, max_length=200, coerce_numbers_to_str=True)
    destination_system_id: str = Field(min_length=1, max_length=200, coerce_numbers_to_str=True)
    ais_guid: UUID
    mode: Literal["MODE_ALL", "MODE_UPDATED"] = "MODE_UPDATED"
    longest_wait: float = Field(default=300, gt=0, le=3600)
