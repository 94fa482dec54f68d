"""Production settings, all from the environment. What a user runs is this; dev.py and test.py only override.

Nothing set means the embedded default: SQLite, a broker made of files and a generated secret key, all below `DATA_DIR`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from whitenoise.compress import Compressor

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()

DATA_DIR = Path(env.str("DATA_DIR", default="") or BASE_DIR / "data").resolve()
# The uploads and the users are nobody else's on this machine. A folder that is there already stays as its owner made it.
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
UPLOAD_DIR = DATA_DIR / "uploads"
BROKER_DIR = DATA_DIR / "broker"


def read_or_make_secret_key(path: Path) -> str:
    """Return the key kept at `path`; make it at first, readable by its owner only.

    Of several processes that start at once one makes it, and none ever sees half of it.
    """
    if not path.exists():
        handle, whole = tempfile.mkstemp(dir=path.parent, prefix="secret-key-")  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):
            os.link(whole, path)
        Path(whole).unlink()
    return path.read_text(encoding="ascii")


SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_make_secret_key(DATA_DIR / "secret-key")
DEBUG = False

# The address that readers use. Its scheme decides redirects, HSTS, secure cookies and trusted origins.
SITE_URL = (env.str("SITE_URL", default="") or f"http://localhost:{env.str('PORT', default='') or 8000}").rstrip("/")
_site = urlsplit(SITE_URL)
if _site.scheme not in ("http", "https") or not _site.hostname:
    raise ValueError(f"SITE_URL is {SITE_URL!r}; it must be an address like https://boards.example.org")
_secure = _site.scheme == "https"
_local = _site.hostname in ("localhost", "127.0.0.1", "::1")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if _local else [_site.hostname, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]
SECURE_SSL_REDIRECT = _secure
# A container's health check asks over plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _secure else 0
# Subdomains and preload lists reach beyond this site and can't be taken back quickly: the operator's word, not ours.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = _secure
CSRF_COOKIE_SECURE = _secure
CSRF_COOKIE_HTTPONLY = True
# A cookie of the session is not for scripts, and no other site's form or frame brings it along; a link does, so that one leads in.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Under which licence the compiled numbers are; the sentences are their authors'. Another name needs an address of its own.
DATA_LICENSE = env.str("DATA_LICENSE", default="").strip() or "CC BY 4.0"
DATA_LICENSE_URL = env.str("DATA_LICENSE_URL", default="").strip() or (
    "https://creativecommons.org/licenses/by/4.0/" if DATA_LICENSE == "CC BY 4.0" else ""
)
if DATA_LICENSE_URL and urlsplit(DATA_LICENSE_URL).scheme not in ("http", "https"):
    raise ValueError(f"DATA_LICENSE_URL is {DATA_LICENSE_URL!r}; it must be an address like https://example.org/licence")

# Whether pages and API list results that nobody has reviewed, marked as such.
SHOW_UNREVIEWED = env.bool("SHOW_UNREVIEWED", default=True)


def read_share(name: str) -> float | None:
    """Return a setting that is a share above 0, up to 1; None where it is off. Raises `ValueError` for anything else."""
    stated = env.str(name, default="").strip()
    if stated.lower() in ("", "off"):
        return None
    try:
        share = float(stated)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise ValueError(f"{name} is {stated!r}; it must be a number above 0 and up to 1, such as 0.95, or off")
    return share


# From which confidence on what abstracts state is accepted without a person, and marked so.
AUTO_ACCEPT_CONFIDENCE = read_share("AUTO_ACCEPT_CONFIDENCE")
# A form on the columns of a table has four fields for each of up to 500
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100
MAX_UPLOAD_MB = env.int("MAX_UPLOAD_MB", default=256)
# How many listings of one user may wait or be read at once.
MAX_OPEN_UPLOADS = env.int("MAX_OPEN_UPLOADS", default=50)

INSTALLED_APPS = [
    "leaderboard.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "claims",
    "leaderboard",
]

MIDDLEWARE = [
    "leaderboard.middleware.LeaveBodiesOutMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Pages of many rows shrink to a tenth; Django pads them at random against guessing a secret from the size.
    "leaderboard.middleware.PackPagesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "leaderboard.middleware.RefuseHostileRequestsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

# No inline script or style anywhere: what a hostile abstract might smuggle in has nothing to run.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

ROOT_URLCONF = "leaderboard.urls"
WSGI_APPLICATION = "leaderboard.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "leaderboard.context_processors.navigation",
            ],
        },
    },
    # For the rows of a board alone: hundreds of cells a page.
    {"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [BASE_DIR / "templates" / "jinja"]},
]


def read_database(url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL; SQLite gets what several processes need to share a file."""
    database: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = {
            # Readers do not block the writer, nor the reverse.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
            # A transaction that begins by reading could not become a writer once another has written.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
        }
    # A web server's threads keep their connections: to open one for each request, on SQLite to read the schema and to warm an empty cache,
    # takes longer than most answers.
    database["CONN_MAX_AGE"] = 60
    database["CONN_HEALTH_CHECKS"] = True
    return database


_database_url = env.str("DATABASE_URL", default="")
if not _database_url:
    _database_file = DATA_DIR / "claimboard.sqlite3"
    # SQLite makes its files as readable as the first of them; an empty one is an empty database. One that is there stays as it is.
    if not _database_file.exists():
        _database_file.touch(mode=0o600)
    _database_url = f"sqlite:///{_database_file}"
DATABASES = {"default": read_database(_database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or "filesystem://localhost"
if CELERY_BROKER_URL.startswith("filesystem:"):
    _folders = {
        "data_folder_in": BROKER_DIR / "messages",
        "data_folder_out": BROKER_DIR / "messages",
        "processed_folder": BROKER_DIR / "processed",
        "control_folder": BROKER_DIR / "control",
    }
    for _folder in _folders.values():
        _folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {name: str(folder) for name, folder in _folders.items()} | {"polling_interval": 0.2}
    # Each of these talks to every worker through the broker; a broker of files has no such channel worth the noise.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
    CELERY_WORKER_SEND_TASK_EVENTS = False
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Redis hands a message out again when it was not acknowledged for so long: not while its task may still be running.
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 300,
        # By the order of CELERY_TASK_QUEUES: the second queue is looked into when the first is empty. (Files take turns.)
        "queue_order_strategy": "priority",
        # A broker that is gone without a word is noticed, and no web server waits for it for long.
        "socket_connect_timeout": 5,
        "socket_timeout": 30,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
    }
# What several web servers know together: how much a client has asked, and since when answers are as they are. One server alone knows it in
# its memory; of the second, which has a bound of its own, nothing is thrown out there.
CACHES: dict[str, dict[str, Any]] = {
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name, "OPTIONS": {"MAX_ENTRIES": 20_000}}
    for name in ("default", "answers")
}
if CELERY_BROKER_URL.startswith("redis"):
    CACHES = {
        name: {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": CELERY_BROKER_URL,
            "KEY_PREFIX": prefix,
            # No reader waits for a cache that is away.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        for name, prefix in (("default", "claimboard"), ("answers", "claimboard-answers"))
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker waits for its broker, however long that is away.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# The database is the truth about work: no result is stored, and a lost message is found again by the sweep.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# What somebody waits for, and what takes long; claims/tasks.py says which is which. A worker serves both unless -Q names one.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"interactive": {}, "bulk": {}}
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TIMEZONE = "UTC"
# How long a worker may be silent about a chunk before another takes it over, and how often that is looked for, in seconds.
CHUNK_LEASE_SECONDS = env.float("CHUNK_LEASE_SECONDS", default=30.0)
SWEEP_INTERVAL_SECONDS = env.float("SWEEP_INTERVAL_SECONDS", default=15.0)
# A message about a listing that nobody has followed for so long is taken for lost.
HINT_SECONDS = env.float("HINT_SECONDS", default=120.0)
CHUNK_SIZE = env.int("CHUNK_SIZE", default=100)

# A language model that reads what the rules left open; off without an address. See claims/services/second_reader.py.
SECOND_READER_BASE_URL = env.str("SECOND_READER_BASE_URL", default="").strip()
SECOND_READER_KEY = env.str("SECOND_READER_KEY", default="").strip()
SECOND_READER_MODEL = env.str("SECOND_READER_MODEL", default="").strip()
# Seconds for one answer, retries included; never longer than half a lease.
SECOND_READER_TIMEOUT = env.float("SECOND_READER_TIMEOUT", default=15.0)
# Papers that it is asked about in a day (UTC).
SECOND_READER_DAILY_BUDGET = env.int("SECOND_READER_DAILY_BUDGET", default=500)
if SECOND_READER_BASE_URL:
    try:
        _endpoint = urlsplit(SECOND_READER_BASE_URL)
        # A port that is none shows only when it is read.
        _is_address = _endpoint.scheme in ("http", "https") and bool(_endpoint.hostname) and _endpoint.port != 0
    except ValueError:
        _is_address = False
    if not _is_address:
        raise ValueError("SECOND_READER_BASE_URL must be an address like https://models.example.org/v1")
    if not SECOND_READER_MODEL:
        raise ValueError("SECOND_READER_MODEL must name the model that SECOND_READER_BASE_URL is asked for")
    if SECOND_READER_TIMEOUT <= 0 or SECOND_READER_DAILY_BUDGET < 0:
        raise ValueError("SECOND_READER_TIMEOUT must be above 0 seconds, and SECOND_READER_DAILY_BUDGET no less than 0 papers")


def read_hour(name: str, default: int) -> int | None:
    """Return a setting that is an hour of the day; None where it is off. Raises `ValueError` for anything else."""
    stated = env.str(name, default="").strip() or str(default)
    if stated.lower() == "off":
        return None
    if not (stated.isascii() and stated.isdigit() and len(stated) <= 2 and int(stated) < 24):
        raise ValueError(f"{name} is {stated!r}; it must be an hour from 0 to 23 (UTC), or off")
    return int(stated)


# When a dump is made each night (UTC). Not at the full hour, when everybody's work begins.
DUMP_HOUR = read_hour("DUMP_HOUR", default=2)
DUMP_MINUTE = 17
DUMP_SECONDS = 6 * 3600
"""A dump is stopped that takes longer."""

# Whether webhooks may lead to machines that are not on the open internet: those of this site's own network, and this one.
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=False)

CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {
        "task": "claims.tasks.sweep",
        "schedule": SWEEP_INTERVAL_SECONDS,
        # While no worker is there, sweeps must not pile up for it.
        "options": {"expires": max(60.0, 4 * SWEEP_INTERVAL_SECONDS)},
    }
}
if DUMP_HOUR is not None:
    CELERY_BEAT_SCHEDULE["dump"] = {
        "task": "claims.tasks.dump",
        "schedule": crontab(hour=str(DUMP_HOUR), minute=str(DUMP_MINUTE)),
        "options": {"queue": "bulk", "expires": 12 * 3600.0},
    }
# Worker and beat touch this file while they are well; for a container's health check.
HEARTBEAT_FILE = env.str("HEARTBEAT_FILE", default="")
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
# How many passwords may be tried for a name from one address in five minutes; 0 for no limit.
LOGIN_RATE = env.int("LOGIN_RATE", default=10)
# How many reports of problems one address may send in an hour, of readers who need no account for that; 0 for no limit.
REPORT_RATE = env.int("REPORT_RATE", default=10)
AUTHENTICATION_BACKENDS = ["leaderboard.guessing.PatientBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

# Where mail goes out, such as smtp+tls://user:password@mail.example.org:587. Empty is nowhere: then links are handed on by hand.
EMAIL_URL = env.str("EMAIL_URL", default="").strip()
if EMAIL_URL:
    globals().update(environ.Env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10
EMAIL_FROM = env.str("EMAIL_FROM", default="").strip() or f"claimboard@{_site.hostname}"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = ["leaderboard.formats"]
USE_TZ = True

STATIC_URL = "static/"
# An image brings its own; elsewhere they are collected beside the data.
STATIC_ROOT = Path(env.str("STATIC_ROOT", default="") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "leaderboard.finders.ChartLibraryFinder",
]
# Every page names a file by its hash; compressing each a second time under its plain name doubles the time of the first start.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# The maps of others' scripts are asked for by a browser's tools for developers alone, and would take half the time of compressing.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]
# What draws charts in the browser: the small bundle where npm has installed it, else the one that plotly for Python brings along.
CHART_LIBRARIES = [Path(sys.prefix) / "npm" / "node_modules" / "plotly.js-basic-dist-min" / "plotly-basic.min.js"]
_plotly = importlib.util.find_spec("plotly")  # found, not imported: that takes its time
if _plotly is not None and _plotly.origin:
    CHART_LIBRARIES.append(Path(_plotly.origin).parent / "package_data" / "plotly.min.js")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Uploads go to disk from the first byte on: a large one never sits in memory.
FILE_UPLOAD_HANDLERS = ["claims.api.uploading.LimitedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)

# Requests a minute of one address, and of one token; 0 for no limit.
API_RATE = env.int("API_RATE", default=600)
API_TOKEN_RATE = env.int("API_TOKEN_RATE", default=3000)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["claims.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["claims.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["claims.api.throttling.ClientThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["claims.api.rendering.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["claims.api.parsing.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "claims.api.contract.Described",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "claims.api.errors.handle",
    "URL_FORMAT_OVERRIDE": None,
    # How many proxies in front are ours: what they say of a client's address is true, what the client itself says is not.
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Claimboard API",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "Leaderboards of research papers in which every number opens the sentence it was read from. Reading needs no token; writing needs "
        "one with the scope that the operation names. Lists are read page by page: follow `next` until it is null. Unknown parameters and "
        "values are errors, never ignored. Percent is 0 to 100, times are in seconds, sizes in bytes, parameters and FLOPs are counts; a "
        "number has the characters and the decimals that its source states beside it. Answers carry an ETag and "
        "Last-Modified: ask again with If-None-Match or If-Modified-Since. `RateLimit` says how much you may still ask for."
    ),
    "LICENSE": {"name": "Apache-2.0"},
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    # A member is left out where `fields=` does not name it.
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "COMPONENT_SPLIT_REQUEST": True,
    # A correction needs its version, though it may leave out all the rest.
    "COMPONENT_SPLIT_PATCH": False,
    # The words that a member may be stand where the member is described.
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["claims.api.contract.tidy"],
}

# Any page may read the API, the feeds and what is made for other sites, and none may write with what its reader's browser knows: no
# token is sent by itself, and no cookie counts.
CORS_URLS_REGEX = (
    r"^/(api|compat|dumps|embed)/|^/(embed\.js|oembed)$|^/(sota/[^/]+/)?feed\.(atom|json)$"
    r"|^/(sota|papers)/[^/]+/badge\.svg$|^/sota/[^/]+/sparkline\.svg$"
)
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = ["etag", "ratelimit", "ratelimit-policy", "retry-after"]
CORS_PREFLIGHT_MAX_AGE = 86400

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"quiet_refusals": {"()": "leaderboard.logs.QuietRefusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["quiet_refusals"]}},
    # They would print a line for each request to a second reader, and for each delivery to a webhook.
    "loggers": {"httpx2": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
