"""Webhooks and their outbox: who is told of what. What is written here is sent by `claims.services.deliveries`.

An event is written in the transaction of what it tells of: what is rolled back is never told, and what is told has happened.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.dispatch import Signal
from django.urls import reverse
from django.utils import timezone

from claims import ranking
from claims.errors import WebhookError
from claims.models import Benchmark, ChangeSet, Claim, Delivery, Listing, ListingChunk, Paper, Webhook
from claims.services.outgoing_addresses import check_address
from claims.services.rows import insert_rows
from claims.terms import SUBSCRIBED_EVENTS, DeliveryState, TextField, WebhookEvent, WebhookState

MOST_WEBHOOKS = 10
"""So many one user may have."""
MOST_CLAIMS = 100
"""So many claims one event lists."""

deliveries_wait = Signal()
"""Sent once a transaction is over that wrote deliveries. A hint: the sweep finds them, too."""


# -- having webhooks ------------------------------------------------------------------------------------------------------------


def create_webhook(owner: User, *, url: str, events: Sequence[str]) -> Webhook:
    """Add a webhook, active at once. Raises `WebhookError` for an address that is not to be called, or one too many."""
    wanted = _check_events(events)
    # Before the transaction: a name server may take its time, and on SQLite all others who write would wait for it, too.
    check_address(url)
    try:
        with transaction.atomic():
            # Of two that add at once, the second counts the first's.
            User.objects.select_for_update(no_key=True).get(pk=owner.pk)
            if Webhook.objects.filter(owner=owner).count() >= MOST_WEBHOOKS:
                raise WebhookError(f"You have {MOST_WEBHOOKS} webhooks, as many as one may have. Delete one first.")
            return Webhook.objects.create(owner=owner, url=url, events=wanted, secret=_make_secret())
    except IntegrityError:
        raise WebhookError("You have a webhook for this address already.", field="url") from None


def _check_events(events: Iterable[str]) -> list[str]:
    given = set(events)
    if not given or not given <= set(SUBSCRIBED_EVENTS):
        raise WebhookError(f"Choose at least one of the events {', '.join(SUBSCRIBED_EVENTS)}.", field="events")
    return [event.value for event in SUBSCRIBED_EVENTS if event in given]


def _make_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def pause(webhook: Webhook) -> None:
    """Tell it of nothing that happens from now on; what waits stays."""
    Webhook.objects.filter(pk=webhook.pk, state=WebhookState.ACTIVE).update(state=WebhookState.PAUSED)


def resume(webhook: Webhook) -> None:
    """Tell it again, what waits first, as if nothing had failed. One that is active waits on as it does."""
    with transaction.atomic():
        started = {"state": WebhookState.ACTIVE, "note": "", "failing_since": None, "failures": 0}
        if not Webhook.objects.filter(pk=webhook.pk).exclude(state=WebhookState.ACTIVE).update(**started):
            return
        Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING).update(due=timezone.now())
        _hint()


def delete(webhook: Webhook) -> None:
    """Delete it with its log: what waits is not sent any more."""
    with transaction.atomic():
        webhook.delete()


def renew_secret(webhook: Webhook) -> str:
    """Give it another secret, and return that; the old one is gone."""
    secret = _make_secret()
    Webhook.objects.filter(pk=webhook.pk).update(secret=secret)
    return secret


@transaction.atomic
def send_test(webhook: Webhook) -> Delivery:
    """Send it a test event, which tells of nothing. Raises `WebhookError` for one that is paused or disabled."""
    _check_active(webhook)
    key = f"test:{secrets.token_hex(8)}"
    data = {"message": "This is a test. Nothing has happened.", "webhook": webhook.public_id}
    _write([webhook], WebhookEvent.TEST, [(key, data)])
    return Delivery.objects.get(webhook=webhook, key=key)


@transaction.atomic
def send_again(delivery: Delivery) -> None:
    """Send a delivery once more, under the same id, with as many tries as a new one. Raises `WebhookError` while it is on its way."""
    _check_active(delivery.webhook)
    again = {"state": DeliveryState.WAITING, "due": timezone.now(), "attempts": 0, "error": ""}
    if not Delivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.SENDING).update(**again):
        raise WebhookError("It is being sent just now.")
    _hint()


def _check_active(webhook: Webhook) -> None:
    if not Webhook.objects.filter(pk=webhook.pk, state=WebhookState.ACTIVE).exists():
        raise WebhookError("Nothing is sent to it while it is paused or disabled. Resume it first.")
    if not Webhook.objects.told().filter(pk=webhook.pk).exists():
        raise WebhookError("Nothing is sent to it while its owner may have no webhooks.")


# -- telling --------------------------------------------------------------------------------------------------------------------


class NewRecord(NamedTuple):
    """A number that is better than the one that held its board's record until now; `previous` is what its history has before it."""

    benchmark: int
    claim: int
    previous: int | None
    accepted_only: bool


def note_records(new: Iterable[NewRecord], boards: Mapping[int, Benchmark]) -> None:
    """Write that boards have new records, of those that the home page lists. Part of the caller's transaction, which settled them.

    Costs nothing where there is none, and a query where nobody is to be told.
    """
    told = [
        record
        for record in new
        if record.accepted_only != settings.SHOW_UNREVIEWED and _is_listed(boards[record.benchmark], accepted_only=record.accepted_only)
    ]
    if not told or not (webhooks := _find_subscribers(WebhookEvent.RECORD_NEW)):
        return
    of_board = {
        benchmark.pk: benchmark for benchmark in Benchmark.objects.with_names().filter(pk__in={record.benchmark for record in told})
    }
    claims = _read_claims([pk for record in told for pk in (record.claim, record.previous) if pk is not None])
    events = []
    for record in told:
        claim, previous = claims[record.claim], claims.get(record.previous or 0)
        row = claim.result.public_id if claim.result else claim.public_id
        data = {
            "board": _board(of_board[record.benchmark]),
            "claim": _claim(claim),
            "previous": _claim(previous) if previous else None,
            "accepted_only": record.accepted_only,
        }
        events.append((f"record:{row}:{'accepted' if record.accepted_only else 'all'}", data))
    _write(webhooks, WebhookEvent.RECORD_NEW, events)


def _is_listed(benchmark: Benchmark, *, accepted_only: bool) -> bool:
    rows = benchmark.accepted_row_count if accepted_only else benchmark.row_count
    return rows > 1 or (rows == 1 and benchmark.reviewed)


def note_accepted(change_set: ChangeSet, claim_ids: Sequence[int]) -> None:
    """Write that a person accepted claims: one event, which lists the first `MOST_CLAIMS` and counts all.

    Part of the caller's transaction.
    """
    if not claim_ids or not (webhooks := _find_subscribers(WebhookEvent.CLAIM_ACCEPTED)):
        return
    listed = sorted(claim_ids)[:MOST_CLAIMS]
    claims = _read_claims(listed)
    data = {"change": change_set.public_id, "count": len(claim_ids), "claims": [_claim(claims[pk]) for pk in listed]}
    _write(webhooks, WebhookEvent.CLAIM_ACCEPTED, [(f"change:{change_set.public_id}", data)])


def note_listing(listing_id: int) -> None:
    """Write that a listing was read, whole or in part, or could not be. Part of the transaction that closes it."""
    if not (webhooks := _find_subscribers(WebhookEvent.LISTING_DONE)):
        return
    listing = Listing.objects.get(pk=listing_id)
    found = ListingChunk.objects.filter(listing=listing).aggregate(claims=Sum("found_claims"), costs=Sum("found_costs"))
    data = {
        "listing": {
            "id": listing.public_id,
            "name": listing.name,
            "format": listing.format or None,
            "year": listing.year,
            "state": listing.state,
            "error": listing.error or None,
            "entries": listing.entry_count,
            "claims": found["claims"] or 0,
            "costs": found["costs"] or 0,
            "created": _moment(listing.created),
            "closed": _moment(listing.closed),
            "page": _absolute(listing.get_absolute_url()),
        }
    }
    # One that failed may be read again, and closes again.
    closed = int(listing.closed.timestamp() * 1e6) if listing.closed else 0
    _write(webhooks, WebhookEvent.LISTING_DONE, [(f"listing:{listing.public_id}:{closed}", data)])


def _find_subscribers(event: WebhookEvent) -> list[Webhook]:
    # Whether their owners may have them still is a long question, which most sites, having none, need not ask at every settling.
    if not Webhook.objects.filter(state=WebhookState.ACTIVE).exists():
        return []
    return [webhook for webhook in Webhook.objects.told().order_by("pk") if event in webhook.events]


def _write(webhooks: Iterable[Webhook], event: WebhookEvent, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write events, each a key and its data, for each of the webhooks; what one was told already, it is not told again.

    Told already is what the log has under the key: for as long as it goes back (`deliveries.KEPT`), and of a record by its row.
    """
    now = timezone.now()
    rows = []
    told = list(webhooks)
    for key, data in events:
        body = json.dumps({"type": event.value, "timestamp": _moment(now), "data": data}, separators=(",", ":"))
        rows += [{"webhook_id": webhook.pk, "event": event.value, "key": key, "body": body, "due": now} for webhook in told]
    insert_rows(Delivery, rows)
    _hint()


def forget_texts(papers: Collection[str]) -> None:
    """Take the words of papers, by their public ids, out of what was told of them or is about to be: their texts are withheld.

    Part of the caller's transaction.
    """
    for public_id in papers:
        for delivery in Delivery.objects.filter(body__contains=f'"{public_id}"').select_for_update(no_key=True).order_by("pk"):
            told = json.loads(delivery.body)
            _forget_evidence(told, public_id)
            delivery.body = json.dumps(told, separators=(",", ":"))
            delivery.save(update_fields=["body"])


def _forget_evidence(told: Any, paper: str) -> None:
    for inner in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        _forget_evidence(inner, paper)
    if not isinstance(told, dict) or not told.get("evidence") or (told.get("paper") or {}).get("id") != paper:
        return
    if told["evidence"]["field"] == TextField.ABSTRACT:
        told["evidence"]["text"] = ""


def _hint() -> None:
    transaction.on_commit(partial(deliveries_wait.send, sender=Delivery))


# -- what is told: the shapes of the API, with whole addresses ------------------------------------------------------------------


def _absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _moment(when: datetime | None) -> str | None:
    return when.isoformat().replace("+00:00", "Z") if when else None


def _reference(entry: Any) -> dict[str, str]:
    return {"slug": entry.slug, "name": entry.name}


def _board(benchmark: Benchmark) -> dict[str, Any]:
    metric = benchmark.primary_metric
    return {
        "slug": benchmark.slug,
        "name": str(benchmark),
        "task": _reference(benchmark.task),
        "dataset": _reference(benchmark.dataset),
        "metric": {**_reference(metric), "unit": metric.unit, "direction": metric.direction} if metric else None,
        "url": _absolute(reverse("api:boards-detail", args=[benchmark.slug])),
        "page": _absolute(benchmark.get_absolute_url()),
    }


def _read_claims(ids: Iterable[int]) -> dict[int, Claim]:
    claims = Claim.objects.select_related(
        *("metric", "ml_model", "result__benchmark", "paper_text__paper", "source_record__paper", "source_record__source"),
    )
    return claims.defer("source_record__raw").in_bulk(set(ids))


def _claim(claim: Claim) -> dict[str, Any]:
    row = claim.result
    model = {"slug": claim.ml_model.slug if claim.ml_model else None, "name": claim.model_name or str(claim.ml_model)}
    record = claim.source_record
    paper = claim.paper_text.paper if claim.paper_text else record.paper if record else None
    page = f"{row.benchmark.get_absolute_url()}?open={row.public_id}#row-{row.public_id}" if row else ""
    return {
        "id": claim.public_id,
        "url": _absolute(reverse("api:claims-detail", args=[claim.public_id])),
        "model": model if claim.model_name or claim.ml_model else None,
        "variant": claim.variant or None,
        "value": claim.value,
        "value_max": claim.value_max,
        "stated": claim.stated,
        "unit": claim.unit,
        "decimals": claim.decimals,
        "qualifier": claim.qualifier,
        "canonical": _canonical(claim),
        "metric": _reference(claim.metric) if claim.metric else None,
        "board": row.benchmark.slug if row else None,
        "row": row.public_id if row else None,
        "page": _absolute(page) if page else None,
        "evidence": {"text": claim.evidence, "field": claim.field} if claim.paper_text else None,
        "record": {"table": record.source.name, "number": record.number, "column": claim.column} if record else None,
        "paper": _paper(paper) if paper else None,
        "state": claim.state,
        "decided_by": claim.decided_by,
    }


def _canonical(claim: Claim) -> dict[str, Any] | None:
    if claim.canonical_value is None:
        return None
    low, high = ranking.canonical(claim.value, claim.value_max, claim.canonical_value, claim.canonical_max)
    return {"value": low, "value_max": high, "unit": claim.metric.unit if claim.metric else ""}


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "id": paper.public_id,
        "title": paper.title,
        "arxiv_id": paper.arxiv_id or None,
        "date": paper.last_day.isoformat() if paper.last_day else None,
        "page": _absolute(paper.get_absolute_url()),
    }
