"""``python -m sandbox`` and the demo, which knows the product by its command line only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
import yaml

from sandbox.cli import main
from sandbox.demo import demo
from sandbox.params import Params

SIZE = ["--schools-per-system", "1", "--classes", "1", "--districts", "1"]


def test_generate_then_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--seed", "2", "--out", str(tmp_path), *SIZE]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["truth"]).exists()
    assert main(["mutate", "--data", str(tmp_path), "--school", "781001"]) == 0
    assert json.loads(capsys.readouterr().out)["school"] == "781001"
    assert (
        main(["damage", "--data", str(tmp_path), "--school", "781001", "--how", "empty_file"]) == 0
    )


def test_mistakes_are_told_and_coded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--data", str(tmp_path)]) == 2
    assert "python -m sandbox generate" in capsys.readouterr().err
    assert main(["generate", "--out", str(tmp_path), "--classes", "99"]) == 2
    assert "between 1 and 11" in capsys.readouterr().err
    assert main(["generate", "--out", str(tmp_path), "--systems", "paragraf,word"]) == 2
    assert "systems must be of" in capsys.readouterr().err


def test_registry_of_the_region(region: Any) -> None:
    found = yaml.safe_load((region.folder / "region.yml").read_text("utf-8"))
    assert found["zone"] == region.truth["zone"]
    assert {s["code"] for s in found["schools"]} == set(region.truth["schools"])
    for school in found["schools"]:
        kinds = [source["kind"] for source in school["sources"]]
        assert kinds[0] == region.truth["schools"][school["code"]]["system"]
        assert kinds[1:] == ([] if kinds[0] == "paragraf" else ["lists"])
        settings = school["sources"][0]["settings"]
        if kinds[0] == "dnevnik_ru":
            store = region.store(school["code"])
            assert settings == {
                "base_url": "${SANDBOX_DNEVNIK_URL}",
                "token": store["token"],
                "school_id": store["school_id"],
                "spacing": 0,
            }
        else:
            assert (Path(settings["root"]) / school["code"]).is_dir()


def test_serve_says_when_it_is_ready_and_stops_when_told(region: Any, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "serve",
        "--data",
        str(region.folder),
        "--ready-file",
        str(ready),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        line = json.loads(server.stdout.readline())
        with urlopen(f"{line['diary_url']}/_sandbox/stats", timeout=5) as answer:
            assert json.load(answer)["records"] == 0
        deadline = time.monotonic() + 5
        while not ready.exists() and time.monotonic() < deadline:
            pass
        assert json.loads(ready.read_text("utf-8")) == line
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0


@contextmanager
def served(data: Path, *faults: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A serving process and its line of addresses; dead afterwards whatever happened."""
    command = [sys.executable, "-m", "sandbox", "serve", "--data", str(data)]
    command += [part for plan in faults for part in ("--faults", plan)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            yield server, json.loads(server.stdout.readline())
        finally:
            server.kill()


def test_serve_with_faults(spoilt: Any, tmp_path: Path, ask: Any) -> None:
    """A plan for one emulator, one for the others, in a process of their own."""
    (tmp_path / "plan").write_text("503:2  # then well\n", "utf-8")
    plan = "diary=429:1,cut_before@2,restored@4 retry_after=3"
    with served(spoilt.folder, plan, str(tmp_path / "plan")) as (_, line):
        assert {f"{name}_url" for name in ("dnevnik", "diary", "netschool", "contingent")} < set(
            line
        )
        assert ask(f"{line['contingent_url']}/_sandbox/stats")[0] == 200
        assert line["contingent_key"]
        bearer = {"Authorization": f"Bearer {line['diary_token']}"}
        listed = f"{line['diary_url']}/api/ingest/v1/records?institution=781001"
        assert [ask(listed, **bearer)[0] for _ in range(2)] == [429, 200]
        with pytest.raises(RemoteDisconnected):
            ask(listed, **bearer)
        login = f"{line['netschool_url']}/webapi/logindata"
        for path in (f"{line['dnevnik_url']}/users/me", login):
            assert [ask(path)[0] == 503 for _ in range(3)] == [True, True, False]
        assert ask(f"{line['diary_url']}/_sandbox/fault", {"kind": "html"})[0] == 200
        with urlopen(Request(listed, headers=bearer), timeout=5) as answer:
            assert answer.headers["Content-Type"].startswith("text/html")
        assert ask(listed, **bearer)[0] == 200
        told = ask(f"{line['diary_url']}/_sandbox/faults")[1]
        assert [(p["request"], p["kind"]) for p in told["played"]] == [
            *((0, "429"), (2, "cut_before"), (3, "html"), (4, "restored")),
        ]


def test_a_faulty_server_stops_when_told(spoilt: Any) -> None:
    with served(spoilt.folder, "refused:300") as (server, line):
        with pytest.raises(URLError):
            urlopen(line["diary_url"], timeout=5)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--faults", "diary=flood:3"], "no fault 'flood'"),
        (["--faults", "diary=429:x"], "kind:count@after"),
        (["--faults", "dnevnik=restored@5"], "dnevnik cannot backup"),
    ],
)
def test_faults_that_cannot_be_played(
    region: Any, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    assert main(["serve", "--data", str(region.folder), *asked]) == 2
    assert said in capsys.readouterr().err


def test_an_emulator_the_region_does_not_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--systems", "paragraf", *SIZE]
    assert main(["generate", "--seed", "2", "--out", str(tmp_path), *asked]) == 0
    assert main(["serve", "--data", str(tmp_path), "--netschool-port", "9"]) == 2
    assert "no emulator 'netschool'" in capsys.readouterr().err


class FakeSvod:
    """Stands for the product's command line: notes its calls, answers with codes."""

    def __init__(self, fail_on: str = "", code: int = 4) -> None:
        self._code = code
        self.calls: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self._fail_on = fail_on

    def __call__(self, arguments: list[str], environment: dict[str, str]) -> int:
        self.calls.append(arguments)
        self.environments.append(environment)
        return self._code if self._fail_on in arguments else 0

    @property
    def dates(self) -> list[str]:
        return [call[-1] for call in self.calls if call[0] == "run"]


TINY = Params(schools_per_system=1, classes=1, districts=1)


def test_demo_goes_through_the_dates_and_then_repeats_the_last(tmp_path: Path) -> None:
    first = FakeSvod()
    assert demo(TINY, tmp_path, first) == 0
    assert first.calls[:2] == [["init"], ["schools", "import", str(tmp_path / "region.yml")]]
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert first.dates == truth["business_dates"]
    names = ("DNEVNIK_URL", "DIARY_URL", "DIARY_TOKEN", "CONTINGENT_URL", "CONTINGENT_KEY")
    assert all(first.environments[0][f"SANDBOX_{name}"] for name in names)
    again = FakeSvod()
    assert demo(TINY, tmp_path, again) == 0
    assert again.dates == ["2026-09-18"]


def test_demo_stops_at_a_failure_and_goes_on_there(tmp_path: Path) -> None:
    assert demo(TINY, tmp_path, FakeSvod(fail_on="2026-09-16")) == 4
    after = FakeSvod()
    assert demo(TINY, tmp_path, after) == 0
    assert after.dates == ["2026-09-16", "2026-09-17", "2026-09-18"]


def test_demo_goes_on_when_some_schools_did_not_finish(tmp_path: Path) -> None:
    partly = FakeSvod(fail_on="2026-09-16", code=3)
    assert demo(TINY, tmp_path, partly) == 0
    assert partly.dates[-1] == "2026-09-18"
    last = FakeSvod(fail_on="2026-09-18", code=3)
    assert demo(TINY, tmp_path, last) == 3
