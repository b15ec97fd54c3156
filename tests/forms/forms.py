"""The source forms: how each is written by the sandbox and read by the product.

A *form* is a system, and for files the kind of file: ``paragraf/dbf-cp866``. Everything goes the
way of a real upload: files lie in a drop folder, live systems answer over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from connectors.base import Source
from connectors.registry import make_source
from mappings import load
from sandbox.emulators.dnevnik import Dnevnik
from sandbox.emulators.netschool import NetSchool, account_of
from sandbox.emulators.web import Answer, Request, address, serve
from sandbox.generate import store_path, write_files, write_json
from sandbox.model import School
from sandbox.params import YEAR_START, Params
from sandbox.sources import (
    dnevnik,
    eljur,
    eschool,
    klassinfo,
    netschool,
    netschool_reports,
    paragraf,
)
from sandbox.sources.dnevnik_words import Ids, token
from sandbox.sources.netschool_grid import with_grid
from sandbox.view import View
from tests.forms.reading import ZONE, Came, read
from tests.forms.xls import as_xls


@dataclass(frozen=True)
class Occasion:
    """A school, the evening it is looked at, the parameters it was made of, and a free folder."""

    school: School
    day: date
    params: Params
    folder: Path

    @property
    def view(self) -> View:
        return View(self.school, self.day)


Open = Callable[[Occasion], Any]  # a context manager of a source


@dataclass(frozen=True)
class Form:
    profile: str
    opened: Open

    def read(self, occasion: Occasion) -> Came:
        """What the product makes of the school in this form."""
        with self.opened(occasion) as source:
            return read(source, self.profile, occasion.day)


@contextmanager
def _dropped(
    occasion: Occasion, *, profile: str, render: Callable[[View], dict[str, bytes]]
) -> Iterator[Source]:
    school = occasion.school.code
    write_files(occasion.folder / school / str(occasion.day), render(occasion.view))
    yield make_source(
        profile.partition("/")[0],
        school,
        {"root": str(occasion.folder)},
        zone=ZONE,
        year_start=YEAR_START,
        layout=load(profile).documents,
    )


@contextmanager
def _serving(respond: Callable[[Request], Answer]) -> Iterator[str]:
    """An emulator on loopback; its address."""
    server = serve(respond)
    try:
        yield address(server)
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _asked_of_dnevnik(occasion: Occasion) -> Iterator[Source]:
    school = occasion.school
    (occasion.folder / "dnevnik").mkdir()
    write_json(store_path(occasion.folder, school.code), dnevnik.store(school, occasion.params))
    emulator = Dnevnik(occasion.folder / "dnevnik", occasion.day, _no_pause)
    with _serving(emulator.respond) as url:
        settings = {
            "base_url": f"{url}/v2",
            "token": token(school, occasion.params.seed),
            "school_id": str(Ids(school.number)("school", 0)),
            "spacing": 0,
        }
        yield make_source("dnevnik_ru", school.code, settings, zone=ZONE, year_start=YEAR_START)


@contextmanager
def _asked_of_netschool(occasion: Occasion) -> Iterator[Source]:
    school = occasion.school
    account = account_of(school)
    with _serving(NetSchool([school], occasion.day, _no_pause).respond) as url:
        settings = {
            "base_url": url,
            "login": account.login,
            "password": account.password,
            "school_id": account.school_id,
            "spacing": 0,
        }
        yield make_source("netschool_web", school.code, settings, zone=ZONE, year_start=YEAR_START)


def _no_pause(_: float) -> None:
    """Emulators that play no faults need none."""


def _files(profile: str, render: Callable[[View], dict[str, bytes]]) -> Form:
    return Form(profile, partial(_dropped, profile=profile, render=render))


def _netschool_xls(view: View) -> dict[str, bytes]:
    return as_xls(netschool.documents(view, "xlsx"))


FORMS: dict[str, Form] = {
    **{
        f"paragraf/{form}": _files("paragraf/3.21", partial(paragraf.documents, form=form))
        for form in (*paragraf.FORMATS, *paragraf.ARCHIVES)
    },
    "dnevnik_ru": Form("dnevnik_ru/v2", _asked_of_dnevnik),
    "netschool_web": Form("netschool_web/5", _asked_of_netschool),
    "netschool/html": _files("netschool/5", partial(netschool.documents, form="html")),
    "netschool/xlsx": _files("netschool/5", partial(netschool.documents, form="xlsx")),
    "netschool/xls": _files("netschool/5", _netschool_xls),
    "netschool_grid": _files("netschool/5", partial(with_grid, form="html")),
    **{
        f"netschool_reports/{form}": _files(
            "netschool/5-reports", partial(netschool_reports.documents, form=form)
        )
        for form in ("html", "xlsx")
    },
    **{
        f"eschool/{form}": _files("eschool/1", partial(eschool.documents, form=form))
        for form in eschool.ENCODINGS
    },
    "klassinfo": _files("klassinfo/2", klassinfo.documents),
    "eljur": _files("eljur/1", eljur.documents),
}
