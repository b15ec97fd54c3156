"""Answers of Dnevnik.ru for one school on one evening, made from its store."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sandbox.sources.dnevnik import shown

Json = dict[str, Any]


class NotThereError(Exception):
    """The school has no such thing."""


class SchoolView:
    """One school's store as of ``today``; rows that have not come yet are left out."""

    def __init__(self, store: Json, today: date) -> None:
        self.store = store
        self._today = today
        self._lessons = self._by(store["lessons"], "group")
        self._marks = self._by(store["marks"], "group")
        self._logs = self._by(store["logs"], "group", "subject")
        self._works: dict[str, list[Json]] = defaultdict(list)
        for work in store["works"]:
            if work["since"] <= str(today):
                self._works[work["row"]["lesson_str"]].append(work["row"])
        self._groups = {group["id_str"] for group in store["groups"]}

    def _by(self, rows: list[Json], *keys: str) -> dict[tuple[str, ...], list[Json]]:
        found: dict[tuple[str, ...], list[Json]] = defaultdict(list)
        for row in rows:
            if shown(row, self._today):
                found[tuple(row[key] for key in keys)].append(row)
        return found

    def _check(self, group: str) -> None:
        """Raises ``NotThereError`` for a group of another school."""
        if group not in self._groups:
            raise NotThereError(group)

    def context(self) -> Json:
        school = int(self.store["school_id"])
        groups = [group["id"] for group in self.store["groups"]]
        texts = [str(group) for group in groups]
        return {
            "userId": school + 1,
            "userId_str": str(school + 1),
            "personId": school + 2,
            "personId_str": str(school + 2),
            "roles": ["EduStaff"],
            "schools": [
                {
                    "id": school,
                    "id_str": str(school),
                    "name": self.store["name"],
                    "type": "Regular",
                    "groupIds": groups,
                    "groupIds_str": texts,
                }
            ],
            "schoolIds": [school],
            "schoolIds_str": [str(school)],
        }

    def persons(self, group: str, *, archive: bool) -> list[Json]:
        """The group's members; with those who left, if ``archive``."""
        members = self._members(group)
        return [m["row"] for m in members if archive or not self._left(m)]

    def _members(self, group: str) -> list[Json]:
        self._check(group)
        return [m for m in self.store["members"][group] if m["since"] <= str(self._today)]

    def _left(self, member: Json) -> bool:
        return member["until"] is not None and member["until"] <= str(self._today)

    def students(self, groups: list[str]) -> list[Json]:
        return [
            {
                "group": self._row(group),
                "students": [
                    {
                        "person": member["row"],
                        "membershipstatus": "Archive" if self._left(member) else "Active",
                    }
                    for member in self._members(group)
                ],
            }
            for group in groups
        ]

    def _row(self, group: str) -> Json:
        self._check(group)
        return next(row for row in self.store["groups"] if row["id_str"] == group)

    def subjects(self, group: str) -> list[Json]:
        self._check(group)
        found: list[Json] = self.store["subjects"][group]
        return found

    def periods(self, group: str) -> list[Json]:
        self._check(group)
        found: list[Json] = self.store["periods"]
        return found

    def lessons(self, group: str, start: str, end: str) -> list[Json]:
        self._check(group)
        return _within(self._lessons[group,], start, end)

    def marks(self, group: str, start: str, end: str) -> list[Json]:
        self._check(group)
        return _within(self._marks[group,], start, end)

    def logs(self, group: str, subject: str, start: str, end: str) -> list[Json]:
        self._check(group)
        return _within(self._logs[group, subject], start, end)

    def works(self, lessons: list[str]) -> list[Json]:
        return [work for lesson in lessons for work in self._works.get(lesson, [])]

    def final_marks(self, group: str) -> list[Json]:
        """Per person and term, the marks of its subjects."""
        self._check(group)
        grouped: dict[tuple[int, int], list[Json]] = defaultdict(list)
        for final in self.store["finals"]:
            if final["group"] == group and shown({"until": None, **final}, self._today):
                grouped[final["person"], final["period"]].append(final)
        return [
            {
                "person": person,
                "person_str": str(person),
                "group": int(group),
                "group_str": group,
                "reportingPeriod": period,
                "reportingPeriod_str": str(period),
                "per-subject-final-marks": [
                    {
                        "subject": f["subject"],
                        "subject_str": str(f["subject"]),
                        "final-mark": f["mark"],
                    }
                    for f in finals
                ],
            }
            for (person, period), finals in grouped.items()
        ]


def _within(rows: list[Json], start: str, end: str) -> list[Json]:
    return [row["row"] for row in rows if start <= row["day"] <= end]
