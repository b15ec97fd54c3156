"""A school in small, as each system would show it: written by hand from docs/source-formats.md."""
