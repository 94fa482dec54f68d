"""What holds for the project as a whole: its lock files, its tracked files, its production settings."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from claims import VERSION

ROOT = Path(__file__).resolve().parents[1]
# In pieces, lest this file be the first to be found.
MACHINE_PATHS = re.compile("|".join(["/wo" + "rk/", "/ro" + r"ot/", "/ho" + r"me/\w+/", "/Us" + r"ers/\w+/", r"\bC:" + r"\\Users"]))
REGISTRY_HOSTS = re.compile(
    "|".join(["py" + r"pi\.(org|python)", "python" + "hosted", "npm" + r"js\.(org|com)", "deb" + r"\.debian\.org"]), re.IGNORECASE
)
BUNDLES = re.compile(r"(\.min\.(js|css)|\.map|(^|/)(plotly|htmx|d3|jquery|bootstrap|alpine)[^/]*\.(js|css)|\.woff2?)$", re.IGNORECASE)
INDEX_OPTIONS = re.compile(r"^\s*(-i\b|-f\b|--(extra-)?index-url|--find-links|--trusted-host)|://", re.MULTILINE)


def _tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _find_in_tracked_files(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in _tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}" for match in pattern.finditer(text)]
    return found


def test_tracked_files_name_no_path_of_a_machine() -> None:
    assert _find_in_tracked_files(MACHINE_PATHS) == []


def test_tracked_files_name_no_package_registry() -> None:
    assert _find_in_tracked_files(REGISTRY_HOSTS) == []


def test_git_holds_no_bundle_of_somebody_else() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in _tracked_files()]
    assert [name for name in names if BUNDLES.search(name)] == []
    static = [path for path in _tracked_files() if path.is_relative_to(ROOT / "static")]
    assert [path.name for path in static if path.stat().st_size > 60_000] == []


def _read_project() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(project, dict)
    return project


def test_software_knows_its_version() -> None:
    assert _read_project()["version"] == VERSION


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", []), ("requirements-dev.lock", ["dev"]), ("requirements-bench.lock", ["bench"])]
)
def test_lock_file_fits_the_project(lock: str, extras: list[str]) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert INDEX_OPTIONS.search(text) is None
    # A package may be pinned more than once, for different systems.
    pinned: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE):
        pinned.setdefault(canonicalize_name(name), []).append(version)
    project = _read_project()
    for line in project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]:
        wanted = Requirement(line)
        versions = pinned.get(canonicalize_name(wanted.name), [])
        assert versions, f"{lock} lacks {wanted.name}; `make lock` writes it anew"
        assert all(wanted.specifier.contains(version, prereleases=True) for version in versions), (
            f"{lock} has {wanted.name} {versions}, not {line}"
        )
    # Each is pinned together with what it may be made of.
    assert len(re.findall(r"^[^#\s].*==", text, re.MULTILINE)) == len(
        re.findall(r"^[^#\s].*==.*\\\n    --hash=sha256:", text, re.MULTILINE)
    )


@pytest.mark.parametrize("other", ["requirements-dev.lock", "requirements-bench.lock"])
def test_lock_files_pin_the_same_versions(other: str) -> None:
    pins = [
        set(re.findall(r"^[^#\s]\S*==\S+", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", other)
    ]
    assert pins[0] <= pins[1]


def _read_settings(tmp_path: Path, **environment: str) -> dict[str, Any]:
    """Return the production settings as a process with this environment has them."""
    code = (
        "import json; from leaderboard.settings import base\n"
        "print(json.dumps({name: getattr(base, name) for name in dir(base) if name.isupper()}, default=str))"
    )
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG", "TMPDIR")}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | {"DATA_DIR": str(tmp_path / "data")} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    read = json.loads(ran.stdout)
    assert isinstance(read, dict)
    return read


def test_settings_for_https_protect_readers(tmp_path: Path) -> None:
    settings = _read_settings(tmp_path, SITE_URL="https://boards.example.org/", DEBUG="1", DJANGO_DEBUG="1")
    assert settings["DEBUG"] is False
    assert settings["SECURE_SSL_REDIRECT"] is True
    assert settings["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://boards.example.org"]
    assert "boards.example.org" in settings["ALLOWED_HOSTS"]
    assert "*" not in settings["ALLOWED_HOSTS"]


def test_settings_for_http_lock_nobody_out(tmp_path: Path) -> None:
    settings = _read_settings(tmp_path, SITE_URL="http://localhost:9000")
    assert settings["DEBUG"] is False
    assert settings["SECURE_SSL_REDIRECT"] is False
    assert settings["SECURE_HSTS_SECONDS"] == 0
    assert settings["SESSION_COOKIE_SECURE"] is False
    assert settings["CSRF_COOKIE_SECURE"] is False
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["http://localhost:9000"]


def test_settings_keep_a_secret_key_of_their_own_for_their_owner_only(tmp_path: Path) -> None:
    first = _read_settings(tmp_path)["SECRET_KEY"]
    assert len(first) >= 50
    assert _read_settings(tmp_path)["SECRET_KEY"] == first
    assert (tmp_path / "data/secret-key").stat().st_mode & 0o077 == 0
    assert _read_settings(tmp_path, SECRET_KEY="from the environment")["SECRET_KEY"] == "from the environment"


def test_settings_make_data_folder_and_database_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        _read_settings(tmp_path)
    finally:
        os.umask(before)
    data = tmp_path / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "claimboard.sqlite3").stat().st_mode) == 0o600
    # What is there already is its owner's business.
    data.chmod(0o750)
    (data / "claimboard.sqlite3").chmod(0o640)
    _read_settings(tmp_path)
    assert stat.S_IMODE(data.stat().st_mode) == 0o750
    assert stat.S_IMODE((data / "claimboard.sqlite3").stat().st_mode) == 0o640
    _read_settings(tmp_path / "other", DATABASE_URL="postgres://ann@db/boards")
    assert not (tmp_path / "other/data/claimboard.sqlite3").exists()


def test_settings_keep_everything_below_the_data_folder(tmp_path: Path) -> None:
    settings = _read_settings(tmp_path)
    data = tmp_path / "data"
    assert settings["DATABASES"]["default"]["NAME"] == str(data / "claimboard.sqlite3")
    places = [settings["STATIC_ROOT"], settings["UPLOAD_DIR"], settings["FILE_UPLOAD_TEMP_DIR"], settings["CELERY_BEAT_SCHEDULE_FILENAME"]]
    places += [settings["CELERY_BROKER_TRANSPORT_OPTIONS"][name] for name in ("data_folder_in", "processed_folder", "control_folder")]
    assert [place for place in places if not Path(place).is_relative_to(data)] == []


@pytest.mark.parametrize(("stated", "read"), [("", None), ("off", None), ("OFF", None), (" 0.95 ", 0.95), ("1", 1.0)])
def test_settings_read_from_which_confidence_on_is_accepted(tmp_path: Path, stated: str, read: float | None) -> None:
    assert _read_settings(tmp_path, AUTO_ACCEPT_CONFIDENCE=stated)["AUTO_ACCEPT_CONFIDENCE"] == read


@pytest.mark.parametrize("stated", ["0", "1.01", "-0.5", "95%", "nan", "on"])
def test_settings_refuse_a_confidence_that_is_none(tmp_path: Path, stated: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _read_settings(tmp_path, AUTO_ACCEPT_CONFIDENCE=stated)
    assert f"AUTO_ACCEPT_CONFIDENCE is '{stated}'; it must be a number above 0 and up to 1, such as 0.95, or off" in caught.value.stderr


@pytest.mark.parametrize(("stated", "read"), [("", 2), ("0", 0), ("OFF", None)])
def test_hour_of_dumps_is_an_hour_or_off(tmp_path: Path, stated: str, read: int | None) -> None:
    settings = _read_settings(tmp_path, DUMP_HOUR=stated)
    assert settings["DUMP_HOUR"] == read
    assert ("dump" in settings["CELERY_BEAT_SCHEDULE"]) == (read is not None)


@pytest.mark.parametrize("stated", ["24", "²"])
def test_other_hours_of_dumps_are_refused(tmp_path: Path, stated: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _read_settings(tmp_path, DUMP_HOUR=stated)
    assert f"DUMP_HOUR is '{stated}'; it must be an hour from 0 to 23 (UTC), or off" in caught.value.stderr


def test_settings_refuse_an_address_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _read_settings(tmp_path, SITE_URL="boards.example.org")
    assert "SITE_URL" in caught.value.stderr


ENDPOINT = {"SECOND_READER_BASE_URL": "https://models.example.org/v1", "SECOND_READER_MODEL": "m"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECOND_READER_BASE_URL", "models.example.org"),
        ("SECOND_READER_BASE_URL", "file:///etc/passwd"),
        ("SECOND_READER_BASE_URL", "http://models.example.org:8x/v1"),
        ("SECOND_READER_BASE_URL", "http://models.example.org:0/v1"),
        ("SECOND_READER_BASE_URL", "http://[models/v1"),
        ("SECOND_READER_MODEL", ""),
        ("SECOND_READER_TIMEOUT", "0"),
        ("SECOND_READER_DAILY_BUDGET", "-1"),
    ],
)
def test_settings_refuse_a_second_reader_that_cannot_be_asked(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _read_settings(tmp_path, **(ENDPOINT | {name: value}))
    assert name in caught.value.stderr


def test_settings_have_no_second_reader_unless_one_is_named(tmp_path: Path) -> None:
    assert _read_settings(tmp_path)["SECOND_READER_BASE_URL"] == ""
    assert _read_settings(tmp_path, **ENDPOINT)["SECOND_READER_MODEL"] == "m"
