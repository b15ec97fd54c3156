from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, text

from privacy.keys import KeyRing
from privacy.people import people_of
from privacy.sealing import SealBrokenError
from privacy.uids import UidCounts
from privacy.vault import Vault
from tests.privacy.samples import PEOPLE, SCHOOL, canonical, full_name, identity, journal
from tests.support.leaks import find_people


def claims(*rows: tuple[str, str]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"pseudonym": pl.String, "uid": pl.String}, orient="row")
    return frame.with_row_index("_row").with_columns(_document=pl.lit("u"), _line=pl.lit(2))


def held(vault: Vault) -> dict[str, str]:
    return dict(vault.uids_of(SCHOOL).iter_rows())


def test_identities_come_back_whole(vault: Vault, keys: KeyRing) -> None:
    assert vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), keys)) == 4
    people = vault.identities(SCHOOL).sort("full_name")
    assert people["full_name"].to_list() == [full_name(2), full_name(3), full_name(0), full_name(1)]
    assert people["role"].to_list() == ["guardian", "staff", "pupil", "pupil"]
    assert people["class_name"].to_list() == [None, None, "7 а", "7 а"]
    assert people["birth_date"].to_list() == [None, None, "2013-04-02", None]
    assert people["snils"].to_list()[2] == PEOPLE[0]["snils"]
    assert people["local_key"].to_list() == ["G1", "T1", "P1", "P2"]


def test_an_empty_school_has_the_same_columns(vault: Vault, keys: KeyRing) -> None:
    empty = vault.identities("000")
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), keys))
    assert empty.schema == vault.identities(SCHOOL).schema
    assert vault.uids_of("000").schema == {"pseudonym": pl.String, "uid": pl.String}


def test_only_changed_people_are_written(vault: Vault, keys: KeyRing) -> None:
    frames = journal()
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", frames, keys))
    assert vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", frames, keys)) == 0
    frames["pupil"] = frames["pupil"].with_columns(phone=pl.lit("+7 900 111-22-33"))
    assert vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", frames, keys)) == 2
    assert set(vault.identities(SCHOOL).filter(role="pupil")["phone"]) == {"+7 900 111-22-33"}


def test_names_borne_before_are_known_still(vault: Vault, keys: KeyRing) -> None:
    frames = journal()

    def call(*names: str) -> set[str]:
        for name in names:
            renamed = pl.when(person="P1").then(pl.lit(name)).otherwise("full_name")
            changed = frames | {"pupil": frames["pupil"].with_columns(full_name=renamed)}
            vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", changed, keys))
        return set(vault.names(SCHOOL))

    first, second, third = "Брянчихина Анна", "Комлева Анна", "Ряднова Анна"
    others = call(first) - {first}
    assert call(second, second) == others | {first, second}
    assert call(third, first) == others | {first, second, third}
    assert set(vault.identities(SCHOOL)["full_name"]) == others | {first}


def test_the_database_holds_nobody(vault: Vault, keys: KeyRing, engine: Engine) -> None:
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), keys))
    vault.store_uids(SCHOOL, "paragraf", claims(("p1", "781234567")))
    dump = b""
    with engine.connect() as connection:
        for table in ("people", "local_keys", "uids"):
            rows = connection.execute(text(f"SELECT * FROM vault.{table}")).all()
            assert rows
            dump += b"".join(
                value if type(value) is bytes else str(value).encode()
                for row in rows
                for value in row
            )
    assert find_people(dump, PEOPLE) == []
    assert b"781234567" not in dump


def test_a_row_moved_to_another_person_does_not_open(
    vault: Vault, keys: KeyRing, engine: Engine
) -> None:
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), keys))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE vault.people SET sealed = (SELECT max(sealed) FROM vault.people)")
        )
    with pytest.raises(SealBrokenError):
        vault.identities(SCHOOL)


def test_uids_are_created_changed_and_left_alone(vault: Vault) -> None:
    first = vault.store_uids(SCHOOL, "s", claims(("p1", "111111"), ("p2", "222222")))
    assert first.counts == UidCounts(created=2)
    again = vault.store_uids(SCHOOL, "s", claims(("p1", "111111"), ("p2", "333333")))
    assert again.counts == UidCounts(changed=1, unchanged=1)
    assert held(vault) == {"p1": "111111", "p2": "333333"}
    assert again.refused.is_empty()


def test_two_people_may_swap_uids(vault: Vault) -> None:
    vault.store_uids(SCHOOL, "s", claims(("p1", "111111"), ("p2", "222222")))
    swap = vault.store_uids(SCHOOL, "s", claims(("p1", "222222"), ("p2", "111111")))
    assert swap.counts == UidCounts(changed=2)
    assert held(vault) == {"p1": "222222", "p2": "111111"}


def test_a_uid_of_another_school_is_taken(vault: Vault) -> None:
    vault.store_uids("000", "s", claims(("p9", "111111")))
    filing = vault.store_uids(SCHOOL, "s", claims(("p1", "111111")))
    assert filing.counts == UidCounts()
    assert filing.refused.rows() == [(0, "uid_taken")]
    assert held(vault) == {}


@pytest.mark.parametrize(
    ("rows", "refused", "result"),
    [
        ([("p3", "111111"), ("p1", "111111")], [(0, "uid_taken")], {"p1": "111111"}),
        (
            [("p3", "555555"), ("p4", "555555")],
            [(1, "uid_taken")],
            {"p1": "111111", "p3": "555555"},
        ),
        (
            [("p3", "555555"), ("p3", "666666")],
            [(0, "conflicting_duplicate"), (1, "conflicting_duplicate")],
            {"p1": "111111"},
        ),
        # p1 asks for p9's UID and stays; so p3 cannot have what p1 would have left.
        (
            [("p1", "999999"), ("p3", "111111")],
            [(0, "uid_taken"), (1, "uid_taken")],
            {"p1": "111111"},
        ),
    ],
)
def test_contradictions(
    vault: Vault, rows: Any, refused: list[tuple[int, str]], result: dict[str, str]
) -> None:
    vault.store_uids("000", "s", claims(("p9", "999999")))
    vault.store_uids(SCHOOL, "s", claims(("p1", "111111")))
    filing = vault.store_uids(SCHOOL, "s", claims(*rows))
    assert filing.refused.sort("_row").rows() == refused
    assert held(vault) == result


def test_the_same_statement_twice_is_one(vault: Vault) -> None:
    filing = vault.store_uids(SCHOOL, "s", claims(("p1", "111111"), ("p1", "111111")))
    assert filing.counts == UidCounts(created=1, unchanged=1)
    assert held(vault) == {"p1": "111111"}


def test_a_pupil_keeps_one_of_several_classes(keys: KeyRing) -> None:
    day = date(2026, 9, 10)
    frames = {
        "class_": canonical(
            "class_",
            *({"source_key": key, "name": key, "grade_level": 7} for key in ("7а", "7б", "7в")),
        ),
        "pupil": canonical("pupil", *({"person": name, **identity(0)} for name in ("P1", "P2"))),
        "enrolment": canonical(
            "enrolment",
            {"pupil": "P1", "class_key": "7б"},
            {"pupil": "P1", "class_key": "7а", "finish": day},
            {"pupil": "P2", "class_key": "7в", "start": day, "finish": date(2026, 9, 12)},
            {"pupil": "P2", "class_key": "7а", "finish": day},
        ),
    }
    people = people_of(SCHOOL, "paragraf", frames, keys)
    assert dict(people.select("local_key", "class_name").iter_rows()) == {"P1": "7б", "P2": "7в"}
