"""A school for every form in which a journal system says what it knows, peopled with canaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import partial
from itertools import chain, cycle
from random import Random
from unittest.mock import patch

import sandbox.school
from sandbox.model import Lesson, School
from sandbox.params import Params
from sandbox.school import populate
from sandbox.sources import eljur, eschool, klassinfo, netschool, netschool_reports, paragraf
from sandbox.sources.netschool_grid import with_grid
from sandbox.view import View
from tests.canaries.people import Canary, Maker, Somebody, with_documents
from tests.forms.xls import as_xls
from tests.support.needles import Needles

DAY = date(2026, 10, 23)  # the end of a term: term marks
PARAMS = Params(until=DAY, classes=1, pupils_least=18, pupils_most=18)
KEPT = ((date(2026, 9, 1), date(2026, 9, 15)), (date(2026, 10, 14), DAY))  # lessons of these days

Render = Callable[[View], dict[str, bytes]]


@dataclass(frozen=True)
class Form:
    """``kind`` and ``mapping`` as the registry of schools has them; ``render`` makes the files of
    an upload, live systems have none."""

    kind: str
    mapping: str
    render: Render | None = None
    system: str = ""  # of the sandbox, where it is called otherwise
    finish: Callable[[dict[str, bytes]], dict[str, bytes]] = dict  # after canaries are planted


def _paragraf(form: str) -> Form:
    return Form("paragraf", "paragraf/3.21", partial(paragraf.documents, form=form))


def _netschool(form: str) -> Form:
    return Form("netschool", "netschool/5", partial(netschool.documents, form=form))


FORMS: dict[str, Form] = {
    **{f"paragraf/{f}": _paragraf(f) for f in ("xml", "csv", "dbf-cp866", "xlsx", "zip")},
    "netschool/html": _netschool("html"),
    "netschool/xlsx": _netschool("xlsx"),
    "netschool/xls": replace(_netschool("xlsx"), finish=as_xls),
    "netschool_grid": Form("netschool", "netschool/5", partial(with_grid, form="html")),
    "netschool_reports": Form(
        "netschool", "netschool/5-reports", partial(netschool_reports.documents, form="html")
    ),
    "eschool": Form("eschool", "eschool/1", partial(eschool.documents, form="csv")),
    "klassinfo": Form("klassinfo", "klassinfo/2", klassinfo.documents),
    "eljur": Form("eljur", "eljur/1", eljur.documents),
    "dnevnik_ru": Form("dnevnik_ru", "dnevnik_ru/v2"),
    "netschool_web": Form("netschool_web", "netschool_web/5", system="netschool"),
    "database": Form("database", "paragraf/3.21", system="paragraf"),
}
LIVE = frozenset({"dnevnik_ru", "netschool_web"})


@dataclass
class Planted:
    """A school, its people and what was planted about them so far."""

    name: str
    form: Form
    school: School
    people: list[Somebody]  # whom the source lists; nobody else can be known
    planted: list[Canary] = field(default_factory=list)

    def __post_init__(self) -> None:
        forms = [list(one.forms()) for one in self.people]
        self._texts = self._mixed(forms)
        self._again = cycle(self._mixed(forms))
        self.planted += [canary for one in self.people for canary in one.identity()]

    def _mixed(self, forms: list[list[Canary]]) -> list[Canary]:
        every = list(chain.from_iterable(forms))
        Random(self.name).shuffle(every)
        return every

    def text(self) -> str:
        """What nobody has planted yet; when all is planted, what was planted first."""
        canary = self._texts.pop() if self._texts else next(self._again)
        self.planted.append(canary)
        return canary.text

    @property
    def code(self) -> str:
        return self.school.code

    def documents(self, day: date) -> dict[str, bytes]:
        """The files of the upload of ``day``."""
        assert self.form.render is not None
        return self.form.render(View(self.school, day))


def schools() -> Iterator[Planted]:
    """One for every form, in order."""
    for number, (name, form) in enumerate(FORMS.items()):
        yield _planted(number, name, form)


def _planted(number: int, name: str, form: Form) -> Planted:
    kind = form.system or form.kind
    school = School(
        number=number,
        code=str(781001 + number),
        name=f"Школа № {number + 1}",
        district="d1",
        system=kind,
        format=name.partition("/")[2] or "json",
        saturday=False,
        list_format=("utf-8-sig", "cp1251", "xlsx")[number % 3],
    )
    maker = Maker(number)
    with patch.object(sandbox.school, "PeopleMaker", lambda _rng, _number: maker):
        populate(school, PARAMS)
    with_documents(school, maker.people)
    _keep(school)
    made = Planted(name, form, school, _listed(form, school, maker.people))
    _speak(made)
    return made


def _listed(form: Form, school: School, people: list[Somebody]) -> list[Somebody]:
    """The people whose full names the source says; a system of marks may know no guardians."""
    if form.render is not None:
        documents = form.render(View(school, DAY)).values()
    elif form.kind == "database":
        documents = paragraf.documents(View(school, DAY), "csv").values()
    else:
        gone = {pupil.person.code for pupil in school.pupils if pupil.left is not None}
        return [one for one in people if one.role != "guardian" and one.person.code not in gone]
    fathers = Needles(one.patronymic[0] for one in people)
    said = {father for document in documents for father in fathers.found_in(document)}
    return [one for one in people if one.patronymic[0] in said]


def _keep(school: School) -> None:
    school.lessons = [
        lesson
        for lesson in school.lessons
        if any(first <= lesson.day <= last for first, last in KEPT)
    ]


def _speak(made: Planted) -> None:
    """Everything that people may write as they like names somebody."""
    for lesson in made.school.lessons:
        _hold(lesson)
        lesson.topic, lesson.homework = made.text(), made.text()
        lesson.attachment = f"{made.text()}.docx"
    for group in made.school.groups:
        group.name = f"{group.name} {made.text()}"
    for teacher in made.school.teachers[::3]:
        teacher.position = f"{teacher.position}, {made.text()}"
    for guardian in made.school.guardians[::3]:
        guardian.relation = f"{guardian.relation}, {made.text()}"
    for movement in made.school.movements:
        movement.order = f"{movement.order} {made.text()}"
        movement.other_school = made.text() if movement.other_school else None


def _hold(lesson: Lesson) -> None:
    """Written down on its day, whatever its teacher is like."""
    lesson.status, lesson.held, lesson.not_set, lesson.shown_empty = "", True, False, True
    lesson.entered = datetime.combine(lesson.day, time(16))
    lesson.changed = None
