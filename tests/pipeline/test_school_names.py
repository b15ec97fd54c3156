from __future__ import annotations

import pytest

from pipeline.school_names import SchoolNames

NAMES = SchoolNames(
    {
        "781012": "Школа № 12",
        "781030": "Гимназия № 30 «Берёзка»",
        "782012": "Школа № 12 Речного района",
        "781099": "Лицей № 99",
        "782099": "лицей №99",
    }
)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Школа № 12", "781012"),
        ("ГБОУ СОШ №12", "781012"),
        ("школы 12", "781012"),
        (
            "Государственное бюджетное общеобразовательное учреждение средняя общеобразовательная"
            " школа № 12",
            "781012",
        ),
        ('МБОУ гимназия N 30 "Березка"', "781030"),
        ("СОШ № 12 Речного района", "782012"),
        ("781012", "781012"),
        ("Школа № 12 Заречного района", None),
        ("Школа № 120", None),
        ("Гимназия № 12", None),
        ("Лицей № 99", None),  # two schools of the registry are called so
        ("", None),
        ("ГБОУ", None),
    ],
)
def test_a_written_name_means_one_school_or_none(written: str, code: str | None) -> None:
    assert NAMES.code_of(written) == code
