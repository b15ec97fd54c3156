"""A packet: a ZIP of one XML document per block, and a request that names them.

The same batch gives the same bytes: documents are uncompressed and undated, records sorted, every
name made from the batch key. Only the request's ``timestamp`` is the hour of sending.
"""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lxml import etree

from connectors.contingent.checks import Ready
from connectors.contingent.shape import PACKET, Shape
from connectors.errors import Misconfigured

Mode = Literal["MODE_ALL", "MODE_UPDATED"]

NAMES = uuid.UUID("6f1f2f0e-6f5b-4d8c-9a53-2f1d6c0b7c11")  # ours; any fixed one would do
UNDATED = (1980, 1, 1, 0, 0, 0)  # the earliest day that a ZIP can name
MADE_ON = 3  # Unix, whatever machine made it


@dataclass(frozen=True)
class Sender:
    """Who sends to whom: attributes of the packet's root, and the sender's GUID."""

    source_system_id: str
    destination_system_id: str
    authorization_key: str
    ais_guid: str


def request_code(batch_key: str) -> str:
    """The UUID under which the registry knows a batch."""
    return str(uuid.uuid5(NAMES, batch_key))


def pack(
    shape: Shape,
    sender: Sender,
    school: str,
    code: str,
    records: Sequence[Ready],
    *,
    mode: Mode,
    at: datetime,
) -> bytes:
    """The archive of ``records`` under the request code ``code``; ``at`` is aware.

    Raises ``Misconfigured`` when the whole does not fit the schema to which each record fits.
    """
    documents: dict[str, bytes] = {}
    applied = []
    for kind in shape.blocks:
        of_kind = sorted((r for r in records if r.type == kind), key=lambda record: record.key)
        if of_kind:
            name = f"{kind}_{code}.xml"
            documents[name] = _block(shape, kind, of_kind)
            digest = hashlib.sha256(documents[name]).hexdigest()
            applied.append({"name": name, "block": kind, "records": str(len(of_kind))})
            applied[-1]["sha256"] = digest
    root = _request(shape, sender, code, mode, at)
    shape.inside(root, "Organization").text = school
    listed = shape.inside(root, "AppliedDocuments")
    for attributes in applied:
        shape.inside(listed, "AppliedDocument", **attributes)
    documents[f"req_{code}.xml"] = _bytes(shape, root)
    return _archive(documents)


def _request(shape: Shape, sender: Sender, code: str, mode: Mode, at: datetime) -> etree._Element:
    return shape.element(
        PACKET,
        version=shape.version,
        session_id=code,
        source_system_id=sender.source_system_id,
        destination_system_id=sender.destination_system_id,
        authorization_key=sender.authorization_key,
        timestamp=at.isoformat(timespec="seconds"),
        mode=mode,
    )


def _block(shape: Shape, kind: str, records: Sequence[Ready]) -> bytes:
    block = shape.element(shape.blocks[kind].block)
    block.extend(record.xml for record in records)
    return _bytes(shape, block)


def _bytes(shape: Shape, element: etree._Element) -> bytes:
    broken = shape.broken(element)
    if broken is not None:
        raise Misconfigured(
            f"the packet does not fit the registry's schema: {broken}",
            where=etree.QName(element).localname,
            fix="correct the settings of the registry or the schema they name",
        )
    content: bytes = etree.tostring(element, xml_declaration=True, encoding="UTF-8")
    return content


def _archive(documents: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(documents.items()):
            entry = zipfile.ZipInfo(name, UNDATED)
            entry.create_system = MADE_ON
            archive.writestr(entry, content)
    return file.getvalue()
