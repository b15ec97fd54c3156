"""АИСУ «Параграф»: exports of a school's database in a drop folder.

ASSUMED throughout: the product publishes no export layout; docs/source-formats.md states ours.
"""

from connectors.paragraf.source import ParagrafSource

__all__ = ["ParagrafSource"]
