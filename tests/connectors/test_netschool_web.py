"""NetSchool's web service: sessions, what is read, and what happens when it does not go well."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from connectors.base import Parsed, RawDocument, Source
from connectors.errors import AccessDenied, Fatal, Misconfigured, Retriable, Unavailable
from connectors.registry import Link, make_source
from tests.connectors.samples import netschool_web as sample
from tests.connectors.samples.netschool_web import ANNA, AT, CLASS_, LISTS, PETR
from tests.connectors.samples.server import Heard, Reply, Server

UNTIL = date(2026, 9, 18)
LOGIN, LOGOUT = "POST /webapi/login", "POST /webapi/auth/logout"
WARNING = b'<html><form action="/asp/SecurityWarning.asp"></form></html>'


@pytest.fixture
def make(server: Server, link: Link) -> Callable[..., Source]:
    """The source of the sample school; settings may be changed or, by None, left out."""
    sample.serve_school(server)

    def build(**changed: Any) -> Source:
        given = sample.settings(server, **changed)
        return make_source(
            "netschool_web",
            "781001",
            {name: value for name, value in given.items() if value is not None},
            zone="Europe/Moscow",
            year_start=date(2026, 9, 1),
            link=link,
        )

    return build


@pytest.fixture
def source(make: Callable[..., Source]) -> Source:
    return make()


def fetch(source: Source) -> list[RawDocument]:
    return list(source.fetch(source.pending(UNTIL)[-1]))


def parse(source: Source, documents: list[RawDocument] | None = None) -> Parsed:
    [upload] = source.pending(UNTIL)
    return source.parse(upload, fetch(source) if documents is None else documents)


def frame(parsed: Parsed, table: str) -> pl.DataFrame:
    return next(found.frame for found in parsed.tables if found.name == table)


def whole(parsed: Parsed) -> set[str]:
    return {table.name for table in parsed.tables if table.complete}


def asked(server: Server) -> list[str]:
    return [heard.name for heard in server.heard]


def once_then(first: Reply, then: Any) -> Callable[[Heard], Reply]:
    """``first`` to the first request, then what ``then`` says."""
    left = [first]

    def respond(heard: Heard) -> Reply:
        if left:
            return left.pop()
        return then if isinstance(then, Reply) else then(heard)

    return respond


# --- the session -----------------------------------------------------------------------------


def test_signs_in_with_the_salted_password_and_out_at_the_end(
    source: Source, server: Server
) -> None:
    fetch(source)

    names = asked(server)
    assert names[:3] == ["GET /webapi/logindata", "POST /webapi/auth/getdata", LOGIN]
    assert names[-1] == LOGOUT
    assert names.count(LOGIN) == names.count(LOGOUT) == 1
    form = sample.form_of(server.heard[2])
    assert form["pw2"] == sample.proof()
    assert sample.PASSWORD not in repr(form)


def test_no_document_holds_what_opens_the_session(source: Source) -> None:
    for document in fetch(source):
        assert not any(secret.encode() in document.content for secret in (AT, sample.proof()))
        assert not any(secret in document.name for secret in (AT, PETR, ANNA))


def test_a_wrong_password_is_said_once_and_never_tried_again(
    make: Callable[..., Source], server: Server
) -> None:
    with pytest.raises(AccessDenied) as refused:
        fetch(make(password="неверный"))

    assert asked(server).count(LOGIN) == 1
    assert refused.value.fix
    assert "неверный" not in f"{refused.value} {refused.value.where} {refused.value.fix}"


def test_a_server_of_gosuslugi_alone_wants_a_session_that_was_opened_elsewhere(
    make: Callable[..., Source], server: Server
) -> None:
    said = sample.LOGIN_DATA | {"esiaMainAuth": True, "version": "5.56.4"}
    server.replies["GET /webapi/logindata"] = Reply.json(said)

    with pytest.raises(AccessDenied) as refused:
        fetch(make())
    assert "at and cookie" in refused.value.fix
    assert LOGIN not in asked(server)

    server.heard.clear()
    handed = {"at": AT, "cookie": "NSSESSIONID=browser1; other=1"}
    assert fetch(make(login=None, password=None, school_id=None, **handed))
    assert LOGIN not in asked(server)
    assert LOGOUT not in asked(server)  # it belongs to whoever opened it


def test_a_session_that_was_handed_over_and_is_over_is_fatal(
    make: Callable[..., Source], server: Server
) -> None:
    handed = {"at": "stale", "cookie": "NSSESSIONID=browser1"}

    with pytest.raises(AccessDenied) as refused:
        fetch(make(login=None, password=None, school_id=None, **handed))

    assert "fresh" in refused.value.fix
    assert LOGIN not in asked(server)


@pytest.mark.parametrize(
    "given",
    [
        {"password": None},
        {"school_id": None},
        {"login": None, "password": None, "school_id": None},
        {"at": "x", "cookie": "y=z"},
        {"login": None, "password": None, "school_id": None, "at": "x"},
        {"window_days": 0},
        {"password": "пароль☃"},
        {"base_url": "sgo.example"},
        {"login": None, "password": None, "school_id": None, "at": "ключ☃", "cookie": "a=b"},
        {"login": None, "password": None, "school_id": None, "at": "x", "cookie": "no cookie"},
    ],
)
def test_settings_that_do_not_fit_are_told_without_being_shown(
    make: Callable[..., Source], given: dict[str, Any]
) -> None:
    with pytest.raises(Misconfigured) as refused:
        make(**given)

    assert sample.PASSWORD not in f"{refused.value} {refused.value.fix}"
    assert "☃" not in f"{refused.value} {refused.value.fix}"


@pytest.mark.parametrize(("version", "error"), [("4.9", Misconfigured), (None, Unavailable)])
def test_a_version_we_do_not_know(
    source: Source, server: Server, version: str | None, error: type[Exception]
) -> None:
    said = sample.LOGIN_DATA | {"version": version}
    server.replies["GET /webapi/logindata"] = Reply.json(said)

    with pytest.raises(error):
        fetch(source)

    assert LOGIN not in asked(server)


def test_an_account_of_several_roles_says_which(
    make: Callable[..., Source], server: Server
) -> None:
    choose = Reply.json({"at": "", "entryPoint": "/asp/choose-session-role.asp"})
    server.replies[LOGIN] = lambda heard: (
        sample.admit(heard) if sample.form_of(heard).get("rolegroup") == "2" else choose
    )

    assert fetch(make(rolegroup=2))
    assert asked(server).count(LOGIN) == 2
    for roles in ({}, {"rolegroup": "3"}):
        server.heard.clear()
        with pytest.raises(Misconfigured) as refused:
            fetch(make(**roles))
        assert "rolegroup" in refused.value.fix
        assert asked(server)[-1] == LOGOUT


def test_old_servers_get_the_further_fields_of_their_form(
    make: Callable[..., Source], server: Server
) -> None:
    fetch(make(place={"cid": 2, "sid": 35}))

    form = sample.form_of(server.heard[2])
    assert (form["cid"], form["sid"]) == ("2", "35")


def test_a_lost_answer_to_signing_in_begins_anew_with_another_salt(
    source: Source, server: Server
) -> None:
    server.replies[LOGIN] = once_then(Reply(b"", 503), sample.admit)

    assert fetch(source)

    assert asked(server)[1:5] == ["POST /webapi/auth/getdata", LOGIN] * 2


def test_a_session_that_ends_is_opened_anew_once(source: Source, server: Server) -> None:
    over = Reply.json({"message": "x"}, 401)
    name = "GET /webapi/terms"
    server.replies[name] = once_then(over, server.replies[name])

    documents = fetch(source)

    assert asked(server).count(LOGIN) == 2
    assert asked(server).count(name) == 2
    assert any(document.name == name for document in documents)


def test_a_session_that_ends_twice_is_fatal_and_still_closed(
    source: Source, server: Server
) -> None:
    server.replies["GET /webapi/terms"] = Reply.json({"message": "x"}, 401)

    with pytest.raises(AccessDenied):
        fetch(source)

    assert asked(server).count(LOGIN) == 2
    assert asked(server)[-1] == LOGOUT


def test_a_warning_is_answered_and_the_request_repeated(source: Source, server: Server) -> None:
    name = "GET /webapi/subjects"
    server.replies[name] = once_then(Reply(WARNING), server.replies[name])
    server.replies["POST /asp/SecurityWarning.asp"] = sample.guarded(Reply(b"<html></html>"))

    fetch(source)

    place = asked(server).index(name)
    assert asked(server)[place : place + 3] == [name, "POST /asp/SecurityWarning.asp", name]
    form = sample.form_of(server.heard[place + 1])
    assert form == {"at": AT, "WarnType": "2"}


def test_a_warning_without_end_is_retriable(source: Source, server: Server) -> None:
    server.replies["GET /webapi/subjects"] = Reply(WARNING)
    server.replies["POST /asp/SecurityWarning.asp"] = sample.guarded(Reply(b"<html></html>"))

    with pytest.raises(Unavailable):
        fetch(source)

    assert asked(server)[-1] == LOGOUT


def test_a_long_run_says_that_it_is_alive(
    make: Callable[..., Source], server: Server, time_: Any
) -> None:
    """900 s of time-out; every request takes 60 s here, so each eighth is preceded by a sign."""
    fetch(make(spacing=60))

    names = asked(server)
    places = [place for place, name in enumerate(names) if name == "GET /webapi/context"]
    assert places
    assert all(later - place <= 10 for place, later in zip([2, *places], places, strict=False))


def test_a_short_run_does_not(source: Source, server: Server) -> None:
    fetch(source)

    assert "GET /webapi/context" not in asked(server)


def test_signing_out_that_fails_is_no_error(source: Source, server: Server) -> None:
    server.replies[LOGOUT] = Reply(b"", 500)

    assert fetch(source)

    assert asked(server).count(LOGOUT) == 1


def test_every_failure_signs_out(source: Source, server: Server) -> None:
    inner = [n for n in sample.replies() if n not in ("GET /webapi/logindata", LOGOUT, LOGIN)]
    unused = {"POST /webapi/auth/getdata", "GET /webapi/context"}
    for name in set(inner) - unused:
        server.heard.clear()
        kept, server.replies[name] = server.replies[name], Reply(b"", 503)
        with pytest.raises(Retriable):
            fetch(source)
        server.replies[name] = kept
        assert asked(server)[-1] == LOGOUT, name
        assert asked(server).count(name) == 5, name


def test_a_report_that_is_an_error_page_is_retriable(source: Source, server: Server) -> None:
    server.replies["POST /asp/Reports/ClassAttendance.asp"] = Reply(b"<html>oops</html>" * 100)

    with pytest.raises(Unavailable):
        fetch(source)


def test_nothing_personal_or_secret_reaches_the_log(
    source: Source, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.replies["GET /webapi/terms"] = Reply(b"", 503)

    with pytest.raises(Retriable) as refused:
        fetch(source)

    told = caplog.text + str(refused.value) + refused.value.where
    assert "503" in told
    secrets = (AT, sample.PASSWORD, sample.proof(), sample.LOGIN, "browser1", "Жмелеватов")
    assert not any(secret in told for secret in secrets)


def test_an_unknown_shape_is_retriable(source: Source, server: Server) -> None:
    for value in ({"id": 1}, [], [{"name": "7а"}], [{"id": "seven"}]):
        server.replies["GET /webapi/classes?expand=chiefs"] = sample.guarded(Reply.json(value))
        with pytest.raises(Unavailable):
            fetch(source)


# --- what is asked -----------------------------------------------------------------------------


def test_reports_are_opened_first_and_asked_by_class_and_month_or_term(
    source: Source, server: Server
) -> None:
    fetch(source)

    posts = [heard for heard in server.heard if heard.name.startswith("POST /asp/")]
    assert [heard.name.rpartition("/")[2] for heard in posts] == [
        "ReportClassAttendance.asp",
        "ClassAttendance.asp",
        "ReportClassSubjectTotals.asp",
        "ClassSubjectTotals.asp",  # of the one term that has begun
    ]
    month, term = (sample.form_of(posts[place]) for place in (1, 3))
    assert month == {
        "RPTID": "ClassAttendance", "RPNAME": "ClassAttendance", "PCLID": CLASS_, "Month": "9",
        "Year": "2026", "at": AT,
    }  # fmt: skip
    assert (term["TERMID"], term["SJID"], term["RPTID"]) == ("60", "-1", "ClassSubjectTotals")


@pytest.mark.parametrize(
    ("changed", "until", "spans"),
    [
        ({}, "2026-09-17", [("2026-08-31", "2026-09-06"), ("2026-09-07", "2026-09-13"),
                            ("2026-09-14", "2026-09-17")]),
        ({"window_days": 31}, "2026-10-05", [("2026-08-31", "2026-09-30"),
                                             ("2026-10-01", "2026-10-05")]),
        ({"recent_weeks": 2}, "2026-09-17", [("2026-09-07", "2026-09-13"),
                                             ("2026-09-14", "2026-09-17")]),
        ({"recent_weeks": 9}, "2026-09-17", [("2026-08-31", "2026-09-06"),
                                             ("2026-09-07", "2026-09-13"),
                                             ("2026-09-14", "2026-09-17")]),
        ({"recent_weeks": 1, "full_weekday": 4}, "2026-09-17",
         [("2026-08-31", "2026-09-06"), ("2026-09-07", "2026-09-13"),
          ("2026-09-14", "2026-09-17")]),
    ],
)  # fmt: skip
def test_spans_of_a_diary(
    make: Callable[..., Source],
    server: Server,
    changed: dict[str, int],
    until: str,
    spans: list[tuple[str, str]],
) -> None:
    source = make(**changed)
    for span in spans:
        for pupil in (PETR, ANNA):
            empty = sample.guarded(Reply.json(sample.diary()))
            server.replies[sample.diary_name(pupil, *span)] = empty

    documents = list(source.fetch(source.pending(date.fromisoformat(until))[0]))

    diaries = [d.name for d in documents if d.name.startswith("GET /webapi/student/diary#")]
    assert diaries == [
        f"GET /webapi/student/diary#{CLASS_}/{place}/{first}"
        for place in (1, 2)
        for first, _ in spans
    ]


def test_a_reading_of_recent_weeks_deletes_nothing(
    make: Callable[..., Source], server: Server
) -> None:
    source = make(recent_weeks=1)
    [upload] = source.pending(UNTIL)
    parsed = source.parse(upload, list(source.fetch(upload)))

    assert upload.covers == (date(2026, 9, 14), UNTIL)
    assert parsed.problems == []
    assert {t.name for t in parsed.tables} - whole(parsed) == {"lessons", "marks", "attendance"}


# --- consistency -------------------------------------------------------------------------------


def test_a_pupil_who_comes_while_we_read_is_read_too(source: Source, server: Server) -> None:
    both = LISTS["/grade/studentList?classId=10"]
    server.replies[STUDENTS] = first_then(both[:1], both)

    parsed = parse(source)

    assert frame(parsed, "students")["id"].to_list() == [PETR, ANNA]
    assert set(frame(parsed, "marks")["_pupil"]) == {PETR, ANNA}
    assert parsed.problems == []
    again = Counter(asked(server))
    assert again["POST /asp/Reports/ClassAttendance.asp"] == 2
    assert again[sample.diary_name(PETR, *sample.WINDOWS[0])] == 1


def first_then(first: Any, then: Any) -> Callable[[Heard], Reply]:
    """JSON ``first`` to the first request, ``then`` to all others."""
    left = [first]
    return lambda heard: sample.guarded(Reply.json(left.pop() if left else then))(heard)


STUDENTS = "GET /webapi/grade/studentList?classId=10"


def test_a_list_that_shrank_while_we_read_gives_no_part(source: Source, server: Server) -> None:
    both = LISTS["/grade/studentList?classId=10"]
    server.replies[STUDENTS] = first_then(both, both[1:])

    with pytest.raises(Unavailable):
        fetch(source)

    assert asked(server)[-1] == LOGOUT


def test_lists_that_never_settle_give_no_part(source: Source, server: Server) -> None:
    both = LISTS["/grade/studentList?classId=10"]
    calls: list[int] = []
    server.replies[STUDENTS] = lambda heard: sample.guarded(Reply.json(both[: 1 + len(calls) % 2]))(
        calls.append(1) or heard
    )

    with pytest.raises(Unavailable):
        fetch(source)

    assert asked(server)[-1] == LOGOUT


def test_a_lesson_that_moved_while_we_read_is_asked_again(source: Source, server: Server) -> None:
    """Пётр's first week was read before the lesson came there from the second one."""
    moved = sample.diary(sample.lesson(600, "2026-09-04", 1, "Алгебра", sample.HOMEWORK))
    old = sample.diary(sample.lesson(600, "2026-09-11", 1, "Алгебра", sample.HOMEWORK))
    sample.change(server, ANNA, 0, moved)
    empty = sample.diary()
    for window, first, then in ((0, empty, moved), (1, old, empty)):
        name = sample.diary_name(PETR, *sample.WINDOWS[window])
        server.replies[name] = first_then(first, then)

    lessons = frame(parse(source), "lessons")

    assert lessons.select("classmeetingId", "day").rows() == [("600", "2026-09-04T00:00:00")]
    again = Counter(asked(server))
    assert again[sample.diary_name(ANNA, *sample.WINDOWS[1])] == 2
    assert again[sample.diary_name(ANNA, *sample.WINDOWS[2])] == 1


def test_a_lesson_that_contradicts_itself_for_good_is_landed_so(
    source: Source, server: Server
) -> None:
    for pupil, day in ((PETR, "2026-09-04"), (ANNA, "2026-09-05")):
        row = sample.lesson(600, day, 1, "Алгебра")
        sample.change(server, pupil, 0, sample.diary(row))

    lessons = frame(parse(source), "lessons")

    assert lessons["classmeetingId"].to_list() == ["600", "600"]
    assert Counter(asked(server))[sample.diary_name(PETR, *sample.WINDOWS[0])] == 3


# --- what is read ------------------------------------------------------------------------------


def test_a_lesson_is_one_row_however_many_see_it(source: Source) -> None:
    lessons = frame(parse(source), "lessons")

    assert lessons.select(
        "classmeetingId", "subject", "group", "homework_text", "written"
    ).rows() == [
        ("500", "Алгебра", None, "№ 5", "true"),
        ("501", "Англ.яз.", "Англ.яз./1 гр.", None, "true"),  # an absence stands there
        ("502", "Англ.яз.", "Англ.яз./2 гр.", None, "true"),
    ]


def test_views_that_differ_stay_side_by_side(source: Source, server: Server) -> None:
    moved = sample.lesson(500, "2026-09-05", 4, "Алгебра", sample.HOMEWORK)
    sample.change(server, ANNA, 0, sample.diary(moved))

    lessons = frame(parse(source), "lessons").filter(pl.col("classmeetingId") == "500")

    assert lessons["number"].to_list() == ["2", "4"]


def test_homework_that_reads_differently_is_a_contradiction(source: Source, server: Server) -> None:
    other = sample.work(1, 3, "№ 6", "2026-09-05")
    sample.change(
        server, ANNA, 0, sample.diary(sample.lesson(500, "2026-09-05", 2, "Алгебра", other))
    )

    lessons = frame(parse(source), "lessons").filter(pl.col("classmeetingId") == "500")

    assert lessons["homework_text"].to_list() == ["№ 5", "№ 6"]


def test_two_pieces_of_homework_are_one_text(source: Source, server: Server) -> None:
    works = [sample.HOMEWORK, sample.work(9, 3, "Правило", "2026-09-05")]
    for pupil in (PETR, ANNA):
        sample.change(
            server, pupil, 0, sample.diary(sample.lesson(500, "2026-09-05", 2, "Алгебра", *works))
        )

    assert frame(parse(source), "lessons")["homework_text"].to_list() == ["№ 5; Правило"]


def test_a_work_that_nobody_named_is_no_homework(source: Source, server: Server) -> None:
    nameless = sample.work(1, 3, "---Не указана---", "2026-09-05")
    for pupil in (PETR, ANNA):
        row = sample.lesson(500, "2026-09-05", 2, "Алгебра", nameless)
        sample.change(server, pupil, 0, sample.diary(row))

    assert frame(parse(source), "lessons")["homework_text"].to_list() == [None]


def test_marks_are_strings_numbers_or_debts(source: Source) -> None:
    marks = frame(parse(source), "marks")

    assert marks.select("id", "_pupil", "mark.mark", "mark.dutyMark", "classmeetingId").rows() == [
        ("2", PETR, "5", "false", "500"),
        ("2", ANNA, "УП", "false", "500"),
        ("3", ANNA, None, "true", "502"),
    ]
    assert marks["mark.markDate"].to_list() == ["2026-09-06T00:00:00.25", None, None]


def test_absent_and_empty_marks_are_no_marks(source: Source, server: Server) -> None:
    empty = sample.work(7, 4, "Контрольная", "2026-09-05") | {"mark": None}
    nothing = sample.work(8, 4, "Контрольная", "2026-09-05")
    no_works = sample.lesson(501, "2026-09-05", 4, "Алгебра") | {"assignments": None}
    for pupil in (PETR, ANNA):
        row = sample.lesson(500, "2026-09-05", 2, "Алгебра", empty, nothing)
        sample.change(server, pupil, 0, sample.diary(row, no_works))

    parsed = parse(source)

    assert frame(parsed, "marks").is_empty()
    assert frame(parsed, "lessons")["written"].to_list() == ["true", "false"]
    assert parsed.problems == []


def test_another_pupils_mark_in_a_diary_is_told(source: Source, server: Server) -> None:
    foreign = sample.work(2, 4, "К", "2026-09-05", mark=5, studentId=101)
    sample.change(
        server, PETR, 0, sample.diary(sample.lesson(500, "2026-09-05", 2, "Алгебра", foreign))
    )

    parsed = parse(source)

    assert [(p.rule, p.line) for p in parsed.problems] == [("broken_document", 1)]
    assert not {"lessons", "marks"} & whole(parsed)


def test_lessons_after_the_business_date_are_not_of_this_upload(
    source: Source, server: Server
) -> None:
    late = sample.lesson(900, "2026-09-19", 1, "Алгебра")
    sample.change(server, PETR, 2, sample.diary(late))

    assert "900" not in set(frame(parse(source), "lessons")["classmeetingId"])


def test_absences_of_the_report_find_their_pupil_and_lesson(source: Source) -> None:
    """«Петр» of the report is «Пётр» of the list; the third lesson is that of his own part."""
    columns = ("pupil", "Дата", "Урок", "Ячейка", "Столбец", "classmeetingId", "_line")

    assert frame(parse(source), "attendance").select(columns).rows() == [
        (ANNA, "2026-09-05", "2", "УП", "05.09/2", "500", 2),
        (PETR, "2026-09-05", "3", "Б", "05.09/3", "501", 3),
    ]


def test_namesakes_in_a_class_are_not_guessed_at(source: Source, server: Server) -> None:
    both = [row | {"fullName": "Жмелеватов Пётр"} for row in LISTS["/grade/studentList?classId=10"]]
    server.replies["GET /webapi/grade/studentList?classId=10"] = sample.guarded(Reply.json(both))

    parsed = parse(source)

    assert frame(parsed, "attendance")["pupil"].to_list() == [None, None]
    assert frame(parsed, "totals")["pupil"].to_list() == [None, None]


def test_a_column_of_no_lesson_is_told(source: Source, server: Server) -> None:
    strange = [
        [*row, cell] for row, cell in zip(sample.ATTENDANCE, ("Всего", "1", "0"), strict=True)
    ]
    server.replies["POST /asp/Reports/ClassAttendance.asp"] = sample.guarded(
        Reply(sample.page(strange))
    )

    parsed = parse(source)

    assert [(p.rule, p.field) for p in parsed.problems] == [("unknown_column", "Всего")]
    assert frame(parsed, "attendance").height == 2
    assert "attendance" in whole(parsed)


def test_term_marks_and_subjects_of_a_class(source: Source) -> None:
    parsed = parse(source)

    assert frame(parsed, "totals").select("pupil", "Предмет", "Отметка", "_term").rows() == [
        (ANNA, "Алгебра", "4", "60"),
        (PETR, "Английский язык", "ОСВ", "60"),
    ]
    assert frame(parsed, "taught").select("_class", "Предмет").rows() == [
        (CLASS_, "Алгебра"),
        (CLASS_, "Английский язык"),
    ]


@pytest.mark.parametrize(
    ("name", "subject", "group"),
    [
        ("Алгебра", "Алгебра", None),
        ("Алгебра [12]", "Алгебра", None),
        ("Англ.яз./2 гр. [209]", "Англ.яз.", "Англ.яз./2 гр."),
        ("Англ.яз./2 гр. [209], Англ.яз./1 гр. [108]", None, None),
        ("", None, None),
        (7, "7", None),
        (None, None, None),
    ],
)
def test_names_of_lessons(
    source: Source, server: Server, name: Any, subject: str | None, group: str | None
) -> None:
    for pupil in (PETR, ANNA):
        sample.change(server, pupil, 0, sample.diary(sample.lesson(500, "2026-09-05", 2, name)))

    assert frame(parse(source), "lessons").select("subject", "group").row(0) == (subject, group)


def test_a_short_name_of_two_subjects_is_none(source: Source, server: Server) -> None:
    subjects = [
        *LISTS["/subjects"],
        {"id": 22, "name": "Англ. литература", "shortName": "Англ.яз."},
    ]
    subjects.append({"id": 23, "name": "Химия", "shortName": "Алгебра"})
    server.replies["GET /webapi/subjects"] = sample.guarded(Reply.json(subjects))

    names = dict(frame(parse(source), "subject_names").select("name", "id").rows())

    assert "Англ.яз." not in names
    assert names["Алгебра"] == "20"


@pytest.mark.parametrize(
    ("students", "current", "strangers"),
    [
        ([100, 101], 0, 0),  # a place in the list
        ([100], 101, 0),  # the id of somebody else
        ([100, 101], 101, 0),  # the id of somebody listed
        ([100], 0, 1),
        ([100], None, 1),
    ],
)
def test_whose_diaries_are_entrusted(
    source: Source, server: Server, students: list[int], current: int | None, strangers: int
) -> None:
    said = {"students": [{"studentId": n} for n in students], "currentStudentId": current}
    server.replies["GET /webapi/student/diary/init"] = sample.guarded(Reply.json(said))

    parsed = parse(source)

    told = [(p.rule, p.detail) for p in parsed.problems]
    expected = ("access_denied", f"дневники не доверены учётной записи: {strangers}")
    assert told == ([expected] if strangers else [])
    journal = {"lessons", "marks", "attendance"}
    assert whole(parsed) & journal == (set() if strangers else journal)


def test_landed_lists_without_anybody_entrusted_delete_nothing(source: Source) -> None:
    documents = [
        RawDocument(d.name, b'{"students": []}', d.media_type) if d.name.endswith("/init") else d
        for d in fetch(source)
        if "student/diary#" not in d.name
    ]

    parsed = parse(source, documents)

    assert [p.rule for p in parsed.problems] == ["access_denied"]
    assert not {"lessons", "marks", "attendance"} & whole(parsed)


def test_a_school_without_pupils_is_a_failed_answer(source: Source, server: Server) -> None:
    server.replies[STUDENTS] = sample.guarded(Reply.json([]))

    with pytest.raises(Unavailable):
        fetch(source)


def test_no_entrusted_diary_at_all_is_fatal(source: Source, server: Server) -> None:
    said = {"students": [], "currentStudentId": None}
    server.replies["GET /webapi/student/diary/init"] = sample.guarded(Reply.json(said))

    with pytest.raises(AccessDenied) as refused:
        fetch(source)

    assert "entrust" in refused.value.fix


# --- faults, as the conformance suite has them for systems with a token --------------------------

PASSING = {
    "429": Reply(b"", 429, {"Retry-After": "1"}),
    "503": Reply(b"<html>maintenance</html>", 503),
    "html": Reply(b"<html>maintenance</html>" * 60, 200),
    "cut": Reply(b"[{", cut=True),
    "empty": Reply(b""),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_changes_nothing(source: Source, server: Server, fault: str) -> None:
    healthy = fetch(source)
    for name in [n for n in sample.replies() if n not in (LOGIN, LOGOUT)]:
        kept = server.replies[name]
        server.replies[name] = once_then(PASSING[fault], kept)

    assert fetch(source) == healthy


@pytest.mark.parametrize("fault", PASSING)
def test_a_lasting_fault_is_retriable_and_bounded(
    source: Source, server: Server, fault: str
) -> None:
    server.faults = [PASSING[fault]] * 1000

    with pytest.raises(Retriable):
        fetch(source)

    assert len(server.heard) == 5


@pytest.mark.parametrize("status", [401, 403])
def test_a_closed_door_is_fatal_at_once(source: Source, server: Server, status: int) -> None:
    server.faults = [Reply(b"{}", status)]

    with pytest.raises(Fatal):
        fetch(source)

    assert len(server.heard) == 1
