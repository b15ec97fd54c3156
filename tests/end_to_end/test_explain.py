"""A hundred figures opened: the rows that make each up, and the lines that hold these rows."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl
import pytest

from pipeline import figures
from pipeline.cli import KNOWN
from pipeline.delivery.outbox import Box
from pipeline.exits import Exit
from pipeline.explain.addresses import AddressError, Cut, Figure, Kind, LedgerCounter, Level
from pipeline.explain.counted import count_rows
from pipeline.explain.figure import Explained, RowsDifferError, explain, kept, origins_of
from pipeline.explain.ledger import NotOpenableError, explain_counter
from pipeline.explain.portal_origins import parts_of
from pipeline.intake.collect import Run
from pipeline.ledger import Counter as LedgerCount
from pipeline.profiles import load_profile
from quality.form1 import COLUMNS
from quality.measures import MEASURES
from quality.uploads import Cause
from tests.end_to_end.conftest import run_of
from tests.end_to_end.landed import Landed, dated
from tests.end_to_end.recount import Recount, Row, days, evening
from tests.end_to_end.server import Server
from tests.end_to_end.world import World

FIGURES, SEED = 100, 20260918
LESSONS = ("fill_rate", "held", "topic", "homework", "attendance", "marks")
YEAR_START = date(2026, 9, 1)
PSEUDONYM = re.compile(r"p[0-9a-f]{32}")


@dataclass(frozen=True)
class Place:
    """A world measured on every one of its dates, with what its schools have."""

    world: World
    landed: Landed
    dates: list[date]
    districts: dict[str, list[str]]
    velikie_luki: str  # the school whose regulation asks for marks in the course of a term
    read: set[tuple[Any, ...]] = field(default_factory=set)  # lines that were found to be right

    @property
    def schools(self) -> list[str]:
        return [school for schools in self.districts.values() for school in schools]


@pytest.fixture(scope="module")
def measured(
    server: Server, september: World, october: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Place]]:
    """Both regions, one school of each by another regulation, measured on all their dates."""
    found = []
    for world in (september, october):
        name = f"{world.name}_explained"
        own = world.copy(name, tmp_path_factory.mktemp("explained") / world.name)
        school = own.schools("paragraf")[-1]
        own.write(
            "UPDATE registry.schools SET profile = 'velikie_luki' WHERE code = :code", code=school
        )
        dates = [date.fromisoformat(day) for day in own.dates]
        for day in dates:
            figures.compute(own.hub, Run(run_of(day.isoformat()), day))
        districts: dict[str, list[str]] = {}
        for row in own.rows("SELECT code, district FROM registry.schools ORDER BY code"):
            districts.setdefault(row["district"], []).append(row["code"])
        found.append(Place(own, Landed(own), dates, districts, school))
    yield found
    for place in found:
        server.drop(place.world.name)


@cache
def recount(world: World, school: str, as_of: date) -> Recount:
    return Recount(world, school, as_of)


def drawn(places: list[Place]) -> list[tuple[Place, Figure]]:
    """The same hundred figures every time, of every kind and level."""
    draw = random.Random(SEED)
    found: list[tuple[Place, Figure]] = []
    while len(found) < FIGURES:
        place = places[len(found) % len(places)]
        as_of = draw.choice(place.dates)
        last = draw.choice([as_of, as_of, as_of - timedelta(days=draw.randrange(10))])
        first = draw.choice([YEAR_START, last - timedelta(days=draw.randrange(14))])
        first = max(first, YEAR_START)
        kind = draw.choice([Kind.MEASURE] * 5 + [Kind.FORM1] * 2 + [Kind.CAUSE])
        match kind:
            case Kind.MEASURE:
                code = draw.choice(MEASURES)
            case Kind.FORM1:
                code = draw.choice(COLUMNS)
            case _:
                code = draw.choice(list(Cause)[:4])
        level, unit, within = _whose(draw, place, kind, code)
        found.append((place, Figure(kind, code, level, unit, first, last, as_of, within)))
    return found


def _whose(
    draw: random.Random, place: Place, kind: Kind, code: str
) -> tuple[Level, str, tuple[tuple[Cut, str], ...]]:
    """A level and a unit. Velikie Luki's deadlines by the bell are counted elsewhere."""
    schools = [s for s in place.schools if code != "timeliness" or s != place.velikie_luki]
    school = draw.choice([place.velikie_luki] if code == "accumulation" else schools)
    facts = recount(place.world, school, place.dates[-1])
    if kind is Kind.FORM1:
        grade = draw.choice(sorted({c["grade_level"] for c in facts.facts("class_")}))
        return Level.SCHOOL, school, ((Cut.GRADE, str(grade)),)
    if code != "timeliness" and draw.random() < 0.25:
        district = draw.choice(sorted(place.districts))
        return draw.choice([(Level.DISTRICT, district, ()), (Level.REGION, "region", ())])
    if kind is Kind.CAUSE or code == "upload_frequency" or draw.random() < 0.3:
        return Level.SCHOOL, school, ()
    lesson = draw.choice(sorted(facts.facts("lesson"), key=lambda row: str(row["key"])))
    cuts = {
        Cut.CLASS: lesson["class_key"],
        Cut.SUBJECT: lesson["subject_key"],
        Cut.TEACHER: lesson["substitute"] or lesson["teacher"],
    }
    cut = draw.choice([cut for cut in cuts if cut is not Cut.TEACHER or code != "accumulation"])
    return Level.SCHOOL, school, ((cut, str(cuts[cut])),) if cuts[cut] else ()


@dataclass(frozen=True)
class Opened:
    explained: Explained
    origins: pl.DataFrame

    @property
    def figure(self) -> Figure:
        return self.explained.figure

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.explained.rows.to_dicts()


def test_a_hundred_figures(measured: list[Place]) -> None:
    seen: Counter[Any] = Counter()
    for place, figure in drawn(measured):
        parts = opened(place.world, figure)
        assert [part.figure.unit for part in parts] == units(place, figure), figure
        for part in parts:
            check_rows(place, part)
            check_lines(place, part)
            seen[figure.kind, figure.level] += 1
            seen[figure.code] += part.explained.denominator
        was = kept_then(place.world, figure)
        added = tuple(
            sum(getattr(p.explained, n) for p in parts) for n in ("numerator", "denominator")
        )
        assert was is None or (was[0] == added[0] and was[1] in (None, added[1])), figure
        seen["kept"] += was is not None
    # Every measure was drawn and counted something: a hundred figures of nothing prove nothing.
    assert [code for code in MEASURES if not seen[code]] == []
    assert seen["kept"] > 10
    assert len({key for key in seen if isinstance(key, tuple)}) >= 6


def opened(world: World, figure: Figure) -> list[Opened]:
    """What the figure counts in each school, with the origins of all rows."""
    with world.hub.engine.begin() as connection:
        parts = explain(connection, figure, lambda name: load_profile(name).schedule_basis)
        return [Opened(part, origins_of(connection, part, part.rows)) for part in parts]


def kept_then(world: World, figure: Figure) -> tuple[int, int | None] | None:
    with world.hub.engine.begin() as connection:
        return kept(connection, figure)


def units(place: Place, figure: Figure) -> list[str]:
    match figure.level:
        case Level.SCHOOL:
            return [figure.unit]
        case Level.DISTRICT:
            return place.districts[figure.unit]
        case _:
            return sorted(place.schools)


def check_rows(place: Place, part: Opened) -> None:
    """The rows are those that plain SQL and Python find."""
    figure = part.figure
    shown: dict[int, set[tuple[str, str]]] = {}
    for row, entity, key in part.origins.select("row", "entity", "key").iter_rows():
        shown.setdefault(row, set()).add((entity, key))
    rows = part.rows
    assert part.explained.numerator == sum(row["counted"] for row in rows)
    assert part.explained.denominator == len(rows)
    facts = recount(place.world, figure.unit, figure.as_of)
    if figure.kind is Kind.FORM1:
        grade = int(dict(figure.within)[Cut.GRADE])
        key = {"c": "class_key", "p": "pupil", "s": "subject_key", "t": "teacher"}[figure.code[0]]
        expected = facts.form1(figure.code, grade, figure.first, figure.last)
        assert {row[key]: row["counted"] for row in rows} == expected, figure
        assert len(rows) == len(expected), figure
        return
    if figure.kind is Kind.CAUSE or figure.code == "upload_frequency":
        check_days(place, part)
        return
    assert Counter(_row(row, shown.get(row["row"], set())) for row in rows) == _expected(
        place, facts, figure
    ), figure


def _row(row: dict[str, Any], shown: set[tuple[str, str]]) -> Row:
    place = tuple(row[n] for n in ("number", "class_key", "group_key", "subject_key"))
    if row["thing"] == "pair":
        return row["pupil"], row["class_key"], row["subject_key"], frozenset(shown), row["counted"]
    day = (row["date"].isoformat(), *place)
    if row["thing"] == "part":
        return day, row["part"], frozenset(shown), row["counted"]
    return day, frozenset(shown), row["counted"]


def _expected(place: Place, facts: Recount, figure: Figure) -> Counter[Row]:
    within = dict(figure.within)
    class_, subject = within.get(Cut.CLASS), within.get(Cut.SUBJECT)
    if figure.code == "accumulation":
        if figure.unit != place.velikie_luki:
            return Counter()
        return facts.accumulation(
            figure.last, lambda c, s: class_ in (None, c) and subject in (None, s)
        )
    lessons = [
        one
        for one in facts.lessons(figure.first, figure.last)
        if class_ in (None, one["place"][2])
        and subject in (None, one["place"][4])
        and within.get(Cut.TEACHER) in (None, one["by"])
    ]
    if figure.code == "timeliness":
        return facts.timeliness(lessons)
    return facts.measure(figure.code, lessons)


def check_days(place: Place, part: Opened) -> None:
    """The days are the sandbox's own calendar; what shows a day is its upload or its run."""
    figure = part.figure
    truth = place.world.truth["uploads"][figure.unit]
    span = [day for day in days(figure.first, figure.last) if day.isoformat() in truth]
    causes = {day: truth[day.isoformat()] for day in span}
    if figure.kind is Kind.MEASURE:
        causes = {day: cause for day, cause in causes.items() if cause != "not_a_school_day"}
    code = "uploaded" if figure.kind is Kind.MEASURE else figure.code
    rows = {row["date"]: row for row in part.rows}
    assert {day: row["counted"] for day, row in rows.items()} == {
        day: cause == code for day, cause in causes.items()
    }, figure
    uploads = {
        (row["row"], row["upload"]) for row in part.origins.select("row", "upload").to_dicts()
    }
    for day, row in rows.items():
        if causes[day] == "uploaded":
            assert (row["row"], day.isoformat()) in uploads, (figure, day)
        elif causes[day] != "not_a_school_day":
            assert row["run_id"] == run_of(day.isoformat()), (figure, day)
            state = place.world.rows(
                "SELECT state, rule FROM ops.school_runs WHERE run_id = :run AND verb = 'collect'"
                " AND school = :school AND source = :source",
                run=row["run_id"],
                school=figure.unit,
                source=row["source"],
            )
            assert [(row["run_state"], row["rule"])] == [(s["state"], s["rule"]) for s in state]


def check_lines(place: Place, part: Opened) -> None:
    """The origin is that of the version known then, and at its line the record's key is read."""
    facts = recount(place.world, part.figure.unit, part.figure.as_of)
    read = part.origins.filter(pl.col("line").is_not_null())
    for origin in read.unique(["entity", "key"]).to_dicts():
        fact = facts.by_key(origin["entity"])[origin["key"]]
        line = (fact["origin_document"], fact["origin_line"])
        assert (origin["document_id"], origin["line"]) == line, (part.figure, origin)
        assert origin["taken_at"] <= evening(part.figure.as_of), (part.figure, origin)
        seen = (place.world.name, origin["entity"], origin["key"], *line)
        if seen not in place.read:  # figures share most of their records
            assert holds(place, fact, origin["entity"]), (part.figure, origin)
            place.read.add(seen)


def holds(place: Place, fact: dict[str, Any], entity: str) -> bool:
    """Whether the record of ``fact`` stands at its line, in one of the tables of the document.

    Every word of its key does: in the row itself; what is of a whole page (class and subject)
    above it; the day of a mark or an absence on a page in the head of its column.
    """
    read = place.landed.read(fact["origin_document"])
    words = [dated(word) for word in fact["key"].split("|")]
    if entity == "mark" and read.heads:
        words.pop(6)  # which of the marks in the cell it is
    column = "|".join(filter(None, words[3:-1])) if read.heads and len(words) > 5 else None
    if column is not None and entity in ("mark", "attendance"):
        if column not in read.heads:
            return False
        words = [*words[:3], words[-1]]
    people = {word for word in words if PSEUDONYM.fullmatch(word)}
    plain = {word for word in words if word} - people
    for table in read.tables:
        values = table.get(fact["origin_line"], [])
        known = pseudonyms(place.world, fact, [*values, *read.above]) if people else set()
        if values and plain <= {*values, *read.above} and people <= known:
            return True
    return False


def pseudonyms(world: World, fact: dict[str, Any], values: list[str]) -> set[str]:
    """Of whomever the values of a line may be the local key: HMAC by hand."""
    plain = [" ".join(value.casefold().replace("ё", "е").split()) for value in values]
    classes = [value for value in values if re.fullmatch(r"\d{1,2}[а-я]", value)]
    keys = {*values, *plain, *(f"{class_}|{name}" for class_ in classes for name in plain)}
    secret = world.hub.keys.pseudonym.hex().encode()
    return {
        "p" + hmac.new(secret, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()[:32]
        for key in keys
        for role in ("pupil", "staff")
        for parts in [("person", role, fact["school"], fact["source"], key)]
    }


def asked(place: Place, *arguments: str) -> tuple[int, str, str]:
    done = place.world.asked("explain", *arguments)
    return done.returncode, " ".join(done.stdout.split()), " ".join(done.stderr.split())


def test_the_command_opens_a_school(measured: list[Place]) -> None:
    """In words: the definition, that it is what was kept, and the rows that are not counted."""
    place = measured[0]
    school, day = place.districts["d1"][0], place.world.last
    code, said, _ = asked(place, "timeliness", "--school", school, "--as-of", day)
    assert code == 0
    assert "Своевременность:" in said
    assert "Доля частей урока, внесённых в срок" in said
    assert f"Адрес: measure/timeliness/school/{school}/2026-09-01/{day}@{day}" in said
    assert "Совпадает с сохранённым." in said
    assert "не внесено" in said
    assert re.search(r"\w+\.\w+:\d+, выгрузка 2026-09-\d\d", said)
    narrow = ("--class", "5А", "--from", "2026-09-01", "--to", "2026-09-17", "--as-of", day)
    code, said, _ = asked(place, "timeliness", "--school", school, *narrow, "--limit", "1")
    assert code == 0
    assert "число не сохранялось" in said
    assert "показано 1 из" in said


def test_the_command_names_the_request_of_a_live_system(measured: list[Place]) -> None:
    place = measured[0]
    school = place.world.schools("dnevnik_ru")[0]
    code, said, _ = asked(place, "topic", "--school", school, "--all")
    assert code == 0
    assert "запрос GET /edu-groups/" in said


def test_the_command_answers_machines_line_by_line(measured: list[Place]) -> None:
    """All rows of all schools, then the figure; nobody's name in it."""
    place = measured[0]
    day = place.world.last
    done = place.world.asked("explain", "fill_rate", "--json")
    *rows, figure = map(json.loads, done.stdout.splitlines())
    assert figure["same"] is True
    assert figure["address"] == f"measure/fill_rate/region/region/2026-09-01/{day}@{day}"
    assert len(rows) == figure["denominator"]
    assert sum(row["counted"] for row in rows) == figure["numerator"]
    assert {row["school"] for row in rows} == set(place.schools)
    assert all(row["origins"] for row in rows)
    surnames = {person["surname"] for person in place.world.truth["people"]}
    assert [name for name in surnames if name in done.stdout] == []


def test_a_region_is_shown_by_school(measured: list[Place]) -> None:
    place = measured[0]
    code, said, _ = asked(place, "source_unavailable", "--district", "d1")
    assert code == 0
    assert all(school in said for school in place.districts["d1"])
    assert "Совпадает с сохранённым." in said


def test_form1_opens_by_its_column(measured: list[Place]) -> None:
    place = measured[0]
    school = place.districts["d1"][0]
    words = ("--school", school, "--grade", "5", "--column", "pupils_with_data", "--all")
    code, said, _ = asked(place, "form1", *words)
    assert code == 0
    assert "Совпадает с сохранённым." in said
    assert re.search(r"pupils\.\w+:\d+", said)


def test_a_figure_that_differs_is_exit_6(measured: list[Place]) -> None:
    place = measured[0]
    school = place.districts["d1"][0]
    more = "UPDATE quality.measures SET numerator = numerator + {} WHERE unit = :unit"
    place.world.write(more.format(1), unit=school)
    try:
        code, said, _ = asked(place, "held", "--school", school)
    finally:
        place.world.write(more.format(-1), unit=school)
    assert code == Exit.DIFFERS
    assert "НЕ СОВПАДАЕТ" in said


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("speed", "--school", "781001"), "нет показателя «speed»"),
        (("held", "--school", "999"), "school/999"),
        (("held", "--school", "{school}", "--class", "99Ъ"), "есть: 5а"),
        (("held", "--as-of", "2020-01-01"), "учебного года"),
        (("measure/held",), "не адрес числа"),
        (("ledger", "--school", "{school}", "--run", "r", "--entity", "mark"), "--counter"),
    ],
)
def test_what_cannot_be_explained_is_told(
    measured: list[Place], wrong: tuple[str, ...], told: str
) -> None:
    place = measured[0]
    words = [word.format(school=place.districts["d1"][0]) for word in wrong]
    # What the command ends with; ``main`` makes a message and a code of it.
    with pytest.raises(AssertionError, match=re.escape(told)):
        place.world.asked("explain", *words)
    assert KNOWN[AddressError] is Exit.USAGE


@pytest.mark.parametrize("counter", ["quarantined", "created", "changed", "vanished"])
def test_counters_of_the_ledger(measured: list[Place], counter: str) -> None:
    """Every line of the account of the last run opens into as many records."""
    place = measured[0]
    run = run_of(place.world.last)
    lines = place.world.rows(
        "SELECT school, source, entity, sum(count)::int AS n FROM ops.ledger WHERE run_id = :run"
        " AND counter = :counter AND entity <> 'uid' GROUP BY 1, 2, 3",
        run=run,
        counter=counter,
    )
    assert lines or counter == "vanished"
    for line in lines:
        address = LedgerCounter(
            LedgerCount(counter), line["school"], run, line["entity"], line["source"]
        )
        with place.world.hub.engine.begin() as connection:
            opened = explain_counter(connection, address)
        assert opened.count == line["n"]
        records = opened.records.unique(["source", "key"])
        assert records.height == line["n"]
        assert records["document"].null_count() == records["line"].null_count() == 0
    if counter == "quarantined":
        code, said, _ = asked(place, str(address))
        assert code == 0
        assert f"записей: {line['n']}" in said


def test_counters_of_a_delivery(measured: list[Place]) -> None:
    """Every line of the account of the last delivery opens into as many records, each with the
    line of the journal that it is of."""
    place = measured[0]
    run = run_of(place.world.last)
    lines = place.world.rows(
        "SELECT school, source, entity, counter, reason, count::int AS n FROM ops.ledger"
        " WHERE run_id = :run AND source = 'diary'",
        run=run,
    )
    assert {line["counter"] for line in lines} >= {"due", "delivered", "already", "withheld"}
    hub = place.world.hub
    for line in lines:
        address = LedgerCounter(
            LedgerCount(line["counter"]), line["school"], run, line["entity"], "diary",
            line["reason"],
        )  # fmt: skip
        with hub.engine.begin() as connection:
            opened = explain_counter(connection, address)
            parts = parts_of(connection, hub.keys, Box("diary", line["school"]), opened.records)
        assert opened.count == opened.records.height == line["n"]
        for key in opened.records["key"]:
            (part,) = parts[key]
            assert part["document"] is not None
            assert part["line"] is not None


def test_the_command_opens_a_delivery(measured: list[Place]) -> None:
    """Of all kinds and reasons together; in words and as lines of JSON."""
    place = measured[0]
    run = run_of(place.world.last)
    line, *_ = place.world.rows(
        "SELECT school, sum(count)::int AS n FROM ops.ledger WHERE run_id = :run"
        " AND source = 'diary' AND counter = 'withheld' GROUP BY school ORDER BY school",
        run=run,
    )
    address = f"ledger/withheld/school/{line['school']}/source=diary@{run}"
    code, said, _ = asked(place, address, "--limit", "1")
    assert code == 0
    assert f"{address} записей: {line['n']}" in said
    assert re.search(r"выгрузка 2026-09-\d\d", said)
    assert f"показано 1 из {line['n']}" in said
    asked_by_name = (
        "ledger", "--run", run, "--school", line["school"], "--counter", "withheld",
        "--source", "diary", "--json",
    )  # fmt: skip
    told = [json.loads(one) for one in
            place.world.asked("explain", *asked_by_name).stdout.splitlines()]  # fmt: skip
    assert told[-1] == {"address": address, "count": line["n"]}
    rows = place.world.rows(
        "SELECT key, entity, state, reason FROM outbox.desired WHERE state = 'withheld'"
        " AND target = 'diary' AND school = :school",
        school=line["school"],
    )
    names = ("key", "entity", "state", "reason")
    assert sorted([one[name] for name in names] for one in told[:-1]) == sorted(
        [row[name] for name in names] for row in rows
    )
    assert all(one["origins"] for one in told[:-1])
    only = [*asked_by_name[:-1], "--reason", "no_consent", "--json"]
    some = place.world.asked("explain", *only).stdout.splitlines()
    assert len(some) - 1 == sum(row["reason"] == "no_consent" for row in rows) > 0


def test_counts_without_records_are_not_opened(measured: list[Place]) -> None:
    place = measured[0]
    for counter in (LedgerCount.READ, LedgerCount.UNCHANGED):
        address = LedgerCounter(counter, place.schools[0], run_of(place.world.last), "mark")
        with (
            pytest.raises(NotOpenableError, match="не хранится по записям"),
            place.world.hub.engine.begin() as connection,
        ):
            explain_counter(connection, address)


def test_rows_that_do_not_add_up_are_an_error(
    measured: list[Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = measured[0]
    day = place.dates[-1]
    figure = Figure(Kind.MEASURE, "held", Level.SCHOOL, place.schools[0], YEAR_START, day, day)

    def lossy(*arguments: Any) -> Any:
        counted = count_rows(*arguments)
        return replace(counted, rows=counted.rows.head(3))

    monkeypatch.setattr("pipeline.explain.figure.count_rows", lossy)
    with pytest.raises(RowsDifferError, match=re.escape(str(figure))):
        opened(place.world, figure)


def test_remarks_that_were_open_on_the_day(measured: list[Place]) -> None:
    """One that was mended by then, or found later, is none of them."""
    place = measured[0]
    school, day = place.schools[0], place.dates[-1]
    lessons = sorted(recount(place.world, school, day).facts("lesson"), key=lambda one: one["key"])
    before = day - timedelta(days=1)
    place.world.write("DELETE FROM quality.remarks")  # those that the check has found
    episodes = [(before, None), (before, day), (day, None), (day + timedelta(days=1), None)]
    for lesson, (first, fixed) in zip(lessons, episodes, strict=False):
        place.world.write(
            "INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, fixed_on,"
            " day, class_key, subject_key, lesson_key, run_id) VALUES (:school, :source, 'topic',"
            " :key, :first, :first, :fixed, :day, :class_key, :subject_key, :key, 'r')",
            first=first,
            fixed=fixed,
            day=lesson["date"],
            **{n: lesson[n] for n in ("school", "source", "key", "class_key", "subject_key")},
        )
    figure = Figure(Kind.REMARK, "topic", Level.SCHOOL, school, YEAR_START, day, day)
    (part,) = opened(place.world, figure)
    (region,) = (
        sum(p.explained.numerator for p in opened(place.world, whole))
        for whole in [replace(figure, level=Level.REGION, unit="region")]
    )
    place.world.write("DELETE FROM quality.remarks")
    expected = [lessons[0]["key"], lessons[2]["key"]]
    assert part.explained.numerator == part.explained.denominator == region == len(expected)
    assert part.origins["key"].to_list() == expected
    assert part.origins["line"].to_list() == [lessons[n]["origin_line"] for n in (0, 2)]
