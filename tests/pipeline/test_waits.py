"""What a refusal is kept with names nobody, and leads to its cause for persons and cells too."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import yaml
from sqlalchemy import text

from pipeline import batches
from pipeline.cards.of_school import cards
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.registry import import_region, read_region
from privacy.masks import HIDDEN_NAME
from privacy.pseudonyms import PSEUDONYM_PATTERN
from sandbox.damage import damage
from sandbox.generate import generate
from sandbox.params import Params
from tests.pipeline.one_school import TODAY, Row, School, generated, school

__all__ = ["generated", "school"]  # fixtures


def waiting(school: School, document: str, line: str) -> tuple[str, str, str]:
    """Rule, entity and key of what a refused line waits for."""
    query = (
        "SELECT rule, missing_entity, missing_key FROM ops.quarantine"
        " WHERE document = :document AND line = :line AND state = 'open'"
    )
    values = {"document": document, "line": int(line)}
    with school.hub.engine.begin() as connection:
        ((rule, entity, key),) = connection.execute(text(query), values)
    return rule, entity, key


def one(school: School, table: str, **cells: str) -> str:
    """Change the last row of a table that nothing is wrong with; its line."""
    last = school.today.rows(table)[-1]["line"]
    school.today.change(table, lambda row: row["line"] == last, **cells)
    return last


def test_a_code_that_names_somebody_is_hidden(school: School) -> None:
    pupil = school.today.rows("pupils")[0]
    line = one(school, "marks", ВидРаботы=f"{pupil['Фамилия']} {pupil['Имя']}")
    school.collect()
    rule, _, key = waiting(school, "marks.csv", line)
    assert rule == "unknown_code"
    assert key
    assert pupil["Фамилия"] not in key


def test_a_key_that_names_somebody_is_an_alias(school: School) -> None:
    surname = school.today.rows("pupils")[0]["Фамилия"]
    line = one(school, "lessons", КодКласса=f"Класс {surname}")
    school.collect()
    rule, entity, key = waiting(school, "lessons.csv", line)
    assert (rule, entity) == ("dangling_reference", "class_")
    assert key.startswith(HIDDEN_NAME)


def test_a_person_is_told_by_pseudonym(school: School) -> None:
    line = one(school, "marks", КодУченика="99999")
    school.collect()
    rule, entity, key = waiting(school, "marks.csv", line)
    assert (rule, entity) == ("dangling_reference", "pupil")
    assert re.fullmatch(PSEUDONYM_PATTERN, key)


def test_what_refers_to_a_refused_pupil_waits_for_the_pupil_s_own_fault(school: School) -> None:
    pupil = school.today.rows("pupils")[0]["Код"]

    def his(row: Row) -> bool:
        return row["КодУченика"] == pupil

    school.today.change("pupils", lambda row: row["Код"] == pupil, ДатаРождения="31.02.2013")
    school.collect()
    (card,) = [card for card in school.cards() if card.where.field == "ДатаРождения"]
    assert card.rule == "bad_date"
    assert card.held["pupil"] == card.held["enrolment"] == 1
    marks = {row["Код"] for row in school.today.rows("marks") if his(row)}
    assert card.held["mark"] == len(marks)
    guardians = [row for row in school.today.rows("guardians") if his(row)]
    assert card.held["guardian"] == len(guardians)


def test_an_unknown_code_in_a_cell_is_one_cause_though_it_stands_in_many(
    hub: Hub, tmp_path: Path
) -> None:
    """NetSchool's journal has a column a lesson: refusals are told by the lesson's heading."""
    params = Params(
        districts=1, schools_per_system=1, classes=1, systems=("netschool",), connected_on=TODAY
    )
    generate(params, tmp_path)
    region = yaml.safe_load((tmp_path / "region.yml").read_text("utf-8"))
    (entry,) = region["schools"]
    entry["sources"][0]["settings"]["root"] = str(tmp_path / "drops")
    (tmp_path / "region.yml").write_text(yaml.safe_dump(region, allow_unicode=True), "utf-8")
    with hub.engine.begin() as connection:
        import_region(connection, read_region(tmp_path / "region.yml"))
    damage(tmp_path, entry["code"], "unknown_code")
    journal = next(
        path for path in sorted((tmp_path / "drops").rglob("journal_*")) if _spoilt(path)
    )
    content = journal.read_text("utf-8")
    journal.write_text(content.replace("<td>5</td>", "<td>Ю</td>", 2), "utf-8")

    run = Run("run", date(2026, 9, 18))
    batches.open_run(hub, "collect", run)
    batches.collect_batch(hub, [entry["code"]], run)
    batches.close_run(hub, "collect", run)
    with hub.engine.begin() as connection:
        every = [part for card in cards(connection, entry["code"], TODAY) for part in card.parts]
    (cause,) = [part for part in every if part.where.key == "Ю"]
    assert cause.rule == "unknown_code"
    # The first cell of a row is the pupil's number in the list.
    cells = len(re.findall("(?<!<tr>)<td>Ю</td>", journal.read_text("utf-8")))
    assert cause.held == {"mark": cells}
    assert cells > 1


def _spoilt(path: Path) -> bool:
    return path.suffix == ".html" and "<td>Ю</td>" in path.read_text("utf-8")
