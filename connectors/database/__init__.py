"""The database of a school's journal system, where the site gives us queries.

Which query gives which table is the site's; the tables are read by the same mapping as the
system's files. Paragraf keeps its data in Firebird (verified); its tables are not public, so
there are no queries of ours (ASSUMED: a site can name them).
"""

from connectors.database.source import DatabaseSource

__all__ = ["DatabaseSource"]
