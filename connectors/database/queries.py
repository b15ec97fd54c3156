"""The queries a site gives: a file or a dictionary of table to SQL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from connectors.errors import Misconfigured


def load_queries(given: Mapping[str, str] | Path) -> dict[str, str]:
    """Table to SQL, in the order given. Raises ``Misconfigured``."""
    if isinstance(given, Path):
        given = _from_file(given)
    if not given:
        raise Misconfigured("no query is given", fix="give a query for every table of the mapping")
    return dict(given)


def _from_file(path: Path) -> dict[str, str]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(
            f"the file of queries cannot be read ({type(error).__name__})",
            where=str(path),
            fix="correct the path or the YAML: table: SELECT ...",
        ) from None
    if not isinstance(content, dict) or not all(
        isinstance(table, str) and isinstance(query, str) for table, query in content.items()
    ):
        raise Misconfigured(
            "the file of queries is no dictionary of table to SQL",
            where=str(path),
            fix="write lines such as pupils: SELECT ...",
        )
    return content
