"""Each step by a table of texts: what it makes of them, and which it cannot read."""

from __future__ import annotations

import polars as pl
import pytest

from mappings.language import CodesBy, CodeTable
from mappings.steps import Step, coded, coded_by, day, extracted, moment, person_name

TEXT = pl.col("text")


def _outcome(step: Step, text: str | None, **others: str | None) -> tuple[str | None, bool]:
    frame = pl.DataFrame(
        {"text": [text], **{name: [value] for name, value in others.items()}},
        schema=dict.fromkeys(["text", *others], pl.String()),
    )
    row = frame.select(text=step.text, unread=step.unread).row(0)
    return (row[0], row[1])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("05.09.2026", "2026-09-05"),
        ("29.02.2024", "2024-02-29"),
        ("01.01.0900", "0900-01-01"),  # a day; whether a likely one is the contract's question
        ("30.02.2026", None),
        ("29.02.2026", None),
        ("5.9.2026", None),
        ("05.09.26", None),
        ("05/09/2026", None),
        ("2026-09-05", None),
        ("05.09.2026 ", None),
        ("05.09.2026\n", None),
        ("٠٥.٠٩.٢٠٢٦", None),
        ("", None),
    ],
)
def test_russian_day(text, read):
    assert _outcome(day(TEXT, ["dd.mm.yyyy"], "Europe/Moscow"), text) == (
        read or text,
        read is None,
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-09-05T00:00:00", "2026-09-05"),
        ("2026-09-05T12:30:00.123", "2026-09-05"),
        ("2026-09-05", "2026-09-05"),
        ("2026-02-30T00:00:00", None),
        ("2026-09-05T00:00:00Z", None),
        ("2026-09-05T25:00:00", None),
        ("05.09.2026", None),
    ],
)
def test_iso_day(text, read):
    assert _outcome(day(TEXT, ["iso_naive"], "Europe/Moscow"), text) == (read or text, read is None)


@pytest.mark.parametrize(
    ("written", "zone", "text", "read"),
    [
        (
            "dd.mm.yyyy HH:MM:SS",
            "Europe/Moscow",
            "05.09.2026 14:03:09",
            "2026-09-05T14:03:09+03:00",
        ),
        ("iso_naive", "Europe/Moscow", "2026-09-05T14:03:09", "2026-09-05T14:03:09+03:00"),
        ("iso_naive", "Europe/Moscow", "2026-09-05T14:03:09.1234567", "2026-09-05T14:03:09+03:00"),
        ("iso_naive", "Asia/Kolkata", "2026-09-05T14:03:09", "2026-09-05T14:03:09+05:30"),
        ("iso_naive", "Europe/Berlin", "2026-01-05T14:03:09", "2026-01-05T14:03:09+01:00"),
        # The clocks went back: 02:30 came twice, the first time in summer.
        ("iso_naive", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
        # The clocks went forward: there was no 02:30.
        ("iso_naive", "Europe/Berlin", "2026-03-29T02:30:00", None),
        ("iso_naive", "Europe/Moscow", "2026-09-05T14:03:60", None),
        ("iso_naive", "Europe/Moscow", "2026-09-05T24:00:00", None),
        ("iso_naive", "Europe/Moscow", "2026-09-05", None),
        ("iso_naive", "Europe/Moscow", "2026-09-05T14:03:09+03:00", None),
        ("dd.mm.yyyy HH:MM:SS", "Europe/Moscow", "31.09.2026 14:03:09", None),
        ("dd.mm.yyyy HH:MM:SS", "Europe/Moscow", "05.09.2026 14:03", None),
    ],
)
def test_moment(written, zone, text, read):
    assert _outcome(moment(TEXT, [written], zone), text) == (read or text, read is None)


@pytest.mark.parametrize(
    ("spellings", "text", "read"),
    [
        (["dd.mm.yy"], "05.09.26", "2026-09-05"),
        (["dd.mm.yy"], "05.09.99", "2099-09-05"),  # this century: never the last
        (["dd.mm.yy"], "31.09.26", None),
        (["dd.mm.yy"], "05.09.2026", None),
        (["iso_date"], "2026-09-05", "2026-09-05"),
        (["iso_date"], "2026-09-05T00:00:00", None),
        # A day of the region, not of Greenwich.
        (["iso_offset"], "2026-09-05T23:30:00Z", "2026-09-06"),
        (["iso_offset"], "2026-09-05T23:30:00.123+05:00", "2026-09-05"),
        (["iso_offset"], "2026-09-05T23:30:00", None),
        (["iso_date", "dd.mm.yyyy"], "05.09.2026", "2026-09-05"),
        (["iso_date", "dd.mm.yyyy"], "2026-09-05", "2026-09-05"),
        (["iso_date", "dd.mm.yyyy"], "05.09.26", None),
    ],
)
def test_days_in_other_spellings(spellings, text, read):
    step = day(TEXT, spellings, "Europe/Moscow")

    assert _outcome(step, text) == (read or text, read is None)


@pytest.mark.parametrize(
    ("spellings", "text", "read"),
    [
        (["dd.mm.yyyy HH:MM"], "05.09.2026 14:03", "2026-09-05T14:03:00+03:00"),
        (["dd.mm.yyyy HH:MM"], "05.09.2026 24:00", None),
        (["iso_space_minutes"], "2026-09-05 14:03", "2026-09-05T14:03:00+03:00"),
        (["iso_space_minutes"], "2026-09-05T14:03", None),
        (["iso_offset"], "2026-09-05T14:03:09+05:00", "2026-09-05T12:03:09+03:00"),
        (["iso_offset"], "2026-09-05T14:03:09.1234567Z", "2026-09-05T17:03:09+03:00"),
        (["iso_offset"], "2026-09-05T14:03:09+15:00", None),
        (["iso_naive", "iso_offset"], "2026-09-05T14:03:09", "2026-09-05T14:03:09+03:00"),
        (["iso_naive", "iso_offset"], "2026-09-05T14:03:09Z", "2026-09-05T17:03:09+03:00"),
        (["iso_naive", "iso_offset"], "05.09.2026", None),
    ],
)
def test_instants_in_other_spellings(spellings, text, read):
    step = moment(TEXT, spellings, "Europe/Moscow")

    assert _outcome(step, text) == (read or text, read is None)


@pytest.mark.parametrize(
    ("table", "text", "outcome"),
    [
        ({"да": "true", "нет": "false"}, "да", ("true", False)),
        ({"да": "true", "нет": "false"}, "Да", ("Да", True)),
        ({"да": "true", "нет": "false"}, None, (None, False)),
        ({"да": "true", None: "false"}, None, ("false", False)),
        ({"да": "true", None: "false"}, "", ("", True)),
        ({"values": {"Не задано": None}, "others": "keep"}, "Не задано", (None, False)),
        ({"values": {"Не задано": None}, "others": "keep"}, "№ 5", ("№ 5", False)),
        ("keep", "anything", ("anything", False)),
        ("keep", None, (None, False)),
    ],
)
def test_codes(table, text, outcome):
    assert _outcome(coded(TEXT, CodeTable.model_validate(table)), text) == outcome


@pytest.mark.parametrize(
    ("scale", "text", "outcome"),
    [
        ("5", "5", ("5", False)),
        ("5", "7", ("7", False)),  # off the scale: the contract says so
        ("Зачет", "Зач", ("pass", False)),
        ("Зачет", "5", ("5", True)),
        ("Зачет", None, (None, False)),
        ("12", "5", ("5", False)),  # the scale is refused on its own account
        (None, "Зач", ("Зач", False)),
    ],
)
def test_codes_by_another_column(scale, text, outcome):
    by = CodesBy.model_validate(
        {"column": "scale", "tables": {"5": "keep", "Зачет": {"Зач": "pass", "Незач": "fail"}}}
    )
    assert _outcome(coded_by(TEXT, by), text, scale=scale) == outcome


@pytest.mark.parametrize(
    ("pattern", "text", "outcome"),
    [
        (r"^([^,]+)", "12,13", ("12", False)),
        (r"^([0-9]+)$", "x", ("x", True)),
        (r"^[0-9]+([а-я]?)$", "7", (None, False)),
        (r"^([0-9]+)$", None, (None, False)),
    ],
)
def test_extract(pattern, text, outcome):
    assert _outcome(extracted(TEXT, pattern), text) == outcome


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Семёнов Пётр", "семенов петр"),
        ("  СЕМЕНОВ\u00a0 ПЕТР ", "семенов петр"),
        ("Ёлкин-Ель О'Нил", "елкин-ель о'нил"),
        (None, None),
    ],
)
def test_person_name(text, key):
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    assert frame.select(person_name(TEXT)).item() == key
