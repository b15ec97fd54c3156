"""A profile laid over its base, and where each part of the result is written.

* Dictionaries are merged key by key; a key with ``~`` takes away what the base says.
* Code tables are merged code by code. There ``~`` is the empty field, as everywhere in a code
  table; ``without: [code]`` takes codes away.
* The feeds of a table are merged by their entity, their fields by name; ``fields: ~`` takes a feed
  away. Where an entity is fed twice, the list is replaced.
* A field's value, ``valid``, a format, a list and any other value is replaced whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mappings.files import Steps, Written
from mappings.language import LONG_FORM
from mappings.problems import MappingError, Problem

_WHOLE: tuple[Steps, ...] = (("valid",), ("documents", "formats", "*"))
_WITHOUT = "without"


@dataclass(frozen=True)
class Origin:
    """A place in a file."""

    written: Written
    steps: Steps

    def below(self, *steps: str) -> Origin:
        return Origin(self.written, (*self.steps, *steps))

    @property
    def line(self) -> int | None:
        return self.written.line_of(self.steps)


@dataclass
class Layered:
    """``content`` of a profile with all its bases; ``origins``: what is written elsewhere than
    the dictionary around it."""

    content: dict[str, Any]
    origins: dict[Steps, Origin] = field(default_factory=dict)

    @classmethod
    def alone(cls, written: Written) -> Layered:
        return cls(dict(written.content), {(): Origin(written, ())})

    def origin_of(self, steps: Steps) -> Origin:
        """Where the value at ``steps`` is written."""
        length = next(n for n in range(len(steps), -1, -1) if steps[:n] in self.origins)
        return self.origins[steps[:length]].below(*steps[length:])

    def under(self, written: Written) -> Layered:
        """With ``written`` laid over it. Raises ``MappingError`` where that takes away nothing."""
        laying = _Laying(self, written)
        content = laying.merged(self.content, written.content, ())
        if laying.problems:
            raise MappingError(str(written.path), laying.problems)
        return Layered(content, laying.origins)


class _Laying:
    """One file on its way over the files below it."""

    def __init__(self, below: Layered, written: Written) -> None:
        self._below = below
        self._written = written
        self.origins = dict(below.origins)
        self.problems: list[Problem] = []

    def merged(self, below: dict[str, Any], above: dict[str, Any], at: Steps) -> dict[str, Any]:
        merged = dict(below)
        for key, value in above.items():
            here = (*at, str(key))
            there = merged.get(key)
            if value is None:
                self._take_away(merged, key, here)
            elif not (isinstance(value, dict) and isinstance(there, dict)) or _is_whole(here):
                merged[key] = self._listed(there, value, here)
            elif at == ("codes",):
                merged[key] = self._codes(there, value, here)
            else:
                merged[key] = self.merged(there, value, here)
        return merged

    def _take_away(self, merged: dict[str, Any], key: str, here: Steps) -> None:
        if key not in merged:
            self._nothing(here, f"the base has no {key} to take away")
        merged.pop(key, None)

    def _listed(self, there: Any, value: Any, here: Steps) -> Any:
        """``value`` in place of ``there``, unless both are feeds that can be told apart."""
        feeds = len(here) == 3 and here[0] == "tables" and here[2] == "feeds"
        if feeds and _by_entity(there) and _by_entity(value):
            return self._feeds(there, value, here)
        self._written_here(here, here)
        return value

    def _codes(self, there: dict[Any, Any], value: dict[Any, Any], here: Steps) -> dict[str, Any]:
        gone = value.get(_WITHOUT, [])
        plain = {code: word for code, word in value.items() if code != _WITHOUT}
        base, own = _long(there), _long(plain) if plain else {}
        values = dict(base["values"])
        for code in gone:
            if code not in values:
                self._nothing((*here, _WITHOUT), f"the base has no code {code} to take away")
            values.pop(code, None)
        for code, word in own.get("values", {}).items():
            values[code] = word
            steps = () if own is plain else ("values",)
            self._written_here((*here, "values", str(code)), (*here, *steps, str(code)))
        assumed = own.get("assumed", base.get("assumed", False))
        if isinstance(assumed, list):
            assumed = [code for code in assumed if code in values]
        return {**base, **own, "values": values, "assumed": assumed}

    def _feeds(
        self, there: list[dict[str, Any]], value: list[dict[str, Any]], here: Steps
    ) -> list[dict[str, Any]]:
        own = {feed["entity"]: (place, feed) for place, feed in enumerate(value)}
        feeds: list[dict[str, Any]] = []
        found = {place: self._below.origin_of((*here, str(place))) for place, _ in enumerate(there)}
        inner = {steps: origin for steps, origin in self.origins.items() if _inside(steps, here)}
        for steps in inner:
            del self.origins[steps]
        for place, feed in enumerate(there):
            at, over = (*here, str(len(feeds))), own.pop(feed["entity"], None)
            if over is not None and "fields" in over[1] and over[1]["fields"] is None:
                continue
            self.origins[at] = found[place]
            before = (*here, str(place))
            self.origins |= {
                (*at, *steps[len(before) :]): origin
                for steps, origin in inner.items()
                if _inside(steps, before)
            }
            feeds.append(feed if over is None else self._feed(feed, *over, at, here))
        for place, feed in own.values():
            self._written_here((*here, str(len(feeds))), (*here, str(place)))
            feeds.append(feed)
        return feeds

    def _feed(
        self, below: dict[str, Any], place: int, above: dict[str, Any], at: Steps, here: Steps
    ) -> dict[str, Any]:
        written = (*here, str(place))
        merged = dict(below)
        for key, value in above.items():
            if key != "fields":
                merged[key] = value
                self._written_here((*at, key), (*written, key))
        fields = dict(below.get("fields", {}))
        for name, value in above.get("fields", {}).items():
            if value is None:
                self._take_away(fields, name, (*written, "fields", name))
                continue
            fields[name] = value
            self._written_here((*at, "fields", name), (*written, "fields", name))
        return {**merged, "fields": fields}

    def _written_here(self, at: Steps, steps: Steps) -> None:
        self.origins = {s: o for s, o in self.origins.items() if not _inside(s, at)}
        self.origins[at] = Origin(self._written, steps)

    def _nothing(self, here: Steps, what: str) -> None:
        line = self._written.line_of(here)
        self.problems.append(
            Problem(".".join(here), what, "name what is there, or remove the line", line=line)
        )


def _is_whole(here: Steps) -> bool:
    return any(
        len(here) == len(whole)
        and all(w in ("*", step) for w, step in zip(whole, here, strict=True))
        for whole in _WHOLE
    )


def _by_entity(feeds: Any) -> bool:
    """Are these feeds of which each has an entity of its own?"""
    if not isinstance(feeds, list) or not all(isinstance(feed, dict) for feed in feeds):
        return False
    entities = [feed.get("entity") for feed in feeds]
    return None not in entities and len(set(entities)) == len(entities)


def _long(table: dict[Any, Any]) -> dict[str, Any]:
    return dict(table) if table.keys() <= LONG_FORM else {"values": dict(table)}


def _inside(steps: Steps, at: Steps) -> bool:
    return steps[: len(at)] == at
