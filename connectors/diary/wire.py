"""The envelope of the diary service and what we read from it (docs/diary-contract.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from connectors.base import Receipt


class ReceiptStatus(StrEnum):
    """The portal's word for what it did with a record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


# What the portal may answer to an operation; another word means we misread one another.
FITTING: dict[str, frozenset[ReceiptStatus]] = {
    "upsert": frozenset(ReceiptStatus) - {ReceiptStatus.WITHDRAWN},
    "withdraw": frozenset(
        {ReceiptStatus.WITHDRAWN, ReceiptStatus.UNCHANGED, ReceiptStatus.REJECTED}
    ),
}

RemoteId = Annotated[str, Field(coerce_numbers_to_str=True)]


class _Wire(BaseModel):
    # The portal may add fields; the ones we read must be as agreed.
    model_config = ConfigDict(extra="ignore", frozen=True)


class ReceiptItem(_Wire):
    """The answer for one record of a batch."""

    key: str = Field(min_length=1)
    status: ReceiptStatus
    id: RemoteId | None = None
    code: str = ""
    message: str = ""

    def receipt(self) -> Receipt:
        """The same for the caller, who knows no wire."""
        return Receipt(self.key, self.status.value, self.id, self.code, self.message)


class RecordItem(_Wire):
    """A live record in the portal's list."""

    key: str = Field(min_length=1)
    type: str
    hash: str
    id: RemoteId


Item = TypeVar("Item", bound=_Wire)


class Items(_Wire, Generic[Item]):
    """A batch's answer: all items at once."""

    items: list[Item]


class PagedItems(Items[Item], Generic[Item]):
    """A page of a list."""

    current: int = Field(ge=1)
    total_pages: int = Field(ge=0)
    total_items: int = Field(ge=0)


class ReceiptEnvelope(_Wire):
    """The answer to a batch."""

    data: Items[ReceiptItem]


class RecordEnvelope(_Wire):
    """A page of the live records."""

    data: PagedItems[RecordItem]
