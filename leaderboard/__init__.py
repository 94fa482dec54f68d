"""The site: wiring and pages."""

import gc

from leaderboard.celery import app as celery_app

__all__ = ["celery_app"]

# Whatever of the site a process is, it makes tens of thousands of objects that stay or that die young: a large board's page, a part of a
# listing, or all modules and models when it starts. At the usual threshold the collector would run dozens of times for each, a tenth of
# the time.
gc.set_threshold(20_000, 20, 20)
