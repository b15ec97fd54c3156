"""What the reports print is the truth: every figure, cell and letter, on page and in book.

Of form 1 they hide small counts of persons: what is hidden is told apart here, by the truth alone.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from openpyxl import load_workbook

from quality.forms import FormRow
from quality.profiles import load_profile
from tests.end_to_end.world import World
from tests.support.attack import Cell, Reader, added_up

Cells = tuple[Any, ...]
Ratio = tuple[int, int]

# As docs and legends explain them; the truth names the causes.
LETTERS = {
    "uploaded": "✓",
    "school_did_not_fill": "Ш",
    "source_unavailable": "Н",
    "not_a_school_day": "·",
}
PROFILE = load_profile("spb")
# The documents of the region do not ask for accumulation: no report has a column for it.
MEASURES = [m.code for m in PROFILE.measures if m.code != "accumulation"]
PARTS_OF_A_LESSON = ("fill_rate", "held", "topic", "homework", "attendance", "marks")
TITLES = {PROFILE.measure(code).title: code for code in MEASURES}
UNITS = ("d1", "d2", "region")
HIDDEN = "скрыто"
LEAST = 10  # the least count of persons that an office is shown
PERSONS = {"pupils": "pupils_with_data", "teachers": "teachers_with_access"}
COLUMNS = [column.code for column in PROFILE.form("form1").columns]


@pytest.mark.parametrize("unit", UNITS)
class TestWorkbook:
    def test_summary(self, world: World, unit: str) -> None:
        rows = _sheet(world, unit, "Сводка")
        assert {TITLES[r[0]]: (r[1], r[2]) for r in rows if r[0] in TITLES} == _true(world, unit)

    def test_schools(self, world: World, unit: str) -> None:
        heading, *rows = _below(_sheet(world, unit, "Школы"), "Код")
        columns = {title: number for number, title in enumerate(heading)}
        for row in [r for r in rows if r[0] != "Всего"]:
            assert {
                code: (row[columns[f"{t}, числитель"]], row[columns[f"{t}, знаменатель"]])
                for t, code in TITLES.items()
            } == _true(world, row[0])
        assert {row[0] for row in rows} == {"Всего", *_schools(world, unit)}

    def test_form1(self, world: World, unit: str) -> None:
        _compare_blocks(_book_blocks(world, unit), _true_blocks(world, unit))

    def test_uploads(self, world: World, unit: str) -> None:
        heading, *rows = _below(_sheet(world, unit, "Выгрузки"), "Школа")
        days = [title for title in heading if re.match(r"\d\d\.\d\d\n", str(title))]
        assert [title[:5] for title in days] == [f"{d[8:]}.{d[5:7]}" for d in world.dates]
        assert {row[0]: row[1 : 1 + len(days)] for row in rows} == {
            world.truth["schools"][code]["name"]: _letters(world, code)
            for code in _schools(world, unit)
        }


@pytest.mark.parametrize("unit", UNITS)
class TestPage:
    def test_headline_and_parts(self, world: World, unit: str) -> None:
        page = _page(world, unit)
        true = _true(world, unit)
        shown = {}
        for place in page.xpath("//div[@data-measure]"):
            of = place.xpath(".//*[@class='of']")[0].text_content()
            shown[place.get("data-measure")] = tuple(map(_number, of.split(" из ")))
            assert place.xpath(".//*[@class='value']")[0].text_content() == _percent(
                true[place.get("data-measure")]
            )
        assert shown == true
        parts = {
            row.get("data-measure"): tuple(_number(td.text_content()) for td in row[1:3])
            for row in page.xpath("//table[@id='t-parts']//tr[@data-measure]")
        }
        assert parts == {code: true[code] for code in PARTS_OF_A_LESSON}

    def test_schools(self, world: World, unit: str) -> None:
        rows = _page(world, unit).xpath("//table[@id='t-schools']//tr[@data-school]")
        shown = {
            row.get("data-school"): [_first_words(cell) for cell in row.xpath("./td")]
            for row in rows
        }
        assert shown == {
            code: [_percent(_true(world, code)[m]) for m in MEASURES]
            for code in _schools(world, unit)
        }

    def test_form1(self, world: World, unit: str) -> None:
        blocks = _page_blocks(world, unit)
        _compare_blocks(blocks, _true_blocks(world, unit))
        assert blocks == _book_blocks(world, unit)

    def test_uploads(self, world: World, unit: str) -> None:
        page = _page(world, unit)
        rows = page.xpath("//table[@class='heat']/tbody/tr")
        assert {
            row.get("data-school"): tuple(td.text_content() for td in row.xpath("./td"))
            for row in rows
        } == {code: _letters(world, code) for code in _schools(world, unit)}
        counted = {
            row.get("data-cause"): [int(td.text_content() or 0) for td in row.xpath("./td")]
            for row in page.xpath("//table[@class='heat']/tfoot/tr")
        }
        assert counted == _true_day_counts(world, unit)


@pytest.mark.parametrize("row", PROFILE.form("form1").rows, ids=lambda row: row.title)
@pytest.mark.parametrize("whole", PERSONS)
def test_all_reports_of_a_day_hide_the_small_counts_and_what_guards_them(
    world: World, row: FormRow, whole: str
) -> None:
    """A reader of all of them finds no small count; with any more of the figures one could."""
    part, codes = PERSONS[whole], world.truth["schools"]
    units = {code: school["district"] for code, school in codes.items()}
    units |= dict.fromkeys(world.truth["districts"], "region")
    wholes = {part: whole, "rest": whole}
    finest = {}
    for code in codes:
        counts = _named(_true_form(world, [code])[row.title])
        finest[code, part], finest[code, "rest"] = counts[part], counts[whole] - counts[part]
    true = added_up(finest, units, wholes)
    printed: dict[Cell, int | None] = {}
    for unit in UNITS:
        for title, block in _page_blocks(world, unit).items():
            named = _named(block[row.title])
            for column in (whole, part):
                cell = (_unit(world, unit, title), column)
                assert printed.setdefault(cell, named[column]) == named[column]
    assert printed.keys() == {cell for cell in true if cell[1] != "rest"}

    small = [cell for cell, count in true.items() if 0 < count < LEAST]
    assert all(printed.get(cell) is None for cell in small)
    reader = Reader(printed, finest, true, units, wholes)
    assert all(reader.values(cell) >= LEAST for cell in small)
    for guard in [cell for cell, n in printed.items() if n is None and cell not in small]:
        told = Reader(printed, finest, true, units, wholes)
        told.told(guard, true[guard])
        assert any(told.values(cell) < LEAST for cell in small), guard


def _unit(world: World, unit: str, title: str) -> str:
    """The unit of a block: the one of the roll-up, a district or a school, by its title."""
    names = dict(world.truth["districts"]) | {
        code: school["name"] for code, school in world.truth["schools"].items()
    }
    named = {name: code for code, name in names.items()}
    return unit if title.endswith(": свод") else named[title]


def _named(cells: Cells) -> dict[str, Any]:
    return dict(zip(COLUMNS, cells, strict=True))


def _compare_blocks(shown: dict[str, dict[str, Cells]], true: dict[str, dict[str, Cells]]) -> None:
    """Every cell is the truth, or hidden; a small count of persons, and one that can be computed
    from two neighbours, is not shown."""
    assert {title: list(rows) for title, rows in shown.items()} == {
        title: list(rows) for title, rows in true.items()
    }
    for title, rows in true.items():
        for row, cells in rows.items():
            told, counts = _named(shown[title][row]), _named(cells)
            for column, count in counts.items():
                if column in {*PERSONS, *PERSONS.values()}:
                    small = 0 < count < LEAST
                    assert told[column] is None if small else told[column] in (count, None)
                    assert count or told[column] == 0
                else:
                    assert told[column] == count
            for whole, part in PERSONS.items():
                if 0 < counts[whole] - counts[part] < LEAST:
                    assert None in (told[whole], told[part])


def _page_blocks(world: World, unit: str) -> dict[str, dict[str, Cells]]:
    blocks = {}
    for block in _page(world, unit).xpath("//section[@id='forma']//div[@class='block']"):
        blocks[block.xpath("./h3")[0].text_content()] = {
            row[0].text_content(): tuple(_count(td.text_content()) for td in row[1:])
            for row in block.xpath(".//tbody/tr")
        }
    return blocks


def _book_blocks(world: World, unit: str) -> dict[str, dict[str, Cells]]:
    return {
        title: {row: tuple(map(_count, cells)) for row, cells in rows.items()}
        for title, rows in _form_blocks(_sheet(world, unit, "Форма 1")).items()
    }


def _count(cell: object) -> int | None:
    return None if cell == HIDDEN else int(str(cell))


def _path(world: World, unit: str, suffix: str) -> Path:
    return world.home / "reports" / world.last / f"otchet_{unit}_{world.last}.{suffix}"


def _sheet(world: World, unit: str, name: str) -> list[Cells]:
    book = load_workbook(_path(world, unit, "xlsx"), read_only=False)
    return list(book[name].iter_rows(values_only=True))


def _page(world: World, unit: str) -> Any:
    return html.fromstring(_path(world, unit, "html").read_text("utf-8"))


def _below(rows: list[Cells], first: str) -> list[Cells]:
    """From the row that begins with ``first``."""
    start = next(number for number, row in enumerate(rows) if row[0] == first)
    return rows[start:]


def _schools(world: World, unit: str) -> list[str]:
    schools = world.truth["schools"].items()
    return [code for code, school in schools if unit in ("region", school["district"])]


def _true(world: World, unit: str) -> dict[str, Ratio]:
    return {
        row["measure"]: (row["numerator"], row["denominator"])
        for row in world.truth["measures"]
        if row["unit"] == unit and row["measure"] in MEASURES
    }


def _letters(world: World, code: str) -> tuple[str, ...]:
    calendar = world.truth["uploads"][code]
    return tuple(LETTERS[calendar[day]] for day in world.dates)


def _true_day_counts(world: World, unit: str) -> dict[str, list[int]]:
    days = [
        Counter(world.truth["uploads"][code][day] for code in _schools(world, unit))
        for day in world.dates
    ]
    causes = {cause for counts in days for cause in counts}
    return {cause: [counts[cause] for counts in days] for cause in causes}


def _form_blocks(rows: list[Cells]) -> dict[str, dict[str, Cells]]:
    blocks: dict[str, dict[str, Cells]] = {}
    for number, row in enumerate(rows):
        if row[0] == "Параллель":
            cells = rows[number + 1 : number + 1 + len(PROFILE.form("form1").rows)]
            blocks[rows[number - 1][0]] = {str(cell[0]): cell[1:9] for cell in cells}
    return blocks


def _true_blocks(world: World, unit: str) -> dict[str, dict[str, Cells]]:
    """The unit's sums, then each school of a district or each district of the region."""
    names = world.truth["districts"]
    title = "Регион" if unit == "region" else names[unit]
    blocks = {f"{title}: свод": _true_form(world, _schools(world, unit))}
    if unit == "region":
        return blocks | {n: _true_form(world, _schools(world, code)) for code, n in names.items()}
    return blocks | {
        world.truth["schools"][code]["name"]: _true_form(world, [code])
        for code in _schools(world, unit)
    }


def _true_form(world: World, codes: list[str]) -> dict[str, Cells]:
    rows = {}
    for row in PROFILE.form("form1").rows:
        counted = [
            world.truth["form1"][code][str(level)]
            for code in codes
            for level in row.grade_levels
            if str(level) in world.truth["form1"][code]
        ]
        rows[row.title] = tuple(map(sum, zip(*counted, strict=True))) if counted else (0,) * 8
    return rows


def _percent(ratio: Ratio) -> str:
    """One digit after the comma; a hundred only where nothing is missing."""
    numerator, denominator = ratio
    if not denominator:
        return "—"
    tenths = min(round(1000 * numerator / denominator), 999 if numerator < denominator else 1000)
    return f"{tenths // 10},{tenths % 10} %"


def _first_words(cell: Any) -> str:
    """The text of a cell without that of the bar beside it."""
    return str(cell.text or "").strip()


def _number(words: str) -> int:
    found = re.match(r"[\d\u202f]+", words.strip())
    assert found, words
    return int(found[0].replace("\u202f", ""))
