"""Strict readers of the document formats schools export: bytes in, frames of text out.

Every reader is pure, raises nothing for a bad document, and says in ``Reading.problems`` what it
could not read and where. A reading without problems is the whole document.
"""
