"""The Celery application. Settings come from Django's, with the prefix CELERY_."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings.base")

app = Celery("claimboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def sweep_at_start(sender: Any, **_: Any) -> None:
    """Take up what a killed worker left behind: its messages may be lost, the database knows."""
    with sender.app.connection_for_write() as connection:
        sender.app.send_task("claims.tasks.sweep", kwargs={"force": True}, connection=connection)
