"""A real browser on the dashboard: what a page is there, that no answer alone shows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, sync_playwright

EXECUTABLE = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (1280, 390)  # a desk, a phone
AXE = Path(__file__).with_name("axe") / "axe-4.14.1.min.js"
SHOTS = "SVOD_SHOTS"  # a folder where pictures of all pages are kept

_JUDGE = """async () => {
  const told = await axe.run(document, {resultTypes: ["violations"]});
  return told.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(" ")).join(", ")}`);
}"""
_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"
# Tables whose last columns have to be scrolled to; a calendar may be as long as it is.
_CUT = """() => [...document.querySelectorAll('.scroll')]
  .filter(e => !e.querySelector('.heat') && e.scrollWidth > e.clientWidth)
  .map(e => e.querySelector('table').id || 'without an id')"""
# What is focused, as a person sees it: its words, and whether a ring is around it on the screen.
_FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const words = e.getAttribute("name") || e.textContent.trim() || e.getAttribute("aria-label")
    || e.getAttribute("aria-labelledby") || e.id;
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const seen = box.width > 0 && box.right > 0 && box.bottom > 0 && box.top < innerHeight;
  return {tag: e.tagName.toLowerCase(), words, href: e.getAttribute("href") || "",
          visible: ring && seen};
}"""


@dataclass(frozen=True)
class Focus:
    """An element that Tab has come to; ``visible``: on the screen, with a ring around it."""

    tag: str
    words: str
    href: str
    visible: bool


@dataclass
class Driver:
    """``open(login)``: pages of that account; a context for each is kept. ``sessions``: cookies."""

    chromium: Chromium
    url: str
    sessions: dict[str, requests.Session]
    shots: Path
    _contexts: dict[tuple[str, bool], BrowserContext] = field(default_factory=dict)

    @contextmanager
    def page(self, login: str, *, javascript: bool = True) -> Iterator[Page]:
        """A fresh page of ``login``, of nobody where it is empty."""
        page = self._context(login, javascript).new_page()
        try:
            yield page
        finally:
            page.close()

    def troubles(self, login: str, path: str) -> list[str]:
        """Everything that is wrong with ``path`` at each width, in words; pictures are kept."""
        found: list[str] = []
        with self.page(login) as page:
            page.on("console", lambda said: _noted(found, said.type, said.text))
            page.on("pageerror", lambda error: found.append(f"page error: {error}"))
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                answer = page.goto(self.url + path)
                assert answer is not None
                if answer.status != 200 or page.url != self.url + path:
                    found.append(f"{width}: {answer.status} at {page.url}")
                if (over := page.evaluate(_WIDE)) > 0:
                    found.append(f"{width}: {over} px wider than the screen")
                found += [f"{width}: the table {one} is cut" for one in page.evaluate(_CUT)]
                found += [f"{width}: {one}" for one in violations(page)]
                page.screenshot(path=self.shots / f"{_file(login, path)}-{width}.png")
        return found

    def tables(self, login: str, path: str, *, javascript: bool) -> list[str]:
        """The words of every table of ``path``."""
        with self.page(login, javascript=javascript) as page:
            page.goto(self.url + path)
            return page.locator("table").all_text_contents()

    def close(self) -> None:
        """End all contexts and the browser."""
        for context in self._contexts.values():
            context.close()
        self.chromium.close()

    def _context(self, login: str, javascript: bool) -> BrowserContext:
        if (login, javascript) not in self._contexts:
            context = self.chromium.new_context(java_script_enabled=javascript, locale="ru-RU")
            if login:
                context.add_cookies(
                    [
                        {"name": one.name, "value": one.value or "", "url": self.url}
                        for one in self.sessions[login].cookies
                    ]
                )
            self._contexts[login, javascript] = context
        return self._contexts[login, javascript]


@contextmanager
def driving(url: str, sessions: dict[str, requests.Session], shots: Path) -> Iterator[Driver]:
    """The machine's own Chromium at work; ``make test`` sees to it that there is one."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=EXECUTABLE, args=list(ARGUMENTS))
        opened = Driver(chromium, url, sessions, shots)
        yield opened
        opened.close()


def violations(page: Page) -> list[str]:
    """What axe has against the page as it stands. It comes in over the debugger's wire: the
    page's own policy lets no script in, and stays on."""
    wire = page.context.new_cdp_session(page)
    wire.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
    wire.detach()
    told: list[str] = page.evaluate(_JUDGE)
    return told


def tabbed(page: Page, most: int) -> list[Focus]:
    """What Tab comes to, from the top of the page, until it leaves it or ``most`` were met."""
    met: list[Focus] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        told: dict[str, Any] | None = page.evaluate(_FOCUSED)
        if told is None:
            break
        met.append(Focus(**told))
    return met


def shots(otherwise: Path) -> Path:
    """Where pictures go: the folder that ``SVOD_SHOTS`` names, or ``otherwise``."""
    folder = Path(os.environ.get(SHOTS) or otherwise)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _noted(found: list[str], kind: str, words: str) -> None:
    if kind in ("error", "warning"):
        found.append(f"console: {words}")


def _file(login: str, path: str) -> str:
    words = re.sub(r"\W+", "_", path).strip("_")
    return f"{login or 'nobody'}-{words or 'home'}"
