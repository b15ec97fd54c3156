"""Kinds, settings and what is said when they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.diary import DiaryClient
from connectors.errors import Misconfigured
from connectors.registry import SOURCES, make_contingent, make_diary, make_source
from mappings import load
from tests.connectors.contingent import codes

PROFILES = {"paragraf": "paragraf/3.21", "netschool": "netschool/5"}
DNEVNIK = {"base_url": "http://127.0.0.1/v2", "token": "secret-token", "school_id": "42"}


def make(kind: str, settings: dict[str, Any], zone: str = "Europe/Moscow") -> Any:
    from datetime import date

    layout = load(PROFILES[kind]).documents if kind in PROFILES else None
    return make_source(
        kind, "781001", settings, zone=zone, year_start=date(2026, 9, 1), layout=layout
    )


@pytest.mark.parametrize("kind", ["paragraf", "netschool", "lists"])
def test_sources_of_files(kind: str, tmp_path: Path) -> None:
    assert make(kind, {"root": str(tmp_path)}).kind == kind


def test_the_service(tmp_path: Path) -> None:
    assert make("dnevnik_ru", DNEVNIK).kind == "dnevnik_ru"
    assert make("dnevnik_ru", DNEVNIK | {"school_id": 42}).kind == "dnevnik_ru"


def test_every_live_kind_has_a_folder_of_its_own() -> None:
    folder = Path(__file__).parents[2] / "connectors"
    assert all((folder / kind / "source.py").is_file() for kind in SOURCES)


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="zvonnica") as caught:
        make("zvonnica", {})
    assert "documents" in caught.value.fix
    assert "dnevnik_ru" in caught.value.fix


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("paragraf", {}),
        ("paragraf", {"root": "/x", "rot": "/y"}),
        ("dnevnik_ru", DNEVNIK | {"token": ""}),
        ("dnevnik_ru", DNEVNIK | {"school_id": "../42"}),
        ("dnevnik_ru", DNEVNIK | {"concurrency": 11}),
        ("dnevnik_ru", DNEVNIK | {"base_url": "host/v2"}),
    ],
)
def test_settings_that_do_not_fit_are_told_without_values(
    kind: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(Misconfigured) as caught:
        make(kind, settings)
    assert caught.value.fix
    assert "secret-token" not in repr(caught.value) + caught.value.where + caught.value.fix


def test_an_unknown_zone_is_told(tmp_path: Path) -> None:
    for zone in ("Europe/Nowhere", "../etc/passwd", ""):
        with pytest.raises(Misconfigured, match="zone"):
            make("paragraf", {"root": str(tmp_path)}, zone)


def test_the_diary() -> None:
    made = make_diary({"base_url": "http://127.0.0.1", "token": "x"})
    assert isinstance(made, DiaryClient)
    with pytest.raises(Misconfigured):
        make_diary({"base_url": "http://127.0.0.1"})


REGISTRY = {"base_url": "http://127.0.0.1", "key": "secret-key"}
PACKET = REGISTRY | {
    "variant": "packet",
    "source_system_id": 7,
    "destination_system_id": "contingent",
    "ais_guid": "4bca0dd5-3a2c-4f6c-8e0e-0a3c7f9a1b11",
}
REST = REGISTRY | {"variant": "rest"}


@pytest.mark.parametrize("settings", [PACKET, REST, PACKET | {"mode": "MODE_ALL"}])
def test_the_contingent_registry(settings: dict[str, Any]) -> None:
    made = make_contingent(settings, codes())
    assert (made.kind, made.most_records) == ("contingent", 500)
    assert "secret-key" not in repr(made)


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (REGISTRY, "variant"),
        (REGISTRY | {"variant": "soap"}, "variant"),
        (REST | {"key": ""}, "key"),
        (REST | {"ais_guid": PACKET["ais_guid"]}, "ais_guid"),
        (REST | {"base_url": "host/rest"}, "base_url"),
        (PACKET | {"source_system_id": ""}, "source_system_id"),
        (PACKET | {"ais_guid": "4bca"}, "ais_guid"),
        (PACKET | {"mode": "MODE_SOME"}, "mode"),
        (PACKET | {"longest_wait": 0}, "longest_wait"),
        (PACKET | {"schema_folder": "/nowhere"}, "schema"),
        ({k: v for k, v in PACKET.items() if k != "destination_system_id"}, "destination"),
    ],
)
def test_settings_of_the_contingent_registry_that_do_not_fit(
    settings: dict[str, Any], place: str
) -> None:
    with pytest.raises(Misconfigured, match=place) as caught:
        make_contingent(settings, codes())
    assert caught.value.fix
    assert "secret-key" not in repr(caught.value) + caught.value.where + caught.value.fix
