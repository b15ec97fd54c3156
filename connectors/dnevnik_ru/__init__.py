"""Дневник.ру: the REST service v2, read for one school with the school's own access key.

Addresses, field names, twins of ids and errors are verified in public sources; what is ASSUMED is
said in docs/source-formats.md section 3.
"""

from connectors.dnevnik_ru.source import DnevnikRuSource

__all__ = ["DnevnikRuSource"]
