"""The search sees: every form of a canary, in every spelling, in every kind of place."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from html import escape
from urllib.parse import quote

import openpyxl
import pytest
from sqlalchemy import create_engine, text

from tests.canaries.evening import Evening
from tests.canaries.people import Canary, Maker
from tests.canaries.places import PLACES
from tests.support.needles import Needles, folded, number


def _people() -> Maker:
    maker = Maker(90)
    for _ in range(30):
        person = maker.person("pupil", date(2012, 1, 1), date(2013, 1, 1))
        maker.people[-1].document = f"40 26 {person.code + 314_159}"
    return maker


CANARIES = {c.kind: c for one in _people().people for c in (*one.forms(), *one.identity())}
NEEDLES = Needles(canary.needle for canary in CANARIES.values())
MARKER = "planted-on-purpose"
NOISE = "Дроби; части 7а 2026-09-05 +7 000"


def _entities(said: str) -> bytes:
    return "".join(f"&#{ord(letter)};" if ord(letter) > 127 else letter for letter in said).encode()


def _book(said: str) -> bytes:
    book = openpyxl.Workbook()
    book.active["C7"] = said
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part", content)
    return out.getvalue()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "capitals": lambda said: said.upper().encode(),
    "cp1251": lambda said: said.encode("cp1251"),
    "cp866": lambda said: said.encode("cp866"),
    "utf-16-le": lambda said: b"\0\1\2" + said.encode("utf-16-le"),
    "utf-16-be": lambda said: b"\0\1\2" + said.encode("utf-16-be"),
    "json": lambda said: json.dumps({"detail": said}).encode(),
    "url": lambda said: f"GET /find?who={quote(said)}".encode(),
    "html": _entities,
    "escaped": lambda said: escape(said).encode(),
    "base64": lambda said: base64.b64encode(said.encode()),
    "hex": lambda said: b"\\x" + said.encode().hex().encode(),
    "stressed": lambda said: said.replace("а", "а\u0301").encode(),
    "gzip": lambda said: gzip.compress(said.encode()),
    "xlsx": _book,
    "zip of zip": lambda said: _zip(_zip(said.encode())),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", sorted(CANARIES))
def test_every_form_is_found_in_every_spelling(kind: str, spelling: str) -> None:
    canary = CANARIES[kind]
    assert NEEDLES.found_in(NOISE.encode()) == set()
    assert NEEDLES.found_in(SPELLINGS[spelling](f"{NOISE} {canary.text} {NOISE}"))


def test_digits_are_found_however_they_are_parted() -> None:
    phone = next(one.person.phone for one in _people().people)
    bare = phone[3:].replace(" ", "").replace("-", "")
    for said in (f"8{bare}", f"+7({bare[:3]}){bare[3:]}", f"д. 12, 8-{bare[:3]}-{bare[3:]}"):
        assert Needles([phone]).found_in(said.encode()), said
    assert Needles([phone]).found_in(f"1{bare}1".encode()) == set()


def _in_a_file(*parts: str) -> Callable[[Evening, bytes], Iterator[None]]:
    def planted(evening: Evening, said: bytes) -> Iterator[None]:
        path = evening.folder.joinpath(*parts)
        before = path.read_bytes() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((before or b"") + said)
        yield
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)

    return planted


def _in_the_hub(evening: Evening, said: bytes) -> Iterator[None]:
    change = "UPDATE ops.school_runs SET detail = :said WHERE run_id = 'healthy'"
    evening.world.write(change, said=said.decode())
    yield
    evening.world.write(change, said="")


def _in_airflow(evening: Evening, said: bytes) -> Iterator[None]:
    """In what Airflow keeps of an event."""
    engine = create_engine(evening.world.server.url("airflow"))
    values = {"event": "planted", "said": said.decode()}
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO log (dttm, event, extra) VALUES (now(), :event, :said)"), values
        )
    yield
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM log WHERE event = :event"), values)
    engine.dispose()


def _in_an_answer(evening: Evening, said: bytes) -> Iterator[None]:
    evening.said["planted"] = said
    yield
    del evening.said["planted"]


PLANTING = {
    "the diary": _in_a_file("region", "diary-received.log"),
    "logs": _in_a_file("everything.log"),
    "the hub's database": _in_the_hub,
    "Airflow's database": _in_airflow,
    "the hub's home": _in_a_file("home", "reports", "planted.html"),
    "commands": _in_an_answer,
}


@pytest.mark.parametrize("place", PLANTING)
def test_a_canary_of_every_form_is_found_in_every_place(evening: Evening, place: str) -> None:
    every: dict[str, Canary] = {c.kind: c for found in evening.of_needle.values() for c in found}
    said = "; ".join([MARKER, *(canary.text for canary in every.values())]).encode()
    for _ in PLANTING[place](evening, said):
        # The rest of the place is read by test_canaries.
        [content] = [c for _, c in PLACES[place](evening) if MARKER.encode() in c]
        found = evening.needles.found_in(content)
    spelled = {folded(needle) for needle in found} | {number(needle) for needle in found}
    missed = {
        canary.kind
        for canary in every.values()
        if folded(canary.needle) not in spelled and number(canary.needle) not in spelled
    }
    assert missed == set()
