"""Our records in the field names of the REST variant, which are those of the Moscow service
«МЭШ.Контингент» [V]; what that field set has no name for is marked ASSUMED.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contingent.checks import Ready
from connectors.contingent.codes import Codes

Json = dict[str, Any]


def body_of(record: Ready, school: str, codes: Codes) -> Json:
    """The JSON of one record. ``external_id`` and ``external_hash`` are ASSUMED: our key, by which
    records point at one another too, and our hash of the data."""
    body = {"external_id": record.key, **WRITERS[record.type](record.data, school, codes)}
    return body | ({"external_hash": record.hash} if record.hash else {})


def _class(data: Mapping[str, Any], school: str, _: Codes) -> Json:
    return {
        "name": data["name"],
        "organization_id": school,
        "parallel_id": data["grade_level"],
        "letter": data.get("letter"),
        "academic_year_id": data["academic_year"],  # ASSUMED: the year's words, not a number
        "education_stage_id": data["program"],
        "open_at": data["open_at"],
        "close_at": data.get("close_at"),
    }


def _person(data: Mapping[str, Any], _: str, codes: Codes) -> Json:
    citizenship = data.get("citizenship")
    return {
        "lastname": data["lastname"],
        "firstname": data["firstname"],
        "patronymic": data.get("patronymic"),
        "birthdate": data["birthdate"],
        "gender_id": int(data["gender"]),
        "snils": data.get("snils"),
        "citizenship_id": codes.oksm.get(str(citizenship)),
        "documents": [_document(data)] if data.get("document_type") is not None else [],
    }


def _document(data: Mapping[str, Any]) -> Json:
    return {
        "document_type_id": str(data["document_type"]),
        "series": data.get("document_series"),
        "number": data.get("document_number"),
        "issued": data.get("document_issued"),
    }


def _education(data: Mapping[str, Any], school: str, _: Codes) -> Json:
    return {
        "person_id": data["person"],
        "organization_id": school,
        "class_uid": data["class"],
        "education_form_id": data["education_form"],
        "education_stage_id": data["program"],
        "training_begin_at": data["training_begin_at"],
        "training_end_at": data.get("training_end_at"),
        "deduction_reason_id": data.get("deduction_reason"),
        # ASSUMED: no source shows where orders go.
        "begin_order_number": data.get("begin_order_number"),
        "begin_order_date": data.get("begin_order_date"),
        "end_order_number": data.get("end_order_number"),
        "end_order_date": data.get("end_order_date"),
    }


def _movement(data: Mapping[str, Any], school: str, _: Codes) -> Json:
    """ASSUMED as a whole: the field set has no movements."""
    return {
        "person_id": data["person"],
        "organization_id": school,
        "movement_kind_id": data["kind"],
        "date": data["date"],
        "order_number": data["order_number"],
        "order_date": data["order_date"],
        "from_class_uid": data.get("from_class"),
        "to_class_uid": data.get("to_class"),
        "other_organization": data.get("other_school"),
    }


WRITERS = {"class": _class, "person": _person, "education": _education, "movement": _movement}
