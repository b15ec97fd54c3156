"""Every page of the dashboard and who sees it: a new page is tried by a line of this list."""

from __future__ import annotations

NOBODY = ""
HALF = "half"  # an operator between the two steps of coming in
FRESH = "fresh"  # an operator who has no second factor yet
REGION = ("operator", "region-reader")
DISTRICT = ("d1-officer", "d1-reader")
SCHOOL = ("s1-administrator", "s1-deputy", "s1-reader")
ALL = (*REGION, *DISTRICT, *SCHOOL)

# Of the figures that are explained: all days that were measured, as known on the last of them.
DAYS = "2026-09-01/2026-09-18@2026-09-18"
CARD = "f39905a03317@2026-09-18"  # what is left of a family of the school's journal
READ = "source=paragraf@run-2026-09-18"  # what the last evening's run read of the school's journal
SENT = "source=diary@run-2026-09-18"  # what it delivered of the school to the diary

PAGES: list[tuple[str, tuple[str, ...]]] = [
    ("/sign-in", (NOBODY,)),
    ("/sign-in/code", (HALF,)),
    ("/account/password", ("operator", "d1-reader", "s1-deputy")),
    ("/account/factor", ("operator", FRESH)),
    ("/help", ALL),
    ("/first-day", ("operator",)),
    ("/region", REGION),
    ("/region/quarantine/unknown_code", ("operator",)),
    ("/region/deliveries/diary/withheld", ("region-reader",)),
    ("/district/d1", (*REGION, *DISTRICT)),
    ("/district/d1?q=нет+такой", ("d1-officer",)),
    ("/school/781001", ("operator", "d1-reader", *SCHOOL)),
    ("/school/781001?by=teacher&sort=-topic", ("d1-officer", "s1-deputy")),
    ("/school/781001?by=subject", ("s1-deputy",)),
    ("/school/781001/lessons", ("d1-officer", "s1-deputy")),
    ("/school/781001/lessons?lack=topic", ("s1-administrator", "s1-reader")),
    ("/school/781001/lessons?from=2026-09-06&to=2026-09-06", ("s1-deputy",)),  # a Sunday
    (f"/explain/measure/fill_rate/region/region/{DAYS}", REGION),
    (f"/explain/cause/uploaded/district/d1/{DAYS}", DISTRICT),
    (f"/explain/measure/timeliness/school/781001/{DAYS}", ("d1-officer", "s1-deputy")),
    (f"/explain/measure/held/school/781001/class=1/{DAYS}", ("s1-reader",)),
    (f"/explain/form1/pupils/school/781001/grade=1/{DAYS}", ("operator", "s1-deputy")),
    (f"/explain/form1/teachers/school/781001/grade=1/{DAYS}", ("d1-reader",)),
    (f"/explain/remark/topic/school/781001/{DAYS}", ("s1-deputy",)),
    (f"/explain/card/missing/school/781001/{CARD}", ("d1-reader", "s1-deputy")),
    (f"/explain/card/values/school/781001/{CARD}?state=due", ("d1-officer", "operator")),
    (f"/explain/ledger/read/school/781001/{READ}", ("d1-reader", "s1-deputy")),
    (f"/explain/ledger/quarantined/school/781001/entity=attendance/{READ}", ("operator",)),
    (f"/explain/ledger/created/school/781001/entity=lesson/{READ}", ("s1-administrator",)),
    ("/explain/coverage/active/school/781001@2026-09-18", ("operator", "d1-reader", "s1-deputy")),
    ("/explain/coverage/stopped/school/781001/class=1@2026-09-18", ("s1-reader",)),
    (f"/explain/ledger/withheld/school/781001/{SENT}", ("d1-officer", "s1-deputy")),
    (f"/explain/ledger/withheld/school/781001/entity=mark/{SENT}", ("operator", "s1-reader")),
    ("/district/d1/reminders", ("operator", "d1-officer")),
    ("/district/d1/reminders?school=781001&school=781003", ("d1-officer",)),
    ("/district/d1/waivers", ("operator", "d1-officer")),
    ("/school/781001/cards", ALL),
    ("/school/781001/uploads", ("s1-reader", "d1-officer")),
    ("/school/781001/consents", ("s1-deputy", "d1-reader")),
    ("/school/781001/form1", ("s1-reader", "d1-officer")),
    ("/school/781001/passport", ("s1-administrator", "operator")),
    ("/school/781001/passport/edit", ("s1-administrator", "s1-deputy")),
    ("/files", ("operator", "d1-reader", "s1-deputy")),
    ("/plans", ("operator",)),
    ("/users", ("operator", "s1-administrator")),
    ("/events", ("operator",)),
    ("/account", ("d1-reader", "s1-deputy")),
]
SEEN = [(login, path) for path, logins in PAGES for login in logins]
