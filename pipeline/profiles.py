"""The profiles a hub reads by: a site's own folder first, then those that come with Svod."""

from __future__ import annotations

from pathlib import Path

from mappings.language import Mapping
from mappings.loader import PROFILES, load
from pipeline.settings import Settings


def profile_folders(settings: Settings | None = None) -> tuple[Path, ...]:
    """Where profiles are looked for, in order (``SVOD_MAPPINGS``)."""
    own = (settings or Settings()).mappings
    return (PROFILES,) if own is None else (own.absolute(), PROFILES)


def load_profile(name: str, school_year: int | None = None) -> Mapping:
    """The profile ``<system>/<version>``. Raises ``MappingError``, also when it is not meant for
    ``school_year``."""
    return load(name, *profile_folders(), school_year=school_year)


def schedule_basis(mapping: str) -> str:
    """What the journals read by ``mapping`` publish: ``quality.schedule.ScheduleBasis``."""
    return load_profile(mapping).schedule_basis
