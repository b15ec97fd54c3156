"""Drop folders that a school, or somebody else, may put anything into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.errors import Misconfigured, Unavailable
from connectors.files import DropFolder, Limits, printable


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.xml").write_text("<secret/>")
    return outside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "drop"
    (root / "781001" / "2026-09-18").mkdir(parents=True)
    (root / "781001" / "2026-09-18" / "marks.xml").write_bytes(b"<x/>")
    return root


def test_files_are_read_by_name(root: Path) -> None:
    (root / "781001" / "2026-09-18" / "sub").mkdir()
    (root / "781001" / "2026-09-18" / "sub" / "a.csv").write_bytes(b"a")
    documents = DropFolder(root).read_all("781001", "2026-09-18")
    assert [(d.name, d.content, d.media_type) for d in documents] == [
        ("marks.xml", b"<x/>", "application/xml"),
        ("sub/a.csv", b"a", "text/csv"),
    ]


def test_a_folder_that_is_not_there_is_empty(root: Path) -> None:
    drop = DropFolder(root)
    assert drop.folders("781002") == []
    assert drop.names("781002", "lists") == []
    assert not drop.has_file("781002", "2026-09-18", "manifest.xml")


def test_a_root_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="root"):
        DropFolder(tmp_path / "nowhere").folders("781001")


@pytest.mark.parametrize("part", ["..", ".", "", "../outside", "a/b", "/etc", "a\0b"])
def test_a_name_cannot_lead_out(root: Path, secret: Path, part: str) -> None:
    drop = DropFolder(root)
    with pytest.raises(Misconfigured):
        drop.folders(part)
    with pytest.raises(Misconfigured):
        drop.read("781001", part, "secret.xml")
    with pytest.raises(Misconfigured):
        drop.read("781001", "2026-09-18", part)


def test_a_linked_file_is_refused(root: Path, secret: Path) -> None:
    os.symlink(secret / "secret.xml", root / "781001" / "2026-09-18" / "pupils.xml")
    drop = DropFolder(root)
    with pytest.raises(Misconfigured):
        drop.read_all("781001", "2026-09-18")
    with pytest.raises(Misconfigured):
        drop.read("781001", "2026-09-18", "pupils.xml")
    assert not drop.has_file("781001", "2026-09-18", "pupils.xml")


def test_a_linked_folder_is_refused(root: Path, secret: Path) -> None:
    os.symlink(secret, root / "781001" / "2026-09-19")
    os.symlink(secret, root / "781002")
    drop = DropFolder(root)
    assert drop.folders("781001") == ["2026-09-18"]
    for parts in (("781001", "2026-09-19"), ("781002",)):
        with pytest.raises(Misconfigured):
            drop.read_all(*parts)


def test_a_neighbours_folder_cannot_be_borrowed(root: Path) -> None:
    os.symlink(root / "781001", root / "781002")
    with pytest.raises(Misconfigured):
        DropFolder(root).folders("781002")


def test_a_pipe_does_not_hang_us(root: Path) -> None:
    os.mkfifo(root / "781001" / "2026-09-18" / "marks.csv")
    with pytest.raises(Misconfigured):
        DropFolder(root).read_all("781001", "2026-09-18")
    with pytest.raises(Misconfigured):
        DropFolder(root).read("781001", "2026-09-18", "marks.csv")


@pytest.mark.parametrize("limits", [Limits(file_bytes=3), Limits(upload_bytes=3), Limits(files=0)])
def test_more_than_an_export_can_weigh_is_refused(root: Path, limits: Limits) -> None:
    with pytest.raises(Misconfigured, match="weigh"):
        DropFolder(root, limits).read_all("781001", "2026-09-18")


def test_a_file_of_the_largest_size_is_read(root: Path) -> None:
    [document] = DropFolder(root, Limits(file_bytes=4)).read_all("781001", "2026-09-18")
    assert document.content == b"<x/>"


def test_folders_nested_too_deeply_are_refused(root: Path) -> None:
    (root / "781001" / "2026-09-18" / "a" / "b" / "c" / "d" / "e").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="nested"):
        DropFolder(root).read_all("781001", "2026-09-18")


def test_a_folder_that_vanished_is_for_later(root: Path) -> None:
    with pytest.raises(Unavailable):
        DropFolder(root).read_all("781001", "2026-09-20")


def test_names_are_made_fit_for_logs() -> None:
    assert printable("a\nb\udcff.xml") == "a\ufffdb\ufffd.xml"
