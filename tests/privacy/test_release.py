"""A school's own people are named to that school: by the policy, logged, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, text

from privacy.actions import Action, action_log_on
from privacy.keys import KeyRing
from privacy.people import people_of
from privacy.release import (
    Channel,
    Form,
    ReleaseRefusedError,
    Releases,
    load_releases,
    release_names,
)
from privacy.vault import Vault
from tests.privacy.samples import PEOPLE, SCHOOL, full_name, journal
from tests.support.leaks import find_people

OTHER = "781002"


@pytest.fixture
def people(vault: Vault, keys: KeyRing) -> dict[str, str]:
    """The people of the school by their key in the journal: T1, P1, P2, G1."""
    for school in (SCHOOL, OTHER):
        vault.store_people(school, people_of(school, "paragraf", journal(), keys))
    return of(vault, SCHOOL)


def of(vault: Vault, school: str) -> dict[str, str]:
    return dict(vault.identities(school).select("local_key", "pseudonym").iter_rows())


def told(
    vault: Vault, *whom: str, purpose: str = "school_remarks", log: Any = None, **more: Any
) -> dict[str, str]:
    more = {"channel": Channel.FOLDER, "log": log or (lambda action: None)} | more
    return release_names(vault, SCHOOL, whom, purpose=purpose, **more)


def test_names_are_told_in_the_form_of_the_purpose(vault: Vault, people: dict[str, str]) -> None:
    remarks = told(vault, people["T1"], people["P1"], people["P1"])
    assert remarks == {people["T1"]: "Багрячинский И. П.", people["P1"]: "Брянчихина А. П."}
    printout = told(vault, people["P1"], people["G1"], purpose="guardian_printout")
    assert printout == {people["P1"]: full_name(0), people["G1"]: full_name(2)}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Гундосов Пётр", "Гундосов П."),
        ("Мамедов Али Гасан оглы", "Мамедов А. Г."),
        ("Салтыков-Щедрин Яков Ильич", "Салтыков-Щедрин Я. И."),
        ("Ли Ким Чен Ун", "Ли Ким Чен Ун"),  # not parted with certainty
        ("Петрович", "Петрович"),
    ],
)
def test_initials(vault: Vault, keys: KeyRing, written: str, shown: str) -> None:
    frames = journal()
    frames["staff_member"] = frames["staff_member"].with_columns(full_name=pl.lit(written))
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", frames, keys))
    teacher = of(vault, SCHOOL)["T1"]
    assert told(vault, teacher) == {teacher: shown}


def test_one_action_per_release_and_no_name_in_it(
    engine: Engine, vault: Vault, people: dict[str, str]
) -> None:
    with engine.begin() as connection:
        log = action_log_on(connection, "operator-7")
        told(vault, people["T1"], people["P1"], people["P2"], log=log)
        told(vault, log=log)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM ops.action_log ORDER BY id")).mappings().all()
    assert [row["count"] for row in rows] == [3, 0], "a release of nobody is logged too"
    first = rows[0]
    assert (first["actor"], first["action"], first["school"]) == (
        "operator-7", "release_names", SCHOOL
    )  # fmt: skip
    assert "152-ФЗ" in first["ground"]
    assert first["details"] == {
        "purpose": "school_remarks",
        "version": load_releases().version,
        "recipient": load_releases().recipient,
        "channel": "folder",
        "form": "initials",
        "roles": {"pupil": 2, "staff": 1},
    }
    said = str(rows)
    assert find_people(said.encode(), PEOPLE) == []
    assert not [name for name in people.values() if name in said], "nor a pseudonym"


@pytest.mark.parametrize(
    ("purpose", "channel", "said"),
    [
        ("birthday_cards", Channel.FOLDER, "no purpose 'birthday_cards'"),
        ("", Channel.FOLDER, "no purpose"),
        ("guardian_printout", Channel.PAGES, "allows no pages"),
    ],
)
def test_what_the_policy_does_not_name_is_refused(
    vault: Vault, people: dict[str, str], purpose: str, channel: Channel, said: str
) -> None:
    logged: list[Action] = []
    with pytest.raises(ReleaseRefusedError, match=said):
        told(vault, people["P1"], purpose=purpose, channel=channel, log=logged.append)
    assert logged == []


def test_one_person_of_another_school_and_nobody_is_named(
    vault: Vault, people: dict[str, str]
) -> None:
    stranger = of(vault, OTHER)["P1"]
    nobody = "p" + "0" * 32
    logged: list[Action] = []
    for whom, count in (([stranger], 1), ([stranger, nobody], 2), ([f"{people['P1']} "], 1)):
        with pytest.raises(ReleaseRefusedError) as caught:
            told(vault, people["P1"], *whom, log=logged.append)
        assert str(caught.value) == (
            f"school_remarks: {count} of those asked for are not of {SCHOOL}"
        )
    assert logged == []


@pytest.mark.parametrize(
    ("who", "purpose", "role"),
    [("G1", "school_remarks", "guardian"), ("T1", "guardian_printout", "staff")],
)
def test_a_role_that_the_purpose_does_not_name_is_refused(
    vault: Vault, people: dict[str, str], who: str, purpose: str, role: str
) -> None:
    with pytest.raises(ReleaseRefusedError, match=f"names no {role}"):
        told(vault, people["P1"], people[who], purpose=purpose)


def test_what_cannot_be_logged_is_not_told(vault: Vault, people: dict[str, str]) -> None:
    def broken(_: Action) -> None:
        raise OSError("the log cannot be written")

    with pytest.raises(OSError, match="cannot be written"):
        told(vault, people["P1"], log=broken)


def test_no_channel_leads_over_the_open_net() -> None:
    """Whoever wants names in letters must change this test, the policy and the code."""
    assert {channel.value for channel in Channel} == {"folder", "pages"}


def purposes() -> Iterator[dict[str, Any]]:
    good = load_releases().purposes["school_remarks"].model_dump(mode="json")
    yield good | {"channels": ["email"]}
    yield good | {"channels": []}
    yield good | {"roles": []}
    yield good | {"roles": ["neighbour"]}
    yield good | {"form": "nickname"}
    yield good | {"ground": ""}
    yield good | {"recipient": "district"}


@pytest.mark.parametrize("purpose", list(purposes()))
def test_a_malformed_policy_names_nobody(purpose: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Releases.model_validate({"version": "1", "recipient": "x", "purposes": {"p": purpose}})


def test_the_policy_can_be_replaced(vault: Vault, people: dict[str, str]) -> None:
    shipped = load_releases()
    full = shipped.purposes["school_remarks"].model_copy(update={"form": Form.FULL})
    policy = shipped.model_copy(update={"purposes": {"school_remarks": full}})
    assert told(vault, people["P1"], policy=policy) == {people["P1"]: full_name(0)}
