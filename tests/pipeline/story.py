"""A school whose two journals change evening by evening, by chance; some uploads come late."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import insert, select, text

from pipeline.hub import Hub
from pipeline.measuring.measure import measure
from pipeline.store import Batch, mark_vanished, upsert
from schemas.tables import (
    cell_states,
    day_cells,
    districts,
    form_figures,
    lesson_cells,
    measures,
    pair_cells,
    school_years,
    schools,
    sources,
    uploads,
)
from tests.quality.conftest import make_frame

ZONE = "Europe/Moscow"
SCHOOL, DISTRICT, YEAR = "781001", "d1", 2026
START = date(2026, 9, 1)
YEAR_DAYS = (START, date(2027, 5, 31))
# Kind of the source: what it publishes, and how many of its lessons the slots make.
JOURNALS = {"paragraf": "timetable", "dnevnik_ru": "lessons"}
CLASSES = {"7a": 7, "8b": 8}
SUBJECTS = ("alg", "rus")
PUPILS = {"7a": ("p1", "p2"), "8b": ("p3",)}
KEPT = (lesson_cells, day_cells, pair_cells, cell_states, measures, form_figures)

Row = dict[str, Any]


def key_of(entity: str, row: Row) -> str:
    """The natural key, as ``privacy.separate`` joins it."""
    match entity:
        case "mark":
            return f"{row['source_key']}|{row['pupil']}"
        case "attendance":
            return f"{row['lesson_key']}|{row['pupil']}"
        case "enrolment":
            return f"{row['pupil']}|{row['class_key']}"
        case "curriculum_hours":
            return f"{row['class_key']}|{row['subject_key']}"
    return str(row["source_key"])


class Journal:
    """What one journal says now, by entity."""

    def __init__(self, kind: str, draw: random.Random) -> None:
        self.kind, self._draw, self._number = kind, draw, 0
        said: dict[str, list[Row]] = {
            "class_": [{"source_key": c, "grade_level": n} for c, n in CLASSES.items()],
            "term": [  # begun so long ago that marks are asked for
                {"source_key": "1", "name": "1", "kind": "quarter", "number": 1,
                 "start": START - timedelta(weeks=5), "finish": date(2026, 10, 25)},
            ],
            "curriculum_hours": [
                {"class_key": c, "subject_key": s, "hours_per_week": 2.0}
                for c in CLASSES for s in SUBJECTS
            ],
            "enrolment": [{"pupil": p, "class_key": c} for c, all_ in PUPILS.items() for p in all_],
            "bell": [{"source_key": "b1", "timetable": "1", "number": 1, "start": "09:00",
                      "finish": "09:45"}],
            "holiday": [], "timetable_slot": [], "lesson": [], "mark": [], "attendance": [],
        }  # fmt: skip
        if JOURNALS[kind] == "timetable":
            said["timetable_slot"] = [
                self._slot(weekday, c, s)
                for weekday in (1, 3, 5)
                for c in CLASSES
                for s in SUBJECTS
            ]
        self.said = said

    def _next(self) -> str:
        self._number += 1
        return f"{self.kind[0]}{self._number}"

    def _slot(self, weekday: int, class_: str, subject: str) -> Row:
        number = 1 + SUBJECTS.index(subject)
        return {
            "source_key": self._next(), "weekday": weekday, "number": number, "class_key": class_,
            "subject_key": subject, "teacher": f"t{number}", "valid_from": START,
        }  # fmt: skip

    def day(self, today: date) -> None:
        """Teachers write today's lessons, and put things right that they forgot or mistook."""
        for class_ in CLASSES:
            for subject in SUBJECTS:
                if self._draw.random() < 0.7:
                    self._lesson(today, class_, subject)
        for _ in range(self._draw.randrange(3)):
            self._mend()
        if self._draw.random() < 0.15:
            self._restructure(today)

    def _lesson(self, day: date, class_: str, subject: str) -> None:
        chance = self._draw.random
        entered = datetime(day.year, day.month, day.day, 15, tzinfo=ZoneInfo(ZONE))
        row: Row = {
            "source_key": self._next(), "date": day, "number": 1 + SUBJECTS.index(subject),
            "class_key": class_, "subject_key": subject, "held": chance() < 0.8,
            "topic": self._draw.choice([None, "Дроби"]), "homework": None,
            "homework_not_set": chance() < 0.5, "teacher": f"t{1 + SUBJECTS.index(subject)}",
            "substitute": self._draw.choice([None, None, "t3"]),
            "attendance_taken": self._draw.choice([None, True]),
            "group_key": "g1" if self.kind == "dnevnik_ru" and chance() < 0.3 else None,
            "status": self._draw.choice(["scheduled"] * 6 + ["cancelled", "merged"]),
            "entered_at": entered + timedelta(hours=self._draw.choice([0, 1, 20, 50]))
            if chance() < 0.6 else None,
        }  # fmt: skip
        self.said["lesson"].append(row)
        for pupil in PUPILS[class_]:
            self._record(row, pupil)

    def _record(self, lesson: Row, pupil: str) -> None:
        of = {"lesson_key": lesson["source_key"], "pupil": pupil}
        if self._draw.random() < 0.4:
            self.said["mark"].append(
                of
                | {"source_key": self._next(), "date": lesson["date"],
                   "subject_key": lesson["subject_key"], "entered_at": lesson["entered_at"],
                   "value": self._draw.choice("345")}
            )  # fmt: skip
        elif self._draw.random() < 0.3 and not any(
            row["lesson_key"] == of["lesson_key"] and row["pupil"] == pupil
            for row in self.said["attendance"]
        ):
            self.said["attendance"].append(of | {"status": self._draw.choice(["ill", "present"])})

    def _mend(self) -> None:
        lessons = self.said["lesson"]
        if not lessons:
            return
        row = self._draw.choice(lessons)
        match self._draw.randrange(6):
            case 0:
                row["topic"] = self._draw.choice([None, "Степени"])
            case 1:
                row["held"] = not row["held"]
            case 2:  # to another day
                row["date"] += timedelta(days=self._draw.choice([-1, 1]))
            case 3:
                self._record(row, self._draw.choice(PUPILS[row["class_key"]]))
            case 4:  # and what is recorded of it
                lessons.remove(row)
                for entity in ("mark", "attendance"):
                    kept = [r for r in self.said[entity] if r["lesson_key"] != row["source_key"]]
                    self.said[entity] = kept
            case 5:
                for entity in ("mark", "attendance"):
                    if self.said[entity]:
                        self.said[entity].remove(self._draw.choice(self.said[entity]))

    def _restructure(self, today: date) -> None:
        match self._draw.randrange(3):
            case 0 if self.said["timetable_slot"]:
                slot = self._draw.choice(self.said["timetable_slot"])
                slot["teacher"] = "t4"
            case 1:
                past = today - timedelta(days=self._draw.randrange(5))
                self.said["holiday"].append(
                    {"source_key": self._next(), "start": past, "finish": past}
                )
            case _:
                self.said["class_"][0]["grade_level"] = self._draw.choice([7, 8])


class Story:
    """The hub with the school, and its journals."""

    def __init__(self, hub: Hub, seed: int, profile: str) -> None:
        self.hub, self.draw = hub, random.Random(seed)
        self.journals = [Journal(kind, self.draw) for kind in JOURNALS]
        with hub.engine.begin() as connection:
            connection.execute(
                insert(school_years),
                {"school_year": YEAR, "zone": ZONE, "start": START, "finish": YEAR_DAYS[1]},
            )
            connection.execute(insert(districts), {"code": DISTRICT, "name": "Район"})
            connection.execute(
                insert(schools),
                {"code": SCHOOL, "name": "Школа № 1", "district": DISTRICT, "profile": profile,
                 "school_year": YEAR, "connected_on": START},
            )  # fmt: skip
            for kind, basis in JOURNALS.items():
                connection.execute(
                    insert(sources),
                    {"school": SCHOOL, "kind": kind, "mapping": basis, "settings": {}},
                )

    def upload(self, journal: Journal, taken_at: datetime, *, accepted: bool = True) -> None:
        """The hub stores what the journal says."""
        batch = Batch(SCHOOL, journal.kind, YEAR, "r1", taken_at)
        with self.hub.engine.begin() as connection:
            for entity, rows in journal.said.items():
                frame = make_frame(entity, *rows).with_columns(
                    pl.Series("key", [key_of(entity, row) for row in rows], pl.String),
                    _document=pl.lit("d.xml"),
                    _line=pl.lit(1),
                )
                if entity == "lesson":
                    frame = frame.with_columns(text_blocked=pl.lit(value=False))
                upsert(connection, entity, frame, batch, {"d.xml": 1})
                mark_vanished(connection, entity, batch, YEAR_DAYS, ())
            connection.execute(
                insert(uploads),
                {"school": SCHOOL, "source": journal.kind, "ref": taken_at.isoformat(),
                 "upload_date": taken_at.date(), "taken_at": taken_at, "accepted": accepted,
                 "run_id": "r1"},
            )  # fmt: skip

    def measure(self, on: date) -> None:
        measure(
            self.hub.engine,
            run_id=f"m-{on}",
            business_date=on,
            date_from=START,
            zone=ZONE,
            schedule_basis=basis,
        )

    def kept(self) -> dict[str, list[Row]]:
        """All rows of the tables that measuring keeps."""
        with self.hub.engine.begin() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in KEPT
            }

    def put_back(self, kept: dict[str, list[Row]]) -> None:
        """The tables as they were, the numbers of rows apart."""
        self.forget()
        with self.hub.engine.begin() as connection:
            for table in KEPT:
                rows = [{k: v for k, v in r.items() if k != "id"} for r in kept[table.name]]
                if rows:
                    connection.execute(insert(table), rows)

    def forget(self) -> None:
        """Nothing was ever measured."""
        with self.hub.engine.begin() as connection:
            for table in KEPT:
                connection.execute(text(f"DELETE FROM {table}"))


def basis(mapping: str) -> str:
    return mapping


def evening(day: date, hour: int = 20) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE))
