"""The e-diary service: batches of facts by UID go in, a receipt per record comes back.

Reads are in the verified envelope; writing is ASSUMED (docs/diary-contract.md).
"""

from connectors.diary.client import DiaryClient

__all__ = ["DiaryClient"]
