"""The image and the composition: read as files, and their entrypoint run here, on PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from leaderboard.management.commands import prepare
from tests.sites import (
    POSTGRESQL,
    ROOT,
    RedisServer,
    ScaledOutSite,
    Site,
    create_database,
    find_free_port,
    kill_group,
    wait_for_answer,
    write_listing,
)

DOCKER = ROOT / "docker"
# Off unless somebody names an endpoint.
SECOND_READER = ("SECOND_READER_BASE_URL", "SECOND_READER_KEY", "SECOND_READER_MODEL")
MAY_BE_EMPTY = ("DATA_LICENSE_URL", "EMAIL_URL", "EMAIL_FROM", *SECOND_READER)
UNITS = {"s": 1, "m": 60, "h": 3600}


# -- the image ------------------------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A stage of the image: its name, what it begins with, and its instructions in order."""

    base: str
    name: str
    lines: list[tuple[str, str]]

    def all(self, instruction: str) -> list[str]:
        return [rest for word, rest in self.lines if word == instruction]


def read_stages() -> list[Stage]:
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    stages: list[Stage] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base, name, []))
        else:
            stages[-1].lines.append((word, rest.strip()))
    return stages


def copied_from_here(stage: Stage) -> list[str]:
    return [source for line in stage.all("COPY") if not line.startswith("--from=") for source in line.split()[:-1]]


@pytest.mark.embedded
def test_image_is_made_of_what_is_here_and_nothing_else() -> None:
    stages = read_stages()
    sources = {source.removeprefix("./") for stage in stages for source in copied_from_here(stage)}
    assert [source for source in sources if not (ROOT / source).exists()] == []
    taken = {line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert sources == taken, "what is copied is what the context holds"
    names = [stage.name for stage in stages if stage.name]
    assert [line for stage in stages for line in stage.all("COPY") if line.startswith("--from=") and line[7:].split()[0] not in names] == []
    packages = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert packages <= sources


@pytest.mark.embedded
def test_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    final = read_stages()[-1]
    user = final.all("USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "by number: an orchestrator can't check a name"
    last = max(number for number, (word, _) in enumerate(final.lines) if word in ("RUN", "COPY", "ADD"))
    assert ("USER", user) in final.lines[last:], "nothing is made as that user"
    assert final.all("HEALTHCHECK")
    assert not any(word in " ".join(final.all("ENV")) for word in ("SECRET", "PASSWORD"))
    environment = dict(pair.split("=", 1) for pair in shlex.split(final.all("ENV")[0]))
    written = [environment["DATA_DIR"], environment["HEARTBEAT_FILE"]]
    assert final.all("VOLUME") == [written[0]]
    assert Path(written[1]).parts[1] == "tmp"
    for command in ("entrypoint", "healthcheck"):
        assert os.access(DOCKER / command, os.X_OK)


@pytest.mark.embedded
def test_image_installs_what_the_lock_file_lists() -> None:
    runs = " ".join(run for stage in read_stages() for run in stage.all("RUN"))
    assert "--require-hashes --requirement requirements.lock" in runs
    assert re.search(r"\bpip install\b(?!.*--no-deps)", runs) is None
    assert all(re.search(r":\d", stage.base) for stage in read_stages()), "every image is pinned to a version"


# -- the composition ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    composition = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    mounted = {volume.split(":")[0] for service in composition["services"].values() for volume in service.get("volumes", [])}
    assert mounted == set(composition["volumes"])
    services: dict[str, dict[str, Any]] = composition["services"]
    return services


def read_seconds(duration: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smh])", duration))


@pytest.mark.embedded
def test_services_are_watched_restarted_and_wait_for_each_other(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"web", "worker", "beat", "database", "redis"}
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"], name
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, (name, other)
    assert set(services["web"]["depends_on"]) == {"database", "redis"}
    assert set(services["worker"]["depends_on"]) == set(services["beat"]["depends_on"]) == {"database", "redis", "web"}
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    assert all(re.fullmatch(r"[a-z]+:\d+", services[name]["image"]) for name in ("database", "redis"))
    for name in ("web", "worker", "beat"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["healthcheck"]["test"] == ["CMD", "healthcheck", name]
        assert services[name]["command"] == [name]


@pytest.mark.embedded
def test_secrets_come_from_outside_and_must_be_given(services: dict[str, dict[str, Any]]) -> None:
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses, name
        assert all(use.startswith(f":?{name} must be set") for use in uses), name


def read_names_of_settings() -> set[str]:
    text = (ROOT / "leaderboard/settings/base.py").read_text(encoding="utf-8")
    return set(re.findall(r"""(?:env\.\w+|read_share|read_hour)\(\s*["']([A-Z_]+)["']""", text))


def read_names_of_entrypoint() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", (DOCKER / "entrypoint").read_text(encoding="utf-8")))


def read_environment_of_image() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(read_stages()[-1].all("ENV")[0]))


def read_example() -> dict[str, str]:
    lines = (DOCKER / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def fill_in(value: object, given: dict[str, str]) -> str:
    """Return a value of the composition as it is with these variables; defaults may hold variables of their own."""
    text, more = str(value), 1
    while more:
        text, more = re.subn(r"\$\{(\w+)(?::-([^${}]*)|:\?[^{}]*)\}", lambda found: given.get(found[1]) or found[2], text)
    return text


@pytest.mark.embedded
def test_composition_passes_on_every_setting_that_there_is(services: dict[str, dict[str, Any]]) -> None:
    image = read_environment_of_image()
    # The port is published by another number, and stays what it is inside.
    wanted = (read_names_of_settings() | read_names_of_entrypoint()) - {"DATA_DIR", "STATIC_ROOT", "HEARTBEAT_FILE", "PORT"}
    assert {"DATA_DIR", "STATIC_ROOT", "HEARTBEAT_FILE"} <= set(image)
    for name in ("web", "worker", "beat"):
        assert set(services[name]["environment"]) == wanted, name
    assert [volume.split(":")[1] for volume in services["web"]["volumes"]] == [image["DATA_DIR"]]


@pytest.mark.embedded
def test_example_names_every_variable_of_the_composition_and_holds_no_secret() -> None:
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    example = read_example()
    assert set(example) == set(re.findall(r"\$\{(\w+)", text))
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert {name for name in example if not example[name]} == required | {"SITE_URL", *MAY_BE_EMPTY}
    defaults = dict(re.findall(r"\$\{(\w+):-([^${}]*)\}", text))
    assert {name: value for name, value in example.items() if value or name in MAY_BE_EMPTY} == defaults
    assert "/docker/.env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.embedded
def test_readme_names_every_setting_with_its_default() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|([^|]*)\|", text, re.MULTILINE)
    named = {name: defaults for names, defaults in rows for name in re.findall(r"[A-Z_]+", names)}
    by_command = {"HOST", "LISTINGS"}
    assert set(named) == read_names_of_settings() | read_names_of_entrypoint() | by_command
    for name, value in read_example().items():
        if value:
            assert f"`{value}`" in named[name], name


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, "['localhost', '127.0.0.1', '[::1]'] http://localhost:8000"),
        ({"PORT": "9000"}, "['localhost', '127.0.0.1', '[::1]'] http://localhost:9000"),
        ({"SITE_URL": "https://boards.example.org"}, "['boards.example.org', 'localhost', '127.0.0.1'] https://boards.example.org"),
    ],
)
def test_addresses_of_the_composition_are_understood(
    services: dict[str, dict[str, Any]], tmp_path: Path, given: dict[str, str], hosts: str
) -> None:
    given = given | {"SECRET_KEY": "k" * 60, "POSTGRES_PASSWORD": "pg0", "REDIS_PASSWORD": "rd0"}
    variables = {name: fill_in(value, given) for name, value in services["worker"]["environment"].items()}
    shown = Site(tmp_path, variables).run(
        "-c",
        "from django.conf import settings; from leaderboard.celery import app; database = settings.DATABASES['default']\n"
        "broker = app.connection_for_write()\n"
        "print(database['ENGINE'], database['HOST'], database['PASSWORD'], broker.hostname, broker.password, broker.virtual_host)\n"
        "print(settings.ALLOWED_HOSTS, settings.SITE_URL)",
    )
    assert shown.splitlines() == ["django.db.backends.postgresql database pg0 redis rd0 0", hosts]


@pytest.mark.embedded
def test_composition_changes_no_default(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    of_entrypoint = {"LOG_LEVEL", "WEB_PROCESSES", "WORKER_PROCESSES"}
    given = {name: value for name, value in read_example().items() if value and name not in of_entrypoint}
    code = "import json; from leaderboard.settings import base; print(json.dumps({n: v for n, v in vars(base).items() if n.isupper()}, default=str))"
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")} | {"DATA_DIR": str(tmp_path)}
    plain, with_example = (
        json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout)
        for env in (environment, environment | given)
    )
    assert plain == with_example
    entrypoint = (DOCKER / "entrypoint").read_text(encoding="utf-8")
    assert {name: read_example()[name] for name in of_entrypoint} == {
        name: value for name, value in re.findall(r"\$\{([A-Z_]+):-(\w+)\}", entrypoint) if name in of_entrypoint
    }


@pytest.mark.embedded
def test_worker_is_given_the_time_to_end_what_it_is_at(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    limit = Site(tmp_path).run("-c", "from django.conf import settings; print(settings.CELERY_TASK_TIME_LIMIT)")
    assert read_seconds(services["worker"]["stop_grace_period"]) > int(limit)


# -- the entrypoint -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ScaledOutSite]:
    redis = RedisServer(tmp_path, password="secret")
    site = ScaledOutSite(
        tmp_path,
        {
            "DATABASE_URL": create_database(),
            "CELERY_BROKER_URL": redis.url(),
            "STATIC_ROOT": str(tmp_path / "static"),
            "SITE_URL": "https://boards.example.org",
            "SECRET_KEY": "k" * 60,
            "WEB_PROCESSES": "1",
            "WORKER_PROCESSES": "1",
            "CHUNK_SIZE": "20",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
    )
    try:
        yield site
    finally:
        site.remove()
        redis.kill()


def start(site: Site, role: str, number: int = 0, **variables: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    heartbeat = {"HEARTBEAT_FILE": str(site.folder / f"heartbeat-{role}-{number}")}
    return site.start(f"{role}-{number}", str(DOCKER / "entrypoint"), role, **heartbeat, **variables), heartbeat | variables


def is_well(site: Site, role: str, variables: dict[str, str]) -> bool:
    command = [sys.executable, str(DOCKER / "healthcheck"), role]
    return subprocess.run(command, env=site.environment | variables, check=False, stderr=subprocess.DEVNULL).returncode == 0


def wait_until_well(site: Site, role: str, process: subprocess.Popen[bytes], variables: dict[str, str]) -> None:
    end = time.monotonic() + 60
    while not is_well(site, role, variables):
        assert process.poll() is None, site.log(f"{role}-0").read_text()
        assert time.monotonic() < end, site.log(f"{role}-0").read_text()
        time.sleep(0.2)


@pytest.mark.postgresql
@pytest.mark.redis
def test_entrypoint_runs_the_parts_and_ends_each_in_order(site: ScaledOutSite, tmp_path: Path) -> None:
    site.collect_static_files()
    ports = [find_free_port(), find_free_port()]
    running = {}
    try:
        # Two web servers, a worker and beat find an empty database, all at once.
        webs = [start(site, "web", number, PORT=str(port)) for number, port in enumerate(ports)]
        worker, worker_variables = start(site, "worker")
        beat, beat_variables = start(site, "beat")
        running = {"web-0": webs[0][0], "web-1": webs[1][0], "worker-0": worker, "beat-0": beat}
        for number, (process, variables) in enumerate(webs):
            wait_for_answer(ports[number], process, site.log(f"web-{number}"))
            assert is_well(site, "web", variables)
        assert not is_well(site, "web", {"PORT": str(find_free_port())})
        wait_until_well(site, "worker", worker, worker_variables)

        # Nobody is told of this listing: beat's sweep finds it, and the worker reads it. It is too long to be read while the worker
        # ends what it is at, which is a turn of two seconds.
        write_listing(tmp_path / "orders.txt", entries=500)
        site.run(
            "manage.py",
            "shell",
            "-c",
            f"from claims.services import storage; storage.store_upload(open({str(tmp_path / 'orders.txt')!r}, 'rb'), name='x', actor='test')",
        )
        site.wait_for_chunks(3, [worker, beat])
        worker.send_signal(signal.SIGTERM)
        wait_until_well(site, "beat", beat, beat_variables)
        assert worker.wait(60) == 0
        assert site.count("claims_listingchunk WHERE state = 'leased'") == 0, "it ended what it was at"
        assert site.count("claims_listingchunk WHERE failures > 0") == 0
        assert site.count("claims_listingchunk WHERE state = 'waiting'") > 0, "and not all that there was"

        os.utime(worker_variables["HEARTBEAT_FILE"], (0, time.time() - 61))
        assert not is_well(site, "worker", worker_variables)

        worker, worker_variables = start(site, "worker")
        running["worker-0"] = worker
        site.wait_until_closed([worker, beat])
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        assert {name: process.wait(60) for name, process in running.items()} == dict.fromkeys(running, 0)
    finally:
        for process in running.values():
            kill_group(process)


@pytest.mark.embedded
def test_entrypoint_runs_any_other_command(tmp_path: Path) -> None:
    assert Site(tmp_path).run("-c", f"import os; os.execv({str(DOCKER / 'entrypoint')!r}, ['entrypoint', 'echo', 'a b', 'c'])") == "a b c\n"


@pytest.mark.embedded
def test_preparation_waits_and_then_says_what_is_missing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with pytest.raises(AssertionError, match="nobody made its tables"):
        site.run("manage.py", "prepare", "--wait", "--seconds", "0")
    site.run("manage.py", "prepare")
    site.run("manage.py", "prepare", "--wait", "--seconds", "0")
    away = Site(tmp_path, {"DATABASE_URL": f"postgres://nobody:hidden@127.0.0.1:{find_free_port()}/none"})
    with pytest.raises(AssertionError, match=r"The database at 127\.0\.0\.1:\d+ does not answer: .*correct DATABASE_URL") as raised:
        away.run("manage.py", "prepare", "--seconds", "0")
    assert "hidden" not in str(raised.value)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ('connection to server at "::1", port 5432 failed: FATAL:  database "my boards" does not exist', "createdb 'my boards'"),
        ('connection to server at "::1", port 5432 failed: FATAL:  role "ann" does not exist', "createuser ann"),
        ('connection failed: FATAL:  password authentication failed for user "ann"', "the password in DATABASE_URL"),
        ('connection to server at "::1", port 5432 failed: Connection refused', ""),
        ("connection failed: FATAL:  the database system is starting up", ""),
    ],
)
def test_preparation_waits_for_what_may_still_come_and_for_nothing_else(message: str, advice: str) -> None:
    refusal = prepare._refusal(message)
    assert advice in refusal
    assert bool(refusal) == bool(advice)


@pytest.mark.postgresql
def test_preparation_names_a_missing_database_at_once(tmp_path: Path) -> None:
    site = Site(tmp_path, {"DATABASE_URL": urlsplit(POSTGRESQL)._replace(path="/no_such_boards").geturl()})
    for arguments in ([], ["--wait"]):
        with pytest.raises(AssertionError, match=r'database "no_such_boards" does not exist\. Make it with “createdb no_such_boards”'):
            site.run("manage.py", "prepare", *arguments, "--seconds", "300")
