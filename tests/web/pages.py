"""Every page of the dashboard and who sees it: a new page is tried by a line of this list."""

from __future__ import annotations

NOBODY = ""
HALF = "half"  # an operator between the two steps of coming in
FRESH = "fresh"  # an operator who has no second factor yet
REGION = ("operator", "region-reader")
DISTRICT = ("d1-officer", "d1-reader")
SCHOOL = ("s1-administrator", "s1-deputy", "s1-reader")
ALL = (*REGION, *DISTRICT, *SCHOOL)

PAGES: list[tuple[str, tuple[str, ...]]] = [
    ("/sign-in", (NOBODY,)),
    ("/sign-in/code", (HALF,)),
    ("/account/password", ("operator", "d1-reader", "s1-deputy")),
    ("/account/factor", ("operator", FRESH)),
    ("/help", ALL),
    ("/first-day", ("operator",)),
    ("/region", REGION),
    ("/district/d1", (*REGION, *DISTRICT)),
    ("/district/d1?q=нет+такой", ("d1-officer",)),
]
SEEN = [(login, path) for path, logins in PAGES for login in logins]
