"""People as a source tells them, ready for the vault.

Frame of people: ``pseudonym``, ``role``, ``lookup`` (keyed hash of the local key) and the columns
of ``DOSSIER``, all String; one row per person.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from privacy.keys import KeyRing
from privacy.pseudonyms import lookup, pseudonym
from schemas.codes import PersonRole

# What the vault seals about a person. ``class_name`` tells pupils of one name apart; ``source``
# and ``local_key`` let the pseudonym be made anew under another key.
DOSSIER = (
    "full_name",
    "birth_date",
    "snils",
    "phone",
    "email",
    "class_name",
    "source",
    "local_key",
    "gender",
    "citizenship",
    "document_kind",
    "document_series",
    "document_number",
    "document_issued",
)

# Full names that the person bore before, parted by ``BETWEEN_NAMES``; sealed beside the dossier,
# since texts go on calling somebody by them.
FORMER_NAMES = "former_names"
BETWEEN_NAMES = ";"  # no accepted name holds it

_ENTITIES = {
    "staff_member": PersonRole.STAFF,
    "pupil": PersonRole.PUPIL,
    "guardian": PersonRole.GUARDIAN,
}


def people_of(
    school: str, source: str, frames: Mapping[str, pl.DataFrame], keys: KeyRing
) -> pl.DataFrame:
    """The people of ``frames`` (canonical, with local keys); a frame of people, see above."""
    parts = [
        _people(frames[entity], role, school, source, keys)
        for entity, role in _ENTITIES.items()
        if entity in frames
    ]
    schema = dict.fromkeys(("pseudonym", "role", "lookup", *DOSSIER), pl.String())
    people = pl.concat([pl.DataFrame(schema=schema), *parts])
    return _with_classes(people, class_names(frames))


def class_names(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """``local_key`` of each enrolled pupil and the ``class_name`` of the latest enrolment.

    An open enrolment is later than any finished one.
    """
    if not {"enrolment", "class_"} <= frames.keys():
        return pl.DataFrame(schema={"local_key": pl.String, "class_name": pl.String})
    classes = frames["class_"].select(class_key="source_key", class_name="name")
    return (
        frames["enrolment"]
        .join(classes, on="class_key", how="inner")
        .sort("finish", "start", "class_key", nulls_last=[True, False, False])
        .group_by(local_key="pupil", maintain_order=True)
        .agg(pl.col("class_name").last())
    )


def keep_known_classes(people: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """``people`` where a pupil without a class keeps the class of ``known`` identities.

    A class list that could not be read must not make a typed list unreadable too.
    """
    earlier = known.select("pseudonym", _known="class_name")
    return (
        people.join(earlier, on="pseudonym", how="left", maintain_order="left")
        .with_columns(class_name=pl.coalesce("class_name", "_known"))
        .drop("_known")
    )


def _people(
    frame: pl.DataFrame, role: PersonRole, school: str, source: str, keys: KeyRing
) -> pl.DataFrame:
    person = pl.col("person")
    name = pseudonym(keys, role=role.value, school=school, source=source, local_key=person)
    # A guardian of two pupils stands in two rows: the first one speaks for the person.
    rows = frame.sort("_row").unique("person", keep="first", maintain_order=True)
    found = [pl.col(field).cast(pl.String) for field in DOSSIER if field in frame.columns]
    given = rows.select(
        name.alias("pseudonym"),
        lookup(keys, "local_key", role.value, school, source, person).alias("lookup"),
        person.alias("local_key"),
        *found,
    )
    fixed = {"role": role.value, "source": source}
    absent = [field for field in DOSSIER if field not in {*given.columns, *fixed}]
    return given.with_columns(
        *(pl.lit(value).alias(field) for field, value in fixed.items()),
        *(pl.lit(None, pl.String).alias(field) for field in absent),
    ).select("pseudonym", "role", "lookup", *DOSSIER)


def _with_classes(people: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    pupils = classes.with_columns(role=pl.lit(PersonRole.PUPIL.value))
    return (
        people.drop("class_name")
        .join(pupils, on=["role", "local_key"], how="left", maintain_order="left")
        .select("pseudonym", "role", "lookup", *DOSSIER)
    )
