"""One school in every source form gives identical canonical records, but for what is listed.

``not_carried.yml`` is the list. It fails both ways: a difference that is not listed, and a
statement that is not true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.model import School
from schemas.records import ENTITIES
from tests.forms.expected import Record, Records
from tests.forms.forms import FORMS
from tests.forms.losses import Loss, carried, losses, named_forms
from tests.forms.natural import natural
from tests.forms.reading import Came
from tests.forms.school import FEATURES

SHOWN = 3  # differing records in a message


def counted(records: list[Record]) -> Counter[tuple[tuple[str, Any], ...]]:
    return Counter(tuple(sorted(record.items())) for record in records)


def differences(ours: list[Record], theirs: list[Record]) -> list[str]:
    """What only one side has, in short; empty when the records are the same."""
    left, right = counted(ours), counted(theirs)
    return [
        f"{side}: {n} × {dict(record)}"
        for side, only in (("expected", left - right), ("read", right - left))
        for record, n in list(only.items())[:SHOWN]
    ]


def test_all_seven_sources_are_here() -> None:
    assert {form.partition("/")[0] for form in FORMS} >= {
        "paragraf",
        "dnevnik_ru",
        "netschool",
        "netschool_web",
        "eschool",
        "klassinfo",
        "eljur",
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_the_school_has(feature: str, school: School) -> None:
    assert FEATURES[feature](school)


def test_the_school_has_records_of_every_entity(truth: Records) -> None:
    assert {entity for entity, records in truth.items() if records} == set(ENTITIES)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_objected_to(form: str, came: Callable[[str], Came]) -> None:
    assert came(form).objections == []


@pytest.mark.parametrize("form", FORMS)
def test_the_records_are_the_same(form: str, came: Callable[[str], Came], truth: Records) -> None:
    lost = losses(form, truth)
    read = natural(came(form).frames)
    left = carried(truth, lost)
    found = {
        entity: differences(left.get(entity, []), read.get(entity, [])) for entity in {*left, *read}
    }
    assert {entity: lines for entity, lines in found.items() if lines} == {}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_listed_as_not_carried_is_not(
    form: str, came: Callable[[str], Came], truth: Records
) -> None:
    """Leaving any statement out makes the records differ."""
    lost = losses(form, truth)
    read = natural(came(form).frames)
    idle = [x for x in lost if not _missed(x, lost, read, truth)]
    assert [f"{x.entity}: {x.what}" for x in idle] == []


def _missed(loss: Loss, lost: list[Loss], read: Records, truth: Records) -> bool:
    others = [x for x in lost if x is not loss and x.entity == loss.entity]
    left = carried({loss.entity: truth[loss.entity]}, others)
    return bool(differences(left[loss.entity], read.get(loss.entity, [])))


def test_the_list_speaks_of_known_forms_only() -> None:
    starts = {name for form in FORMS for name in (form, form.split("/")[0], form.split("-")[0])}
    assert named_forms() <= starts
