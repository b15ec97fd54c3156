"""How each journal system writes a school down (docs/source-formats.md)."""
