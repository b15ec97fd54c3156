"""The rows of the journal by the names that the diary knows them by, hashed apart from the hub."""

from __future__ import annotations

import hashlib
import hmac

from tests.end_to_end.world import World

YEAR = 2026
# The entity of the journal whose key a record of the diary has, where it is called otherwise.
JOURNAL = {"timetable": "timetable_slot"}


def at_portal(region: World, school: str, entity: str) -> dict[str, tuple[str, str]]:
    """Key and place of the journal's rows of ``entity`` by what the portal knows them by."""
    name = JOURNAL.get(entity, entity)
    found = {}
    for row in region.rows(
        "SELECT j.source, j.key, l.name, j.origin_line AS line, l.upload_ref AS upload"
        f" FROM journal.{name} j JOIN ops.landing l ON l.id = j.origin_document"
        " WHERE j.school = :school",
        school=school,
    ):
        natural = f"{YEAR}|{row['source']}|{row['key']}"
        said = "\x1f".join(["remote", school, name, natural]).encode()
        secret = region.hub.keys.lookup.hex().encode()
        portal = hmac.new(secret, said, hashlib.sha256).hexdigest()[:32]
        where = f"{row['name']}:{row['line']}"
        if row["name"].startswith("GET "):
            where = f"запрос {row['name']}, запись {row['line']}"
        place = f"{where}, выгрузка {row['upload']}"
        found[portal] = (row["key"], place)
    return found
