"""Any journal system that exports files into a folder: what its files look like is data.

``schemas.layout.Layout`` (the ``documents`` of a mapping profile) says which files feed which
tables and how they are read; this room knows no system by name.
"""

from connectors.drops.reading import read_documents, read_tables
from connectors.drops.source import DropSource

__all__ = ["DropSource", "read_documents", "read_tables"]
