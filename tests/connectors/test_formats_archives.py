"""ZIP documents: members become documents, and traps are refused."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Sequence

import pytest

from connectors import archives
from connectors.archives import flat_name, unpack
from connectors.base import RawDocument
from connectors.formats import zipped
from tests.support.documents import csv_bytes, zip_bytes


def unpacked(content: bytes) -> tuple[list[str], list[tuple[str, str, str]]]:
    documents, problems = unpack([RawDocument("l.zip", content, "")])
    return [d.name for d in documents], [(p.document, p.rule, p.detail) for p in problems]


def refused_whole(content: bytes) -> str:
    names, [(document, rule, detail)] = unpacked(content)
    assert (names, document, rule) == ([], "l.zip", "broken_document")
    return detail


def with_infos(infos: Sequence[zipfile.ZipInfo]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info in infos:
            archive.writestr(info, b"x")
    return out.getvalue()


def test_members_stand_for_the_archive_and_the_rest_is_left_alone() -> None:
    plain = RawDocument("manifest.xml", b"<x/>", "application/xml")
    packed = RawDocument("L.ZIP", zip_bytes({"lessons.csv": b"a", "sub/marks.xml": b"b"}), "")
    documents, problems = unpack([plain, packed])
    assert problems == []
    assert [(d.name, d.content, d.media_type) for d in documents] == [
        ("manifest.xml", b"<x/>", "application/xml"),
        ("L.ZIP/lessons.csv", b"a", "text/csv"),
        ("L.ZIP/sub/marks.xml", b"b", "application/xml"),
    ]


@pytest.mark.parametrize(
    ("name", "flat"),
    [
        ("lessons.zip/lessons.csv", "lessons.csv"),
        ("A.ZIP/sub/b.csv", "sub/b.csv"),
        ("day/a.zip/b.csv", "day/b.csv"),
        ("lessons.csv", "lessons.csv"),
        ("a.zip", "a.zip"),
    ],
)
def test_the_name_a_member_would_have_outside(name: str, flat: str) -> None:
    assert flat_name(name) == flat


@pytest.mark.parametrize("encoding", ["cp866", "utf-8"])
def test_russian_names_without_the_flag(encoding: str) -> None:
    place = "x" * len("уроки.csv".encode(encoding))
    content = zip_bytes({place: b"1"}).replace(place.encode(), "уроки.csv".encode(encoding))
    assert unpacked(content) == (["l.zip/уроки.csv"], [])


def test_russian_names_with_the_flag() -> None:
    assert unpacked(zip_bytes({"уроки.csv": b"1"})) == (["l.zip/уроки.csv"], [])


def test_folders_are_no_files_and_backslashes_part_them() -> None:
    content = zip_bytes({"sub/": b"", "sub/a.csv": b"1", "wub_b.csv": b"2"})
    names, problems = unpacked(content.replace(b"wub_b.csv", b"wub\\b.csv"))
    assert (names, problems) == (["l.zip/sub/a.csv", "l.zip/wub/b.csv"], [])


@pytest.mark.parametrize(
    "name",
    ["../a.csv", "a/../../b.csv", "/etc/passwd", "C:/a.csv", "C:a.csv", "..\\a.csv", "a//b.csv",
     "./a.csv", "a/b/c/d/e.csv", "a\nb.csv", "x" * 300, "a\u202egpj.csv"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_refuses_the_archive(name: str) -> None:
    content = zip_bytes({"good.csv": b"1", name: b"2"})
    assert refused_whole(content) == "имя файла в архиве ведёт за его пределы или недопустимо"


def test_a_name_cut_by_a_nul_refuses_the_archive() -> None:
    content = zip_bytes({"a.csv_.exe": b"1"}).replace(b"a.csv_.exe", b"a.csv\0.exe")
    assert refused_whole(content) == "имя файла в архиве ведёт за его пределы или недопустимо"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_a_device_refuses_the_archive(kind: int) -> None:
    info = zipfile.ZipInfo("a.csv")
    info.create_system = 3
    info.external_attr = (kind | 0o644) << 16
    assert refused_whole(with_infos([info])) == "в архиве есть ссылка или особый файл"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a.csv", "a.csv"), ("a.csv", "A.CSV"), ("s/a", "s\\a")])
def test_two_members_of_one_name_refuse_the_archive(names: tuple[str, str]) -> None:
    content = zip_bytes([(name, b"x") for name in names])
    assert refused_whole(content) == "имя файла в архиве повторяется"


def test_a_password_refuses_the_archive() -> None:
    content = bytearray(zip_bytes({"a.csv": b"1"}))
    content[6] |= 1
    content[bytes(content).index(zipped.ENTRY) + 8] |= 1
    assert refused_whole(bytes(content)) == zipped.LOCKED


def test_too_many_members_refuse_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBERS", 3)
    assert unpacked(zip_bytes({str(n): b"x" for n in range(3)}))[1] == []
    content = zip_bytes({str(n): b"x" for n in range(4)})
    assert refused_whole(content) == zipped.TOO_MANY


def test_too_much_content_refuses_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_BYTES", 3 * 1024 * 1024)
    a_piece = b" " * (2 * 1024 * 1024)
    assert unpacked(zip_bytes({"a": a_piece}))[1] == []
    assert refused_whole(zip_bytes({"a": a_piece, "b": a_piece})) == zipped.TOO_LARGE


def test_the_bound_holds_for_all_archives_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_BYTES", 3 * 1024 * 1024)
    content = zip_bytes({"a": b" " * (2 * 1024 * 1024)})
    documents, problems = unpack([RawDocument(f"{n}.zip", content, "") for n in "ab"])
    assert [d.name for d in documents] == ["a.zip/a"]
    assert [(p.document, p.detail) for p in problems] == [("b.zip", zipped.TOO_LARGE)]


def test_a_ratio_no_table_has_refuses_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "FLOOR", 1024)
    assert refused_whole(zip_bytes({"a": b"\0" * 1024 * 1024})) == zipped.TOO_LARGE


@pytest.mark.parametrize("size", [1, 2**31])
def test_a_declared_size_is_not_believed(size: int) -> None:
    """Neither more nor less content is taken than is really there."""
    content = bytearray(zip_bytes({"a.csv": b"1" * 1000}))
    entry = bytes(content).index(zipped.ENTRY)
    content[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    assert unpacked(bytes(content)) == (
        [],
        [("l.zip/a.csv", "broken_document", zipped.DAMAGED)],
    )


def test_a_damaged_member_is_refused_alone() -> None:
    content = zip_bytes({"a.csv": csv_bytes(), "b.csv": b"2" * 100})
    place = content.index(b"b.csv") + len("b.csv")
    spoilt = content[:place] + b"\xff" + content[place + 1 :]
    assert unpacked(spoilt) == (
        ["l.zip/a.csv"],
        [("l.zip/b.csv", "broken_document", zipped.DAMAGED)],
    )


@pytest.mark.parametrize(
    "inner", [zip_bytes({"b.csv": b"1"}), b"\x1f\x8b\x08\0" + b"\0" * 8, b"Rar!\x1a\x07\x01\0"]
)
def test_an_archive_in_an_archive_is_refused_alone(inner: bytes) -> None:
    names, [(document, rule, _)] = unpacked(zip_bytes({"a.csv": b"1", "b.dat": inner}))
    assert (names, document, rule) == (["l.zip/a.csv"], "l.zip/b.dat", "broken_document")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_cannot_be_bounded_are_refused(packing: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        archive.writestr("a.csv", b"\0" * 10_000_000)
    names, [(document, rule, _)] = unpacked(out.getvalue())
    assert (names, document, rule) == ([], "l.zip/a.csv", "broken_document")


@pytest.mark.parametrize("cut", [30, -1, -30])
def test_an_archive_cut_short_is_told(cut: int) -> None:
    assert refused_whole(zip_bytes({"a.csv": csv_bytes()})[:cut]) == zipped.DAMAGED


@pytest.mark.parametrize(
    ("content", "rule", "detail"),
    [
        (b"", "empty_document", ""),
        (csv_bytes(), "wrong_format", "это текст"),
        (b"Rar!\x1a\x07\x01\0", "wrong_format", "это архив RAR"),
        (b"\0" * 100, "broken_document", zipped.DAMAGED),
    ],
)
def test_what_is_no_zip_is_told(content: bytes, rule: str, detail: str) -> None:
    assert unpacked(content) == ([], [("l.zip", rule, detail)])
