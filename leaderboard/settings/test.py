"""Settings for tests: a data folder of its own, quick password hashes, tasks sent but not run."""

import os
import tempfile

# Read by base on import; tests never touch the data of a site that runs from the same checkout.
os.environ["DATA_DIR"] = os.environ.get("TEST_DATA_DIR") or tempfile.mkdtemp(prefix="claimboard-test-")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
os.environ["CELERY_BROKER_URL"] = "memory://"
for _name in (
    "SECRET_KEY",
    "SITE_URL",
    "PORT",
    "DATA_LICENSE",
    "DATA_LICENSE_URL",
    "SHOW_UNREVIEWED",
    "AUTO_ACCEPT_CONFIDENCE",
    "MAX_UPLOAD_MB",
    "MAX_OPEN_UPLOADS",
    "STATIC_ROOT",
    "HEARTBEAT_FILE",
    "DUMP_HOUR",
    "SECOND_READER_BASE_URL",
    "SECOND_READER_KEY",
    "SECOND_READER_MODEL",
    "SECOND_READER_TIMEOUT",
    "SECOND_READER_DAILY_BUDGET",
    "TRUSTED_PROXIES",
    "WEBHOOKS_ALLOW_PRIVATE",
    "EMAIL_URL",
    "EMAIL_FROM",
):
    os.environ.pop(_name, None)

from leaderboard.settings.base import *  # noqa: E402, F403 - an override of everything in base

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = ["*"]
# All tests ask from one address.
API_RATE = API_TOKEN_RATE = LOGIN_RATE = REPORT_RATE = 0

if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405 - from base
    # A test's data need not outlive the server, and its queries are too small to be compiled: a fifth of the time.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off -c jit=off"  # noqa: F405
else:
    # All tests together ask more than the driver keeps prepared by itself: a tenth of the time.
    DATABASES["default"]["OPTIONS"]["cached_statements"] = 2000  # noqa: F405

STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405 - from base; WhiteNoise looks for it at every request
