"""«Сетевой город. Образование» (NetSchool): exported sheets in a drop folder.

The shape of a sheet, marks and absence letters are verified in public sources; the lists and file
names are ASSUMED (docs/source-formats.md section 4).
"""

from connectors.netschool.source import NetSchoolSource

__all__ = ["NetSchoolSource"]
