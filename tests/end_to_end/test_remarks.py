"""What is remarked in a region is what its figures miss, thing by thing."""

from __future__ import annotations

from datetime import date

from pipeline.cards.of_school import cards
from pipeline.cards.text import told
from tests.end_to_end.world import World

MISSED = {
    "held": "held",
    "topic": "topic",
    "homework": "homework",
    "attendance": "attendance",
    "marks": "marks",
    "daily_upload": "upload_frequency",
}
OF_PARTS = (
    "lesson_entered",
    "attendance_entered",
    "substitution_entered",
    "homework_entered",
    "lesson_marks",
)


def test_each_figure_misses_as_much_as_is_remarked(world: World) -> None:
    figures = {
        (row["unit"], row["measure"]): row["missed"]
        for row in world.rows(
            "SELECT unit, measure, denominator - numerator AS missed FROM quality.measures"
            " WHERE level = 'school' AND as_of = :last",
            last=world.last,
        )
    }
    remarked = {
        (row["school"], row["rule"]): row["n"]
        for row in world.rows(
            "SELECT school, rule, count(*) AS n FROM quality.remarks WHERE fixed_on IS NULL"
            " GROUP BY 1, 2"
        )
    }
    schools = world.schools()
    assert schools
    for school in schools:
        for rule, measure in MISSED.items():
            assert remarked.get((school, rule), 0) == figures[school, measure], (school, rule)
        late = sum(remarked.get((school, rule), 0) for rule in OF_PARTS)
        assert late <= figures[school, "timeliness"]
    assert {rule for _, rule in remarked} <= {*MISSED, *OF_PARTS}
    assert sum(remarked.values()) > 100


def test_each_school_is_told_its_causes_in_words(world: World) -> None:
    """Of whatever system: all that waits in quarantine is on a card, all that is remarked too, the
    cards are few, and each can be read."""
    waiting: dict[str, set[str]] = {}
    for row in world.rows("SELECT DISTINCT school, rule FROM ops.quarantine WHERE state = 'open'"):
        waiting.setdefault(row["school"], set()).add(row["rule"])
    assert waiting.keys() == set(world.schools())
    remarked = {
        row["school"]: row["n"]
        for row in world.rows(
            "SELECT school, count(*) AS n FROM quality.remarks WHERE fixed_on IS NULL GROUP BY 1"
        )
    }
    for school in world.schools():
        with world.hub.engine.begin() as connection:
            found = cards(connection, school, date.fromisoformat(world.last))
        assert waiting.get(school, set()) <= {p.rule for card in found for p in card.parts}, school
        assert all(card.title and card.fix and told(card) for card in found)
        assert len(found) < 12, school
        assert sum(share.remarks for card in found for share in card.shares) == remarked[school]
