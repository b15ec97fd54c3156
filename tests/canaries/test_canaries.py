"""Ten thousand canaries in every field of every source, and none where nobody may be named."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from connectors.registry import SOURCES
from mappings import profiles
from tests.canaries.evening import Evening
from tests.canaries.people import Canary
from tests.canaries.places import PLACES, received_by_the_registry
from tests.canaries.schools import FORMS, LIVE
from tests.canaries.world import FIELDS, FRAMES
from tests.support.needles import Needles, folded, number

ENOUGH = 10_000

# Columns whose cells are no cells of a document: the reader makes them of places, captions and
# headings. Canaries stood there too, and the reader has told what it could not make of them.
MADE = frozenset(
    {"_line", "_document", "Класс", "Предмет", "Период", "Столбец", "Дата", "Урок", "ВидКод"}
)
FEW = 5  # cells: a column so empty may have had none where a canary was to stand


@pytest.fixture(scope="session")
def landed(evening: Evening) -> list[Canary]:
    """The canaries, each once, that some source gave to the hub."""
    planted = {c.text: c for school in evening.world.schools_ for c in school.planted}
    texts = Needles(planted)
    there = {text for document in evening.landed() for text in texts.found_in(document)}
    return [planted[text] for text in there]


def test_every_kind_of_source_is_there() -> None:
    kinds = {form.kind for form in FORMS.values()} | {"lists"}
    assert kinds == {name.partition("/")[0] for name in profiles()} - {"bench"} | set(SOURCES)


def test_there_are_enough_canaries_of_every_form_and_role(landed: list[Canary]) -> None:
    assert len(landed) >= ENOUGH
    forms = Counter(canary.kind for canary in landed)
    assert set(forms) == {
        "full_name", "snils", "phone", "email", "document", "surname", "capitals", "small",
        "initials", "given_patronymic", "slip", "yo", "half", "hyphen", "lookalike", "short",
        "short_surname",
    }  # fmt: skip
    assert min(forms.values()) > 20, forms
    roles = Counter(canary.role for canary in landed)
    assert set(roles) == {"pupil", "guardian", "staff"}
    assert min(roles.values()) > 1000, roles


def test_every_field_of_every_table_held_one(evening: Evening) -> None:
    fields: dict[tuple[str, str, str], bool] = {}
    cells_of: Counter[tuple[str, str, str]] = Counter()
    for read in evening.world.read:
        if read.day not in (FIELDS, FRAMES):
            continue
        texts = Needles(canary.text for canary in read.planted.planted)
        for column in set(read.table.frame.columns) - MADE:
            cells = read.table.frame[column].drop_nulls().to_list()
            key = (read.kind, read.table.name, column)
            found = texts.found_in("\n".join(cells).encode())
            fields[key] = fields.get(key, False) or bool(found)
            cells_of[key] += len(cells)
    assert sum(fields.values()) > 300
    files = {key: held for key, held in fields.items() if key[0] not in LIVE}
    assert [key for key, held in files.items() if not held and cells_of[key] > FEW] == []
    live = [held for key, held in fields.items() if key[0] in LIVE]
    assert sum(live) > len(live) / 2  # a broken id loses a live document, with all that is in it


def test_the_vault_knows_everybody(evening: Evening) -> None:
    """Whom the sources list is in the vault, so that canaries of theirs are of the school's own."""
    for planted in evening.world.schools_:
        known = evening.world.hub.vault.identities(planted.code)
        for role in ("pupil", "staff"):
            listed = [one.person for one in planted.people if one.role == role]
            missed = {person.full_name for person in listed} - set(known["full_name"])
            assert len(missed) <= len(listed) / 4, (planted.name, role)
        if planted.form.mapping == "paragraf/3.21":  # the system that lists more than names
            people = [one.person for one in planted.people]
            for column in ("full_name", "snils", "phone", "email"):
                said = {getattr(person, column) for person in people}
                assert len(said & set(known[column])) > 20, (planted.name, column)


def test_the_cards_of_every_school_were_told(evening: Evening) -> None:
    """With what a name could stand in: documents, columns, codes, classes; and whose remarks."""
    answers = [
        (json.loads(said.decode().partition("\n")[0]), evening.said[name.removesuffix(" --json")])
        for name, said in evening.said.items()
        if name.startswith("cards --on") and name.endswith("--json")
    ]
    assert len(answers) == 2 * len(evening.world.schools_)
    assert all(cards and "где".encode() in table for cards, table in answers)
    parts = [part for cards, _ in answers for card in cards for part in card["parts"]]
    assert len({part["rule"] for part in parts}) > 10
    shares = [share for cards, _ in answers for card in cards for share in card["shares"]]
    assert sum(share["teacher"] is not None for share in shares) > 10


@pytest.mark.parametrize("place", PLACES)
def test_nobody_is_named(evening: Evening, place: str) -> None:
    found = list(PLACES[place](evening))
    assert sum(len(content) for _, content in found) > 10_000
    leaks = {(name, canary) for name, content in found for canary in evening.leaks(content)}
    assert leaks == set()


def test_the_registry_got_children_by_its_contract_and_nothing_else(evening: Evening) -> None:
    people = [one for planted in evening.world.schools_ for one in planted.people]
    children = [one for one in people if one.role == "pupil"]
    of_contract = {folded(one.surname[0]) for one in children}
    of_contract |= {folded(one.patronymic[0]) for one in children}
    of_contract |= {number(n) for one in children for n in (one.person.snils, one.document)}
    found = evening.needles.found_in(received_by_the_registry(evening))
    assert len(found) > len(children) / 2
    # Whatever a school writes where a child's document belongs is the child's document.
    papers = " ".join(
        cell
        for read in evening.world.read
        for column in read.table.frame.columns
        if column.startswith("Документ")
        for cell in read.table.frame[column].drop_nulls()
    )
    found -= Needles(found).found_in(papers.encode())
    strange = {n for n in found if folded(n) not in of_contract and number(n) not in of_contract}
    assert strange == set()
