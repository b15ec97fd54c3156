"""The registry's way in by packet and ticket: SMEV 2 envelopes around a ZIP of XML documents."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sandbox.emulators.contingent_rules import FIELDS
from sandbox.emulators.contingent_store import (
    BodyChangedError,
    ContingentStore,
    Item,
    Kept,
    PoisonError,
)
from sandbox.emulators.web import Answer, Request

Json = dict[str, Any]
Change = Callable[[list[Any]], list[Any]]

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SMEV = "http://smev.gosuslugi.ru/rev111111"
CONTINGENT = "urn:svod:contingent:1.0"
XML = "text/xml; charset=utf-8"
MOST_RECORDS = 500
RETRY_AFTER = 2
BLOCKS = {"Classes": "class", "Persons": "person", "Educations": "education"}
BLOCKS |= {"Movements": "movement"}
ROOT_ATTRIBUTES = (
    "session_id",
    "source_system_id",
    "destination_system_id",
    "authorization_key",
    "timestamp",
    "mode",
    "version",
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class BadPacketError(Exception):
    """The packet cannot be read; the message says which rule it breaks."""


def answer(operation: str, told: Json) -> Answer:
    """An envelope whose AppData holds ``told``; lists go as JSON."""
    parts = [
        f"<c:{name}>{escape(value if isinstance(value, str) else _json(value))}</c:{name}>"
        for name, value in told.items()
    ]
    body = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{SMEV}" xmlns:c="{CONTINGENT}"><s:Body>'
        f"<c:{operation}Response><m:Message><m:Status>RESULT</m:Status></m:Message>"
        f"<m:MessageData><m:AppData>{''.join(parts)}</m:AppData></m:MessageData>"
        f"</c:{operation}Response></s:Body></s:Envelope>"
    )
    return Answer(200, body.encode(), XML)


def fault(status: int, code: str, message: str) -> Answer:
    body = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:{code}</faultcode>'
        f"<faultstring>{escape(message)}</faultstring></s:Fault></s:Body></s:Envelope>"
    )
    return Answer(status, body.encode(), XML)


def reshape(whole: Answer, change: Change) -> Answer:
    """The answer to GetResult with ``change`` made to its results and errors, seen as one list."""
    found = re.search(rb"<c:Results>(.*)</c:Results><c:Errors>(.*)</c:Errors>", whole.body, re.S)
    if whole.content_type != XML or found is None:
        return whole
    told = {
        element.tag.partition("}")[2]: element.text or ""
        for element in ElementTree.fromstring(whole.body).iter()  # noqa: S314  # our own
    }
    done, wrong = json.loads(told["Results"]), json.loads(told["Errors"])
    both = change([*(("Results", d) for d in done), *(("Errors", w) for w in wrong)])
    again = {name: [one for of, one in both if of == name] for name in ("Results", "Errors")}
    plain = ("Status", "MessageText", "RetryAfter")
    return answer("GetResult", {**{name: told[name] for name in plain}, **again})


class PacketDesk:
    """Answers SOAP calls. ``organisations`` are registered; ``key`` is the hub's."""

    def __init__(self, store: ContingentStore, organisations: frozenset[str], key: str) -> None:
        self._store = store
        self._organisations = organisations
        self._key = key
        self.unpacked: Callable[[bytes], None] = lambda _: None

    def respond(self, request: Request) -> Answer:
        try:
            operation, told, binary = _opened(request.body)
        except BadPacketError as wrong:
            return fault(400, "Client", str(wrong))
        if told.get("AuthorizationKey") != self._key:
            return fault(401, "Client", "ключ не принят")
        match operation:
            case "SendPacket":
                return self._take(told, binary)
            case "GetResult":
                return self._result(told)
            case "GetData":
                return self._data(told)
        return fault(400, "Client", "неизвестная операция")

    def _take(self, told: dict[str, str], binary: str) -> Answer:
        code = told.get("RequestCode", "")
        size = 0
        try:
            school, digest, items = self._unpack(code, binary)
            size = len(items)
            known = school in self._organisations
            kept = self._store.apply(school, code, digest, items, known=known)
            done = answer("SendPacket", {"TicketGUID": kept.ticket})
        except BadPacketError as wrong:
            done = fault(400, "Client", str(wrong))
        except BodyChangedError:
            done = fault(409, "Client", "RequestCode уже был у другого пакета")
        except PoisonError:
            done = fault(500, "Server", "внутренняя ошибка")
        self._store.note(code, size, done.status)
        return done

    def _unpack(self, code: str, binary: str) -> tuple[str, str, list[Item]]:
        """Organisation, digest of the blocks, and records. Raises ``BadPacketError``."""
        if not _UUID.fullmatch(code):
            raise BadPacketError("RequestCode не UUID")
        documents = _archive(binary)
        for content in documents.values():
            self.unpacked(content)
        root = _parsed(documents.pop(f"req_{code}.xml", b""))
        attributes = dict(root.attrib)
        if root.tag != _tag("Packet") or set(attributes) != set(ROOT_ATTRIBUTES):
            raise BadPacketError("атрибуты пакета не те")
        if attributes["mode"] not in ("MODE_ALL", "MODE_UPDATED"):
            raise BadPacketError("неизвестный режим")
        if attributes["authorization_key"] != self._key or attributes["session_id"] != code:
            raise BadPacketError("ключ или сессия пакета не те, что в запросе")
        applied = {d.get("name", ""): d for d in root.iter(_tag("AppliedDocument"))}
        if applied.keys() != documents.keys() or not documents:
            raise BadPacketError("AppliedDocuments не те, что в архиве")
        items: list[Item] = []
        for name, content in documents.items():
            items += _block(applied[name], content)
        if len(items) > MOST_RECORDS:
            raise BadPacketError(f"больше {MOST_RECORDS} записей")
        if len({item.uid for item in items}) < len(items):
            raise BadPacketError("запись названа дважды")
        # The request is left out: its hour is another each time it is sent.
        digest = hashlib.sha256(b"".join(documents[name] for name in sorted(documents)))
        return root.findtext(_tag("Organization")) or "", digest.hexdigest(), items

    def _result(self, told: dict[str, str]) -> Answer:
        kept = self._store.find(
            key=told.get("RequestCode", ""), ticket=told.get("TicketGUID", ""), poll=True
        )
        return answer("GetResult", _told(kept))

    def _data(self, told: dict[str, str]) -> Answer:
        """A page of the live records; the page is counted from 1."""
        try:
            school, page, size = told["Organization"], int(told["Page"]), int(told["PageSize"])
        except (KeyError, ValueError):
            return fault(400, "Client", "нужны Organization, Page и PageSize")
        found = self._store.live(school)
        rows = [
            {"object-type": r["type"], "uid": r["uid"], "hash": r["hash"], "id": r["id"]}
            for r in found[(page - 1) * size : page * size]
        ]
        return answer(
            "GetData", {"TotalRecords": str(len(found)), "Page": str(page), "Records": rows}
        )


def _told(kept: Kept | None) -> Json:
    status = "NOTFOUND" if kept is None else "FAIL" if kept.failed else "ok"
    if kept is not None and kept.polls:
        status = "INQUEUE"
    done, wrong = [], []
    for result in kept.results if kept and status == "ok" else []:
        about = {"object-type": result["type"], "uid": result["uid"]}
        if result["status"] == "rejected":
            wrong += [{**about, "field": _camel(f["field"]), "error": f["error"]}
                      for f in result["faults"]]  # fmt: skip
        else:
            done.append({**about, "status": result["status"], "id": result["id"]})
    return {
        "Status": status,
        "MessageText": "Пакет отклонён" if status == "FAIL" else "",
        "RetryAfter": str(RETRY_AFTER) if status == "INQUEUE" else "",
        "Results": done,
        "Errors": wrong,
    }


def _opened(body: bytes) -> tuple[str, dict[str, str], str]:
    """Operation, AppData and BinaryData of an envelope. Raises ``BadPacketError``."""
    root = _parsed(body)
    held = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or held is None or len(held) != 1:
        raise BadPacketError("не конверт SOAP")
    call = held[0]
    data = call.find(f"{{{SMEV}}}MessageData/{{{SMEV}}}AppData")
    sender = call.findtext(f"{{{SMEV}}}Message/{{{SMEV}}}Sender/{{{SMEV}}}Code")
    if data is None or not sender:
        raise BadPacketError("нет Message или AppData")
    told = {element.tag.partition("}")[2]: element.text or "" for element in data}
    binary = call.findtext(f"{{{SMEV}}}MessageData/{{{SMEV}}}AppDocument/{{{SMEV}}}BinaryData")
    return call.tag.partition("}")[2], told, binary or ""


def _parsed(content: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in content:
        raise BadPacketError("DOCTYPE не принимается")
    try:
        return ElementTree.fromstring(content)  # noqa: S314  # no DOCTYPE, hence no entities
    except ElementTree.ParseError:
        raise BadPacketError("документ не XML") from None


def _archive(binary: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(binary, validate=True))) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (ValueError, zipfile.BadZipFile):
        raise BadPacketError("BinaryData не архив ZIP") from None


def _block(applied: ElementTree.Element, content: bytes) -> list[Item]:
    root = _parsed(content)
    kind = BLOCKS.get(root.tag.partition("}")[2], "")
    if root.tag != _tag(_name_of(kind)) or applied.get("block") != kind:
        raise BadPacketError("неизвестный блок")
    if applied.get("sha256") != hashlib.sha256(content).hexdigest():
        raise BadPacketError("sha256 не сходится")
    if applied.get("records") != str(len(root)):
        raise BadPacketError("число записей не сходится")
    return [_item(kind, record) for record in root]


def _item(kind: str, record: ElementTree.Element) -> Item:
    op, uid = record.get("op", ""), record.get("uid", "")
    if record.tag != _tag(kind.capitalize()) or op not in ("upsert", "delete") or not uid:
        raise BadPacketError("запись не по образцу")
    order = [name.rstrip("?") for name in FIELDS[kind]]
    data = {_snake(field.tag.partition("}")[2]): field.text or "" for field in record}
    if len(data) < len(record) or list(data) != [name for name in order if name in data]:
        raise BadPacketError("поля записи не те или не по порядку")
    return Item(uid, kind, op, record.get("hash", ""), dict(data))


def _tag(name: str) -> str:
    return f"{{{CONTINGENT}}}{name}"


def _name_of(kind: str) -> str:
    return next((name for name, of in BLOCKS.items() if of == kind), "")


def _snake(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
