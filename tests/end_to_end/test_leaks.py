"""Nobody of the region is found where nobody may be; and the search would find them."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterable, Iterator
from html import unescape
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import pytest
from openpyxl import load_workbook

from tests.end_to_end.conftest import LOG, Asked, CopyOf, logged
from tests.end_to_end.world import World
from tests.support.leaks import find_people

Person = dict[str, str | None]
Place = tuple[str, bytes]
Leak = tuple[str, str, str]  # place, kind, value


def test_the_region_has_people(world: World) -> None:
    roles = {person["role"] for person in world.truth["people"]}
    assert roles == {"pupil", "guardian", "staff", "stranger"}
    assert len(world.truth["people"]) > 100


def test_nobody_in_what_the_diary_received(world: World) -> None:
    (place,) = _files(world.region / "diary-received.log")
    assert len(place[1]) > 100_000
    assert _leaks([place], world) == []


def test_nobody_in_the_logs(world: World) -> None:
    (place,) = _files(world.folder / LOG)
    assert b"sqlalchemy" in place[1]
    assert b"fsspec" in place[1]
    assert _leaks([place], world) == []


def test_nobody_in_what_the_commands_say(asked: Asked) -> None:
    said = [(name, f"{a.stdout}\n{a.stderr}".encode()) for name, a in asked.answers.items()]
    assert sum(len(content) for _, content in said) > 1000
    assert _leaks(said, asked.world) == []


def test_nobody_in_the_tables_outside_the_vault(september: World) -> None:
    places = list(_tables(september))
    filled = {name for name, content in places if content}
    assert {"journal.lesson", "journal.pupil", "ops.findings", "ops.quarantine"} <= filled
    assert {"outbox.desired", "outbox.batches", "quality.measures", "registry.sources"} <= filled
    assert not any(name.startswith("vault.") for name, _ in places)
    assert _leaks(places, september) == []


def test_nobody_in_the_files_of_the_hub(world: World) -> None:
    """Reports, sealed landing, Data Docs and whatever else a step may leave behind."""
    places = list(_files(world.home))
    parts = {Path(name).relative_to(world.home).parts[0] for name, _ in places}
    assert {"reports", "landing", "data_docs"} <= parts
    assert _leaks(places, world) == []


def test_a_name_in_a_log_line_is_found(october: World, tmp_path: Path) -> None:
    with logged(tmp_path / "log"):
        logging.getLogger("pipeline.intake.collect").debug(
            "row of %s", _someone(october)["surname"]
        )
    assert _found(_files(tmp_path / "log"), october)


def test_a_name_in_a_command_is_found(asked: Asked) -> None:
    word = json.dumps([{"detail": _someone(asked.world)["surname"]}])
    assert _found([("svod", word.encode())], asked.world)


@pytest.mark.parametrize("suffix", ["xlsx", "html"])
def test_a_name_in_a_report_is_found(october: World, tmp_path: Path, suffix: str) -> None:
    (source,) = (october.home / "reports").rglob(f"otchet_region_*.{suffix}")
    path = Path(shutil.copy(source, tmp_path))
    surname = str(_someone(october)["surname"])
    if suffix == "xlsx":
        book = load_workbook(path)
        book["Школы"]["B9"] = surname
        book.save(path)
    else:
        path.write_text(path.read_text("utf-8").replace("Школа № 1", surname, 1), "utf-8")
    assert _found(_files(path), october)


@pytest.mark.parametrize(
    ("table", "column"),
    [("journal.lesson", "topic"), ("ops.findings", "detail"), ("ops.school_runs", "detail")],
)
def test_a_name_in_a_row_is_found(october: World, copy_of: CopyOf, table: str, column: str) -> None:
    world = copy_of(october)
    row = f"(SELECT ctid FROM {table} LIMIT 1)"
    world.write(f"UPDATE {table} SET {column} = :name WHERE ctid = {row}", name=_inflected(world))
    assert {place for place, _, _ in _leaks(_tables(world, table), world)} == {table}


def test_a_name_in_a_payload_is_found(october: World, copy_of: CopyOf) -> None:
    """JSON in the outbox, and the same in the bytes of a request, escaped or not."""
    world = copy_of(october)
    body = json.dumps({"content_name": f"Доклад: {_inflected(world)}"})
    world.write(
        "UPDATE outbox.desired SET payload = CAST(:body AS jsonb)"
        " WHERE key = (SELECT key FROM outbox.desired WHERE payload IS NOT NULL LIMIT 1)",
        body=body,
    )
    assert _found(_tables(world, "outbox.desired"), world)
    received = world.region / "diary-received.log"
    for planted in (body, json.dumps(json.loads(body), ensure_ascii=False)):
        with received.open("ab") as log:
            log.write(planted.encode())
        assert _found(_files(received), world)
        received.write_bytes(received.read_bytes()[: -len(planted.encode())])


def test_an_unsealed_document_is_found(october: World, tmp_path: Path) -> None:
    source = october.region / "drops" / october.schools("paragraf")[0] / october.last
    for name in ("pupils.xml", "guardians.xml", "staff.xml"):
        shutil.copy(source / name, tmp_path)
        kinds = {kind for place, kind, _ in _leaks(_files(tmp_path), october) if name in place}
        assert {"surname", "phone", "email"} <= kinds, name


def _files(path: Path) -> Iterator[Place]:
    """The file, or every file under the folder; workbooks unpacked."""
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        content = file.read_bytes()
        if is_zipfile(BytesIO(content)):
            with ZipFile(BytesIO(content)) as book:
                # Workbooks write letters as numbers: &#1040;
                parts = (unescape(book.read(name).decode("utf-8")) for name in book.namelist())
                content = "\n".join(parts).encode()
        yield str(file), content


def _tables(world: World, only: str = "") -> Iterator[Place]:
    """Every table outside the vault, or one of them; its rows as JSON."""
    tables = world.rows(
        "SELECT nspname || '.' || relname AS name FROM pg_class JOIN pg_namespace n"
        " ON n.oid = relnamespace WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND nspname NOT IN ('pg_catalog', 'information_schema', 'vault') ORDER BY 1"
    )
    for table in (row["name"] for row in tables if only in ("", row["name"])):
        rows = world.rows(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
        yield table, "\n".join(row["row"] for row in rows).encode()


def _leaks(places: Iterable[Place], world: World) -> list[Leak]:
    people = [*world.truth["people"], *_inflections(world.truth["people"])]
    return [
        (name, hit.kind, hit.value)
        for name, content in places
        for hit in find_people(content, people)
    ]


def _found(places: Iterable[Place], world: World) -> bool:
    return bool(_leaks(places, world))


def _someone(world: World) -> Person:
    person: Person = world.truth["people"][0]
    return person


def _inflected(world: World) -> str:
    return str(_inflections([_someone(world)])[0]["surname"])


def _inflections(people: Iterable[Person]) -> list[Person]:
    """Surnames as they stand in a sentence (after: Вручить, вместе с, нет), by the plain rule."""
    forms = []
    for person in people:
        surname = str(person["surname"])
        if surname.endswith(("ова", "ева", "ёва", "ина", "ына")):
            forms += [surname[:-1] + ending for ending in ("ой", "у")]
        elif surname.endswith(("ов", "ев", "ёв", "ин", "ын")):
            forms += [surname + ending for ending in ("у", "ым", "е")]
    return [{"surname": form} for form in dict.fromkeys(forms)]
