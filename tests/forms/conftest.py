from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from sandbox.model import School
from tests.forms.expected import Records, expected
from tests.forms.forms import FORMS, Occasion
from tests.forms.reading import Came
from tests.forms.school import DAY, PARAMS, demo_school


@pytest.fixture(scope="session")
def school() -> School:
    return demo_school()


@pytest.fixture(scope="session")
def truth(school: School) -> Records:
    return expected(school, DAY)


@pytest.fixture(scope="session")
def came(school: School, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Came]:
    """What the product made of the school in a form; read once."""

    @cache
    def read(form: str) -> Came:
        folder = tmp_path_factory.mktemp(form.replace("/", "-"))
        return FORMS[form].read(Occasion(school, DAY, PARAMS, folder))

    return read
