"""Russian words for figures by level and by parts of a range."""

from __future__ import annotations

from datetime import date, timedelta

from reports.words import MONTH_NAMES, short_date

LEVELS = {
    "lesson": "Урок",
    "class": "Класс",
    "subject": "Предмет",
    "teacher": "Учитель (код)",
    "parallel": "Параллель",
    "school": "Школа",
    "district": "Район",
    "region": "Регион",
}
BUCKETS = {"day": "День", "week": "Неделя", "month": "Месяц", "term": "Учебный период"}
NOT_TOLD = "не указано"  # the journal names no teacher, or no grade level of the class
TERMS = {
    "quarter": "четверть",
    "trimester": "триместр",
    "half_year": "полугодие",
    "module": "модуль",
}


def bucket_words(each: str, bucket: str) -> str:
    """A part of a range as people name it; ``bucket`` as in ``pipeline.measuring.figures_by``."""
    match each:
        case "day":
            return short_date(date.fromisoformat(bucket))
        case "week":
            monday = date.fromisoformat(bucket)
            return f"{monday:%d.%m}–{short_date(monday + timedelta(days=6))}"
        case "month":
            year, month = bucket.split("-")
            return f"{MONTH_NAMES[int(month) - 1]} {year}"
        case "term":
            year, kind, number = bucket.split(" ")
            return f"{number} {TERMS[kind]} {year}/{(int(year) + 1) % 100:02}"
    raise ValueError(f"a range has no parts called {each!r}")
