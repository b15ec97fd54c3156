"""The address of a figure is read as it was written, and nothing else is read."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.consents.coverage import OWN
from pipeline.explain.addresses import (
    Address,
    AddressError,
    CardAddress,
    CoverageCount,
    Cut,
    Figure,
    Kind,
    LedgerCounter,
    Level,
)
from pipeline.explain.read_address import parse
from pipeline.ledger import Counter
from quality.form1 import COLUMNS
from quality.measures import MEASURES
from quality.uploads import Cause

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 18)
EXAMPLE = "measure/timeliness/school/781003/2026-09-01/2026-09-18@2026-09-18"

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
spans = st.lists(st.dates(date(2020, 1, 1), date(2040, 1, 1)), min_size=3, max_size=3).map(sorted)


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    """Any figure that there can be."""
    kind = draw(st.sampled_from(Kind))
    codes = {Kind.MEASURE: MEASURES, Kind.FORM1: COLUMNS, Kind.CAUSE: tuple(Cause)}
    code = str(draw(st.sampled_from(codes[kind]) if kind in codes else words))
    first, last, as_of = draw(spans)
    level = Level.SCHOOL if kind is Kind.FORM1 else draw(st.sampled_from(Level))
    unit = "region" if level is Level.REGION else draw(words)
    cuts: list[Cut] = []
    if kind is Kind.FORM1:
        cuts = [Cut.GRADE]
    elif level is Level.SCHOOL and kind is not Kind.CAUSE and code != "upload_frequency":
        possible = [cut for cut in Cut if code != "accumulation" or cut is not Cut.TEACHER]
        cuts = [cut for cut in possible if draw(st.booleans())]
    grades = st.integers(1, 11).map(str)
    within = tuple((cut, draw(grades if cut is Cut.GRADE else words)) for cut in cuts)
    return Figure(kind, code, level, unit, first, last, as_of, within)


nothing = st.just("")
OF_DELIVERY = ["due", "delivered", "already", "withheld", "rejected", "unknown", "pending", "held"]
of_reads = st.sampled_from([one for one in Counter if one not in OF_DELIVERY])
of_deliveries = st.sampled_from([Counter(one) for one in OF_DELIVERY])
counters = (
    st.builds(LedgerCounter, of_reads, words, words, words, words | nothing)
    | st.builds(LedgerCounter, of_reads, words, words, nothing, words)
    | st.builds(LedgerCounter, of_deliveries, words, words, words | nothing, words, words | nothing)
)

cards = st.builds(CardAddress, words, words, words, st.dates(date(2020, 1, 1), date(2040, 1, 1)))
coverage = st.builds(
    CoverageCount, st.sampled_from(OWN), words, st.dates(date(2020, 1, 1)), words | st.just("")
)


@given(figures() | counters | cards | coverage)
def test_what_is_written_is_read(address: Address) -> None:
    text = str(address)
    assert parse(text) == address
    assert str(parse(text)) == text
    assert " " not in text
    assert text.isascii()


def test_the_address_of_a_measure() -> None:
    figure = Figure(Kind.MEASURE, "timeliness", Level.SCHOOL, "781003", FIRST, LAST, LAST)
    assert str(figure) == EXAMPLE
    assert parse(EXAMPLE) == figure


def test_the_address_of_a_count_of_consents() -> None:
    count = CoverageCount("active", "781003", LAST, "5а")
    assert str(count) == "coverage/active/school/781003/class=5%D0%B0@2026-09-18"
    assert parse("coverage/active/school/781003@2026-09-18") == CoverageCount(
        "active", "781003", LAST
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", "не адрес"),
        ("timeliness", "не адрес"),
        ("ledger/read@run-1", "ledger/read/school/781003/source=paragraf@прогон"),
        ("ledger/read/school/781003@run-1", "сущность или источник"),
        (EXAMPLE.rpartition("@")[0], "не адрес"),
        (EXAMPLE.replace("measure", "меры"), "measure, form1"),
        (EXAMPLE.replace("timeliness", "speed"), "speed"),
        (EXAMPLE.replace("/school/", "/town/"), "school, district, region"),
        (EXAMPLE.replace("/school/781003", "/region/781003"), "region"),
        (EXAMPLE.replace("09-01", "09-31"), "2026-09-31"),
        (EXAMPLE.replace("2026-09-01", "2026-09-19"), "период"),
        (EXAMPLE.replace("@2026-09-18", "@2026-09-17"), "период"),
        (EXAMPLE.replace("781003/", "781003/subject=1/class=2/"), "по одному"),
        (EXAMPLE.replace("781003/", "781003/day=1/"), "grade, class, subject, teacher"),
        (EXAMPLE.replace("781003/", "781003/class=/"), "нет значения"),
        (EXAMPLE.replace("781003/", "781003/grade=5а/"), "параллель"),
        (EXAMPLE.replace("school/781003", "district/d1/class=5"), "только школу"),
        (EXAMPLE.replace("measure/timeliness", "measure/upload_frequency").replace(
            "781003/", "781003/class=5/"), "нет разреза class"),
        (EXAMPLE.replace("measure/timeliness", "form1/pupils"), "параллель"),
        (EXAMPLE.replace("781003", "78 1003"), "пишут так: measure/timeliness/school/78%201003/"),
        ("ledger/lost/school/781003/entity=mark@run", "quarantined"),
        ("ledger/quarantined/school/781003/entity=/source=@run", "сущность"),
        ("ledger/quarantined/school/781003/entity=mark@", "прогон"),
        ("card/topic/school/781003@2026-09-18", "адрес карточки печатает svod cards"),
        ("card/topic/school/781003/@2026-09-18", "номер карточки"),
        ("card/topic/district/d1/4f2a91c07b3e@2026-09-18", "school"),
        ("card/topic/school/781003/4f2a91c07b3e@today", "today"),
        ("card/topic/school/781003/4f2a/x@2026-09-18", "пишут так: card/topic/school/781003/4f2a"),
        ("coverage/active@2026-09-18", "coverage/active/school/781003@2026-09-18"),
        ("coverage/all/school/781003@2026-09-18", "pupils, active, ready, waiting"),
        ("coverage/active/district/d1@2026-09-18", "одно из: school"),
        ("coverage/active/school/@2026-09-18", "нужна школа"),
        ("coverage/active/school/781003@run-1", "«run-1» не день"),
        ("coverage/active/school/781003/grade=5@2026-09-18", "одно из: class"),
        ("coverage/active/school/781003/class=@2026-09-18", "пишут так: coverage/active/school/7"),
        ("coverage/active/school/781003/class=5а@2026-09-18", "781003/class=5%D0%B0@2026-09-18"),
        ("coverage/active/school/781003@20260918", "пишут так"),
        ("ledger/withheld/school/781003/entity=mark@run", "source=diary"),
        ("ledger/read/school/781003/source=paragraf/reason=no_uid@run", "у счётчика доставки"),
        ("ledger/withheld/school/781003/reason=no_uid/source=diary@run",
         "пишут так: ledger/withheld/school/781003/source=diary/reason=no_uid@run"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_told_what_is_wrong(wrong: str, told: str) -> None:
    with pytest.raises(AddressError, match=re.escape(told)):
        parse(wrong)


@given(
    st.text(max_size=60)
    | figures()
    .map(str)
    .flatmap(lambda text: st.sampled_from([text[:n] for n in range(len(text))] or [text]))
)
def test_anything_else_is_no_crash(text: str) -> None:
    try:
        found = parse(text)
    except AddressError:
        return
    assert str(found) == text
