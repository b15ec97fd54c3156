from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.canaries.evening import Evening, lived
from tests.end_to_end.server import embedded


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with embedded() as server:
        yield lived(server, tmp_path_factory.mktemp("canaries"))
