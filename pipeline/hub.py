"""What a step needs to work: settings, the two database roles and the key ring."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from pipeline.database import connect
from pipeline.intake.landing import Landing
from pipeline.settings import Settings
from privacy.actions import Action, action_log_on
from privacy.keys import KeyRing
from privacy.masks import Masks
from privacy.vault import Vault


@dataclass(frozen=True)
class Hub:
    """One open hub; cheap to make, one per process."""

    settings: Settings
    engine: Engine
    vault: Vault
    keys: KeyRing
    landing: Landing
    actor: str = "svod"  # who the action log names; a person where a person commands

    @classmethod
    def open(cls, settings: Settings | None = None) -> Hub:
        """Connect as ``settings`` say. Raises ``privacy.keys`` errors without a key file."""
        settings = settings or Settings()
        keys = KeyRing.load(settings.keys)
        return cls(
            settings=settings,
            engine=connect(settings, "svod_hub"),
            vault=Vault(connect(settings, "svod_vault"), keys),
            keys=keys,
            landing=Landing(settings.landing, keys),
        )

    def masks(self, school: str) -> Masks:
        """What hides the people of ``school`` whom the vault knows by now."""
        return Masks.of(self.vault.names(school), self.keys)

    def log_action(self, action: Action) -> None:
        """Add a row to the action log, committed at once; who acts is ``actor``."""
        with self.engine.begin() as connection:
            action_log_on(connection, self.actor)(action)
