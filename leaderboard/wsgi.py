"""The site as a WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings.base")

application = get_wsgi_application()

# What is loaded by now stays for good: the collector need not look through it again and again. A large board's page makes tens of
# thousands of short-lived objects; at the usual threshold the collector would run dozens of times for it, a tenth of its time.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
