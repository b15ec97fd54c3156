"""``svod init`` makes a key file once, and never beside people sealed with a lost one."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from pipeline.cli.setup import init
from pipeline.database import connect
from pipeline.hub import Hub
from privacy.keys import KeyFileMissingError
from schemas.tables.vault import people


@pytest.fixture
def lost(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a key file that is not there."""
    path = tmp_path / "keys.json"
    monkeypatch.setenv("SVOD_HOME", str(hub.settings.home))
    monkeypatch.setenv("SVOD_KEY_FILE", str(path))
    return path


def test_an_empty_vault_gets_a_new_key_file_once(lost: Path) -> None:
    init(airflow=False)
    made = lost.read_bytes()
    init(airflow=False)
    assert lost.read_bytes() == made


def test_sealed_people_are_not_locked_in(hub: Hub, lost: Path) -> None:
    row = {"pseudonym": "p0", "school": "s", "role": "pupil", "key_id": "k1", "content_hash": ""}
    with connect(hub.settings, "svod_vault").begin() as connection:
        connection.execute(insert(people).values(sealed=b"sealed", **row))
    with pytest.raises(KeyFileMissingError, match="restore the key file"):
        init(airflow=False)
    assert not lost.exists()
