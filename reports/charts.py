"""Charts as inline SVG: no script, no outside resource, readable in print and without colour.

Every chart is drawn from figures that stand in a table of the same section; the texts given here
are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from markupsafe import Markup

from quality.uploads import Cause
from reports.compliance import Figure
from reports.words import CAUSES

ACCENT = "#1f5a94"
TRACK = "#e3e8ee"
INK = "#1c2530"
MUTED = "#55606e"

ROW = 34  # height of a bar's row, in units of the drawing
LABEL = 190
WIDTH = 720


def share_bar(figure: Figure, label: str) -> Markup:
    """A small bar for a table cell; empty where nothing was due."""
    if figure.share is None:
        return Markup("")
    width = round(figure.share * 100, 1)
    return _svg(
        'class="minibar" viewBox="0 0 100 6" preserveAspectRatio="none"',
        f"{label}: {figure.percent}",
        f'<rect width="100" height="6" fill="{TRACK}"/>'
        f'<rect width="{width}" height="6" fill="{ACCENT}"/>',
    )


def bars(rows: Sequence[tuple[str, Figure]], label: str) -> Markup:
    """Horizontal bars with their percentages, one row per figure, on one scale of 0-100 %."""
    span = WIDTH - LABEL - 90
    drawn = [_grid(span, len(rows) * ROW)]
    for n, (title, figure) in enumerate(rows):
        top = n * ROW
        drawn.append(
            f'<text x="{LABEL - 12}" y="{top + 21}" text-anchor="end" font-size="16"'
            f' fill="{INK}">{escape(title)}</text>'
            f'<rect x="{LABEL}" y="{top + 8}" width="{span}" height="18" fill="{TRACK}"/>'
            f'<rect x="{LABEL}" y="{top + 8}" width="{round((figure.share or 0) * span, 1)}"'
            f' height="18" fill="{ACCENT}"/>'
            f'<text x="{LABEL + span + 10}" y="{top + 22}" font-size="16" font-weight="600"'
            f' fill="{INK}">{figure.percent}</text>'
        )
    height = len(rows) * ROW + 22
    return _svg(f'class="chart" viewBox="0 0 {WIDTH} {height}"', label, "".join(drawn))


def cause_columns(days: Sequence[tuple[str, Mapping[Cause, int]]], label: str) -> Markup:
    """A stacked column per day: how many schools met which cause; letters name the parts."""
    tall, foot = 150, 24
    most = max((sum(counts.values()) for _, counts in days), default=0) or 1
    step = min(64.0, (WIDTH - 10) / max(len(days), 1))
    drawn = []
    for n, (title, counts) in enumerate(days):
        left, bottom = 5 + n * step, float(tall)
        for cause, style in CAUSES.items():
            if not counts.get(cause):
                continue
            high = counts[cause] / most * (tall - 6)
            bottom -= high
            drawn.append(
                f'<rect x="{left:.1f}" y="{bottom:.1f}" width="{step - 4:.1f}"'
                f' height="{high:.1f}" fill="#{style.fill}" stroke="#fff"/>'
            )
            if high >= 13 and step >= 16:
                drawn.append(
                    f'<text x="{left + step / 2 - 2:.1f}" y="{bottom + high / 2 + 4:.1f}"'
                    f' text-anchor="middle" font-size="11" fill="#{style.ink}">'
                    f"{style.letter}</text>"
                )
        drawn.append(
            f'<text x="{left + step / 2 - 2:.1f}" y="{tall + 16}" text-anchor="middle"'
            f' font-size="{12 if step >= 34 else 8}" fill="{MUTED}">{escape(title)}</text>'
        )
    return _svg(f'class="chart" viewBox="0 0 {WIDTH} {tall + foot}"', label, "".join(drawn))


def _grid(span: int, height: int) -> str:
    lines = []
    for percent in (0, 25, 50, 75, 100):
        x = LABEL + span * percent / 100
        lines.append(
            f'<line x1="{x}" x2="{x}" y1="2" y2="{height}" stroke="#c6ced8" stroke-width="1"/>'
            f'<text x="{x}" y="{height + 17}" text-anchor="middle" font-size="12"'
            f' fill="{MUTED}">{percent} %</text>'
        )
    return "".join(lines)


def _svg(attributes: str, label: str, body: str) -> Markup:
    text = escape(label, quote=True)
    # Drawn from numbers and escaped texts only.
    return Markup(  # noqa: S704
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{text}" {attributes}>'
        f"<title>{text}</title>{body}</svg>"
    )
