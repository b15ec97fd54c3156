"""A region after one evening, as the end-to-end tests have it."""

from tests.end_to_end.conftest import evening, folder, server

__all__ = ["evening", "folder", "server"]
