"""The emulator of Dnevnik.ru: what it answers, what it refuses, and how it fails on demand."""

from __future__ import annotations

import http.client
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.damage import damage
from sandbox.emulators.dnevnik import Dnevnik
from sandbox.emulators.web import Request

Ask = Callable[..., tuple[int, Any]]
SPAN = "2026-09-01/2026-09-18"


@dataclass
class Api:
    base: str
    token: str
    school: str
    ask: Ask

    def __call__(self, path: str, body: object = None) -> Any:
        status, found = self.ask(self.base + path, body, Access_Token=self.token)
        assert status == 200
        return found

    def groups(self, kind: str) -> list[str]:
        found = self(f"/schools/{self.school}/edu-groups")
        return [g["id_str"] for g in found if g["type"] == kind]


@pytest.fixture
def code(spoilt: Any) -> str:
    """The school that has a bad day on the 16th."""
    uploads: dict[str, dict[str, str]] = spoilt.truth["uploads"]
    return next(c for c, days in uploads.items() if "source_unavailable" in days.values())


@pytest.fixture
def api(spoilt: Any, running: Any, ask: Ask, code: str) -> Api:
    store = spoilt.store(code)
    return Api(running.urls["dnevnik_url"], store["token"], store["school_id"], ask)


def control(running: Any, ask: Ask, call: str, body: dict[str, object]) -> None:
    host = running.urls["dnevnik_url"].removesuffix("/v2")
    assert ask(f"{host}/_sandbox/{call}", body)[0] == 200


def test_records_counted_through_the_api(spoilt: Any, api: Api, code: str) -> None:
    truth = {entity: c["rendered"] for entity, c in spoilt.truth["records"][code].items()}
    classes, subgroups = api.groups("Group"), api.groups("Subgroup")
    subjects = {g: api(f"/edu-groups/{g}/subjects") for g in classes}
    persons = {
        p["id_str"] for g in classes for p in api(f"/edu-groups/{g}/persons?includeArchive=true")
    }
    counted = {
        "class_": len(classes),
        "group": len(subgroups),
        "curriculum_hours": sum(len(found) for found in subjects.values()),
        "subject": len({s["id_str"] for found in subjects.values() for s in found}),
        "pupil": len(persons),
        "enrolment": sum(
            s["membershipstatus"] == "Active"
            for g in api("/edu-groups", classes)
            for s in g["students"]
        ),
        "bell": sum(
            i["Type"] == "Lesson"
            for t in api(f"/schools/{api.school}/timetables")
            for i in t["Items"]
        ),
        "term": len(api(f"/edu-groups/{classes[0]}/reporting-periods")),
        "staff_member": len(api(f"/schools/{api.school}/teachers")),
        "access_account": len(api(f"/schools/{api.school}/membership?schoolMembershipType=Staff")),
        "lesson": sum(len(api(f"/edu-groups/{g}/lessons/{SPAN}")) for g in classes + subgroups),
        "mark": sum(len(api(f"/edu-groups/{g}/marks/{SPAN}")) for g in classes),
        "attendance": sum(
            len(
                api(
                    f"/lesson-log-entries/group/{g}?subject={s['id_str']}"
                    "&from=2026-09-01&to=2026-09-18"
                )
            )
            for g in classes
            for s in subjects[g]
        ),
        "term_mark": sum(len(api(f"/edu-groups/{g}/final-marks")) for g in classes),
    }
    assert {entity: truth[entity] for entity in counted} == counted


def test_measures_recounted_through_the_api(spoilt: Any, api: Api, code: str) -> None:
    classes = api.groups("Group")
    lessons = [
        x for g in classes + api.groups("Subgroup") for x in api(f"/edu-groups/{g}/lessons/{SPAN}")
    ]
    scheduled = [x for x in lessons if x["status"] in ("InPlan", "Conducted")]
    held = [x for x in scheduled if x["status"] == "Conducted"]
    texts: dict[str, str] = {}
    ids = [x["id_str"] for x in held]
    for start in range(0, len(ids), 200):
        for work in api("/works/many", ids[start : start + 200]):
            if work["type"] == "Homework":
                texts[work["lesson_str"]] = work["text"]
    broken = {(d["document"], d["line"]) for d in spoilt.truth["defects"] if d["school"] == code}
    marked: Counter[str] = Counter()
    for group in classes:
        path = f"/edu-groups/{group}/marks/{SPAN}"
        for line, mark in enumerate(api(path), start=1):
            if (f"GET {path}", line) not in broken:
                marked[mark["lesson_str"]] += 1
    due = [x for x in held if texts.get(x["id_str"]) != "Не задано"]
    assert spoilt.ratio(code, "held") == (len(held), len(scheduled))
    assert spoilt.ratio(code, "topic") == (sum(bool(x["title"]) for x in held), len(held))
    assert spoilt.ratio(code, "homework") == (sum(x["id_str"] in texts for x in due), len(due))
    assert spoilt.ratio(code, "marks") == (sum(x["id_str"] in marked for x in held), len(held))


def test_every_defect_stands_where_the_truth_says(spoilt: Any, api: Api, code: str) -> None:
    found = [
        d for d in spoilt.truth["defects"] if d["school"] == code and d["source"] == "dnevnik_ru"
    ]
    shown = {"off_scale": "8", "missing_value": None}
    rules = Counter(d["rule"] for d in found)
    assert rules["conflicting_duplicate"] == 2
    assert rules["unknown_code"] == 3
    for defect in found:
        row = api(defect["document"].removeprefix("GET "))[defect["line"] - 1]
        assert defect["field"] in row
        if defect["rule"] in shown:
            assert row[defect["field"]] == shown[defect["rule"]]


def test_ids_need_their_twins(api: Api) -> None:
    found = api(f"/edu-groups/{api.groups('Group')[0]}/lessons/{SPAN}")[0]
    assert found["id"] > 2**53
    assert found["id_str"] == str(found["id"])
    assert found["teachers_str"] == [str(t) for t in found["teachers"]]


def test_the_journal_grows_with_the_day(api: Api, running: Any, ask: Ask) -> None:
    group = api.groups("Group")[0]
    seen = []
    for day in ("2026-09-14", "2026-09-17", "2026-09-18"):
        control(running, ask, "today", {"date": day})
        lessons = api(f"/edu-groups/{group}/lessons/{SPAN}")
        assert max(x["date"] for x in lessons)[:10] <= day
        assert len({x["id"] for x in lessons}) == len(lessons)
        seen.append(len(api(f"/edu-groups/{group}/marks/{SPAN}")))
    assert seen == sorted(set(seen))


def test_tokens_open_their_own_school_only(spoilt: Any, api: Api, code: str) -> None:
    path = f"{api.base}/schools/{api.school}/edu-groups"
    status, body = api.ask(path, Access_Token="wrong")
    assert (status, body["type"]) == (401, "authorizationInvalidToken")
    assert api.ask(path)[1]["type"] == "authorizationTokenRequired"
    other = next(c for c in spoilt.codes("dnevnik_ru") if c != code)
    token = spoilt.store(other)["token"]
    assert api.ask(path, Access_Token=token)[1]["type"] == "apiResourceUnavailable"


@pytest.mark.parametrize(
    "span", ["2026-09-01/2026-10-01", "2026-09-18/2026-09-01", "yesterday/today"]
)
def test_bad_windows_are_refused(api: Api, span: str) -> None:
    url = f"{api.base}/edu-groups/{api.groups('Group')[0]}/lessons/{span}"
    status, body = api.ask(url, Access_Token=api.token)
    assert (status, body["type"]) == (400, "parameterInvalid")
    assert body["description"]


def test_a_window_of_thirty_days_is_answered(api: Api) -> None:
    assert api(f"/edu-groups/{api.groups('Group')[0]}/lessons/2026-09-01/2026-09-30")


@pytest.mark.parametrize(
    ("kind", "status"), [("503", 503), ("429", 429), ("433", 433), ("error200", 200)]
)
def test_faults_hit_as_often_as_asked(
    api: Api, running: Any, ask: Ask, code: str, kind: str, status: int
) -> None:
    control(running, ask, "fault", {"school": code, "kind": kind, "count": 2})
    url = f"{api.base}/users/me/context"
    answers = [ask(url, Access_Token=api.token) for _ in range(3)]
    assert [s for s, _ in answers] == [status, status, 200]
    if kind == "error200":
        assert set(answers[0][1]) == {"type", "description"}
    assert "schoolIds" in answers[2][1]


def test_html_and_cut_answers(api: Api, running: Any, ask: Ask, code: str) -> None:
    host = urlsplit(api.base).netloc

    def read() -> tuple[str, bytes]:
        line = http.client.HTTPConnection(host, timeout=5)
        line.request("GET", "/v2/users/me/context", headers={"Access-Token": api.token})
        answer = line.getresponse()
        return answer.headers["Content-Type"], answer.read()

    control(running, ask, "fault", {"school": code, "kind": "html", "count": 1})
    assert read()[0].startswith("text/html")
    control(running, ask, "fault", {"school": code, "kind": "cut", "count": 1})
    with pytest.raises(http.client.IncompleteRead):
        read()
    assert read()[0].startswith("application/json")


def test_a_slow_answer_waits_and_then_comes(spoilt: Any, code: str) -> None:
    waits: list[float] = []
    journal = Dnevnik(spoilt.folder / "dnevnik", date(2026, 9, 18), waits.append)
    fault = json.dumps({"school": code, "kind": "slow", "count": 1}).encode()
    journal.respond(Request("POST", "/_sandbox/fault", {}, {}, fault, b""))
    headers = {"access-token": spoilt.store(code)["token"]}
    answer = journal.respond(Request("GET", "/v2/users/me/context", {}, headers, b"", b""))
    assert answer.status == 200
    assert waits == [5.0]


def test_the_bad_day_and_the_day_after(api: Api, running: Any, ask: Ask) -> None:
    url = f"{api.base}/users/me/context"
    for day, status in (("2026-09-16", 503), ("2026-09-17", 200)):
        control(running, ask, "today", {"date": day})
        found = ask(url, Access_Token=api.token)
        assert found[0] == status
        assert (status == 200) or re.search("error__description", found[1])


def test_damage_no_answer_reaches_a_running_emulator(
    spoilt: Any, api: Api, ask: Ask, code: str
) -> None:
    damage(spoilt.folder, code, "no_answer")
    assert ask(f"{api.base}/users/me/context", Access_Token=api.token)[0] == 503
    assert Path(spoilt.folder / "dnevnik" / "faults.json").exists()
