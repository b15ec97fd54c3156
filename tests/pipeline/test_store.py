"""created / changed / unchanged / vanished, each shown once, with the history it leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from sqlalchemy import text

from pipeline.database import connect
from pipeline.hub import Hub
from pipeline.ledger import Counter, Entry, add, open_rows
from pipeline.store import Batch, Stored, anchor, mark_vanished, upsert
from privacy.separate import separate
from tests.privacy.samples import canonical

SEEN = datetime(2026, 9, 18, 17, 0, tzinfo=UTC)
COVERS = (date(2026, 9, 1), date(2026, 9, 18))


def marks(**values: str) -> pl.DataFrame:
    """One mark per key: value by key."""
    return pl.DataFrame(
        {
            "key": list(values),
            "source_key": list(values),
            "pupil": ["p1"] * len(values),
            "lesson_key": [None] * len(values),
            "subject_key": ["s"] * len(values),
            "date": [date(2026, 9, 10)] * len(values),
            "value": list(values.values()),
            "scale": ["5"] * len(values),
            "work_type": ["oral"] * len(values),
            "given_on": [None] * len(values),
            "entered_at": [None] * len(values),
            "_document": ["marks.xml"] * len(values),
            "_line": list(range(2, 2 + len(values))),
        },
        schema_overrides={
            "lesson_key": pl.String,
            "given_on": pl.Date,
            "entered_at": pl.Datetime("us", "UTC"),
        },
    )


def batch(run: str = "r1", school: str = "781001") -> Batch:
    return Batch(school, "paragraf", 2026, run, SEEN)


def put(hub: Hub, frame: pl.DataFrame, run: str = "r1", refused: tuple[str, ...] = ()) -> Stored:
    with hub.engine.begin() as connection:
        stored = upsert(connection, "mark", frame, batch(run), {"marks.xml": 7})
        gone = mark_vanished(connection, "mark", batch(run), COVERS, refused)
        return Stored(stored.created, stored.changed, stored.unchanged, gone)


def history(hub: Hub) -> list[tuple[str, str, str]]:
    with hub.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT key, change, before->>'value' FROM journal.history ORDER BY id")
        )
        return [tuple(row) for row in rows]


def test_first_read_creates_and_second_changes_nothing(hub: Hub) -> None:
    assert put(hub, marks(a="5", b="4")) == Stored(created=2)
    assert put(hub, marks(a="5", b="4"), "r2") == Stored(unchanged=2)
    assert history(hub) == []


def test_a_changed_mark_keeps_its_former_self(hub: Hub) -> None:
    put(hub, marks(a="5", b="4"))
    assert put(hub, marks(a="5", b="3"), "r2") == Stored(changed=1, unchanged=1)
    assert history(hub) == [("b", "changed", "4")]


def test_a_missing_mark_vanishes_and_may_return(hub: Hub) -> None:
    put(hub, marks(a="5", b="4"))
    assert put(hub, marks(a="5"), "r2") == Stored(unchanged=1, vanished=1)
    assert put(hub, marks(a="5"), "r3") == Stored(unchanged=1), "vanished once, not every night"
    assert put(hub, marks(a="5", b="4"), "r4") == Stored(changed=1, unchanged=1)
    assert [change for _, change, _ in history(hub)] == ["vanished", "returned"]


def test_a_refused_mark_has_not_vanished(hub: Hub) -> None:
    put(hub, marks(a="5", b="4"))
    assert put(hub, marks(a="5"), "r2", refused=("b",)) == Stored(unchanged=1)


def test_marks_outside_the_read_have_not_vanished(hub: Hub) -> None:
    put(hub, marks(a="5"))
    later = (date(2026, 9, 11), date(2026, 9, 18))
    with hub.engine.begin() as connection:
        upsert(connection, "mark", marks(), batch("r2"), {"marks.xml": 7})
        assert mark_vanished(connection, "mark", batch("r2"), later, []) == 0


def test_another_school_is_left_alone(hub: Hub) -> None:
    put(hub, marks(a="5"))
    with hub.engine.begin() as connection:
        other = batch("r2", school="781002")
        assert upsert(connection, "mark", marks(a="2"), other, {"marks.xml": 8}).created == 1
        assert mark_vanished(connection, "mark", other, COVERS, []) == 0


def test_origin_is_kept(hub: Hub) -> None:
    put(hub, marks(a="5", b="4"))
    with hub.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT key, origin_document, origin_line FROM journal.mark ORDER BY key")
        )
        assert [tuple(row) for row in rows] == [("a", 7, 2), ("b", 7, 3)]


def test_text_survives_the_copy(hub: Hub) -> None:
    odd = marks(**{'a"b': "5", "c\\N": "4", "d,e": "3", "ё;ж": "2"})
    put(hub, odd)
    with hub.engine.begin() as connection:
        keys = connection.execute(text("SELECT key FROM journal.mark")).scalars()
        assert set(keys) == {'a"b', "c\\N", "d,e", "ё;ж"}


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ("mark", "source_key"),
        ("attendance", "lesson_key"),
        ("enrolment", "class_key"),
        ("pupil", None),
    ],
)
def test_what_protects_a_refused_record(entity: str, expected: str | None) -> None:
    assert anchor(entity) == expected


def test_a_row_the_database_loses_leaves_the_ledger_open(hub: Hub) -> None:
    """A trigger swallows one row, as a faulty rule or a full disk might: nobody raises."""
    with connect(hub.settings, "owner").begin() as owner:
        owner.execute(
            text(
                "CREATE FUNCTION ops.swallow() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN IF NEW.key = 'b' THEN RETURN NULL; END IF; RETURN NEW; END $$;"
                " CREATE TRIGGER swallow BEFORE INSERT ON journal.mark_2026"
                " FOR EACH ROW EXECUTE FUNCTION ops.swallow()"
            )
        )
    try:
        stored = put(hub, marks(a="5", b="4"))
    finally:
        with connect(hub.settings, "owner").begin() as owner:
            owner.execute(text("DROP FUNCTION ops.swallow() CASCADE"))
    entries = [
        Entry("mark", Counter.ACCEPTED, 2),
        Entry("mark", Counter.CREATED, stored.created),
        Entry("mark", Counter.CHANGED, stored.changed),
        Entry("mark", Counter.UNCHANGED, stored.unchanged),
    ]
    with hub.engine.begin() as connection:
        add(connection, "r1", "781001", "paragraf", entries)
        rows = [row for row in open_rows(connection, "r1") if row.counter is Counter.ACCEPTED]
    assert [(row.entity, row.left, row.right) for row in rows] == [("mark", 2, 1)]


def test_a_text_stored_before_its_person_was_known_is_blocked_at_the_next_collect(hub: Hub) -> None:
    lesson = canonical(
        "lesson",
        {
            "source_key": "L1",
            "date": date(2026, 9, 10),
            "number": 1,
            "class_key": "c7",
            "subject_key": "s1",
            "topic": "Опрос: Жмелеватов",
            "homework_not_set": False,
            "held": True,
            "status": "scheduled",
        },
    )
    pupil = canonical("pupil", {"person": "P1", "full_name": "Жмелеватов Лев Олегович"})

    def collect(run: str, **frames: pl.DataFrame) -> Stored:
        facts = separate("781001", "paragraf", frames, hub.vault, hub.keys).frames["lesson"]
        with hub.engine.begin() as connection:
            return upsert(connection, "lesson", facts, batch(run), {"d.xml": 7})

    assert collect("r1", lesson=lesson) == Stored(created=1)
    assert collect("r2", lesson=lesson, pupil=pupil) == Stored(changed=1)
    with hub.engine.begin() as connection:
        rows = connection.execute(text("SELECT topic, text_blocked FROM journal.lesson")).all()
    assert [tuple(row) for row in rows] == [("[скрыто: имя человека]", True)]
