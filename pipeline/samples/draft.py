"""A first draft of a profile out of a sample: the answer of ``svod mappings new``."""

from __future__ import annotations

import re

from mappings.drafting import draft
from pipeline.samples.sample import Sample, SampleError
from pipeline.samples.shapes import note_of, shapes_of

SYSTEM = re.compile(r"[a-z][a-z0-9_]*")  # it is the name of a folder


def draft_of(sample: Sample, system: str) -> str:
    """The YAML of a draft for ``system``. Raises ``SampleError`` where no table is found."""
    if not SYSTEM.fullmatch(system):
        raise SampleError(f"{system}: write a name of small latin letters, digits and _")
    shapes, note = [], None
    for document in sample.documents:
        found = note_of(document) if note is None else None
        note = note or found
        if found is None:
            shapes += shapes_of(document)
    if not shapes:
        raise SampleError(
            "no table was found in the sample; formats: CSV, XLSX, XLS, DBF, HTML, XML"
        )
    return draft(system, shapes, note)
