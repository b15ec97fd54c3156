"""The text of a plan of faults: what it says, and what it is told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.emulators.fault_plan import BY_CHANCE, KINDS, Rule, Storm, parse, read


def test_rules_are_read_in_their_order() -> None:
    found = parse("429:3,cut_after:1@5\nrefused:2.5@8 503:always # maintenance\nrestored=monday@20")
    assert found.rules == (
        Rule("429", 3),
        Rule("cut_after", 1, 5),
        Rule("refused", 2.5, 8),
        Rule("503", -1),
        Rule("restored", 1, 20, name="monday"),
    )
    assert found.storm.rate == 0


def test_chance_and_times() -> None:
    found = parse("rate=0.05 seed=7 kinds=429+cut_after hold=2.5 slow=1 retry_after=9")
    assert found.storm == Storm(0.05, 7, ("429", "cut_after"))
    assert (found.hold, found.slow, found.retry_after) == (2.5, 1, "9")
    assert found.rules == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flood:3", "flood"),
        ("429:x", "429:x"),
        ("429:1.5", "whole number"),
        ("429=monday", "take a name"),
        ("refused:0", "seconds"),
        ("refused:601", "seconds"),
        ("rate=2", "share"),
        ("rate=much", "rate=much"),
        ("kinds=429+flood", "flood"),
        ("kinds=restored", "restored"),
        ("kinds=refused", "refused"),
        ("hold=601", "600"),
    ],
)
def test_a_wrong_item_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(f"503:1,{text}")


def test_a_plan_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    path.write_text("# a bad evening\n429:3\n  503@4\n", "utf-8")
    assert read(str(path)) == parse("429:3,503@4") == read("429:3,503@4")


def test_the_same_seed_is_the_same_storm() -> None:
    def storm(seed: int, emulator: str = "diary") -> list[str | None]:
        return [Storm(0.3, seed).at(emulator, number) for number in range(400)]

    assert storm(7) == storm(7)
    assert storm(7) != storm(8)
    assert storm(7) != storm(7, "dnevnik")
    hit = [kind for kind in storm(7) if kind]
    assert 80 < len(hit) < 160
    assert set(hit) == set(BY_CHANCE) < set(KINDS)
    assert not any(Storm().at("diary", number) for number in range(400))
