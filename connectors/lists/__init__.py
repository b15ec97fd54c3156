"""Lists typed by the school: portal codes and applications.

ASSUMED: the layout is ours (docs/source-formats.md section 5).
"""

from connectors.lists.source import ListsSource

__all__ = ["ListsSource"]
