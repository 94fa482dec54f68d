"""The Celery application. Settings come from Django's, with the prefix CELERY_."""

import os
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.signals import after_task_publish, beat_init, worker_ready
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings.base")

app = Celery("claimboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEARTBEAT_SECONDS = 5.0


@worker_ready.connect
def sweep_at_start(sender: Any, **_: Any) -> None:
    """Take up what a killed worker left behind: its messages may be lost, the database knows."""
    with sender.app.connection_for_write() as connection:
        sender.app.send_task("claims.tasks.sweep", kwargs={"force": True}, connection=connection)


def _touch_heartbeat(**_: Any) -> None:
    Path(settings.HEARTBEAT_FILE).touch()


class Heartbeat(bootsteps.StartStopStep):
    """Touches HEARTBEAT_FILE as long as the worker listens to its broker and its loop goes round: what a health check looks at."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def include_if(self, parent: Any) -> bool:
        return bool(settings.HEARTBEAT_FILE)

    def start(self, parent: Any) -> None:
        self._beats = parent.timer.call_repeatedly(HEARTBEAT_SECONDS, _touch_heartbeat)

    def stop(self, parent: Any) -> None:
        self._beats.cancel()


app.steps["consumer"].add(Heartbeat)


@beat_init.connect
def touch_heartbeat_with_each_message(**_: Any) -> None:
    """Let the schedule's process touch HEARTBEAT_FILE whenever the broker took a message of it."""
    if settings.HEARTBEAT_FILE:
        after_task_publish.connect(_touch_heartbeat)
