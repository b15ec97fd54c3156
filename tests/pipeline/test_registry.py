"""The region file: what it must hold, and what its errors say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.hub import Hub
from pipeline.registry import (
    RegionFileError,
    UnknownSchoolError,
    import_region,
    mailboxes,
    open_year,
    read_region,
    school_sources,
    target_settings,
)


def region() -> dict[str, Any]:
    """A valid file with one school and two sources."""
    return {
        "region": "Учебный регион",
        "zone": "Europe/Moscow",
        "school_year": 2026,
        "year_start": "2026-09-01",
        "year_end": "2027-05-31",
        "districts": [{"code": "d1", "name": "Береговой район"}],
        "schools": [
            {
                "code": "781001",
                "name": "Школа № 1",
                "district": "d1",
                "profile": "spb",
                "connected_on": "2026-09-14",
                "sources": [
                    {"kind": "lists", "mapping": "lists/1", "settings": {"root": "/drop"}},
                    {"kind": "netschool", "mapping": "netschool/5", "settings": {"root": "/drop"}},
                ],
            }
        ],
        "targets": {"diary": {"base_url": "http://portal", "token": "${TOKEN}"}},
    }


def written(folder: Path, content: Any) -> Path:
    path = folder / "region.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_a_school_that_is_not_there_is_named(hub: Hub) -> None:
    with hub.engine.begin() as connection, pytest.raises(UnknownSchoolError, match="'781099'"):
        open_year(connection, "781099")


def test_importing_twice_is_importing_once(hub: Hub, tmp_path: Path) -> None:
    for _ in range(2):
        with hub.engine.begin() as connection:
            counts = import_region(connection, read_region(written(tmp_path, region())))
    assert counts == {"districts": 1, "schools": 1, "sources": 2}
    with hub.engine.begin() as connection:
        places = school_sources(connection, "781001")
        assert target_settings(connection, "diary")["token"] == "${TOKEN}"
    assert [place.kind for place in places] == ["netschool", "lists"], "lists come last"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r: r["schools"][0].update(district="d9"), "district d9 is not listed"),
        (lambda r: r["schools"][0].pop("profile"), "schools.0.profile"),
        (lambda r: r["schools"][0].update(colour="red"), "schools.0.colour"),
        (lambda r: r["schools"][0].update(sources=[]), "schools.0.sources"),
        (lambda r: r["schools"][0].update(closed_on="2026-09-14"), "closed_on"),
        (lambda r: r["schools"][0].update(name="Школа\x00"), "schools.0"),
        (lambda r: r["districts"][0].update(name=""), "districts.0"),
        (lambda r: r.update(year_start="2026-02-30"), "year_start"),
        (lambda r: r["schools"][0].update(contacts=["nobody"]), "schools.0.contacts.0"),
        (lambda r: r["districts"][0].update(contacts=["a@b"]), "districts.0.contacts.0"),
        (lambda r: r.update(contacts=["два@школа.рф"]), "contacts.0"),
    ],
)
def test_an_error_names_file_and_field(tmp_path: Path, spoil: Any, said: str) -> None:
    content = region()
    spoil(content)
    with pytest.raises(RegionFileError) as caught:
        read_region(written(tmp_path, content))
    assert "region.yml" in str(caught.value)
    assert said in str(caught.value)


def test_mailboxes_are_those_of_the_file_and_an_error_quotes_none(hub: Hub, tmp_path: Path) -> None:
    content = region()
    for boxes in (["b@school.example.ru", "a@школа.рф"], ["c@school.example.ru"], []):
        content["schools"][0]["contacts"] = boxes
        with hub.engine.begin() as connection:
            import_region(connection, read_region(written(tmp_path, content)))
            assert mailboxes(connection, "school", "781001") == sorted(boxes)
            assert mailboxes(connection, "district", "d1") == []
    content["schools"][0]["contacts"] = ["anna.petrova, b@school.example.ru"]
    with pytest.raises(RegionFileError) as caught:
        read_region(written(tmp_path, content))
    assert "petrova" not in str(caught.value)


def test_a_target_that_is_not_there_is_named(hub: Hub) -> None:
    with hub.engine.begin() as connection, pytest.raises(RegionFileError, match="diary"):
        target_settings(connection, "diary")
