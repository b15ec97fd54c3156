"""The words of a letter: what it brings, what is worst, where to put it right, whom to ask.

Plain text, for any mail program. It speaks of schools, rules and counts; of no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports import words
from reports.page import TEMPLATES

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Worst:
    """One of the worst things: ``what`` with ``figure`` in words, and how it is put right."""

    what: str
    figure: str
    fix: str = ""


@dataclass(frozen=True)
class FileLine:
    """A file of the letter; ``attached``: it comes along, else it stays at the hub."""

    name: str
    size: int  # bytes
    attached: bool


@dataclass(frozen=True)
class LetterContent:
    """What a letter is made of. ``kind``: ``pipeline.forms.hand_out.Kind``; ``name``, ``code``: of
    the school or district; ``on``: the day its figures are known of; ``questions``: whom to ask."""

    kind: str
    name: str
    code: str
    on: date
    worst: Sequence[Worst]
    files: Sequence[FileLine]
    questions: str


@dataclass(frozen=True)
class LetterText:
    subject: str
    body: str


def render_letter(content: LetterContent) -> LetterText:
    """Subject and body of a letter in Russian."""
    month = words.month_of(content.on)
    on = words.long_date(content.on)
    subject, body = (
        render_text(name, letter=content, month=month, on=on, size=size_words)
        for name in ("subject", content.kind)
    )
    return LetterText(" ".join(subject.split()), body)


def render_text(name: str, **shown: object) -> str:
    """The text that the template ``name`` of the letters makes of ``shown``."""
    return _environment().get_template(f"letters/{name}.txt.j2").render(shown).rstrip() + "\n"


def size_words(count: int) -> str:
    """``12,3 МБ``, ``80 КБ``."""
    if count >= MEGABYTE:
        return f"{count / MEGABYTE:.1f} МБ".replace(".", ",")
    return f"{max(1, round(count / 1024))} КБ"


def _environment() -> Environment:
    # Plain text: signs of HTML are signs like others. What is put in comes from the registry and
    # from the words of the rules.
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
