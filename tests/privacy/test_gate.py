from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select

from privacy.actions import Action, action_log_on
from privacy.gate import GateClosedError, Released, release
from privacy.policy import Policy, load_policy
from schemas.tables.ops import action_log

POLICY = load_policy("diary")
PUPIL, OTHER, TEACHER = ("p" + digit * 32 for digit in "abc")
UIDS = pl.DataFrame({"pseudonym": [PUPIL, TEACHER], "uid": ["781234567", "780000001"]})
CONSENT = pl.DataFrame(
    {"pupil": [PUPIL, OTHER], "reason": [None, None]},
    schema={"pupil": pl.String, "reason": pl.String},
)
NO_UIDS = UIDS.clear()
NO_CONSENT = CONSENT.with_columns(reason=pl.lit("refused"))


def mark(pupil: str | None = PUPIL, **fields: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": "k1",
            "lesson": "a" * 32,
            "pupil": pupil,
            "subject_name": "Алгебра",
            "date": date(2026, 9, 5),
            "estimate_type_code": 1058,
            "estimate_type_name": "Работа на уроке",
            "estimate_value_code": "5/5",
            "estimate_value_name": "5",
        }
        | fields,
        schema_overrides={"pupil": pl.String},
    )


def lesson(teacher: str | None = TEACHER, *, blocked: bool | None = False) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": "k1",
            "lesson": "k1",
            "date": date(2026, 9, 5),
            "number": 1,
            "group_name": "7 а",
            "subject_name": "Алгебра",
            "content_name": "Дроби",
            "task_name": None,
            "task_file": None,
            "teacher": teacher,
            "held": True,
            "substitution": False,
            "text_blocked": blocked,
        },
        schema_overrides={"teacher": pl.String, "text_blocked": pl.Boolean},
    )


def let_out(
    record_type: str,
    frame: pl.DataFrame,
    uids: pl.DataFrame = UIDS,
    consent: pl.DataFrame = CONSENT,
    log: Any = lambda action: None,
) -> Released:
    return release(POLICY, record_type, frame, uids=uids, consent=consent, school="781001", log=log)


def contract() -> dict[str, set[str]]:
    """The fields of ``data`` by type, as docs/diary-contract.md has them."""
    text = (Path(__file__).parents[2] / "docs" / "diary-contract.md").read_text()
    types = "timetable|lesson|mark|attendance|term_mark"
    rows = re.findall(rf"^\| ({types}) \| (.*) \|$", text, re.MULTILINE)
    return {
        name: set(re.findall(r"(?:^|, )(\w+)", re.sub(r" *\([^)]*\)| «[^»]*»", "", said)))
        for name, said in rows
    }


def test_the_policy_names_exactly_the_fields_of_the_contract() -> None:
    assert len(contract()) == 5
    sent = {
        record_type: {field.name or name for name, field in one.fields.items()}
        for record_type, one in POLICY.types.items()
    }
    assert sent == contract()


def test_a_mark_leaves_by_uid() -> None:
    (record,) = let_out("mark", mark()).records.to_dicts()
    assert record.pop("key") == "k1"
    assert set(record) == contract()["mark"]
    assert record["uid"] == "781234567"
    assert PUPIL not in str(record)


def test_a_lesson_leaves_with_or_without_the_uid_of_its_teacher() -> None:
    assert let_out("lesson", lesson()).records["teacher_uid"].to_list() == ["780000001"]
    for frame, uids in ((lesson(None), UIDS), (lesson(), NO_UIDS), (lesson(OTHER), UIDS)):
        done = let_out("lesson", frame, uids, NO_CONSENT)
        assert done.records["teacher_uid"].to_list() == [None]
        assert done.records.schema["teacher_uid"] == pl.String
        assert set(done.records.columns) - {"key"} == contract()["lesson"]


@pytest.mark.parametrize(
    ("pupil", "uids", "consent", "reason"),
    [
        (PUPIL, UIDS, CONSENT, None),
        (OTHER, UIDS, CONSENT, "no_uid"),
        (PUPIL, NO_UIDS, CONSENT, "no_uid"),
        (None, UIDS, CONSENT, "no_uid"),
        (PUPIL, UIDS, NO_CONSENT, "no_consent"),
        (PUPIL, UIDS, CONSENT.clear(), "no_consent"),
        (PUPIL, NO_UIDS, NO_CONSENT, "no_uid"),
    ],
)
def test_reasons_to_withhold(
    pupil: str | None, uids: pl.DataFrame, consent: pl.DataFrame, reason: str | None
) -> None:
    done = let_out("mark", mark(pupil), uids, consent)
    assert done.withheld.rows() == ([("k1", reason)] if reason else [])
    assert done.records.height == (0 if reason else 1)


def test_a_blocked_text_stays() -> None:
    done = let_out("lesson", lesson(blocked=True))
    assert done.records.is_empty()
    assert done.withheld.rows() == [("k1", "blocked_text")]


@pytest.mark.parametrize(
    ("record_type", "frame"),
    [
        ("mark", mark(full_name="Брянчихина")),
        ("mark", mark().drop("date")),
        ("mark", mark().drop("key")),
        ("mark", mark(text_blocked=False)),
        ("pupil", mark()),
        ("lesson", lesson().drop("text_blocked")),
        ("lesson", lesson(blocked=None)),
        ("mark", mark(lesson=f"L1|{PUPIL}")),
        ("mark", mark(key=f"M1|{OTHER}")),
    ],
)
def test_the_gate_fails_closed(record_type: str, frame: pl.DataFrame) -> None:
    actions: list[Action] = []
    with pytest.raises(GateClosedError) as caught:
        let_out(record_type, frame, log=actions.append)
    assert actions == []
    assert "Брянчихина" not in str(caught.value)


def test_an_empty_frame_releases_nothing_and_is_logged() -> None:
    actions: list[Action] = []
    done = let_out("mark", mark().clear(), log=actions.append)
    assert done.records.is_empty()
    assert [action.count for action in actions] == [0]


def test_one_action_per_release(engine: Engine) -> None:
    frame = pl.concat([mark(), mark(OTHER, key="k2"), mark(OTHER, key="k3")])
    with engine.begin() as connection:
        let_out("mark", frame, log=action_log_on(connection, "svod deliver"))
    with engine.connect() as connection:
        (row,) = connection.execute(select(action_log)).mappings().all()
    assert (row["actor"], row["action"], row["school"], row["count"]) == (
        "svod deliver",
        "release",
        "781001",
        1,
    )
    assert row["details"] == {
        "policy": "diary",
        "version": "2",
        "type": "mark",
        "requires": "consent",
        "methods": {
            "as_is": "без обезличивания: значение не указывает на человека",
            "uid": "введение идентификаторов",
        },
        "seen_by": ["family_of_pupil"],
        "withheld": {"no_uid": 2},
        "lacking": {},
    }
    assert "согласие" in row["ground"]
    assert row["at"] is not None


def test_what_cannot_be_logged_does_not_leave() -> None:
    def broken(action: Action) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        let_out("mark", mark(), log=broken)


def test_a_dropped_field_is_allowed_and_not_sent() -> None:
    content = POLICY.model_dump(mode="json")
    content["types"]["mark"]["fields"]["date"]["method"] = "drop"
    policy = Policy.model_validate(content)
    done = release(
        policy, "mark", mark(), uids=UIDS, consent=CONSENT, school="1", log=lambda action: None
    )
    assert "date" not in done.records.columns


@pytest.mark.parametrize(
    "change",
    [
        {"ground": "because"},
        {"method": "encrypt"},
        {"seen_by": "everyone"},
        {"required": True},
        {"x": 1},
    ],
)
def test_a_policy_that_does_not_add_up_is_refused(change: dict[str, Any]) -> None:
    content = POLICY.model_dump(mode="json")
    content["types"]["mark"]["fields"]["date"] |= change
    with pytest.raises(ValidationError):
        Policy.model_validate(content)
