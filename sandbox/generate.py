"""Write a region to a folder.

::

    DIR/sandbox.json          the parameters, from which everything can be built again
    DIR/region.yml            for ``svod schools import``
    DIR/truth.json            what is in the region (docs/sandbox-truth.md)
    DIR/drops/<school>/...    uploads of file systems and typed lists
    DIR/dnevnik/<school>.json the emulator's store of a Dnevnik.ru school
    DIR/dnevnik/faults.json   days on which the emulator does not answer for a school
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sandbox.model import School
from sandbox.params import Params
from sandbox.region import schools
from sandbox.registry import registry, school_entry
from sandbox.sources import dnevnik, eljur, eschool, klassinfo, lists, netschool, paragraf
from sandbox.truth import Truth
from sandbox.view import View

RENDERERS: dict[str, Callable[[View], dict[str, bytes]]] = {
    "paragraf": paragraf.documents,
    "netschool": netschool.documents,
    "eschool": eschool.documents,
    "klassinfo": klassinfo.documents,
    "eljur": eljur.documents,
}


class NotARegionError(Exception):
    """The folder holds something that ``generate`` did not write, or no region at all."""


def generate(params: Params, out: Path) -> None:
    """Write the region of ``params`` to ``out``, over a region that may be there.

    Raises ``NotARegionError`` if ``out`` holds anything else.
    """
    _clear(out)
    truth = Truth(params)
    entries = []
    faults = {}
    for school in schools(params):
        _write_school(school, params, out)
        truth.add(school)
        entries.append(school_entry(school, params, out / "drops"))
        if school.system == "dnevnik_ru" and school.missing_uploads:
            faults[school.code] = [str(day) for day in school.missing_uploads]
    write_json(out / "dnevnik" / "faults.json", faults)
    (out / "region.yml").write_text(registry(params, entries), encoding="utf-8")
    write_json(out / "truth.json", truth.to_json())
    write_json(out / "sandbox.json", params.to_json())


def _clear(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / "sandbox.json").exists():
        raise NotARegionError(f"{out} is not empty and holds no region; choose another folder")
    for name in ("drops", "dnevnik"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("mutations.json", "demo-state.json"):
        (out / name).unlink(missing_ok=True)
    (out / "dnevnik").mkdir(parents=True)


def _write_school(school: School, params: Params, out: Path) -> None:
    drop = out / "drops" / school.code
    if school.system == "dnevnik_ru":
        write_json(store_path(out, school.code), dnevnik.store(school, params))
    else:
        for day in upload_days(school, params):
            files = RENDERERS[school.system](View(school, day))
            if day in school.unreadable_uploads:
                files = cut_short(files)
            write_files(drop / str(day), files)
    if school.system != "paragraf":
        write_files(drop / "lists", lists.documents(school, params))


def upload_days(school: School, params: Params) -> list[date]:
    """Days with a drop folder; on the last business date everybody uploads."""
    return [
        day
        for day in params.dates
        if day == params.until
        or ((school.is_school_day(day) or params.compliance) and day not in school.missing_uploads)
    ]


def cut_short(files: dict[str, bytes]) -> dict[str, bytes]:
    """The upload with half of its marks: nobody can read them."""
    name = next(name for name in files if name.startswith("marks."))
    return {**files, name: files[name][: len(files[name]) // 2]}


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def store_path(out: Path, code: str) -> Path:
    return out / "dnevnik" / f"{code}.json"


def write_json(path: Path, value: object) -> None:
    """Written beside and moved into place, so that a running emulator never reads a half."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), "utf-8")
    beside.replace(path)


def load_params(data: Path) -> Params:
    """The parameters of the region in ``data``. Raises ``NotARegionError``."""
    try:
        return Params.from_json(json.loads((data / "sandbox.json").read_text("utf-8")))
    except FileNotFoundError:
        raise NotARegionError(f"{data} holds no region; run `python -m sandbox generate`") from None
