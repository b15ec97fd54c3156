"""The report as a workbook: numbers as numbers, one sheet per question, ready for A4."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from quality.uploads import Cause
from reports.compliance import Figure, Report
from reports.forms import FormBlock, Guard
from reports.sheets import (
    PERCENT,
    WHOLE,
    fit_to_page,
    new_sheet,
    write_heading,
    write_note,
    write_paragraph,
    write_row,
)
from reports.words import CAUSES, COLLECTED, FORM_SUMS, SOURCES, WEEKDAYS, long_date, short_date


def write_workbook(report: Report, path: Path) -> None:
    """Write the workbook of ``report`` to ``path``. Raises ``OSError``."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for fill in (_summary, _schools, _form1, _uploads, _remarks, _ledger, _definitions):
        fill(book, report)
    book.save(path)


def _summary(book: Workbook, report: Report) -> None:
    sheet = new_sheet(book, "Сводка", report.title, [34, 14, 14, 14, 14])
    write_note(sheet, f"По состоянию на {long_date(report.as_of)}")
    write_note(sheet, f"Период: {short_date(report.period[0])} – {short_date(report.period[1])}")
    write_note(sheet, f"Школ: {len(report.schools)}")
    write_heading(sheet, ["Показатель", "Числитель", "Знаменатель", "Не хватает", "Доля"])
    for code in report.measures:
        figure = report.figure(code)
        write_row(
            sheet,
            [
                report.profile.measure(code).title,
                figure.numerator,
                figure.denominator,
                figure.missing,
                _share(figure),
            ],
            [None, WHOLE, WHOLE, WHOLE, PERCENT],
        )
    fit_to_page(sheet, landscape=False)


def _schools(book: Workbook, report: Report) -> None:
    """Each measure as share, numerator and denominator; worst first, as on the page."""
    sheet = new_sheet(book, "Школы", report.title, [12, 34, 22, *[13] * (3 * len(report.measures))])
    heading = ["Код", "Школа", "Район"]
    for code in report.measures:
        title = report.profile.measure(code).title
        heading += [f"{title}, доля", f"{title}, числитель", f"{title}, знаменатель"]
    write_heading(sheet, heading, freeze_columns=2)
    formats = [None, None, None, *[PERCENT, WHOLE, WHOLE] * len(report.measures)]
    for school in report.schools:
        cells: list[object] = [school.code, school.name, report.districts[school.district]]
        for code in report.measures:
            figure = school.figure(code)
            cells += [_share(figure), figure.numerator, figure.denominator]
        write_row(sheet, cells, formats)
    sums: list[object] = ["Всего", None, None]
    for code in report.measures:
        figure = report.figure(code)
        sums += [_share(figure), figure.numerator, figure.denominator]
    write_row(sheet, sums, formats, bold=True)
    fit_to_page(sheet, landscape=True)


def _form1(book: Workbook, report: Report) -> None:
    if report.form1 is None:
        return
    form = report.form1.form
    sheet = new_sheet(book, "Форма 1", form.title, [22, *[19] * len(form.columns)])
    write_note(sheet, f"{form.citation.document}, {form.citation.clause.lower()}")
    write_note(sheet, f"По состоянию на {long_date(report.as_of)}")
    write_note(sheet, FORM_SUMS)
    guard = report.form1.guard
    for note in guard.notes if guard else ():
        write_paragraph(sheet, note, 1 + len(form.columns))
    for block in report.form1.blocks:
        _form_block(sheet, block, [column.title for column in form.columns], guard)
    fit_to_page(sheet, landscape=True)


def _form_block(sheet: Worksheet, block: FormBlock, titles: list[str], guard: Guard | None) -> None:
    sheet.append([])
    sheet.append([block.title])
    sheet.cell(sheet.max_row, 1).font = Font(bold=True, size=12)
    write_heading(sheet, ["Параллель", *titles], repeat=False)
    for title, counts in block.rows:
        write_row(sheet, [title, *counts], [None, *[WHOLE] * len(counts)])
        for cell in sheet[sheet.max_row]:
            if guard and cell.value is None:
                cell.value = guard.sign
                cell.font = Font(italic=True, color="5B6470")


def _uploads(book: Workbook, report: Report) -> None:
    days = report.days
    sheet = new_sheet(book, "Выгрузки", report.title, [34, *[6] * len(days), 18, 10, 10, 10, 14])
    for cause, style in CAUSES.items():
        write_note(sheet, f"{style.letter}  {style.title}")
        _colour(sheet, sheet.max_row, 1, cause)
    heading = [f"{day:%d.%m}\n{WEEKDAYS[day.weekday()]}" for day in days]
    tail = ["Периодичность", "С выгрузкой", "Учебных дней", "Перерыв", "Последняя"]
    write_heading(sheet, ["Школа", *heading, *tail], freeze_columns=1)
    for school in report.schools:
        rhythm = school.rhythm
        letters = [CAUSES[school.days[day]].letter if day in school.days else None for day in days]
        write_row(
            sheet,
            [
                school.name,
                *letters,
                rhythm.words,
                rhythm.uploaded,
                rhythm.due,
                rhythm.longest_gap,
                rhythm.last_upload,
            ],
            [*[None] * (len(days) + 2), WHOLE, WHOLE, WHOLE, "DD.MM.YYYY"],
        )
        for column, day in enumerate(days, start=2):
            if day in school.days:
                _colour(sheet, sheet.max_row, column, school.days[day])
    fit_to_page(sheet, landscape=True)


def _colour(sheet: Worksheet, row: int, column: int, cause: Cause) -> None:
    style = CAUSES[cause]
    cell = sheet.cell(row, column)
    cell.fill = PatternFill("solid", fgColor=style.fill)
    cell.font = Font(bold=True, color=style.ink)
    if column > 1:
        cell.alignment = Alignment(horizontal="center")


def _remarks(book: Workbook, report: Report) -> None:
    """The unit's remarks, then each school's own."""
    sheet = new_sheet(book, "Замечания", report.title, [34, 22, 52, 12, 64])
    heading = ["Школа", "Раздел", "Замечание", "Число", "Как исправить"]
    heading_row = write_heading(sheet, heading)
    units = [("Все школы", report.remarks), *((s.name, list(s.remarks)) for s in report.schools)]
    for name, remarks in units:
        for remark in remarks:
            write_row(
                sheet,
                [name, remark.kind, remark.reason, remark.count, remark.fix],
                [None, None, None, WHOLE, None],
            )
    sheet.auto_filter.ref = f"A{heading_row}:E{sheet.max_row}"
    fit_to_page(sheet, landscape=True)


def _ledger(book: Workbook, report: Report) -> None:
    sheet = new_sheet(book, "Учёт записей", report.title, [34, 16, 26, *[14] * len(COLLECTED)])
    write_heading(sheet, ["Школа", "Источник", "Запуск", *COLLECTED.values()])
    for school in report.schools:
        for line in school.ledger:
            counts = [line.counts.get(counter, 0) for counter in COLLECTED]
            source = SOURCES.get(line.source, line.source)
            write_row(
                sheet,
                [school.name, source, line.run_id, *counts],
                [None, None, None, *[WHOLE] * len(counts)],
            )
    fit_to_page(sheet, landscape=True)


def _definitions(book: Workbook, report: Report) -> None:
    sheet = new_sheet(book, "Определения", report.title, [26, 80, 50, 34, 22])
    write_heading(sheet, ["Показатель", "Определение", "Документ", "Раздел", "Версия"])
    for profile in report.profiles:
        for measure in profile.measures:
            write_row(
                sheet,
                [
                    measure.title,
                    measure.definition,
                    measure.citation.document,
                    measure.citation.clause,
                    profile.definition,
                ],
                [None] * 5,
            )
    fit_to_page(sheet, landscape=True)


def _share(figure: Figure) -> object:
    """The share as a number, so that a sheet can count on it; a dash where nothing was due."""
    return "—" if figure.share is None else figure.share
