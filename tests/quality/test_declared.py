"""Measured beside declared: where the two differ, in words, and where they do not."""

from __future__ import annotations

from typing import Any

import pytest

from quality.declared import Facts, beside
from quality.profiles import load_profile

ROWS = {row.measured: row for row in load_profile("spb").form("form2").rows if row.measured}


def told(code: str, declared: Any, **facts: Any) -> tuple[str, str]:
    values = {} if declared is None else {code: declared}
    said = beside(ROWS[code], values, Facts(**facts))
    return said.measured.replace("\u00a0", " "), said.difference


@pytest.mark.parametrize(
    ("declared", "longest", "measured", "difference"),
    [
        (3, 3, "дольше всего 3 дн.", ""),
        (3, 4, "дольше всего 4 дн.", "заявлено 3 дн., измерено 4 дн."),
        (3, 0, "дольше всего 0 дн.", ""),  # sooner than declared is no difference
        (0, 1, "дольше всего 1 дн.", "заявлено 0 дн., измерено 1 дн."),
        (3, None, "нет данных", ""),
        (None, 1, "дольше всего 1 дн.", "не заявлено"),
        (None, None, "нет данных", "не заявлено"),
    ],
)
def test_days_to_register(
    declared: int | None, longest: int | None, measured: str, difference: str
) -> None:
    assert told("registration_days", declared, registration_days=longest) == (measured, difference)


@pytest.mark.parametrize(
    ("declared", "days", "week", "measured", "difference"),
    [
        ("day", (10, 10), 5, "ежедневно: 100,0 % учебных дней (10 из 10)", ""),
        # Half a day a week less still rounds to daily, a little more does not.
        ("day", (91, 100), 5, "ежедневно: 91,0 % учебных дней (91 из 100)", ""),
        ("day", (89, 100), 5, "4 раза в неделю: 89,0 % учебных дней (89 из 100)",
         "заявлено «ежедневно», измерено «4 раза в неделю»"),
        ("4 week", (89, 100), 5, "4 раза в неделю: 89,0 % учебных дней (89 из 100)", ""),
        ("5 week", (10, 10), 5, "ежедневно: 100,0 % учебных дней (10 из 10)",
         "заявлено «5 раз в неделю», измерено «ежедневно»"),
        ("1 month", (1, 20), 5, "1 раз в месяц: 5,0 % учебных дней (1 из 20)", ""),
        ("day", (0, 20), 6, "не ежедневно: 0,0 % учебных дней (0 из 20)",
         "заявлено «ежедневно», измерено «не ежедневно»"),
        (None, (10, 10), 5, "ежедневно: 100,0 % учебных дней (10 из 10)", "не заявлено"),
        ("day", (0, 0), 5, "нет данных", ""),
    ],
)  # fmt: skip
def test_how_often_it_is_uploaded(
    declared: str | None, days: tuple[int, int], week: int, measured: str, difference: str
) -> None:
    assert told("upload_frequency", declared, uploads=days, week=week) == (measured, difference)


def test_how_often_teachers_enter_data() -> None:
    assert told("entry_frequency", "day", in_time=(50, 100), week=6) == (
        "3 раза в неделю: 50,0 % уроков (50 из 100)",
        "заявлено «в день урока», измерено «3 раза в неделю»",
    )
    assert told("entry_frequency", "day", in_time=(99, 100), week=6)[1] == ""


@pytest.mark.parametrize(
    ("code", "measure", "least"),
    [("topic", "topic", 95), ("lesson_marks", "marks", 50), ("absences", "attendance", 95),
     ("homework", "homework", 95)],
)  # fmt: skip
def test_yes_and_no(code: str, measure: str, least: int) -> None:
    enough, few = {measure: (least, 100)}, {measure: (least - 1, 100)}
    assert told(code, "да", measures=enough)[1] == ""
    assert told(code, "да", measures=few)[1] == (
        f"заявлено «да», не внесено в {101 - least} из 100 уроков"
    )
    assert told(code, "нет", measures=few)[1] == ""
    assert (
        told(code, "нет", measures=enough)[1] == f"заявлено «нет», внесено в {least} из 100 уроков"
    )
    assert told(code, None, measures=enough) == (
        f"{least},0 % уроков ({least} из 100)", "не заявлено",
    )  # fmt: skip
    assert told(code, "да") == ("нет данных", "")


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert told("topic", "да", measures={"topic": (9999, 10000)})[0].startswith("99,9 %")
