"""The same seed gives the same region; its people are invented, and nobody has a double."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox.curriculum import HOMEWORK, TOPICS
from sandbox.generate import NotARegionError, generate
from sandbox.names import SURNAMES, Case, feminine, inflect
from sandbox.params import Params
from sandbox.people import snils

TINY = Params(seed=3, schools_per_system=1, classes=1, districts=1)


def digests(folder: Path) -> dict[str, str]:
    """Content hash per file; the registry names the folder, so its path is taken out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(
            path.read_bytes().replace(str(folder).encode(), b"")
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    generate(TINY, tmp_path / "a")
    generate(TINY, tmp_path / "b")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_other_seed_other_people(tmp_path: Path) -> None:
    generate(TINY, tmp_path / "a")
    generate(Params(seed=4, schools_per_system=1, classes=1, districts=1), tmp_path / "b")
    assert digests(tmp_path / "a")["truth.json"] != digests(tmp_path / "b")["truth.json"]


def test_generating_again_replaces_the_region(tmp_path: Path) -> None:
    generate(TINY, tmp_path)
    before = digests(tmp_path)
    (tmp_path / "drops" / "781001" / "2026-09-18" / "marks.xml").unlink()
    generate(TINY, tmp_path)
    assert digests(tmp_path) == before


def test_a_strange_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(NotARegionError):
        generate(TINY, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    "size",
    [
        {"classes": 0},
        {"classes": 12},
        {"districts": 0},
        {"until": date(2026, 9, 20)},
        {"until": date(2030, 1, 1)},
        {"connected_on": date(2026, 9, 30)},
        {"systems": ()},
        {"systems": ("paragraf", "paragraf")},
        {"systems": ("paragraf", "журнал")},
        {"profiles": ()},
        {"profiles": ("spb", "луна")},
        {"systems": ("eljur",), "compliance": (date(2026, 9, 18),)},
        {"compliance": (date(2026, 9, 1),)},
        {"evenings": (date(2026, 9, 17),)},
        {"evenings": (date(2026, 9, 13), date(2026, 9, 18))},
    ],
)
def test_impossible_sizes_are_refused(size: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|needs"):
        Params(**size)


def test_snils_has_the_check_digits_of_the_published_example() -> None:
    assert snils(112_233_445) == "112-233-445 95"


def test_people_are_told_apart(region: Any) -> None:
    people = [p for p in region.truth["people"] if p["role"] != "stranger"]
    names = Counter((p["school"], p["surname"], p["given"], p["patronymic"]) for p in people)
    assert max(names.values()) == 1
    for part in ("snils", "phone", "email"):
        assert max(Counter(p[part] for p in people).values()) == 1


def test_ordinary_texts_name_nobody() -> None:
    texts = " ".join([*HOMEWORK, *(t for topics in TOPICS.values() for t in topics)]).lower()
    assert len(set(SURNAMES)) >= 150
    assert [s for s in SURNAMES if s.lower()[:-2] in texts] == []


@pytest.mark.parametrize(
    ("surname", "female", "case", "expected"),
    [
        ("Брянчихин", False, Case.DATIVE, "Брянчихину"),
        ("Брянчихин", False, Case.INSTRUMENTAL, "Брянчихиным"),
        ("Жмелеватов", True, Case.DATIVE, "Жмелеватовой"),
        ("Озимковский", False, Case.INSTRUMENTAL, "Озимковским"),
        ("Озимковский", True, Case.DATIVE, "Озимковской"),
    ],
)
def test_inflection(surname: str, female: bool, case: Case, expected: str) -> None:
    assert inflect(surname, female=female, case=case) == expected
    assert feminine("Озимковский") == "Озимковская"


def test_the_sandbox_shares_no_code_with_the_product() -> None:
    rooms = {"schemas", "connectors", "mappings", "privacy", "quality", "pipeline", "reports"}
    rooms |= {"dags"}
    for path in Path(sandbox.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not rooms & {name.split(".")[0] for name in names}, path
