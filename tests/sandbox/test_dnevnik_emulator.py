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


def test_keys_are_refreshed_and_end(spoilt: Any, running: Any, ask: Ask, code: str) -> None:
    base = running.urls["dnevnik_url"]
    known = spoilt.store(code)["application"]
    body = {
        "grant_type": "RefreshToken",
        "refreshToken": known["refresh_token"],
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
    }
    control(running, ask, "grant", {"school": code, "scope": "CommonInfo", "expires_in": 60})
    status, first = ask(f"{base}/authorizations", body)
    assert (status, first["expiresIn"], first["scope"]) == (200, 60, "CommonInfo")
    status, refused = ask(f"{base}/authorizations", body)  # good for one use
    assert (status, refused["type"]) == (401, "authorizationFailed")
    control(running, ask, "grant", {"school": code})
    _, second = ask(f"{base}/authorizations", body | {"refreshToken": first["refreshToken"]})
    assert second["accessToken"] != first["accessToken"]

    def answers(grant: Any, path: str) -> tuple[int, str | None]:
        status, said = ask(f"{base}{path}", Access_Token=grant["accessToken"])
        return status, said.get("type") if isinstance(said, dict) else None

    teachers = f"/schools/{spoilt.store(code)['school_id']}/teachers"
    assert answers(first, "/users/me/context") == (200, None)
    assert answers(first, teachers) == (403, "authorizationOutOfScope")
    assert answers(second, teachers) == (200, None)
    control(running, ask, "expire", {"school": code, "after": 1})
    assert answers(second, teachers) == (200, None)
    assert answers(second, teachers) == (401, "authorizationInvalidToken")
    assert answers(first, teachers) == (401, "authorizationInvalidToken")


def test_a_fault_may_wait_and_name_its_error(api: Api, running: Any, ask: Ask, code: str) -> None:
    fault = {"school": code, "kind": "authorizationOwnerForbidden", "count": 1, "after": 2}
    control(running, ask, "fault", fault)
    answers = [ask(f"{api.base}/users/me/context", Access_Token=api.token) for _ in range(4)]
    types = [(status, said.get("type")) for status, said in answers]
    assert types == [(200, None), (200, None), (200, "authorizationOwnerForbidden"), (200, None)]


def test_retry_after_says_what_it_was_told(api: Api, running: Any, ask: Ask, code: str) -> None:
    later = "Sat, 19 Sep 2026 10:01:00 GMT"
    control(running, ask, "fault", {"school": code, "kind": "429", "retry_after": later})
    line = http.client.HTTPConnection(urlsplit(api.base).netloc, timeout=5)
    line.request("GET", "/v2/users/me/context", headers={"Access-Token": api.token})
    answer = line.getresponse()
    assert (answer.status, answer.headers["Retry-After"]) == (429, later)
    answer.read()


def lessons_by_day(api: Api) -> Counter[str]:
    groups = api.groups("Group") + api.groups("Subgroup")
    found = [x for g in groups for x in api(f"/edu-groups/{g}/lessons/{SPAN}")]
    assert len({x["id"] for x in found}) == len(found)
    return Counter(x["date"][:10] for x in found)


@pytest.mark.parametrize(
    ("kind", "change"),
    [("lesson_back", {0: 1, -1: -1}), ("lesson_on", {0: -1, -1: 1}), ("lesson_gone", {-1: -1})],
)
def test_lessons_move_after_so_many_requests(
    api: Api, running: Any, ask: Ask, code: str, kind: str, change: dict[int, int]
) -> None:
    before = lessons_by_day(api)
    days = sorted(before)
    control(running, ask, "move", {"school": code, "kind": kind, "after": 2})
    api("/users/me/context")
    api("/users/me/context")
    after = lessons_by_day(api)
    moved = {day: after[day] - before[day] for day in days if after[day] != before[day]}
    assert moved == {days[place]: count for place, count in change.items()}


def test_a_pupil_changes_class_and_a_mark_is_added(
    api: Api, running: Any, ask: Ask, code: str
) -> None:
    classes = api.groups("Group")

    def members() -> list[set[str]]:
        return [
            {p["id_str"] for p in api(f"/edu-groups/{g}/persons?includeArchive=true")}
            for g in (classes[0], classes[-1])
        ]

    def marks() -> int:
        return sum(len(api(f"/edu-groups/{g}/marks/{SPAN}")) for g in classes)

    first, last = members()
    control(running, ask, "move", {"school": code, "kind": "pupil"})
    api("/users/me/context")
    now_first, now_last = members()
    assert len(now_first - first) == 1
    assert now_first - first == last - now_last

    given = marks()
    control(running, ask, "move", {"school": code, "kind": "mark", "count": 2})
    api("/users/me/context")
    api("/users/me/context")
    assert marks() == given + 2


def test_who_left_is_in_the_archive(spoilt: Any, api: Api, code: str) -> None:
    store = spoilt.store(code)
    group = api.groups("Group")[0]
    member = store["members"][group][0]
    member["until"] = "2026-09-10"
    (spoilt.folder / "dnevnik" / f"{code}.json").write_text(json.dumps(store), "utf-8")
    left = member["row"]["id_str"]
    assert left not in {p["id_str"] for p in api(f"/edu-groups/{group}/persons")}
    archive = api(f"/edu-groups/{group}/persons?includeArchive=true")
    assert left in {p["id_str"] for p in archive}
    [found] = api("/edu-groups", [group])
    status = {s["person"]["id_str"]: s["membershipstatus"] for s in found["students"]}
    assert Counter(status.values()) == {"Active": len(archive) - 1, "Archive": 1}
    assert status[left] == "Archive"


def test_administrators_are_staff_and_bells_ring(api: Api) -> None:
    path = f"/schools/{api.school}/membership?schoolMembershipType="
    staff, admins = api(path + "Staff"), api(path + "Admins")
    assert 0 < len(admins) < len(staff)
    assert all(one in staff for one in admins)
    status, said = api.ask(f"{api.base}{path}Pupils", Access_Token=api.token)
    assert (status, said["type"]) == (400, "parameterInvalid")
    [bells] = api(f"/schools/{api.school}/timetables")
    first = bells["Items"][0]
    assert (bells["Name"], first["LessonNumber"], first["Start"][11:]) == (
        "Основное",
        1,
        "08:30:00",
    )
