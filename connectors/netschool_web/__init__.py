"""NetSchool ("Сетевой город. Образование") over its web service (docs/source-formats.md section 9).

One account of the school signs in, reads the school's lists, the reports of its classes and the
diary of every pupil that was entrusted to it, and signs out.
"""

from connectors.netschool_web.door import Account
from connectors.netschool_web.session import connector
from connectors.netschool_web.source import NetSchoolWebSource, Reach

__all__ = ["Account", "NetSchoolWebSource", "Reach", "connector"]
