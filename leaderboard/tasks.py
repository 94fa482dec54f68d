"""Celery tasks of the site: an id in, a call, the retry policy."""

from __future__ import annotations

import logging

from celery import shared_task
from django.http import QueryDict
from kombu.exceptions import OperationalError as BrokerError

from claims import boards
from claims.models import Benchmark
from claims.services import leases
from claims.tasks import BULK
from leaderboard import cards

logger = logging.getLogger(__name__)


def ask_for_card(benchmark: Benchmark) -> None:
    """Send a worker the message that a board's card is wanted, unless one may be on its way. Where that fails, the next reader asks."""
    try:
        if cards.may_ask(benchmark):
            draw_card.apply_async((benchmark.pk,), queue=BULK)
    except (BrokerError, OSError) as error:
        logger.warning("a card of %s is wanted, but no worker could be asked: %s", benchmark.slug, error)


@shared_task(autoretry_for=leases.MAY_HEAL, retry_backoff=1, retry_backoff_max=60, max_retries=3)
def draw_card(benchmark_id: int) -> None:
    """Draw a board's card as it is now, unless that was done."""
    benchmark = Benchmark.objects.with_names().filter(pk=benchmark_id).first()
    if benchmark is None or cards.find_card(benchmark):
        return
    from leaderboard import card_drawing  # brings matplotlib, which takes its time and memory: only a worker that draws has it

    board = boards.read_board(benchmark, QueryDict(), page_size=card_drawing.ROWS, opened="")
    cards.store_card(benchmark, card_drawing.draw_card(board, boards.list_records_of(benchmark)))
