"""Files are taken by those they were written for; each taking is noted; no address is a path."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import text

from reports.web.visit import Dashboard
from tests.end_to_end.world import World
from tests.web.forms import parsed, words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
DAY = "2026-08-31"  # a day of which nothing else is written
WRITTEN = {
    "forma1_d1_2026-08-31.xlsx": b"d1 daily",
    "otchet_d1_2026-08-31.html": b"d1 page",
    "otchet_d11_2026-08-31.html": b"another district",
    "otchet_d2_2026-08-31.html": b"d2 page",
    "otchet_region_2026-08-31.xlsx": b"region",
    "notes_d1_2026-08-31.txt": b"no report",
    "districts/d1/forma2_d1_2026-08-31.pdf": b"%PDF d1",
    "districts/d2/forma2_d2_2026-08-31.pdf": b"%PDF d2",
    "region/forma4_region_2026-08-31.pdf": b"%PDF region",
    "schools/781001/forma5 <б>_781001.xlsx": b"remarks",
    "schools/781001/.half": b"unfinished",
    "schools/781001/private/forma5_781001.xlsx": b"names",
    "schools/781003/forma5_781003.xlsx": b"other remarks",
    "schools/781003/private/forma5_781003.xlsx": b"other names",
}
OWN = {
    "operator": {"otchet_region_2026-08-31.xlsx", "forma4_region_2026-08-31.pdf"},
    "region-reader": {"otchet_region_2026-08-31.xlsx", "forma4_region_2026-08-31.pdf"},
    "d1-officer": {
        "forma1_d1_2026-08-31.xlsx", "otchet_d1_2026-08-31.html", "forma2_d1_2026-08-31.pdf",
    },
    "d1-reader": {
        "forma1_d1_2026-08-31.xlsx", "otchet_d1_2026-08-31.html", "forma2_d1_2026-08-31.pdf",
    },
    "s1-deputy": {"forma5 <б>_781001.xlsx", "private/forma5_781001.xlsx"},
    "s1-administrator": {"forma5 <б>_781001.xlsx", "private/forma5_781001.xlsx"},
    "s1-reader": {"forma5 <б>_781001.xlsx"},
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def written(reports: Path) -> Iterator[None]:
    folder = reports / DAY
    for name, content in WRITTEN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "schools/781001/elsewhere.xlsx").symlink_to(folder / "otchet_d2_2026-08-31.html")
    yield
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def listed(opened: Browser) -> dict[str, str]:
    """The addresses of the day's files, by name; a private one by its folder too."""
    links = [a for a in parsed(opened.get("/files")).iter("a") if "download" in a.attrib]
    return {
        ("private/" if "/private/" in a.get("href") else "") + words_of(a): a.get("href")
        for a in links
        if a.get("href").startswith(f"/files/{DAY}/")
    }


def taken(dashboard: Dashboard) -> list[tuple[str, str | None, str]]:
    query = "SELECT login, school, detail FROM access.events WHERE kind = 'downloaded' ORDER BY id"
    with dashboard.accounts.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.parametrize("login", OWN)
def test_each_takes_its_own_units_files_and_each_taking_is_noted(
    browser: Opened, dashboard: Dashboard, login: str
) -> None:
    opened = browser(login)
    links = listed(opened)
    assert links.keys() == OWN[login]
    by_name = {Path(name).name: said for name, said in WRITTEN.items() if "private" not in name}
    for name, path in links.items():
        before = len(taken(dashboard))
        answer = opened.get(path)
        assert answer.status_code == 200
        wanted = b"names" if name.startswith("private/") else by_name[name]
        assert answer.content == wanted
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["cache-control"] == "no-store"
        school = "781001" if login.startswith("s1") else None
        assert taken(dashboard)[before:] == [(login, school, f"{DAY} {name}")]


def test_the_name_of_a_file_is_escaped(browser: Opened) -> None:
    page = browser("s1-reader").get("/files").text
    assert "forma5 &lt;б&gt;_781001.xlsx" in page
    assert "<б>" not in page


@pytest.mark.parametrize("login", OWN)
def test_nobody_takes_what_is_not_listed(browser: Opened, dashboard: Dashboard, login: str) -> None:
    opened = browser(login)
    own = set(listed(opened).values())
    paths = {f"/files/{DAY}/{quote(Path(name).name)}" for name in WRITTEN}
    paths |= {f"/files/{DAY}/private/{quote(Path(name).name)}" for name in WRITTEN}
    paths |= {f"/files/{DAY}/elsewhere.xlsx", f"/files/{DAY}/private"}
    before = len(taken(dashboard))
    for path in paths - own:
        assert opened.get(path).status_code == 404, path
    assert len(taken(dashboard)) == before


@pytest.mark.parametrize(
    "path",
    [
        "/files/{day}/../{day}/otchet_d2_{day}.html",
        "/files/{day}/..%2F..%2F..%2Fkeys.json",
        "/files/{day}/%2e%2e/%2e%2e/%2e%2e/keys.json",
        "/files/../../keys.json",
        "/files/{day}/private/..%2F..%2F781003%2Fprivate%2Fforma5_781003.xlsx",
        "/files/{day}/private/../../781003/private/forma5_781003.xlsx",
        "/files/{day}/..%5C..%5Ckeys.json",
        "/files/{day}/schools%2F781003%2Fforma5_781003.xlsx",
        "/files/{day}/%2Fetc%2Fpasswd",
        "/files/{day}/.half",
        "/files/2026-08-31%2Fschools/forma5_781003.xlsx",
        "/files/..%2F/forma5_781003.xlsx",
        "/files/{day}/forma5_781003.xlsx%00.html",
    ],
)
def test_no_address_leads_out_of_the_listing(
    browser: Opened, region: World, url: str, path: str
) -> None:
    """Sent as they stand: a client of ours would straighten them."""
    opened = browser("s1-deputy")
    cookie = "; ".join(f"{one.name}={one.value}" for one in opened.session.cookies)
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    client.request("GET", path.format(day=DAY), headers={"Cookie": cookie})
    answer = client.getresponse()
    content = answer.read()
    client.close()
    assert answer.status in (400, 404)
    keys = region.settings.keys.read_bytes()
    for secret in (b"other", b"d2 page", b"unfinished", b"root:", keys[:40]):
        assert secret not in content


def test_nobody_takes_files_without_a_session(url: str) -> None:
    for path in ("/files", f"/files/{DAY}/otchet_d1_{DAY}.html"):
        assert Browser(url).get(path).url == url + "/sign-in"
