"""Form 5: the list of remarks of a check, per teacher, class and subject.

Teachers are told by a code unless the caller hands over released names, which are for the school's
own copy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

from quality.forms import Form
from reports.document import Cell, Look, Row, Section, Table
from reports.words import plural, short_date

NOBODY = "Не относится к одному учителю"
NOTHING = "Замечаний нет."
_SHOWN_DAYS = 5  # of a line; the rest is told by their number


class State(StrEnum):
    """How a remark stands at a check, seen from the one before it."""

    NEW = "new"
    OPEN = "open"
    FIXED = "fixed"


STATES = {State.NEW: "новое", State.OPEN: "не устранено", State.FIXED: "устранено"}


@dataclass(frozen=True)
class RemarkLine:
    """Remarks of one rule to one teacher in one class and subject, in one state.

    ``who``: what the teacher is called here, empty where no teacher answers for it; ``since``: the
    check that found the first of them.
    """

    who: str
    class_name: str
    subject: str
    rule_title: str
    count: int
    days: Sequence[date]
    state: State
    since: date
    fix: str


def shown_as(pseudonyms: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """What each teacher is called: the released name, else «учитель № …», told apart by a code.

    ``names``: by pseudonym, none where nobody may be named.
    """
    wanted = sorted(set(pseudonyms))
    length = 6
    while len({one[1 : 1 + length] for one in wanted}) < len(wanted):
        length += 1
    return {one: names.get(one, f"учитель № {one[1 : 1 + length].upper()}") for one in wanted}


def remarks_section(
    form: Form, name: str, lines: Sequence[RemarkLine], on: date, since: date
) -> Section:
    """The list of one school as of ``on``; ``since``: the day of the check before it."""
    said = {"school": name, "on": short_date(on), "since": short_date(since)}
    ordered = sorted(
        lines,
        key=lambda one: (
            not one.who, one.who, _natural(one.class_name), one.subject, one.rule_title, one.state
        ),
    )  # fmt: skip
    rows: list[Row] = []
    for who, own in groupby(ordered, key=lambda one: one.who):
        rows.append([Cell(who or NOBODY, Look.BOLD, len(form.columns))])
        rows += [_row(number, line) for number, line in enumerate(own, start=1)]
    return Section(
        name=name,
        title=form.title,
        lines=[*(line.format_map(said) for line in form.heading), _sums(lines)],
        tables=[
            Table(
                widths=tuple(column.width for column in form.columns),
                head=[[Cell(column.title) for column in form.columns]],
                rows=rows or [[Cell(NOTHING, span=len(form.columns))]],
            )
        ],
        closing=form.closing,
        notes=[f"{form.citation.document}, {form.citation.clause}."],
        landscape=True,
    )


def counts_section(
    form: Form, title: str, schools: Mapping[str, Sequence[RemarkLine]], on: date, since: date
) -> Section:
    """How many remarks each school has, by state; nobody is told of."""
    head = ["ОУ", *(words.capitalize() for words in STATES.values())]
    return Section(
        name="Свод",
        title=f"{form.title}: {title}",
        lines=[f"По состоянию на {short_date(on)}; предыдущая проверка {short_date(since)}"],
        tables=[
            Table(
                widths=(40, 14, 14, 14),
                head=[[Cell(words) for words in head]],
                rows=[
                    [Cell(name), *(Cell(_count(lines, state)) for state in State)]
                    for name, lines in schools.items()
                ],
            )
        ],
        notes=[f"{form.citation.document}, {form.citation.clause}."],
    )


def _row(number: int, line: RemarkLine) -> Row:
    values: list[str | int] = [
        number,
        line.class_name,
        line.subject,
        line.rule_title,
        line.count,
        _days(line.days),
        STATES[line.state],
        short_date(line.since),
        line.fix if line.state is not State.FIXED else "",
    ]
    return [Cell(value) for value in values]


def _days(days: Sequence[date]) -> str:
    told = sorted(set(days))
    shown = ", ".join(f"{day:%d.%m}" for day in told[:_SHOWN_DAYS])
    more = len(told) - _SHOWN_DAYS
    return f"{shown} и ещё {more} {plural(more, 'день', 'дня', 'дней')}" if more > 0 else shown


def _sums(lines: Sequence[RemarkLine]) -> str:
    told = (f"{words}: {_count(lines, state)}" for state, words in STATES.items())
    return "; ".join(told).capitalize()


def _count(lines: Sequence[RemarkLine], state: State) -> int:
    return sum(line.count for line in lines if line.state is state)


def _natural(class_name: str) -> tuple[int, str]:
    """«10а» after «9б»."""
    digits = class_name[: len(class_name) - len(class_name.lstrip("0123456789"))]
    return int(digits or 0), class_name
