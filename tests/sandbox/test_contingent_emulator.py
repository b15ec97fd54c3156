"""The contingent registry's emulator, asked by hand: what it takes, refuses and remembers."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sandbox.emulators.contingent import MANNER, Contingent, reshape
from sandbox.emulators.contingent_rules import faults, references
from sandbox.emulators.faults import Faulty
from sandbox.emulators.web import Answer, Request

SCHOOL = "781001"
KEY = "k"
CODE = "11111111-2222-3333-4444-555555555555"
OTHER = "11111111-2222-3333-4444-555555555556"
NS = "urn:svod:contingent:1.0"
CLASS = (
    f'<Classes xmlns="{NS}"><Class uid="c1" op="upsert" hash="h1"><Name>5 а</Name>'
    "<GradeLevel>5</GradeLevel><AcademicYear>2026/2027</AcademicYear><Program>13</Program>"
    "<OpenAt>2026-09-01</OpenAt></Class></Classes>"
)
PERSON: dict[str, str | None] = {
    "lastname": "Жмелеватов",
    "firstname": "Артемий",
    "birthdate": "2015-03-04",
    "gender": "1",
    "snils": "112-233-445 95",
}
KLASS: dict[str, str | None] = {
    "name": "5 а",
    "grade_level": "5",
    "academic_year": "2026/2027",
    "program": "13",
    "open_at": "2026-09-01",
}
EDUCATION: dict[str, str | None] = {
    "person": "p1",
    "class": "c1",
    "education_form": "11",
    "program": "13",
    "training_begin_at": "2026-09-01",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Contingent]:
    desk = Contingent(tmp_path, [SCHOOL], KEY)
    yield desk
    desk.close()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> Request:
    plain, _, query = path.partition("?")
    asked = dict(part.split("=", 1) for part in query.split("&") if part)
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Request(method, plain, asked, names, body, body)


def control(desk: Contingent, call: str, **body: Any) -> Any:
    content = json.dumps(body).encode() if body else b""
    answer = desk.respond(request("POST" if body else "GET", f"/_sandbox/{call}", content))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


# --- packets -----------------------------------------------------------------------------------


def archive(block: str = CLASS, code: str = CODE, **changed: str) -> bytes:
    """A packet with one block; ``changed`` spoils attributes of the request."""
    content = block.encode()
    told = {
        "version": "1.0",
        "session_id": code,
        "source_system_id": "a",
        "destination_system_id": "b",
        "authorization_key": KEY,
        "timestamp": "2026-09-21T02:30:00+00:00",
        "mode": "MODE_UPDATED",
        "records": str(block.count("uid=")),
        "sha256": hashlib.sha256(content).hexdigest(),
        "school": SCHOOL,
        "name": "class.xml",
    } | changed
    root = " ".join(f'{n}="{told[n]}"' for n in list(told)[:7])
    listed = f'name="{told["name"]}" block="class" records="{told["records"]}"'
    req = (
        f'<Packet xmlns="{NS}" {root}><Organization>{told["school"]}</Organization>'
        f'<AppliedDocuments><AppliedDocument {listed} sha256="{told["sha256"]}"/>'
        "</AppliedDocuments></Packet>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("class.xml", content)
        packed.writestr(f"req_{code}.xml", req)
    return file.getvalue()


def soap(operation: str, binary: bytes = b"", **data: str) -> Request:
    held = "".join(f"<c:{name}>{value}</c:{name}>" for name, value in data.items())
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:m="http://smev.gosuslugi.ru/rev111111" xmlns:c="{NS}"><s:Body><c:{operation}>'
        "<m:Message><m:Sender><m:Code>hub</m:Code></m:Sender></m:Message><m:MessageData>"
        f"<m:AppData>{held}</m:AppData><m:AppDocument><m:BinaryData>"
        f"{base64.b64encode(binary).decode()}</m:BinaryData></m:AppDocument></m:MessageData>"
        f"</c:{operation}></s:Body></s:Envelope>"
    )
    return request("POST", "/packet", body.encode())


def texts(answer: Answer) -> dict[str, str]:
    root = ElementTree.fromstring(answer.body)
    return {e.tag.partition("}")[2]: e.text or "" for e in root.iter() if e.text}


def send(desk: Contingent, binary: bytes, code: str = CODE, key: str = KEY) -> Answer:
    return desk.respond(soap("SendPacket", binary, RequestCode=code, AuthorizationKey=key))


def result(desk: Contingent, **by: str) -> dict[str, str]:
    answer = desk.respond(soap("GetResult", AuthorizationKey=KEY, **by))
    assert answer.status == 200
    return texts(answer)


def test_a_packet_gets_a_ticket_and_a_result(desk: Contingent) -> None:
    ticket = texts(send(desk, archive()))["TicketGUID"]
    told = result(desk, TicketGUID=ticket)
    [done] = json.loads(told["Results"])
    assert (told["Status"], done["uid"], done["status"]) == ("ok", "c1", "created")
    assert result(desk, RequestCode=CODE) == told
    assert result(desk, TicketGUID="unknown")["Status"] == "NOTFOUND"
    assert texts(send(desk, archive()))["TicketGUID"] == ticket
    assert control(desk, "stats")["replays"] == 1


def test_a_code_stands_for_one_body(desk: Contingent) -> None:
    send(desk, archive())
    assert send(desk, archive(CLASS.replace("5 а", "5 б"))).status == 409
    assert control(desk, "state")[0]["data"]["name"] == "5 а"
    later = archive(timestamp="2026-09-22T02:30:00+00:00")
    assert send(desk, later).status == 200  # the hour is none of the body


@pytest.mark.parametrize(
    "binary",
    [
        b"",
        b"no archive",
        archive(mode="MODE_SOME"),
        archive(session_id=OTHER),
        archive(authorization_key="other"),
        archive(sha256="0" * 64),
        archive(records="2"),
        archive(name="other.xml"),
        archive(code=OTHER),
        archive(CLASS.replace("Classes", "Klasses")),
        archive(CLASS.replace("upsert", "insert")),
        archive(CLASS.replace('uid="c1"', 'uid=""')),
        archive(CLASS.replace("</Classes>", "")),
        archive(f"<!DOCTYPE a>{CLASS}"),
        archive(CLASS.replace("5 а</Name>", "5 а</Name><Name>5 б</Name>")),
        archive(CLASS.replace("<Name>5 а</Name>", "").replace("</OpenAt>", "</OpenAt><Name/>")),
        archive(CLASS.replace("<Class ", "<Class><Name/></Class><Class ")),
    ],
)  # fmt: skip
def test_a_packet_that_cannot_be_read_is_refused_as_a_whole(
    desk: Contingent, binary: bytes
) -> None:
    answer = send(desk, binary)
    assert (answer.status, b"Client" in answer.body) == (400, True)
    assert control(desk, "state") == []
    assert result(desk, RequestCode=CODE)["Status"] == "NOTFOUND"


def test_other_refusals_of_the_packet_door(desk: Contingent) -> None:
    assert send(desk, archive(), key="other").status == 401
    assert send(desk, archive(), code="no-uuid").status == 400
    assert desk.respond(soap("DropAll", AuthorizationKey=KEY)).status == 400
    assert desk.respond(request("POST", "/packet", b"<a/>")).status == 400
    assert desk.respond(request("POST", "/nowhere")).status == 404
    assert desk.respond(soap("GetData", AuthorizationKey=KEY, Page="x")).status == 400
    unknown = texts(send(desk, archive(school="781999")))
    assert result(desk, TicketGUID=unknown["TicketGUID"])["Status"] == "FAIL"


def test_the_queue(desk: Contingent) -> None:
    control(desk, "queue", polls=2)
    send(desk, archive())
    said = [result(desk, RequestCode=CODE) for _ in range(4)]
    assert [told["Status"] for told in said] == ["INQUEUE", "INQUEUE", "ok", "ok"]
    assert said[0]["RetryAfter"] == "2"
    control(desk, "queue", polls=0)
    send(desk, archive(code=OTHER), code=OTHER)
    assert result(desk, RequestCode=OTHER)["Status"] == "ok"


def test_a_page_of_records(desk: Contingent) -> None:
    two = CLASS.replace("</Classes>", "") + CLASS[CLASS.index("<Class ") :].replace("c1", "c0")
    send(desk, archive(two))
    asked = soap("GetData", AuthorizationKey=KEY, Organization=SCHOOL, Page="2", PageSize="1")
    told = texts(desk.respond(asked))
    assert told["TotalRecords"] == "2"
    assert [r["uid"] for r in json.loads(told["Records"])] == ["c1"]


# --- REST --------------------------------------------------------------------------------------


def klass(uid: str = "c1", **changed: Any) -> dict[str, Any]:
    return {
        "external_id": uid,
        "external_hash": "h1",
        "organization_id": SCHOOL,
        "name": "5 а",
        "parallel_id": 5,
        "letter": None,
        "academic_year_id": "2026/2027",
        "education_stage_id": "13",
        "open_at": "2026-09-01",
        "close_at": None,
    } | changed


def rest(desk: Contingent, method: str, path: str, body: Any = None, key: str = "b1") -> Answer:
    content = b"" if body is None else json.dumps(body).encode()
    whole = f"/rest{path}" + ("" if method == "GET" else f"?organization_id={SCHOOL}")
    return desk.respond(request(method, whole, content, ApiKey=KEY, Idempotency_Key=key))


def item(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    [found] = json.loads(answer.body)["items"]
    return dict(found)


def test_put_changes_and_post_creates(desk: Contingent) -> None:
    batch = {"items": [klass()]}
    assert item(rest(desk, "PUT", "/classes/batch", batch, "a"))["status"] == "not_found"
    assert item(rest(desk, "POST", "/classes/batch", batch, "b"))["status"] == "created"
    assert item(rest(desk, "POST", "/classes/batch", batch, "c"))["code"] == "exists"
    assert item(rest(desk, "PUT", "/classes/batch", batch, "d"))["status"] == "unchanged"
    other = {"items": [klass(name="5 б", external_hash="h2")]}
    assert item(rest(desk, "PUT", "/classes/batch", other, "e"))["status"] == "updated"
    assert item(rest(desk, "PUT", "/classes/batch", batch, "a"))["status"] == "not_found"  # again
    assert rest(desk, "PUT", "/classes/batch", other, "a").status == 409
    assert item(rest(desk, "GET", "/requests/e"))["status"] == "updated"
    assert rest(desk, "GET", "/requests/z").status == 404


def test_delete_brings_what_was(desk: Contingent) -> None:
    rest(desk, "POST", "/classes/batch", {"items": [klass()]}, "a")
    assert item(rest(desk, "DELETE", "/classes/c1", klass(name="6 б"), "b"))["code"] == "not_as_was"
    assert item(rest(desk, "DELETE", "/classes/c1", klass(), "c"))["status"] == "withdrawn"
    assert item(rest(desk, "DELETE", "/classes/c1", klass(), "d"))["status"] == "withdrawn"
    assert control(desk, "state") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/classes/batch", {"items": []}, 400),
        ("PUT", "/classes/batch", {"items": [klass(), klass()]}, 400),
        ("PUT", "/classes/batch", {"items": [klass(more=1)]}, 400),
        ("PUT", "/classes/batch", {"items": [klass(organization_id="781002")]}, 400),
        ("PUT", "/classes/batch", {"items": [klass(name=["5 а"])]}, 400),
        ("PUT", "/classes/batch", {"items": [klass(str(n)) for n in range(501)]}, 422),
        ("PUT", "/classes", {"items": [klass()]}, 404),
        ("GET", "/persons?filter=all", None, 400),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_in_no_json(
    desk: Contingent, method: str, path: str, body: Any, status: int
) -> None:
    answer = rest(desk, method, path, body)
    assert answer.status == status
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer.body)
    assert control(desk, "state") == []


def test_keys_and_schools_of_the_rest_door(desk: Contingent) -> None:
    assert desk.respond(request("GET", "/rest/persons", ApiKey="other")).status == 401
    batch = {"items": [klass()]}
    assert rest(desk, "PUT", "/classes/batch", batch, "").status == 422
    control(desk, "fail", packets=1)
    assert rest(desk, "POST", "/classes/batch", batch, "a").status == 422
    assert rest(desk, "GET", "/requests/a").status == 404
    assert rest(desk, "POST", "/classes/batch", batch, "b").status == 200


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("person", PERSON | {"lastname": None}, "lastname"),
        ("person", PERSON | {"lastname": "О'Коннор"}, "lastname"),
        ("person", PERSON | {"birthdate": "2015-02-29"}, "birthdate"),
        ("person", PERSON | {"birthdate": "20150304"}, "birthdate"),
        ("person", PERSON | {"snils": "112-233-445 96"}, "snils"),
        ("person", PERSON | {"snils": None}, "snils"),
        ("person", PERSON | {"citizenship": "0"}, "citizenship"),
        ("person", PERSON | {"mark": "5"}, ""),
        ("class", KLASS | {"grade_level": "13"}, "grade_level"),
        ("class", KLASS | {"academic_year": "2026/2028"}, "academic_year"),
        ("class", KLASS | {"close_at": "2026-08-01"}, "close_at"),
        ("education", EDUCATION | {"education_form": "1"}, "education_form"),
        ("education", EDUCATION | {"training_end_at": "2026-08-31"}, "training_end_at"),
        ("education", EDUCATION | {"deduction_reason": "1"}, "deduction_reason"),
    ],
)
def test_rules(kind: str, data: dict[str, str | None], field: str) -> None:
    assert [name for name, _ in faults(kind, data)] == [field]


def test_rules_that_hold() -> None:
    assert (
        faults("person", PERSON) == faults("class", KLASS) == faults("education", EDUCATION) == []
    )
    assert faults("person", PERSON | {"snils": "087-654-303 00"}) == []
    assert faults("person", PERSON | {"snils": "001-001-998 77"}) == []
    document: dict[str, str | None] = {"document_type": "11", "document_number": "1"}
    assert faults("person", PERSON | {"snils": None} | document) == []
    assert [uid for _, _, uid in references("education", EDUCATION)] == ["p1", "c1"]


def test_a_reference_to_nobody_is_refused(desk: Contingent) -> None:
    one = {
        "external_id": "e1", "external_hash": "h", "organization_id": SCHOOL, "person_id": "p1",
        "class_uid": "c1", "education_form_id": "11", "education_stage_id": "13",
        "training_begin_at": "2026-09-01",
    }  # fmt: skip
    refused = item(rest(desk, "POST", "/persons/batch/education", {"items": [one]}))
    assert (refused["status"], refused["code"]) == ("rejected", "unknown_reference")
    assert "person" in refused["message"]


# --- what it remembers --------------------------------------------------------------------------


def test_a_restart_forgets_nothing(desk: Contingent, tmp_path: Path) -> None:
    control(desk, "queue", polls=2)
    send(desk, archive())
    assert result(desk, RequestCode=CODE)["Status"] == "INQUEUE"
    desk.close()
    again = Contingent(tmp_path, [SCHOOL], KEY)
    assert [result(again, RequestCode=CODE)["Status"] for _ in range(2)] == ["INQUEUE", "ok"]
    assert control(again, "stats")["created"] == 1
    send(again, archive(CLASS.replace("c1", "c2"), OTHER), OTHER)
    assert result(again, RequestCode=OTHER)["Status"] == "INQUEUE"
    assert len(control(again, "batches")["received"]) == 2
    again.close()


def test_backup_and_restore(desk: Contingent) -> None:
    control(desk, "backup", name="empty")
    send(desk, archive())
    control(desk, "poison", key="c9")
    control(desk, "restore", name="empty")
    assert control(desk, "state") == []
    assert result(desk, RequestCode=CODE)["Status"] == "NOTFOUND"
    assert control(desk, "stats")["created"] == 1  # what we counted stays
    assert control(desk, "batches")["sizes"] == {"1": 1}
    for call in ("backup", "restore"):
        body = json.dumps({"name": "../x"}).encode()
        assert desk.respond(request("POST", f"/_sandbox/{call}", body)).status == 400


def test_poison(desk: Contingent) -> None:
    control(desk, "poison", key="c1")
    assert send(desk, archive()).status == 500
    assert rest(desk, "POST", "/classes/batch", {"items": [klass()]}).status == 500
    assert control(desk, "state") == []
    control(desk, "poison", key="c1", remove=True)
    assert send(desk, archive()).status == 200


def test_every_byte_is_kept_and_archives_are_opened(desk: Contingent, tmp_path: Path) -> None:
    send(desk, archive(CLASS.replace("5 а", "Жмелеватов")))
    log = (tmp_path / "contingent-received.log").read_text("utf-8")
    assert "BinaryData" in log
    assert "Жмелеватов" in log


# --- faults from outside -------------------------------------------------------------------------


def halves(results: list[Any]) -> list[Any]:
    return results[: len(results) // 2]


@pytest.mark.parametrize("change", [halves, lambda results: [*results, *results]])
def test_results_are_reached_from_outside(
    desk: Contingent, change: Callable[[list[Any]], list[Any]]
) -> None:
    wrong = CLASS.replace("c1", "c2").replace("2026/2027", "2026")
    block = CLASS.replace("</Classes>", "") + wrong[wrong.index("<Class ") :]
    send(desk, archive(block))
    whole = desk.respond(soap("GetResult", AuthorizationKey=KEY, RequestCode=CODE))
    told, seen = texts(reshape(whole, change)), texts(whole)
    both = [len(json.loads(seen[n])) for n in ("Results", "Errors")]
    assert both == [1, 1]
    left = [*json.loads(told.get("Results", "[]")), *json.loads(told.get("Errors", "[]"))]
    assert len(left) == len(change([0, 0]))
    answer = rest(desk, "PUT", "/classes/batch", {"items": [klass("a"), klass("b")]})
    assert len(json.loads(reshape(answer, change).body)["items"]) == len(change([0, 0]))


def test_answers_without_results_stay_as_they_are(desk: Contingent) -> None:
    for answer in (
        send(desk, archive()),
        rest(desk, "GET", f"/classes?filter=organization_id eq '{SCHOOL}'"),
        rest(desk, "PUT", "/classes", {}),
        desk.respond(soap("GetResult", AuthorizationKey=KEY, RequestCode=OTHER)),
    ):
        assert texts_or_body(reshape(answer, halves)) == texts_or_body(answer)


def texts_or_body(answer: Answer) -> Any:
    return texts(answer) if b"Envelope" in answer.body else answer.body


def test_the_fault_wrapper_plays_around_it(desk: Contingent) -> None:
    faulty = Faulty(desk.respond, manner=MANNER)
    rule = json.dumps({"kind": "partial", "count": 1}).encode()
    assert faulty.respond(request("POST", "/_sandbox/fault", rule)).status == 200
    batch = json.dumps({"items": [klass("a"), klass("b")]}).encode()
    path = f"/rest/classes/batch?organization_id={SCHOOL}"
    asked = request("POST", path, batch, ApiKey=KEY, Idempotency_Key="b")
    assert len(json.loads(faulty.respond(asked).body)["items"]) == 1
    assert len(json.loads(faulty.respond(asked).body)["items"]) == 2
    assert len(control(desk, "state")) == 2
    faulty.close()
