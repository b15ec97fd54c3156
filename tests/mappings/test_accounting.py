"""Every record that the rows spoke of is translated or refused, and none of them twice."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings import load
from mappings.columns import read_by_table
from quality.contract import check
from quality.duplicates import drop_duplicates
from quality.references import check_references
from schemas.frames import REFUSAL_SCHEMA

WORDS = [
    None,
    "1",
    "5",
    "да",
    "нет",
    "План",
    "Group",
    "Subgroup",
    "Active",
    "Mark5",
    "Зачет",
    "Зач",
    "5 Б .",
    "Н/б",
    "Особая",
    "05.09.2026",
    "31.09.2026",
    "2026-09-05T10:00:00",
    "05.09.2026 10:00:00",
    "Пн",
    "?",
]


@st.composite
def _uploads(draw, profile):
    """Rows for every table of the profile, out of a few words, so that keys repeat and meet."""
    rows = {}
    for name, declared in load(profile).tables.items():
        columns = sorted(read_by_table(declared))
        row = st.fixed_dictionaries({column: st.sampled_from(WORDS) for column in columns})
        rows[name] = draw(st.lists(row, min_size=1, max_size=3)) if columns else []
    return rows


@pytest.mark.parametrize("name", ["paragraf/3.21", "dnevnik_ru/v2", "netschool/5", "lists/1"])
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_read_is_translated_plus_refused(name, applied, table, data):
    upload = data.draw(_uploads(name))

    translated = applied(name, *(table(t, rows) for t, rows in upload.items()))

    for entity, frame in translated.frames.items():
        refused = translated.refusals.filter(pl.col("entity") == entity)["_row"].unique()
        rows = pl.concat([frame["_row"], refused])
        assert sorted(rows.to_list()) == list(range(translated.read[entity]))
    assert dict(translated.refusals.schema) == REFUSAL_SCHEMA
    assert translated.refusals["field"].null_count() == 0
    assert translated.findings == []


def test_all_records_through_all_checks(applied, table):
    """read = accepted + refused (mapping, contract, duplicates, references) + duplicates."""
    base = {"КодУченика": "1", "КодУрока": "1", "КодПредмета": "1", "ДатаУрока": "05.09.2026",
            "Отметка": "5", "Шкала": "5", "ВидРаботы": "Урок"}  # fmt: skip
    changes = [{"Отметка": "7"}, {"ВидРаботы": "?"}, {"КодУрока": "2"}, {}, {}, {"ДатаУрока": "x"}]
    rows = [{**base, **change, "Код": str(n % 5)} for n, change in enumerate(changes * 3)]

    translated = applied("paragraf/3.21", table("marks", rows))
    checked = check("mark", translated.frames["mark"])
    single = drop_duplicates("mark", checked.accepted)
    known = {target: pl.Series(["1"]) for target in ("lesson", "subject", "person:pupil")}
    referenced = check_references("mark", single.kept, known)

    refused = [translated.refusals, checked.refusals, single.refusals, referenced.refusals]
    quarantined = sum(refusals["_row"].n_unique() for refusals in refused)
    assert all(refusals.height for refusals in refused)
    assert translated.read["mark"] == referenced.kept.height + quarantined + single.duplicates == 18
