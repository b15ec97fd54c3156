"""The SMEV 2 envelope around a call, and what an answer holds in its ``AppData``.

Namespace, ``AppData``, ``AppDocument``, ``RequestCode``, ``BinaryData`` and the calls' names are
[V]; the block ``Message`` follows the published format of SMEV 2 and is ASSUMED here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from connectors.contingent.shape import STRICT
from connectors.errors import BatchRefused, Unavailable
from connectors.http import Question

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SMEV = "http://smev.gosuslugi.ru/rev111111"
SEND = "SendPacket"
# Statuses by which a request is refused for what it holds.
REFUSED = frozenset({400, 413, 422})


@dataclass(frozen=True)
class Call(Question):
    """A question that goes by the name of its SOAP operation: all have one address."""

    operation: str = ""

    @property
    def where(self) -> str:
        return self.operation


@dataclass(frozen=True)
class Route:
    """Who speaks to whom, as codes of the ``Message`` block."""

    sender: str
    recipient: str


def envelope(
    operation: str,
    route: Route,
    data: Mapping[str, str],
    *,
    at: datetime,
    namespace: str,
    archive: tuple[str, bytes] | None = None,
) -> bytes:
    """The call ``operation`` with ``data`` as elements of its AppData and, if given, ``archive``
    (its code and bytes) as AppDocument. Raises ``ValueError`` as lxml does."""
    spaces: dict[Any, str] = {"soap": SOAP, "smev": SMEV, None: namespace}
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap=spaces)
    etree.SubElement(root, f"{{{SOAP}}}Header")
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    call = etree.SubElement(body, f"{{{namespace}}}{operation}")
    _message(call, route, at)
    held = etree.SubElement(call, f"{{{SMEV}}}MessageData")
    app_data = etree.SubElement(held, f"{{{SMEV}}}AppData")
    for name, value in data.items():
        etree.SubElement(app_data, f"{{{namespace}}}{name}").text = value
    if archive is not None:
        document = etree.SubElement(held, f"{{{SMEV}}}AppDocument")
        etree.SubElement(document, f"{{{SMEV}}}RequestCode").text = archive[0]
        encoded = base64.b64encode(archive[1]).decode("ascii")
        etree.SubElement(document, f"{{{SMEV}}}BinaryData").text = encoded
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def _message(call: etree._Element, route: Route, at: datetime) -> None:
    message = etree.SubElement(call, f"{{{SMEV}}}Message")
    for side, code in (("Sender", route.sender), ("Recipient", route.recipient)):
        party = etree.SubElement(message, f"{{{SMEV}}}{side}")
        etree.SubElement(party, f"{{{SMEV}}}Code").text = code
        etree.SubElement(party, f"{{{SMEV}}}Name").text = code
    rest = {"TypeCode": "GSRV", "Status": "REQUEST", "ExchangeType": "2"}
    for name, value in {**rest, "Date": at.isoformat(timespec="seconds")}.items():
        etree.SubElement(message, f"{{{SMEV}}}{name}").text = value


def look(question: Question, status: int, body: bytes) -> None:
    """Sees every answer before its status is judged, for ``HttpClient``: a refused packet, and a
    page in the place of an envelope."""
    if status in REFUSED and question.where == SEND:
        raise BatchRefused("batch_refused", where=question.where)
    if status == 200:
        app_data(body, question.where)


def app_data(body: bytes, where: str) -> dict[str, str]:
    """Texts of the elements of AppData by local name.

    Raises ``Unavailable`` for anything but an envelope with one AppData whose elements are there
    once, and ``BatchRefused`` for a fault of the caller.
    """
    try:
        root = etree.fromstring(body, etree.XMLParser(**STRICT))
    except (etree.LxmlError, ValueError):
        raise Unavailable("the answer is no XML", where=where) from None
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Unavailable("the answer is no SOAP envelope", where=where)
    code = root.findtext(f"{{{SOAP}}}Body/{{{SOAP}}}Fault/faultcode")
    if code is not None:
        if where == SEND and code.rpartition(":")[2] == "Client":
            raise BatchRefused("batch_refused", where=where)
        raise Unavailable("the registry reports a fault of its own", where=where)
    found = list(root.iter(f"{{{SMEV}}}AppData"))
    if len(found) != 1:
        raise Unavailable("the answer has no AppData of its own", where=where)
    elements = [element for element in found[0] if isinstance(element.tag, str)]
    texts = {etree.QName(element).localname: element.text or "" for element in elements}
    if len(texts) < len(elements):
        raise Unavailable("the answer says something twice", where=where)
    return texts
