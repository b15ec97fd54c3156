from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from privacy.actions import Action
from privacy.keys import KeyRing
from privacy.masks import HIDDEN_NAME
from privacy.pseudonyms import pseudonym
from privacy.separate import Separated, separate
from privacy.uids import UidCounts
from privacy.vault import Vault
from schemas.frames import REFUSAL_SCHEMA
from schemas.records import ENTITIES
from schemas.tables.journal import content_columns
from tests.privacy.samples import PEOPLE, SCHOOL, canonical, full_name, journal
from tests.support.leaks import find_people


@pytest.fixture
def filled(vault: Vault, keys: KeyRing) -> Vault:
    separate(SCHOOL, "paragraf", journal(), vault, keys)
    return vault


def name_of(keys: KeyRing, local_key: str, role: str = "pupil", source: str = "paragraf") -> str:
    expression = pseudonym(
        keys, role=role, school=SCHOOL, source=source, local_key=pl.lit(local_key)
    )
    return str(pl.select(expression).item())


def listed(vault: Vault, keys: KeyRing, **frames: pl.DataFrame) -> Separated:
    return separate(SCHOOL, "lists", frames, vault, keys)


def test_nothing_that_goes_on_names_anybody(
    vault: Vault, keys: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    actions: list[Action] = []
    done = separate(SCHOOL, "paragraf", journal(), vault, keys, actions.append)
    heap = "".join(frame.write_ndjson() for frame in done.frames.values())
    heap += repr(done) + caplog.text + repr(actions)
    assert find_people(heap.encode(), PEOPLE) == []
    assert "P1" not in heap
    said = "".join(frame.write_ndjson() for frame in journal().values())
    assert len(find_people(said.encode(), PEOPLE)) > 10  # the same search finds them before


def test_shapes(vault: Vault, keys: KeyRing) -> None:
    done = separate(SCHOOL, "paragraf", journal(), vault, keys)
    for entity, frame in done.frames.items():
        columns = ["key", *content_columns(entity), "_row", "_document", "_line"]
        if entity in {"pupil", "staff_member", "guardian", "consent"}:
            columns.append("_identity_hash")
        if entity == "lesson":
            columns.append("text_blocked")
        assert frame.columns == columns
        assert frame.schema["_row"] == pl.UInt32
        assert frame.height == journal()[entity].height
    assert done.refusals.schema == REFUSAL_SCHEMA
    assert done.uid_counts == UidCounts()


def test_every_entity_of_the_contract_is_parted(vault: Vault, keys: KeyRing) -> None:
    empty = {entity: canonical(entity) for entity in ENTITIES}
    done = separate(SCHOOL, "paragraf", empty, vault, keys)
    assert set(done.frames) == set(ENTITIES) - {"uid"}
    assert all(frame.is_empty() for frame in done.frames.values())


def test_references_and_keys_are_pseudonyms(vault: Vault, keys: KeyRing) -> None:
    frames = separate(SCHOOL, "paragraf", journal(), vault, keys).frames
    pupil, guardian = name_of(keys, "P1"), name_of(keys, "G1", "guardian")
    assert frames["pupil"].row(0)[:2] == (pupil, pupil)
    assert frames["mark"]["key"].to_list() == [f"M1|{pupil}"]
    assert frames["mark"]["pupil"].to_list() == [pupil]
    assert frames["guardian"]["key"].to_list()[0] == f"{guardian}|{pupil}"
    assert frames["enrolment"]["key"].to_list()[0] == f"{pupil}|c7"
    assert frames["lesson"]["teacher"].to_list() == [name_of(keys, "T1", "staff")] * 2
    assert frames["lesson"]["substitute"].to_list() == [None] * 2
    assert frames["subject"]["key"].to_list() == ["s1"]


def test_running_twice_changes_nothing(filled: Vault, keys: KeyRing, engine: Engine) -> None:
    actions: list[Action] = []
    again = separate(SCHOOL, "paragraf", journal(), filled, keys, actions.append)
    once_more = separate(SCHOOL, "paragraf", journal(), filled, keys)
    assert actions[0].details["written"] == 0
    assert actions[0].count == 4
    for entity, frame in again.frames.items():
        assert frame.equals(once_more.frames[entity])


@pytest.mark.parametrize("field", ["full_name", "snils", "phone", "email"])
def test_a_changed_identity_changes_the_hash(vault: Vault, keys: KeyRing, field: str) -> None:
    frames = journal()
    before = separate(SCHOOL, "paragraf", frames, vault, keys).frames["pupil"]
    frames["pupil"] = frames["pupil"].with_columns(
        pl.when(pl.col("person") == "P1").then(None).otherwise(pl.col(field)).alias(field)
    )
    after = separate(SCHOOL, "paragraf", frames, vault, keys).frames["pupil"]
    changed = before["_identity_hash"] != after["_identity_hash"]
    assert changed.to_list() == [True, False]


def test_a_name_in_a_text_is_hidden_and_told_without_the_name(filled: Vault, keys: KeyRing) -> None:
    done = separate(SCHOOL, "paragraf", journal(), filled, keys)
    lessons = done.frames["lesson"]
    assert lessons["topic"].to_list() == ["Дроби", "[скрыто: имя человека]"]
    assert lessons["homework"].to_list() == ["№ 12", "§ 3"]
    assert lessons["text_blocked"].to_list() == [False, True]
    (finding,) = done.findings
    assert (finding.rule, finding.entity, finding.document) == ("name_in_text", "lesson", "d.xml")
    assert (finding.line, finding.field, finding.detail) == (3, "topic", "имя человека")


def test_names_of_people_of_other_sources_are_hidden_too(filled: Vault, keys: KeyRing) -> None:
    lesson = journal()["lesson"].with_columns(homework=pl.lit("спросить Брянчихину"))
    done = separate(SCHOOL, "dnevnik_ru", {"lesson": lesson}, filled, keys)
    assert done.frames["lesson"]["text_blocked"].to_list() == [True, True]
    assert len(done.findings) == 3


def test_a_name_that_somebody_bore_before_is_hidden_too(filled: Vault, keys: KeyRing) -> None:
    frames = journal()
    renamed = pl.when(person="P1").then(pl.lit("Комлева Алёна Петровна")).otherwise("full_name")
    frames["pupil"] = frames["pupil"].with_columns(full_name=renamed)
    frames["lesson"] = frames["lesson"].with_columns(homework=pl.lit("спросить Брянчихину"))
    done = separate(SCHOOL, "paragraf", frames, filled, keys)
    assert done.frames["lesson"]["text_blocked"].to_list() == [True, True]


def uid(**fields: Any) -> dict[str, Any]:
    return {"role": "pupil", "uid": "781234567"} | fields


def test_uids_by_local_key(filled: Vault, keys: KeyRing) -> None:
    frames = {
        "uid": canonical("uid", uid(person="P1"), uid(person="T1", role="staff", uid="7899999"))
    }
    done = separate(SCHOOL, "paragraf", frames, filled, keys)
    assert done.uid_counts == UidCounts(created=2)
    assert done.frames == {}
    assert dict(filled.uids_of(SCHOOL).iter_rows()) == {
        name_of(keys, "P1"): "781234567",
        name_of(keys, "T1", "staff"): "7899999",
    }
    assert separate(SCHOOL, "paragraf", frames, filled, keys).uid_counts == UidCounts(unchanged=2)


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        (full_name(0), "7 а"),
        (full_name(0), "7А"),
        (full_name(0), None),
        ("  брянчихина   Алена ПЕТРОВНА ", "7а"),
    ],
)
def test_a_claim_finds_its_pupil(
    filled: Vault, keys: KeyRing, name: str, class_name: str | None
) -> None:
    done = listed(filled, keys, uid=canonical("uid", uid(full_name=name, class_name=class_name)))
    assert done.refusals.is_empty()
    assert filled.uids_of(SCHOOL)["pseudonym"].to_list() == [name_of(keys, "P1")]


@pytest.mark.parametrize(
    "claim",
    [
        uid(full_name="Брянчихина Алла Петровна", class_name="7а"),
        uid(full_name=full_name(0), class_name="7б"),
        uid(full_name=full_name(0), role="staff"),
        uid(full_name="Брянчихина Алёна"),
    ],
)
def test_a_claim_that_fits_nobody_is_refused(
    filled: Vault, keys: KeyRing, claim: dict[str, Any]
) -> None:
    done = listed(filled, keys, uid=canonical("uid", claim, document="uid.csv"))
    assert done.uid_counts == UidCounts()
    (refusal,) = done.refusals.to_dicts()
    assert refusal["rule"] == "person_not_found"
    assert (refusal["entity"], refusal["field"]) == ("uid", "full_name")
    assert (refusal["_row"], refusal["_document"], refusal["_line"]) == (0, "uid.csv", 2)
    assert json.loads(refusal["record"]) == {"person": None, "class_name": None} | claim


def test_homonyms_are_parted_by_class_or_refused(vault: Vault, keys: KeyRing) -> None:
    frames = {
        "class_": canonical(
            "class_",
            {"source_key": "c7", "name": "7а", "grade_level": 7},
            {"source_key": "c8", "name": "8а", "grade_level": 8},
        ),
        "pupil": canonical(
            "pupil",
            {"person": "P1", "full_name": full_name(0)},
            {"person": "P2", "full_name": full_name(0)},
        ),
        "enrolment": canonical(
            "enrolment",
            {"pupil": "P1", "class_key": "c7"},
            {"pupil": "P2", "class_key": "c8"},
        ),
    }
    separate(SCHOOL, "paragraf", frames, vault, keys)
    claims = canonical(
        "uid", uid(full_name=full_name(0)), uid(full_name=full_name(0), class_name="8а")
    )
    done = listed(vault, keys, uid=claims)
    assert done.refusals.select("_row", "rule").rows() == [(0, "person_ambiguous")]
    assert vault.uids_of(SCHOOL)["pseudonym"].to_list() == [name_of(keys, "P2")]


def test_a_class_is_remembered_when_the_class_list_is_unread(filled: Vault, keys: KeyRing) -> None:
    separate(SCHOOL, "paragraf", {"pupil": journal()["pupil"]}, filled, keys)
    done = listed(filled, keys, uid=canonical("uid", uid(full_name=full_name(0), class_name="7а")))
    assert done.refusals.is_empty()


def test_a_taken_uid_is_refused(filled: Vault, keys: KeyRing) -> None:
    frame = canonical("uid", uid(person="P1"), uid(person="P2"))
    done = separate(SCHOOL, "paragraf", {"uid": frame}, filled, keys)
    assert done.uid_counts == UidCounts(created=1)
    assert done.refusals.select("_row", "field", "rule").rows() == [(1, "uid", "uid_taken")]
    assert json.loads(done.refusals["record"][0])["person"] == "P2"


def test_consents_by_claim(filled: Vault, keys: KeyRing) -> None:
    common = {"applied_on": date(2026, 9, 1), "applicant_name": full_name(2)}
    frame = canonical(
        "consent",
        {"source_key": "1", "full_name": full_name(1), "class_name": "7а", **common},
        {"source_key": "2", "full_name": "Нездешний Олег", **common},
    )
    done = listed(filled, keys, consent=frame)
    pupil = name_of(keys, "P2")
    consents = done.frames["consent"]
    assert consents.select("key", "pupil", "applied_on").rows() == [
        (f"1|{pupil}", pupil, date(2026, 9, 1))
    ]
    assert done.refusals.select("entity", "_row", "rule").rows() == [
        ("consent", 1, "person_not_found")
    ]
    assert json.loads(done.refusals["record"][0])["applied_on"] == "2026-09-01"
    assert find_people(consents.write_ndjson().encode(), PEOPLE) == []


def test_consents_by_local_key_need_no_match(vault: Vault, keys: KeyRing) -> None:
    frame = canonical("consent", {"source_key": "1", "pupil": "P1", "applied_on": date(2026, 9, 1)})
    done = separate(SCHOOL, "paragraf", {"consent": frame}, vault, keys)
    assert done.frames["consent"]["pupil"].to_list() == [name_of(keys, "P1")]


def test_a_claim_reaches_no_other_school(filled: Vault, keys: KeyRing) -> None:
    frames = {"uid": canonical("uid", uid(full_name=full_name(0)))}
    done = separate("781002", "lists", frames, filled, keys)
    assert done.refusals["rule"].to_list() == ["person_not_found"]


def test_a_group_called_after_its_teacher_is_hidden_and_stays_one_group(
    vault: Vault, keys: KeyRing
) -> None:
    teacher = str(PEOPLE[3]["surname"])
    called = {"source_key": f"7а/гр. {teacher}", "name": f"Англ.яз./гр. {teacher}"}
    frames = journal()
    frames["group"] = canonical("group", {"class_key": "c7", **called})
    frames["lesson"] = frames["lesson"].with_columns(group_key=pl.lit(called["source_key"]))
    done = separate(SCHOOL, "paragraf", frames, vault, keys)
    [key], [name] = done.frames["group"]["source_key"], done.frames["group"]["name"]
    assert name == HIDDEN_NAME
    assert set(done.frames["lesson"]["group_key"]) == {key}
    assert key in done.frames["group"]["key"][0]
    assert find_people(done.frames["group"].write_ndjson().encode(), PEOPLE) == []
    assert ("name_in_label", "group", "name") in {
        (f.rule, f.entity, f.field) for f in done.findings
    }


def test_a_phone_in_a_text_is_masked_and_the_lesson_leaves(filled: Vault, keys: KeyRing) -> None:
    lesson = journal()["lesson"].with_columns(
        topic=pl.lit("Дроби"), homework=pl.lit("№ 12, вопросы: 8 (921) 555-14-16, t.me/klass7b_27")
    )
    done = separate(SCHOOL, "paragraf", {"lesson": lesson}, filled, keys)
    masked = "№ 12, вопросы: [скрыто: телефон], [скрыто: адрес в мессенджере]"
    assert done.frames["lesson"]["homework"].to_list() == [masked] * 2
    assert done.frames["lesson"]["text_blocked"].to_list() == [False] * 2
    told = {(one.rule, one.field, one.detail) for one in done.findings}
    assert told == {("contact_in_text", "homework", "телефон, адрес в мессенджере")}
