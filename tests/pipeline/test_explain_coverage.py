"""What says how a consent stands and who is in a class: each origin down to its line, by hand.

The village's three pupils: 100 and 101 in 7а (key 10), 102 in 7б (key 11). Line 1 of a file is its
heading.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from pipeline import migrate
from pipeline.consents.coverage import OWN, counted
from pipeline.database import connect
from pipeline.explain.addresses import AddressError, CoverageCount
from pipeline.explain.coverage import ExplainedCoverage, explain_coverage, places_by_row
from reports.coverage_words import pupil_words
from tests.pipeline.village import (
    SCHOOL,
    Village,
    enrol,
    order,
    ru,
    village,
)

__all__ = ["village"]

ON = "2026-09-18"
MORE = (
    ("Багрячинский", "Иван", "01.03.2013", "", "М"),
    ("Дубоногов", "Пётр", "02.03.2013", "", "М"),
)


def opened(
    village: Village, column: str = "pupils", class_key: str = "", on: str = ON
) -> ExplainedCoverage:
    address = CoverageCount(column, SCHOOL, date.fromisoformat(on), class_key)
    with village.hub.engine.begin() as connection:
        with_uid = village.hub.vault.who_has_uid(SCHOOL)
        return explain_coverage(connection, address, with_uid)


def told(village: Village, found: ExplainedCoverage) -> dict[tuple[str, str], dict[str, str]]:
    """The words of the rows by pupil and class."""
    with village.hub.engine.begin() as connection:
        said, enrolled = (
            places_by_row(connection, SCHOOL, showing, found.rows)
            for showing in (found.consents, found.enrolments)
        )
    return {
        (row["pupil"], row["class_key"]): pupil_words(
            row, said.get(row["row"], []), enrolled.get(row["row"], [])
        )
        for row in found.rows.iter_rows(named=True)
    }


def standing(words: dict[str, str]) -> tuple[str, ...]:
    return tuple(words[name] for name in ("согласие", "с какого дня", "UID", "откуда известно"))


def write(village: Village, statement: str, **values: Any) -> None:
    with village.hub.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_every_origin_is_told_and_the_journals_with_its_line(village: Village) -> None:
    """100 refused on paper, 101 withdrawn by an order though the list still has her, 102 applied
    without registration; of the newcomers one has applied for a later day, one said nothing."""
    village.drop("applications", КодУченика="102")
    village.say("applications", Код="9", КодУченика="102", ДатаЗаявления=ru("2026-09-17"))
    for code, who in zip(("103", "104"), MORE, strict=True):
        enrol(village, code, who, "11")["UID"] = ""
    village.say(
        "applications", Код="10", КодУченика="103", ДатаЗаявления=ru("2026-09-17"),
        ДатаРегистрации=ru("2026-09-21"),
    )  # fmt: skip
    order(village, "31", "101", "Выбытие", "2026-09-17", ИзКласса="10")
    village.export(ON)
    village.collect(ON)
    by = ("--school", SCHOOL, "--by", "operator-7")
    (entry,) = village.svod(
        "consent", "refuse", *by, "--local-key", "100", "--refused-on", "2026-09-16"
    )
    write(village, "UPDATE ops.consent_entries SET entered_at = '2026-09-17T21:30Z'")
    words = told(village, opened(village))
    found = {name: standing(words[village.name_of(name), key]) for name, key in CLASSES.items()}
    assert found == {
        "100": (
            "отказ", "16.09.2026", "есть", f"запись оператора № {entry['entry']} от 18.09.2026",
        ),
        "101": (
            "окончено", "17.09.2026", "есть",
            "приказ о выбытии: movements.csv:2, выгрузка 2026-09-18",
        ),
        "102": (
            "подано заявление", "17.09.2026", "есть",
            "Параграф: applications.csv:4, выгрузка 2026-09-18",
        ),
        "103": (
            "зарегистрировано, ещё не действует", "17.09.2026", "нет",
            "Параграф: applications.csv:5, выгрузка 2026-09-18",
        ),
        "104": ("заявления нет", "", "нет", ""),
    }  # fmt: skip
    lines = {name: words[village.name_of(name), key]["в списке класса"]
             for name, key in CLASSES.items()}  # fmt: skip
    assert lines == {  # the first evening's lines of those who were there
        "100": "pupils.csv:2, выгрузка 2026-09-16",
        "101": "pupils.csv:3, выгрузка 2026-09-16",
        "102": "pupils.csv:4, выгрузка 2026-09-16",
        "103": "pupils.csv:5, выгрузка 2026-09-18",
        "104": "pupils.csv:6, выгрузка 2026-09-18",
    }
    columns = {column: opened(village, column).rows["pupil"].to_list() for column in OWN}
    names = {village.name_of(name): name for name in CLASSES}
    assert {column: sorted(names[one] for one in pupils) for column, pupils in columns.items()} == {
        "pupils": ["100", "101", "102", "103", "104"],
        "active": [],
        "ready": [],
        "waiting": ["102", "103"],
        "stopped": ["100", "101"],
        "silent": ["104"],
        "with_uid": ["100", "101", "102"],
    }


CLASSES = {"100": "10", "101": "10", "102": "11", "103": "11", "104": "11"}

# Another enrolment of a pupil, as its journal would have it.
ENROLMENT = (
    "INSERT INTO journal.enrolment SELECT (jsonb_populate_record(e, jsonb_build_object("
    "'key', CAST(:key AS text), 'source', CAST(:source AS text), 'class_key', CAST(:to AS text),"
    " 'start', CAST(:start AS text), 'finish', CAST(:finish AS text),"
    " 'origin_line', 77))).* FROM journal.enrolment e WHERE e.pupil = :pupil"
)


def test_a_last_day_in_a_list_ends_a_consent_by_its_line(village: Village) -> None:
    """100 left 7б on the 8th and came to 7а on the 14th."""
    pupil = village.name_of("100")
    spell = {"start": "2026-09-01", "finish": "2026-09-08", "source": "paragraf"}
    write(village, ENROLMENT, pupil=pupil, key="former", to="11", **spell)
    write(village, "UPDATE journal.enrolment SET start = '2026-09-14' WHERE pupil = :pupil"
                   " AND key <> 'former'", pupil=pupil)  # fmt: skip
    words = told(village, opened(village, "stopped"))
    assert {key: standing(one) for key, one in words.items()} == {
        (pupil, "10"): (
            "окончено", "08.09.2026", "есть",
            "последний день в списке класса: pupils.csv:77, выгрузка 2026-09-16",
        ),
    }  # fmt: skip


def test_an_application_of_last_year_has_its_line(village: Village) -> None:
    migrate.open_school_year(connect(village.hub.settings, "owner"), 2025)
    pupil = village.name_of("101")
    last_year = "UPDATE journal.consent SET school_year = 2025, origin_line = 55 WHERE pupil = :p"
    write(village, last_year, p=pupil)
    words = told(village, opened(village, "active", "10"))
    assert words[pupil, "10"]["откуда известно"] == (
        "Параграф: applications.csv:55, выгрузка 2026-09-16"
    )


def test_a_school_that_is_closed_ends_all(village: Village) -> None:
    village.closed_on = "2026-09-17"
    village.register()
    found = told(village, opened(village, "stopped"))
    assert {standing(words) for words in found.values()} == {
        ("окончено", "17.09.2026", "есть", "школа закрыта по реестру")
    }
    assert len(found) == 3


def test_a_pupil_of_two_classes_is_a_row_in_each(village: Village) -> None:
    pupil = village.name_of("100")
    write(village, ENROLMENT, pupil=pupil, key="second", to="11", start="2026-09-01", finish=None,
          source="paragraf")  # fmt: skip
    found = told(village, opened(village))
    assert found[pupil, "11"]["в списке класса"] == "pupils.csv:77, выгрузка 2026-09-16"
    assert found[pupil, "10"]["в списке класса"] == "pupils.csv:2, выгрузка 2026-09-16"
    assert len(found) == 4
    assert counts(village) == [("10", "7а", 2), ("11", "7б", 2)]
    assert opened(village, class_key="11").rows["pupil"].to_list() == sorted(
        [pupil, village.name_of("102")]
    )


def counts(village: Village) -> Sequence[tuple[Any, ...]]:
    with village.hub.engine.begin() as connection:
        found = counted(connection, SCHOOL, date.fromisoformat(ON), frozenset())
    return found.select("class_key", "class_name", "pupils").rows()


def test_one_key_of_two_journals_is_one_class_that_opens_whole(village: Village) -> None:
    write(
        village,
        "INSERT INTO journal.class_ SELECT (jsonb_populate_record(c,"
        ' \'{"source": "eljur", "name": "8в"}\')).* FROM journal.class_ c'
        " WHERE c.source_key = '10'",
    )
    pupil = village.name_of("102")
    write(village, ENROLMENT, pupil=pupil, key="other", to="10", start="2026-09-01", finish=None,
          source="eljur")  # fmt: skip
    assert counts(village) == [("11", "7б", 1), ("10", "7а / 8в", 3)]
    found = opened(village, class_key="10")
    assert found.class_name == "7а / 8в"
    assert found.rows.height == 3
    assert told(village, found)[pupil, "10"]["в списке класса"] == (
        "pupils.csv:77, выгрузка 2026-09-16"
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (CoverageCount("active", "999", date(2026, 9, 18)), "такой школы в реестре нет"),
        (CoverageCount("active", SCHOOL, date(2026, 9, 18), "12"), "нет класса «12»"),
        (CoverageCount("active", SCHOOL, date(2026, 8, 31)), "учебного года в реестре нет"),
    ],
)
def test_what_there_is_not_is_told(village: Village, address: CoverageCount, why: str) -> None:
    with (
        pytest.raises(AddressError, match=why),
        village.hub.engine.begin() as connection,
    ):
        explain_coverage(connection, address, frozenset())


def test_a_day_of_a_year_that_is_not_open_is_told(village: Village) -> None:
    village.year = 2027
    village.register()
    with pytest.raises(AddressError, match="не в открытом учебном году"):
        opened(village)
