"""What stands on a page, read as a browser reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from lxml import html


def parsed(answer: requests.Response) -> Any:
    """The page of ``answer``."""
    assert answer.status_code in (200, 400, 409), (answer.status_code, answer.url)
    return html.fromstring(answer.text)


def words_of(element: Any) -> str:
    """What a reader sees of it."""
    return " ".join(element.text_content().split())


def whole_words_of(element: Any) -> str:
    """The same, a pseudonym that was shortened as its title has it."""
    (title,) = element.xpath(".//*[self::a or self::span]/@title")[:1] or [""]
    return title or words_of(element)


def inputs_of(form: Any) -> dict[str, str]:
    """What a browser would send of ``form`` as it stands."""
    return dict(_inputs(form))


def _inputs(form: Any) -> Iterator[tuple[str, str]]:
    for one in form.iter("input", "textarea", "select"):
        name = one.get("name")
        if not name or (one.get("type") == "checkbox" and "checked" not in one.attrib):
            continue
        if one.tag == "select":
            options = list(one.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib] or options[:1]
            yield name, chosen[0].get("value", words_of(chosen[0]))
        elif one.tag == "textarea":
            yield name, one.text or ""
        else:
            yield name, one.get("value", "")
