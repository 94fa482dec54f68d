"""An SQLite database with all tables and no row of anybody's: made by the migrations once for each state of them, and copied from then on.

That it can be made is what the tests of commands are about that begin with an empty folder; they make it anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]


@cache
def migrated() -> Path:
    """Return the file. Of several runs of the tests at once one makes it, and the others wait."""
    folder = Path(tempfile.gettempdir()) / f"claimboard-migrated-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is somebody else's")
    path = folder / f"{_read_state()}.sqlite3"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for older in folder.glob("*.sqlite3"):
                older.unlink()
            _migrate(path)
    return path


def copy_to(path: Path) -> None:
    """Let a site whose database is at `path` begin with one that is migrated."""
    with closing(sqlite3.connect(migrated())) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)


def _read_state() -> str:
    """Return what changes as soon as anything does that a migration reads."""
    state = hashlib.sha256(f"{sys.version} {sqlite3.sqlite_version} {django.__version__}".encode())
    for file in sorted([*ROOT.glob("claims/migrations/*.py"), *ROOT.glob("claims/models/*.py"), ROOT / "claims/terms.py"]):
        state.update(f"{file.name}\n".encode() + file.read_bytes())
    return state.hexdigest()[:32]


def _migrate(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
        environment = kept | {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "leaderboard.settings.base"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True)
        whole = Path(folder) / "whole.sqlite3"
        # In one file, without the log beside it.
        with closing(sqlite3.connect(Path(folder) / "claimboard.sqlite3")) as made, closing(sqlite3.connect(whole)) as copy:
            made.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        whole.rename(path)
