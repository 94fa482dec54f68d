"""Settings for working on the site itself: error pages with traces, static files straight from their folders."""

from leaderboard.settings.base import *  # noqa: F403 - an override of everything in base

DEBUG = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
