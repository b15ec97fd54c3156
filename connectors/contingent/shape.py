"""How records become XML, and the schema they are held to, as data (schemas/contingent).

The elements of the registry's own XSD are not public; a site that has them replaces the folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any, cast

import yaml
from lxml import etree
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import Misconfigured

FOLDER = Path(str(files("schemas"))) / "contingent" / "1.0"
PACKET = "Packet"
STRICT: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
}

# What the schema's rules are called to whoever reads a refusal; another goes by libxml2's name.
RULES = {
    "SCHEMAV_CVC_PATTERN_VALID": "не по образцу",
    "SCHEMAV_CVC_ENUMERATION_VALID": "нет в списке кодов",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "слишком длинно",
    "SCHEMAV_CVC_MINLENGTH_VALID": "пусто",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "меньше дозволенного",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "больше дозволенного",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "не того вида",
    "SCHEMAV_ELEMENT_CONTENT": "не хватает обязательного поля перед ним или внутри него",
}


class BlockShape(BaseModel):
    """The block of one type of records: names of its element, of a record's, and of each field's in
    the order in which they are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    block: str = Field(min_length=1)
    record: str = Field(min_length=1)
    fields: dict[str, str]


class _ShapeFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    namespace: str
    schema_: str = Field(alias="schema")
    blocks: dict[str, BlockShape]


@dataclass(frozen=True)
class Shape:
    """``blocks``: type -> its block, in the order of sending; ``schema``: what all is held to."""

    version: str
    namespace: str
    blocks: Mapping[str, BlockShape]
    schema: etree.XMLSchema
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False)

    def element(self, name: str, /, **attributes: str) -> etree._Element:
        """A new element ``name`` of the packet's namespace. Raises ``ValueError`` as lxml does."""
        spaces: dict[Any, str] = {None: self.namespace}
        return etree.Element(f"{{{self.namespace}}}{name}", attributes, spaces)

    def inside(self, parent: etree._Element, name: str, /, **attributes: str) -> etree._Element:
        """A new element ``name`` at the end of ``parent``."""
        return etree.SubElement(parent, f"{{{self.namespace}}}{name}", attributes)

    def broken(self, element: etree._Element) -> str | None:
        """The path of the first element that breaks the schema and the rule it breaks, never what
        stands there; None when all is well."""
        with self._one_at_a_time:  # the log belongs to the schema, not to the call
            if self.schema.validate(element):
                return None
            first = cast(Any, self.schema.error_log)[0]
        # The message goes on to quote the value, hence only its head.
        found = re.match(r"Element '(?:\{[^}]*\})?(\w+)'(?:, attribute '(\w+)')?", first.message)
        root = etree.QName(element).localname
        place = [root] if found is None or found[1] == root else [root, found[1]]
        if found is not None and found[2]:
            place.append(f"@{found[2]}")
        return f"{'/'.join(place)}: {RULES.get(first.type_name, first.type_name)}"


def read_shape(folder: Path | None = None) -> Shape:
    """The shape and schema in ``folder``, or ours. Raises ``Misconfigured``."""
    where = folder or FOLDER
    try:
        told = _ShapeFile.model_validate(yaml.safe_load((where / "shape.yml").read_text("utf-8")))
        parser = etree.XMLParser(**STRICT)
        schema = etree.XMLSchema(etree.parse(str(where / told.schema_), parser))
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError, etree.LxmlError) as error:
        raise Misconfigured(
            f"the registry's schema cannot be read ({type(error).__name__})",
            where=str(where),
            fix="the folder holds shape.yml and the XSD files it names",
        ) from None
    return Shape(told.version, told.namespace, told.blocks, schema)
