"""What the product makes of documents up to the vault: parse, translate, check.

Plain values, so that they can lie in ``canonical.json``: an empty field is left out of its record,
days and instants are ISO texts. A refused record is told by place, field and rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from connectors.base import Parsed, Upload
from mappings import Translated, load, translate
from tests.forms.reading import accepted
from tests.frozen.cases import Setup, answers_of, source_of

Outcome = dict[str, Any]

REFUSAL = ("entity", "_document", "_line", "field", "rule")
SHOWN = 5  # differing lines in a message


def outcome_of(kind: str, folder: Path, setup: Setup) -> Outcome:
    """The outcome of the newest upload of the documents in ``folder``."""
    source = source_of(kind, folder, setup)
    upload = source.pending(setup.until)[-1]
    documents = answers_of(folder, setup) or list(source.fetch(upload))
    parsed = source.parse(upload, documents)
    translated = translate(load(setup.mapping), parsed.tables, zone=setup.zone)
    return {
        "upload": _upload(upload),
        **_parsed(parsed),
        **_translated(translated, setup.year_start),
    }


def as_text(outcome: Outcome) -> str:
    """JSON with a line for every record, so that a change of one is a change of one line."""
    parts = [f"{json.dumps(name)}: {_laid_out(value)}" for name, value in outcome.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def differences(frozen: Outcome, now: Outcome) -> list[str]:
    """What differs, by section, in a few lines each; empty when nothing does."""
    before, after = _lines(frozen), _lines(now)
    return [
        f"{sign} {section}: {line}"
        for section in {**before, **after}
        for sign, one, other in (("frozen", before, after), ("now", after, before))
        for line in _only(one.get(section, []), other.get(section, []))[:SHOWN]
    ] or ([] if frozen == now else ["the same lines in another order"])


def _upload(upload: Upload) -> Outcome:
    first, last = upload.covers
    taken_at = upload.taken_at.isoformat()
    return {"ref": upload.ref, "taken_at": taken_at, "covers": [str(first), str(last)]}


def _parsed(parsed: Parsed) -> Outcome:
    return {
        "tables": {t.name: {"rows": t.frame.height, "whole": t.complete} for t in parsed.tables},
        "problems": [_filled(asdict(problem)) for problem in parsed.problems],
    }


def _translated(translated: Translated, year_start: date) -> Outcome:
    frames, later = accepted(translated.frames, year_start)
    refused = pl.concat([translated.refusals, translated.under_source_names(later)])
    return {
        "findings": [_filled(asdict(finding)) for finding in translated.findings],
        "incomplete": sorted(translated.incomplete),
        "read": translated.read,
        "refused": [
            _filled({name.removeprefix("_"): value for name, value in row.items()})
            for row in refused.select(REFUSAL).rows(named=True)
        ],
        "records": {
            entity: [_record(row) for row in frame.rows(named=True)]
            for entity, frame in frames.items()
        },
    }


def _record(row: dict[str, Any]) -> dict[str, Any]:
    plain = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
        if not name.startswith("_")
    }
    return _filled(plain)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def _laid_out(value: Any) -> str:
    if isinstance(value, list):
        return _block("[", (_line(one) for one in value), "]")
    if isinstance(value, dict) and any(isinstance(one, list | dict) for one in value.values()):
        return _block("{", (f"{json.dumps(k)}: {_laid_out(v)}" for k, v in value.items()), "}")
    return _line(value)


def _block(opening: str, lines: Iterable[str], closing: str) -> str:
    inner = ",\n".join(lines)
    return f"{opening}\n{inner}\n{closing}" if inner else opening + closing


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(outcome: Outcome) -> dict[str, list[str]]:
    """Every line of an outcome by its section; records by entity."""
    found: dict[str, list[str]] = {}
    for section, value in outcome.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for name, part in parts:
            lines = part if isinstance(part, list) else [part]
            found[f"{section} {name}".strip()] = [_line(one) for one in lines]
    return found


def _only(these: list[str], those: list[str]) -> list[str]:
    """Lines of ``these`` that ``those`` have not, or have fewer times."""
    left = list(those)
    only = []
    for line in these:
        if line in left:
            left.remove(line)
        else:
            only.append(line)
    return only
