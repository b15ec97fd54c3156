"""What a page says of an explained figure beside its rows."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.explain.addresses import Figure
from reports.compliance import Figure as Counts
from reports.web.pages.opened import Span
from reports.words import grouped

NOT_KEPT = "За этот период и день число не сохранялось: оно посчитано заново по строкам."
SAME = "Совпадает с числом, которое сохранено при измерении."
SHOWN = "Совпадает с числом на страницах."


@dataclass(frozen=True)
class Checked:
    """Whether the figure is the one that was kept, or that pages show, in words."""

    same: bool
    words: str


def against(
    stored: tuple[int, int | None] | None, shown: tuple[int, int] | None, counts: Counts
) -> Checked:
    """``counts`` held against ``stored`` (``explain.figure.kept``) or what pages show."""
    other = stored if stored is not None else shown
    if other is None:
        return Checked(same=True, words=NOT_KEPT)
    if counts.numerator == other[0] and other[1] in (None, counts.denominator):
        return Checked(same=True, words=SAME if stored is not None else SHOWN)
    of = "" if other[1] is None else f" из {grouped(other[1])}"
    where = "сохранено" if stored is not None else "на страницах"
    return Checked(
        same=False,
        words=f"Не совпадает: {where} {grouped(other[0])}{of}. Сообщите оператору региона адрес"
        " числа, он стоит внизу страницы.",
    )


def span_of(figure: Figure) -> Span:
    """The days of ``figure``."""
    return Span(figure.first, figure.last, figure.as_of, None)


def file_of(figure: Figure) -> str:
    """What the file of a figure's rows is called; keys of a journal may hold any letter."""
    return f"{figure.kind}-{figure.code}-{figure.unit}"
