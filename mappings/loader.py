"""Reads profiles: YAML in, a checked ``Mapping`` out, or every mistake with its place and fix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mappings.consistency import problems_of
from mappings.files import Steps, left_to_do, read_file
from mappings.language import Mapping
from mappings.layers import Layered
from mappings.problems import MappingError, Problem

PROFILES = Path(__file__).parent / "profiles"

_FIXES = {
    "extra_forbidden": "remove the word, or spell it as in mappings/language.py",
    "missing": "add the missing word",
    "string_type": "put the value in quotes: YAML reads bare yes, no, true and numbers otherwise",
    "value_form": "write a column name, or a dictionary with column, constant, join or cases",
}


def profiles(*folders: Path) -> list[str]:
    """Names of all profiles in ``folders``, by default the bundled ones, as ``load`` takes them
    (``paragraf/3.21``)."""
    found = {
        str(path.relative_to(folder).with_suffix(""))
        for folder in folders or (PROFILES,)
        for path in folder.glob("*/*.yml")
    }
    return sorted(found)


def folder_of(profile: str, *folders: Path) -> Path:
    """The first of ``folders`` that has ``profile``. Raises ``MappingError`` if none has."""
    for folder in folders or (PROFILES,):
        if profile in profiles(folder):
            return folder
    known = ", ".join(profiles(*folders)) or "none"
    file = str((folders or (PROFILES,))[0] / f"{profile}.yml")
    raise MappingError(
        file, [Problem("", f"there is no profile {profile}", f"use one of: {known}")]
    )


@cache
def load(profile: str, *folders: Path, school_year: int | None = None) -> Mapping:
    """The profile ``<system>/<version>`` of the first of ``folders`` (by default the bundled
    ones) that has it. Raises ``MappingError`` with every mistake found, also when it is not valid
    in ``school_year`` (the year in which it begins)."""
    if school_year is not None:
        return _valid_in(school_year, profile, load(profile, *folders), folders)
    layered = _layered(profile, folders or (PROFILES,), ())
    file = str(layered.origin_of(()).written.path)
    undone = [
        _placed(layered, Problem(".".join(steps), f"{told} is still here", _DECIDE), steps)
        for steps, told in left_to_do(layered.content)
    ]
    if undone:
        raise MappingError(file, undone)
    try:
        mapping = Mapping.model_validate(layered.content)
    except ValidationError as error:
        problems = [_problem(layered, dict(one)) for one in error.errors()]
        raise MappingError(file, problems) from None
    if problems := problems_of(mapping):
        raise MappingError(file, [_placed(layered, one) for one in problems])
    return mapping


_DECIDE = "write what it means, or remove the line; then see svod mappings check"


def _valid_in(
    school_year: int, profile: str, mapping: Mapping, folders: tuple[Path, ...]
) -> Mapping:
    if mapping.valid.holds(school_year):
        return mapping
    others = [
        name
        for name in profiles(*folders)
        if name != profile and name.startswith(f"{mapping.system}/")
    ]
    problem = Problem(
        "valid",
        f"{profile} is for the school years {mapping.valid}, not for {school_year}",
        "hold it against an export of that year (svod mappings check) and widen valid, or name"
        f" another profile in the region file{': ' if others else ''}{', '.join(others)}",
    )
    raise MappingError(str(folder_of(profile, *folders) / f"{profile}.yml"), [problem])


def _layered(profile: str, folders: Sequence[Path], above: tuple[Path, ...]) -> Layered:
    """The YAML of ``profile`` laid over that of its bases. A profile may be based on the one of
    its own name in a later folder: so a site changes single lines of a bundled one."""
    folder = folder_of(profile, *folders)
    written = read_file(folder / f"{profile}.yml")
    base = written.content.get("base")
    if base is None:
        return Layered.alone(written)
    below = list(folders[folders.index(folder) + 1 :]) if base == profile else list(folders)
    seen = (*above, written.path)
    if not below or folder_of(str(base), *below) / f"{base}.yml" in seen:
        raise MappingError(
            str(written.path),
            [Problem("base", f"{base} is based on this profile", "name another base")],
        )
    return _layered(str(base), below, seen).under(written)


def _placed(layered: Layered, problem: Problem, steps: Steps | None = None) -> Problem:
    """``problem`` with the file and line where its place is written."""
    if steps is None:
        steps = tuple(problem.path.split(".")) if problem.path else ()
    origin = layered.origin_of(steps)
    return Problem(problem.path, problem.what, problem.fix, str(origin.written.path), origin.line)


def _problem(layered: Layered, error: dict[str, Any]) -> Problem:
    steps = _place(error["loc"])
    what = str(error["msg"]).removeprefix("Value error, ")
    grammar = "schemas/layout.py" if steps[:1] == ("documents",) else "mappings/language.py"
    fix = _FIXES.get(str(error["type"]), f"write what {grammar} allows here")
    return _placed(layered, Problem(".".join(steps), what, fix), steps)


def _place(loc: tuple[int | str, ...]) -> Steps:
    """The place inside the YAML, without what pydantic adds: ``<column>``, ``[key]``."""
    return tuple(str(step) for step in loc if not str(step).startswith(("<", "[")))
