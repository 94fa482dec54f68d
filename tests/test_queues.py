"""Which message a worker takes next, and how long a broker keeps it: with Redis, and with a broker of files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sites import RedisServer, Site

pytestmark = pytest.mark.embedded

# Takes messages as a worker of one process does: the next one is looked for when the last one is done.
TAKE = """
from leaderboard.celery import app
taken = []

def take(message):
    taken.append(message.headers["task"])
    message.ack()
    if len(taken) == 3:
        app.send_task("small-late")

for number in range(6):
    app.send_task(f"huge-{number}", queue="bulk")
for number in range(2):
    app.send_task(f"small-{number}")
with app.connection_for_read() as broker:
    consumer = app.amqp.TaskConsumer(broker.default_channel)
    consumer.on_message = take
    consumer.qos(prefetch_count=1)
    with consumer:
        while len(taken) < 9:
            broker.drain_events(timeout=20)
print(*taken)
"""
SHOW = """
import json
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.startswith("CELERY_")}, default=str))
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


@pytest.mark.redis
def test_worker_on_redis_takes_what_somebody_waits_for_first(tmp_path: Path, redis: RedisServer) -> None:
    site = Site(tmp_path, {"CELERY_BROKER_URL": redis.url(5)})
    taken = site.run("-c", TAKE).split()
    assert taken == ["small-0", "small-1", "huge-0", "small-late", *(f"huge-{number}" for number in range(1, 6))]
    assert redis.client(5).dbsize() > 0, "the database is that of the address"
    assert redis.client(0).dbsize() == 0


def test_worker_on_files_takes_turns(tmp_path: Path) -> None:
    taken = Site(tmp_path).run("-c", TAKE).split()
    # Two messages of one queue that are written within a millisecond are taken in any order.
    assert sorted(name.partition("-")[0] for name in taken[:4]) == ["huge", "huge", "small", "small"]
    assert "small-late" in taken[:6], "one message of the long listing stands before it, and not all that are left"


def read_settings(folder: Path, **variables: str) -> dict[str, Any]:
    settings = json.loads(Site(folder, variables).run("-c", SHOW))
    assert isinstance(settings, dict)
    return settings


def test_settings_of_redis_fit_the_tasks(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, CELERY_BROKER_URL="redis://:secret@localhost:6379/2")
    options = settings["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert options["visibility_timeout"] > settings["CELERY_TASK_TIME_LIMIT"] > settings["CELERY_TASK_SOFT_TIME_LIMIT"]
    # A worker asks for work and waits a second for the answer.
    assert options["socket_timeout"] > options["health_check_interval"] > 1
    assert settings["CELERY_TASK_ACKS_LATE"]
    assert settings["CELERY_TASK_REJECT_ON_WORKER_LOST"]
    assert settings["CELERY_WORKER_PREFETCH_MULTIPLIER"] == 1
    assert list(settings["CELERY_TASK_QUEUES"]) == ["interactive", "bulk"], "in the order in which they are looked into"


def test_time_limits_leave_a_worker_time_to_say_what_failed(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)
    assert settings["CELERY_TASK_TIME_LIMIT"] - settings["CELERY_TASK_SOFT_TIME_LIMIT"] >= 30


def test_unknown_queue_is_refused(tmp_path: Path) -> None:
    """A worker that listens to a misspelt queue would wait for ever."""
    code = "from leaderboard.celery import app\ntry: app.amqp.queues.select(['bulky'])\nexcept KeyError as error: print('refused', error)"
    assert "refused" in Site(tmp_path).run("-c", code)


def test_broker_of_files_is_made_ready_with_both_queues(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run("-c", "import django; django.setup(); from leaderboard import operation; operation.prepare_broker()")
    tables = [json.loads(path.read_text()) for path in (tmp_path / "broker/control").glob("*.exchange")]
    assert {binding[2] for table in tables for binding in table} == {"interactive", "bulk"}
