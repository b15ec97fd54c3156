"""Egress policies: per recipient, record type and field, how a value may leave and why."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator


class Method(StrEnum):
    """How a field leaves."""

    AS_IS = "as_is"
    UID = "uid"
    SCANNED_TEXT = "scanned_text"
    DROP = "drop"
    RECORD_KEY = "record_key"  # the opaque key of another record of the same recipient
    IDENTITY = "identity"  # a field of the subject's vault record
    SNILS = "snils"  # likewise, and only if its control number holds


OF_THE_VAULT = frozenset({Method.IDENTITY, Method.SNILS})


class Audience(StrEnum):
    """Who may see the value at the recipient."""

    FAMILY_OF_PUPIL = "family_of_pupil"
    FAMILY_OF_CLASS = "family_of_class"
    REGISTRY_OPERATOR = "registry_operator"


class Requirement(StrEnum):
    """What must hold before a record about somebody may leave."""

    NOTHING = "nothing"  # the record is about no pupil
    CONSENT = "consent"
    LAW = "law"  # a law has it sent; no consent is asked


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldPolicy(_Strict):
    """One field: ``name`` at the recipient if it differs; ``required`` is for ``uid`` only;
    ``field``: the column of the vault record, if it is called otherwise."""

    method: Method
    ground: str
    seen_by: Audience
    name: str | None = None
    required: bool = False
    field: str | None = None

    @model_validator(mode="after")
    def _fits_the_method(self) -> Self:
        if self.required and self.method is not Method.UID:
            raise ValueError("only a uid can be required")
        if self.field is not None and self.method not in OF_THE_VAULT:
            raise ValueError("only a value of the vault has a field there")
        return self


class TypePolicy(_Strict):
    """One record type.

    ``subject``: the column with the pseudonym of whom the record is about, which never leaves;
    ``follows``: the type whose record of the same subject must be able to leave too;
    ``minimum``: parts by name, each a list of alternatives, each a list of fields that must all
    be given.
    """

    requires: Requirement
    subject: str | None = None
    follows: str | None = None
    minimum: dict[str, list[list[str]]] = {}
    fields: dict[str, FieldPolicy]

    @property
    def of_the_vault(self) -> dict[str, FieldPolicy]:
        """The fields that come from the vault."""
        return {n: f for n, f in self.fields.items() if f.method in OF_THE_VAULT}

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        codes = [field for field in self.fields.values() if field.required]
        about_somebody = self.subject is not None or bool(codes)
        if about_somebody == (self.requires is Requirement.NOTHING):
            raise ValueError("a record about somebody requires consent or law, another one nothing")
        if self.of_the_vault and self.subject is None:
            raise ValueError("values of the vault need a subject")
        if self.follows is not None and self.subject is None:
            raise ValueError("who follows needs a subject")
        named = {n for ways in self.minimum.values() for way in ways for n in way}
        if unknown := named - self.fields.keys():
            raise ValueError(f"minimum names no fields of the type: {sorted(unknown)}")
        if taken := self.fields.keys() & {"key", "text_blocked", self.subject}:
            raise ValueError(f"control columns cannot be fields: {sorted(map(str, taken))}")
        sent = [f.name or n for n, f in self.fields.items() if f.method is not Method.DROP]
        if len(set(sent)) < len(sent) or "key" in sent:
            raise ValueError("two fields leave under one name, or one as `key`")
        return self


class Policy(_Strict):
    """What may leave for one recipient. Whatever it does not name does not leave."""

    policy: str
    version: str
    recipient: str
    grounds: dict[str, str]
    types: dict[str, TypePolicy]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        used = {f.ground for one in self.types.values() for f in one.fields.values()}
        if missing := used - self.grounds.keys():
            raise ValueError(f"grounds used and not given: {sorted(missing)}")
        for one in self.types.values():
            if one.follows is None:
                continue
            leader = self.types.get(one.follows)
            if leader is None or leader.subject is None or leader.follows is not None:
                raise ValueError(f"follows names no type that leads: {one.follows}")
            asked = {n for ways in leader.minimum.values() for way in ways for n in way}
            if not asked <= leader.of_the_vault.keys() or leader.requires is not one.requires:
                raise ValueError(f"whether {one.follows} may leave is not told by the vault alone")
        return self


class MethodName(_Strict):
    """What the documents call a method; ``checked``: a lawyer has confirmed it."""

    name: str
    checked: bool


class AudienceRights(_Strict):
    title: str
    identities: bool


class Methods(_Strict):
    """The words of the documents for our methods, and what each audience may be shown."""

    version: str
    document: str
    methods: dict[Method, MethodName]
    audiences: dict[Audience, AudienceRights]

    @model_validator(mode="after")
    def _names_all(self) -> Self:
        if set(self.methods) != set(Method) or set(self.audiences) != set(Audience):
            raise ValueError("every method and every audience must be named")
        return self


def load_policy(name: str) -> Policy:
    """The policy shipped as ``policies/<name>.yml``.

    Raises ``FileNotFoundError`` and ``pydantic.ValidationError``; then nothing may leave.
    """
    return Policy.model_validate(_content(name))


@cache
def load_methods() -> Methods:
    """``policies/methods.yml``; raises as ``load_policy``."""
    return Methods.model_validate(_content("methods"))


def _content(name: str) -> object:
    text = files("privacy.policies").joinpath(f"{name}.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)
