"""The gate with the policy of the contingent registry: identities in, nothing by halves."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from privacy.actions import Action
from privacy.gate import GateClosedError, Released, release
from privacy.policy import Policy, load_policy

POLICY = load_policy("contingent")
ONE, OTHER, STRANGER = ("p" + digit * 32 for digit in "abc")
NO_UIDS = pl.DataFrame(schema={"pseudonym": pl.String, "uid": pl.String})
NO_CONSENT = pl.DataFrame(schema={"pupil": pl.String, "reason": pl.String})
SURNAME = "Брянчихина"
WHOLE = {
    "pseudonym": ONE,
    "lastname": SURNAME,
    "firstname": "Алёна",
    "patronymic": "Петровна",
    "birthdate": "2013-04-02",
    "gender": "2",
    "snils": "101-000-037 29",
    "citizenship": "1",
    "document_type": "11",
    "document_series": "IV-АК",
    "document_number": "500001",
    "document_issued": "2013-04-20",
}


def vault(*people: dict[str, Any]) -> pl.DataFrame:
    schema = dict.fromkeys(WHOLE, pl.String())
    return pl.DataFrame([WHOLE | person for person in people], schema=schema)


def persons(*pupils: str | None) -> pl.DataFrame:
    keys = [f"{number:032x}" for number in range(len(pupils))]
    return pl.DataFrame(
        {"key": keys, "pupil": pupils}, schema={"key": pl.String, "pupil": pl.String}
    )


def movement(pupil: str = ONE, **fields: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": "f" * 32,
            "pupil": pupil,
            "person": "0" * 32,
            "kind": "withdrawal",
            "date": "2026-09-16",
            "order_number": "13-к",
            "order_date": "2026-09-16",
            "from_class": "1" * 32,
            "to_class": None,
            "other_school": "Школа № 2",
        }
        | fields
    )


def let_out(
    record_type: str,
    frame: pl.DataFrame,
    identities: pl.DataFrame | None,
    policy: Policy = POLICY,
    log: Any = lambda action: None,
) -> Released:
    return release(
        policy,
        record_type,
        frame,
        uids=NO_UIDS,
        consent=NO_CONSENT,
        school="781001",
        log=log,
        identities=identities,
    )


def test_a_whole_identity_leaves_without_consent_and_without_its_pseudonym() -> None:
    done = let_out("person", persons(ONE), vault({}))
    (record,) = done.records.to_dicts()
    assert record.pop("key") == "0" * 32
    assert record == {name: value for name, value in WHOLE.items() if name != "pseudonym"}


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [
        ({"lastname": None}, {"surname": 1}),
        ({"firstname": " "}, {"given_name": 1}),
        ({"birthdate": None}, {"birth_date": 1}),
        ({"gender": None}, {"gender": 1}),
        ({"gender": None, "birthdate": ""}, {"birth_date": 1, "gender": 1}),
        ({"snils": None, "document_number": None}, {"snils_or_document": 1}),
        ({"snils": "101-000-037 28", "document_type": None}, {"snils_or_document": 1}),
        ({"patronymic": None, "citizenship": None, "document_series": None}, {}),
        ({"snils": None}, {}),
        ({"document_type": None, "document_number": None}, {}),
    ],
)
def test_the_minimum_of_an_identity(changed: dict[str, Any], lacking: dict[str, int]) -> None:
    actions: list[Action] = []
    done = let_out("person", persons(ONE), vault(changed), log=actions.append)
    assert done.withheld["reason"].to_list() == (["incomplete_identity"] if lacking else [])
    assert actions[0].details["lacking"] == lacking
    assert actions[0].count == done.records.height == (0 if lacking else 1)


def test_a_wrong_snils_does_not_leave_with_a_document() -> None:
    done = let_out("person", persons(ONE), vault({"snils": "101-000-037 28"}))
    assert done.records["snils"].to_list() == [None]
    assert done.records["document_number"].to_list() == ["500001"]


def test_who_is_not_in_the_vault_stays() -> None:
    done = let_out("person", persons(STRANGER, None, ONE), vault({}))
    assert done.records.height == 1
    assert set(done.withheld["reason"]) == {"incomplete_identity"}


def test_records_about_a_withheld_person_stay_too() -> None:
    known = vault({}, {"pseudonym": OTHER, "gender": None})
    frame = pl.concat([movement(), movement(OTHER, key="e" * 32), movement(STRANGER, key="d" * 32)])
    done = let_out("movement", frame, known)
    assert done.records["key"].to_list() == ["f" * 32]
    assert set(done.withheld["reason"]) == {"person_withheld"}
    assert "pupil" not in done.records.columns


@pytest.mark.parametrize(
    ("record_type", "frame", "identities"),
    [
        ("person", persons(ONE), None),
        ("movement", movement(), None),
        ("person", persons(ONE), vault({}).drop("snils")),
        ("person", persons(ONE), vault({}, {})),
        ("person", persons(ONE).with_columns(lastname=pl.lit(SURNAME)), vault({})),
        ("person", persons(ONE).drop("pupil"), vault({})),
        ("person", persons(ONE), vault({"patronymic": f"x{OTHER}"})),
        ("movement", movement(person=SURNAME), vault({})),
        ("movement", movement(other_school=ONE), vault({})),
        ("movement", movement(kind=[["a"]]), vault({})),
        ("mark", movement(), vault({})),
    ],
)
def test_the_gate_fails_closed_and_says_no_name(
    record_type: str,
    frame: pl.DataFrame,
    identities: pl.DataFrame | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    actions: list[Action] = []
    with caplog.at_level(logging.DEBUG), pytest.raises(GateClosedError) as caught:
        let_out(record_type, frame, identities, log=actions.append)
    assert actions == []
    assert SURNAME not in f"{caught.value!r}{caplog.text}"
    assert OTHER not in str(caught.value)


def test_identities_leave_only_for_who_may_be_shown_them() -> None:
    content = POLICY.model_dump(mode="json")
    content["types"]["person"]["fields"]["lastname"]["seen_by"] = "family_of_class"
    with pytest.raises(GateClosedError, match="lastname"):
        let_out("person", persons(ONE), vault({}), Policy.model_validate(content))


def test_nothing_that_was_released_is_printed() -> None:
    actions: list[Action] = []
    done = let_out("person", persons(ONE), vault({}), log=actions.append)
    assert done.records["lastname"].to_list() == [SURNAME]
    assert SURNAME not in f"{done!r}{actions}"


def test_the_action_says_what_went_on_what_ground() -> None:
    actions: list[Action] = []
    let_out("person", persons(ONE), vault({}), log=actions.append)
    (action,) = actions
    assert (action.action, action.school, action.count) == ("release", "781001", 1)
    assert "273-ФЗ, ст. 98" in action.ground
    assert action.details["requires"] == "law"
    assert action.details["seen_by"] == ["registry_operator"]


_VALUES = st.one_of(st.none(), st.integers(-5, 5), st.booleans(), st.text(max_size=5))


@given(
    record_type=st.one_of(st.sampled_from(sorted(POLICY.types)), st.text(max_size=6)),
    columns=st.dictionaries(st.text(min_size=1, max_size=6), _VALUES, min_size=1, max_size=4),
)
def test_without_a_row_in_the_policy_nothing_leaves(
    record_type: str, columns: dict[str, Any]
) -> None:
    frame = pl.DataFrame({"key": ["k"]} | {name: [value] for name, value in columns.items()})
    actions: list[Action] = []
    with pytest.raises(GateClosedError):
        let_out(record_type, frame, vault({}), log=actions.append)
    assert actions == []


@given(field=st.sampled_from(sorted(POLICY.types["movement"].fields)))
def test_a_field_taken_out_of_the_policy_closes_the_gate(field: str) -> None:
    content = POLICY.model_dump(mode="json")
    del content["types"]["movement"]["fields"][field]
    with pytest.raises(GateClosedError, match=field):
        let_out("movement", movement(), vault({}), Policy.model_validate(content))


@pytest.mark.parametrize(
    ("record_type", "change"),
    [
        ("person", {"requires": "nothing"}),
        ("person", {"subject": None}),
        ("person", {"subject": "lastname"}),
        ("person", {"minimum": {"surname": [["shoe_size"]]}}),
        ("class", {"requires": "law"}),
        ("movement", {"follows": "nobody"}),
        ("movement", {"follows": "education"}),
        ("movement", {"requires": "consent"}),
    ],
)
def test_a_type_that_does_not_add_up_is_refused(record_type: str, change: dict[str, Any]) -> None:
    content = POLICY.model_dump(mode="json")
    content["types"][record_type] |= change
    with pytest.raises(ValidationError):
        Policy.model_validate(content)
