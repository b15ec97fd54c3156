"""A NetSchool server as the hub meets it: sessions, salted passwords, pages where JSON was asked.

Control, outside the service: ``POST /_sandbox/today {"date"}`` sets the evening it is;
``POST /_sandbox/fault {"school", "kind", "count"}`` plays a fault for that many requests of a
school (-1: for ever, 0: no more), see ``KINDS``; ``GET /_sandbox/sessions`` tells by school how
many sessions are open, were opened, and how often a password was refused.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from sandbox.emulators.web import MAINTENANCE, Answer, Faults, Request, json_answer
from sandbox.model import School
from sandbox.sources.netschool_web import VERSION, Web
from sandbox.view import View

KINDS = ("503", "429", "html", "cut", "slow", "expire", "warning")
SLOW_SECONDS = 5.0
COOKIE = "NSSESSIONID"
TIMEOUT_MS = 900_000
LOCKED_AFTER = 5  # wrong passwords; a locked account refuses the right one too
HTML = "text/html; charset=windows-1251"
WARNING = (
    '<html><body><form action="/asp/SecurityWarning.asp" method="post">'
    "Вы уже работаете в системе</form></body></html>"
).encode("cp1251")


@dataclass(frozen=True)
class Account:
    """Who may sign in; ``role`` must be chosen if it is given."""

    school_id: str
    login: str
    password: str
    role: str = ""


def account_of(school: School) -> Account:
    """The account of a school's robot; good for nothing outside the sandbox."""
    return Account(str(500 + school.number), f"svod{school.code}", f"Свод-{school.code}!")


@dataclass
class _Session:
    """One browser: a stranger until it has signed in and got a ``key``."""

    cookie: str
    lt: str = ""
    salt: str = ""
    key: str = ""
    school: str = ""
    warned: bool = False


class NetSchool:
    """Answers for ``schools``. ``esia_only``: admits through Gosuslugi only; ``accounts`` replaces
    the accounts of schools by code."""

    def __init__(
        self,
        schools: Sequence[School],
        today: date,
        pause: Callable[[float], object],
        *,
        esia_only: bool = False,
        version: str = VERSION,
        accounts: Mapping[str, Account] | None = None,
    ) -> None:
        self._schools = {school.code: school for school in schools}
        self._accounts = {s.code: account_of(s) for s in schools} | dict(accounts or {})
        self._today = today
        self._pause = pause
        self._esia_only = esia_only
        self._version = version
        self._faults = Faults()
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._webs: dict[tuple[str, date], Web] = {}
        self.opened = dict.fromkeys(self._schools, 0)
        self.refused = dict.fromkeys(self._schools, 0)

    def open_sessions(self, school: str) -> int:
        """Sessions of ``school`` that nobody has closed."""
        with self._lock:
            return sum(s.school == school for s in self._sessions.values())

    def hand_over(self, school: str) -> tuple[str, str]:
        """Key and cookie of a session as somebody has opened it through Gosuslugi."""
        with self._lock:
            session = self._stranger()
            self._admit(session, school)
            return session.key, f"{COOKIE}={session.cookie}"

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        with self._lock:
            session = self._session_of(request)
        school = session.school if session is not None else ""
        fault = self._fault(school)
        if fault is not None and not fault.cut:
            return fault
        whole = self._answer(session, request)
        return replace(whole, cut=True) if fault is not None else whole

    # --- control and faults ----------------------------------------------------------------

    def _control(self, request: Request) -> Answer:
        if request.path == "/_sandbox/sessions":
            counts = {
                code: {
                    "open": self.open_sessions(code),
                    "opened": self.opened[code],
                    "refused": self.refused[code],
                }
                for code in self._schools
            }
            return json_answer(counts)
        body = request.json()
        if request.path == "/_sandbox/today":
            self._today = date.fromisoformat(body["date"])
        elif request.path == "/_sandbox/fault" and body["kind"] in KINDS:
            self._faults.add(body["kind"], int(body.get("count", 1)), body["school"])
        else:
            return json_answer({"error": "unknown control call"}, 404)
        return json_answer({"today": str(self._today)})

    def _fault(self, school: str) -> Answer | None:
        match self._faults.take(*KINDS, school=school):
            case "503":
                return Answer(503, MAINTENANCE, "text/html; charset=utf-8")
            case "429":
                return Answer(429, b"", headers={"Retry_After": "1"})
            case "html":
                return Answer(200, MAINTENANCE, "text/html; charset=utf-8")
            case "cut":
                return Answer(cut=True)
            case "slow":
                self._pause(SLOW_SECONDS)
            case "expire":
                with self._lock:
                    self._drop(school)
            case "warning":
                with self._lock:
                    for session in self._sessions.values():
                        session.warned = session.warned or session.school == school
        return None

    def _drop(self, school: str) -> None:
        self._sessions = {c: s for c, s in self._sessions.items() if s.school != school}

    # --- sessions --------------------------------------------------------------------------

    def _session_of(self, request: Request) -> _Session | None:
        found = re.search(rf"{COOKIE}=(\w+)", request.headers.get("cookie", ""))
        return self._sessions.get(found[1]) if found else None

    def _stranger(self) -> _Session:
        session = _Session(secrets.token_hex(8))
        self._sessions[session.cookie] = session
        return session

    def _admit(self, session: _Session, school: str) -> None:
        session.key, session.school = secrets.token_hex(8), school
        self.opened[school] += 1

    def _answer(self, session: _Session | None, request: Request) -> Answer:
        match request.path:
            case "/webapi/logindata":
                return self._greet(session)
            case "/webapi/auth/getdata":
                return self._salt(session)
            case "/webapi/login":
                return self._login(session, request)
        form = _form(request) if request.path.startswith("/asp/") else {}
        key = form.get("at") or request.headers.get("at")
        if session is None or not session.key or session.key != key:
            return json_answer({"message": "Сессия завершена"}, 401)
        if request.path == "/webapi/auth/logout":
            with self._lock:
                self._sessions.pop(session.cookie, None)
            return Answer(200)
        if request.path == "/asp/SecurityWarning.asp":
            session.warned = not form.get("WarnType")
            return Answer(200, b"<html></html>", HTML)
        if session.warned:
            return Answer(200, WARNING, HTML)
        return self._of_school(session.school, request, form)

    def _greet(self, session: _Session | None) -> Answer:
        with self._lock:
            session = session or self._stranger()
        said = {
            "productName": "Сетевой Город. Образование",
            "version": self._version,
            "schoolLogin": True,
            "emLogin": True,
            "esiaLogin": True,
            "esiaMainAuth": self._esia_only,
        }
        return json_answer(said, Set_Cookie=f"{COOKIE}={session.cookie}; path=/; HttpOnly")

    def _salt(self, session: _Session | None) -> Answer:
        if session is None:
            return json_answer({"message": "Нет сессии"}, 401)
        session.lt, session.salt = secrets.token_hex(4), secrets.token_hex(6)
        return json_answer({"lt": session.lt, "ver": "652912", "salt": session.salt})

    def _login(self, session: _Session | None, request: Request) -> Answer:
        form = _form(request, "utf-8")
        code = next((c for c, a in self._accounts.items() if a.school_id == form.get("scid")), "")
        if session is None or not code or self._esia_only:
            return json_answer({"message": "Вход запрещён"}, 409)
        account = self._accounts[code]
        lt, session.lt = session.lt, ""  # good for one attempt
        if (
            not lt
            or self.refused[code] >= LOCKED_AFTER
            or not _proved(form, account, session.salt, lt)
        ):
            self.refused[code] += 1
            return json_answer({"message": "Неправильный пароль"}, 409)
        if account.role and form.get("rolegroup") != account.role:
            return json_answer({"at": "", "entryPoint": "/asp/choose-session-role.asp"})
        with self._lock:
            self._admit(session, code)
        return json_answer(
            {
                "at": session.key,
                "timeOut": TIMEOUT_MS,
                "accessToken": None,
                "refreshToken": None,
                "tokenType": None,
                "accountInfo": {},
                "entryPoint": "/asp/StartPage.asp",
            }
        )

    # --- the school ------------------------------------------------------------------------

    def _of_school(self, code: str, request: Request, form: Mapping[str, str]) -> Answer:
        with self._lock:
            key = (code, self._today)
            if key not in self._webs:
                self._webs[key] = Web(View(self._schools[code], self._today))
            web = self._webs[key]
        try:
            found = _answer(web, request, form)
        except (KeyError, ValueError, StopIteration):
            return json_answer({"message": "Неверный запрос"}, 400)
        if found is None:
            return json_answer({"message": "Не найдено"}, 404)
        if isinstance(found, str):
            return Answer(200, found.encode("cp1251"), HTML)
        return json_answer(found)


def _answer(web: Web, request: Request, form: Mapping[str, str]) -> Any:
    """What the school answers: a page as text, else JSON; None where there is no such thing.
    Raises ``KeyError`` or ``ValueError`` for bad parameters."""
    query = request.query
    match request.method, request.path:
        case "GET", "/webapi/context":
            return {"user": {"id": 1}}
        case "GET", "/webapi/classes":
            return web.classes()
        case "GET", "/webapi/grade/studentList":
            return web.students(int(query["classId"]))
        case "GET", "/webapi/subjects":
            return web.subjects()
        case "GET", "/webapi/terms":
            return web.terms()
        case "GET", "/webapi/calendar/vacations":
            return web.vacations()
        case "POST", "/webapi/users/staff/registry":
            return web.staff() if request.json()["fields"] else []
        case "GET", "/webapi/grade/assignment/types":
            return web.kinds()
        case "GET", "/webapi/years/current":
            return web.year()
        case "GET", "/webapi/student/diary/init":
            return web.entrusted()
        case "GET", "/webapi/student/diary":
            first, last = (date.fromisoformat(query[name]) for name in ("weekStart", "weekEnd"))
            return web.diary(int(query["studentId"]), first, last)
        case "POST", "/asp/Reports/ReportClassAttendance.asp":
            return "<html>Отчёт</html>"
        case "POST", "/asp/Reports/ReportClassSubjectTotals.asp":
            return "<html>Отчёт</html>"
        case "POST", "/asp/Reports/ClassAttendance.asp":
            return web.attendance(int(form["PCLID"]), int(form["Year"]), int(form["Month"]))
        case "POST", "/asp/Reports/ClassSubjectTotals.asp":
            return web.totals(int(form["PCLID"]), int(form["TERMID"]))
    return None


def _form(request: Request, charset: str = "cp1251") -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, encoding=charset))


def _proved(form: Mapping[str, str], account: Account, salt: str, lt: str) -> bool:
    """Whether the form carries the salted password: md5 of the salt and the md5 of the password."""
    inner = hashlib.md5(account.password.encode("cp1251")).hexdigest()  # noqa: S324  # theirs
    proof = hashlib.md5((salt + inner).encode()).hexdigest()  # noqa: S324
    return (
        form.get("loginType") == "1"
        and form.get("un") == account.login
        and form.get("lt") == lt
        and form.get("pw2") == proof
        and form.get("pw") == proof[: len(account.password)]
    )
