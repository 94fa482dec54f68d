"""What `manage.py run` does, step by step: prepare, start, feed, wait, stop."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.models import F, Sum

import claims
from claims import tasks
from claims.errors import ClaimsError
from claims.models import Listing
from claims.services import table_receipts
from claims.services.storage import store_upload
from claims.terms import OPEN_STATES, ChunkState, ListingState
from leaderboard.celery import app
from leaderboard.supervisor import Program, Supervisor, handle_stop_signals

Say = Callable[[str], None]

SAMPLE = Path(claims.__file__).parent / "samples" / "daily-papers-sample.txt"
ADMIN = "admin"
ANSWER_SECONDS = 60.0
"""How long the web server may take to answer for the first time."""
POLL_SECONDS = 0.5


class CannotStartError(Exception):
    """What stands in the way of a start, in a sentence for the one who starts the site."""


def run_site(*, host: str, port: str, listings: Iterable[Path], say: Say) -> int:
    """Run the site until a signal ends it; return the exit code.

    `port` is as the user wrote it. Raises `CannotStartError` before any process is started.
    """
    handle_stop_signals(_leave)
    if os.geteuid() == 0:
        say("Running as root, which is not needed: any user who may write to DATA_DIR will do.")
    with hold_data_dir():
        # The folder first: who starts the same site twice is not helped by another port.
        number = check_port(host, port)
        prepare_database(say)
        collect_static_files(say)
        make_admin(say)
        prepare_broker()
        supervisor = Supervisor(say=say)
        supervisor.listen_to_signals()
        try:
            _start_and_feed(supervisor, host=host, port=number, listings=listings, say=say)
            while not supervisor.stopping:
                supervisor.wait(60.0)
        finally:
            say("Stopping. The worker finishes what it is reading; another Ctrl-C ends it at once.")
            supervisor.stop()
        return supervisor.exit_code


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once: as long as nothing is started, there is nothing to stop."""
    raise SystemExit(0)


def check_port(host: str, port: str) -> int:
    """Return the port as a number, after making sure that it is free."""
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotStartError(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    number = int(port)
    addresses = [host]
    if host == "127.0.0.1":
        # Browsers try ::1 first for localhost and would show whatever answers there.
        addresses.append("::1")
    for address in addresses:
        try:
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
                # As the web server does: an address that a connection has just left is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStartError(f"Port {number} is taken; choose another: PORT={_other_port(number)} make run") from error
            if error.errno == errno.EACCES:
                raise CannotStartError(f"Port {number} is for the system; choose another: PORT={_other_port(number)} make run") from error
            if address == host:
                raise CannotStartError(f"The site can't listen on {host}: {error}. HOST names the address.") from error
    return number


def _other_port(port: int) -> int:
    return port + 1000 if 1024 <= port <= 64000 else 9000


@contextmanager
def hold_data_dir() -> Iterator[None]:
    """Keep a second site away from DATA_DIR: two would share schedule, static files and messages.

    The system gives the lock back however this process ends.
    """
    with (settings.DATA_DIR / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStartError(
                f"A site is running with its data in {settings.DATA_DIR}. Stop it first, or give this one a place of its own with DATA_DIR."
            ) from error
        yield


def prepare_database(say: Say) -> None:
    say("Preparing the database.")
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise CannotStartError(f"The database can't be used: {error}".rstrip()) from error
    call_command("load_catalogue")


def collect_static_files(say: Say) -> None:
    """Collect and compress the static files, unless the ones collected last are still what the site is made of."""
    root = Path(settings.STATIC_ROOT)
    stamp_file = settings.DATA_DIR / "static-stamp"
    stamp = _stamp_static_files()
    if stamp_file.is_file() and stamp_file.read_text(encoding="ascii") == stamp and (root / "staticfiles.json").is_file():
        return
    say("Collecting the static files.")
    stamp_file.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp_file.write_text(stamp, encoding="ascii")


def _stamp_static_files() -> str:
    """Return a digest over name, size and time of change of every static file, ours and those of installed packages."""
    lines = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            lines.append(f"{getattr(storage, 'prefix', None)}\0{name}\0{status.st_size}\0{status.st_mtime_ns}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def make_admin(say: Say) -> None:
    """Make the first user, with a password that is shown once and kept for its owner's eyes in DATA_DIR."""
    users = get_user_model()
    path = settings.DATA_DIR / "admin-password"
    if users.objects.filter(is_superuser=True).exists():
        if path.is_file():
            say(f"The first password of {ADMIN} stands in {path}")
        return
    password = secrets.token_urlsafe(12)
    # The file comes first: should this end in between, the next start makes another password and nobody is locked out.
    path.unlink(missing_ok=True)
    with open(path, "x", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(password + "\n")
    users.objects.create_superuser(ADMIN, password=password)
    say(f"Made the user {ADMIN} with the password {password} (it also stands in {path})")


def prepare_broker() -> None:
    """Make the file broker ready for two processes to use at once.

    Only files of the broker's own are touched. Nobody else uses them now; the messages that wait stay.
    """
    # A schedule cut short by a kill could not be read again, and holds nothing that is missed.
    for schedule in settings.DATA_DIR.glob("beat-schedule*"):
        schedule.unlink()
    if not settings.CELERY_BROKER_URL.startswith("filesystem:"):
        return
    # So could a table of bindings; it is written in place, and it is read by whoever sends a message.
    for file in (*(settings.BROKER_DIR / "control").glob("*.exchange"), *(settings.BROKER_DIR / "processed").glob("*.msg")):
        file.unlink()
    with app.connection_for_write() as broker:
        for queue in app.amqp.queues.values():
            queue(broker).declare()


def _start_and_feed(supervisor: Supervisor, *, host: str, port: int, listings: Iterable[Path], say: Say) -> None:
    environment = _make_environment(port)
    supervisor.start(web_server(host, port, environment))
    supervisor.start(_worker(environment))
    if not _wait_for_answer(supervisor, host=host, port=port, say=say):
        return
    say(f"\nClaimboard is at {environment['SITE_URL']} (Ctrl-C stops it)\n")
    if host not in ("127.0.0.1", "localhost", "::1") and not os.environ.get("SITE_URL"):
        say("Readers on other machines get no answer until SITE_URL says by which address they come.")
    followed = _load_listings([SAMPLE, *listings], say)
    _follow_listings(supervisor, followed, say)


def _make_environment(port: int) -> dict[str, str]:
    """Return the children's environment: this one's, with what depends on the port and on where this was started."""
    paths = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "DATA_DIR": str(settings.DATA_DIR),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "SITE_URL": os.environ.get("SITE_URL") or f"http://localhost:{port}",
        # Who watches the terminal is told by `say` what happens; of the programs only what is wrong.
        "LOG_LEVEL": os.environ.get("LOG_LEVEL") or "WARNING",
    }


def web_server(host: str, port: int, environment: dict[str, str]) -> Program:
    """Return what serves the site's pages and API at that address."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "leaderboard.wsgi", "--bind", address, "--worker-class", "gthread", "--threads", "8"]
    # The control socket's place belongs to the user, not to the site: two sites would fight for it.
    command += ["--log-level", "warning", "--graceful-timeout", "5", "--no-control-socket"]
    return Program("web server", command, environment)


def _worker(environment: dict[str, str]) -> Program:
    command = [sys.executable, "-m", "celery", "--app", "leaderboard", "--quiet", "worker", "--beat"]
    # A worker that is alone has nobody to tell anything.
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command += ["--concurrency", "2" if (os.cpu_count() or 1) > 2 else "1", "--loglevel", environment["LOG_LEVEL"]]
    # Said once, by this command, in a line; a message can't bring code along, only JSON is taken.
    environment = environment | {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        # A message passes through the folder for temporary files on its way to the worker. Beside the messages this is a rename.
        environment = environment | {"TMPDIR": str(settings.BROKER_DIR / "processed")}
    return Program("worker", command, environment, restarted=True)


def _wait_for_answer(supervisor: Supervisor, *, host: str, port: int, say: Say) -> bool:
    """Return whether the web server answers; say so if it does not in time."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    end = time.monotonic() + ANSWER_SECONDS
    answer = "nothing"
    while not supervisor.stopping and time.monotonic() < end:
        supervisor.wait(0.1)
        with suppress(OSError, http.client.HTTPException):
            request = http.client.HTTPConnection(target, port, timeout=5)
            try:
                request.request("GET", "/healthz", headers={"Host": "localhost"})
                response = request.getresponse()
                if response.status == http.HTTPStatus.OK:
                    return True
                answer = f"{response.status}, {response.read(200).decode(errors='replace')}"
            finally:
                request.close()
    if not supervisor.stopping:
        supervisor.exit_code = 1
        say(f"The web server did not become ready in {ANSWER_SECONDS:.0f} seconds; it answers: {answer}")
    return False


def _load_listings(paths: Iterable[Path], say: Say) -> set[int]:
    """Hand the files to the worker and return the ids of their listings. The bytes of a listing that is there are not read again."""
    followed = set()
    for path in paths:
        try:
            with path.open("rb") as file:
                listing, created = store_upload(file, name=path.name, actor="run")
        except OSError as error:
            say(f"{path} was not loaded: {error.strerror or error}.")
            continue
        except ClaimsError as error:
            say(f"{path} was not loaded. {error.message}")
            continue
        followed.add(listing.pk)
        listing.refresh_from_db()
        if listing.state in OPEN_STATES or (created and listing.state != ListingState.UNMAPPED):
            tasks.announce(listing)
    return followed


def _follow_listings(supervisor: Supervisor, followed: set[int], say: Say) -> None:
    """Say how far the listings are read, until all are. Those that an earlier start left open are followed too."""
    followed = followed | set(Listing.objects.filter(state__in=OPEN_STATES).values_list("pk", flat=True))
    said: dict[int, str] = {}
    while followed and not supervisor.stopping:
        try:
            for listing in Listing.objects.filter(pk__in=followed).order_by("pk"):
                if said.get(listing.pk) != (line := _describe_listing(listing)):
                    say(line)
                    said[listing.pk] = line
                if listing.state not in OPEN_STATES:
                    followed.discard(listing.pk)
        except DatabaseError:
            # The database is away for a moment; the workers have their own way of dealing with that.
            connection.close()
        supervisor.wait(POLL_SECONDS)
    connection.close()


def _describe_listing(listing: Listing) -> str:
    match listing.state:
        case ListingState.DONE:
            return f"{listing.name}: done, {listing.entry_count:,} {_unit(listing)}"
        case ListingState.FAILED:
            return f"{listing.name}: failed. {listing.error}"
        case ListingState.UNMAPPED:
            return f"{listing.name}: columns not named yet; say what they mean on its page"
        case ListingState.READING:
            read = listing.chunks.filter(state=ChunkState.DONE).aggregate(total=Sum(F("last") - F("first") + 1))["total"]
            return f"{listing.name}: reading, {read or 0:,} of {listing.entry_count:,} {_unit(listing)}"
        case _:
            return f"{listing.name}: {listing.state}"


def _unit(listing: Listing) -> str:
    """Return what an upload is counted in."""
    return "records" if table_receipts.holds_records(listing) else "papers"
