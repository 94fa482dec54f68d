"""Since when an answer is as it is: never before its last change, whatever comes in between."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpRequest
from django.test import RequestFactory

from claims.api import dating
from claims.api.dating import find_date, note_date


class Clock:
    """The second that it is."""

    def __init__(self) -> None:
        self.now = 1_700_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(dating, "_now", clock)
    return clock


def ask(path: str = "/api/v1/claims/", **headers: Any) -> HttpRequest:
    return RequestFactory().get(path, **headers)


def test_answer_is_dated_to_when_it_was_first_given(clock: Clock) -> None:
    first = clock.now
    assert find_date(ask(), '"a"') is None, "nobody was given it"
    assert note_date(ask(), '"a"') == first
    clock.now += 100
    assert note_date(ask(), '"a"') == find_date(ask(), '"a"') == first


def test_another_answer_of_the_same_second_is_dated_to_the_next_and_not_told_before(clock: Clock) -> None:
    first = note_date(ask(), '"a"')
    assert note_date(ask(), '"b"') is None
    assert note_date(ask(), '"b"') is find_date(ask(), '"b"') is find_date(ask(), '"a"') is None
    clock.now += 1
    assert note_date(ask(), '"b"') == clock.now
    assert first is not None
    assert first < clock.now


def test_many_changes_in_a_second_are_each_dated_later(clock: Clock) -> None:
    for etag in ('"a"', '"b"', '"c"', '"d"'):
        note_date(ask(), etag)
    told = []
    for _ in range(4):
        told.append(find_date(ask(), '"d"'))
        clock.now += 1
    assert told == [None, None, None, clock.now - 1], "three changes are three seconds, told when they are over"


def test_answer_that_comes_back_is_dated_anew(clock: Clock) -> None:
    """A number was rejected, and that was undone: who has the answer in between must not take the old date for its own."""
    note_date(ask(), '"a"')
    clock.now += 10
    note_date(ask(), '"b"')
    clock.now += 10
    between = find_date(ask(), '"b"')
    assert note_date(ask(), '"a"') is None
    clock.now += 1
    again = note_date(ask(), '"a"')
    assert between is not None
    assert again is not None
    assert again > between


def test_clock_that_goes_back_makes_no_date_older(clock: Clock) -> None:
    note_date(ask(), '"a"')
    before, clock.now = clock.now, clock.now - 3600
    assert note_date(ask(), '"a"') is None, "it would be in the future"
    note_date(ask(), '"b"')
    clock.now = before + 10
    assert note_date(ask(), '"b"') == before + 1


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/api/v1/claims/?state=accepted"},
        {"path": "/api/v1/costs/"},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"HTTP_HOST": "other.example.org"},
    ],
)
def test_addresses_and_readers_are_dated_apart(clock: Clock, other: dict[str, str]) -> None:
    first = note_date(ask(), '"a"')
    clock.now += 10
    assert note_date(ask(**other), '"b"') == clock.now
    assert note_date(ask(), '"a"') == first


def test_readers_of_one_page_are_dated_apart(clock: Clock) -> None:
    first = note_date(ask(), '"a"', 1)
    clock.now += 10
    assert note_date(ask(), '"b"', 2) == clock.now
    assert note_date(ask(), '"a"', 1) == first


def test_addresses_that_share_a_slot_are_dated_later_and_never_as_each_other(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dating, "SLOTS", 1)
    first = note_date(ask("/a"), '"same"')
    assert note_date(ask("/b"), '"same"') is None
    clock.now += 1
    assert find_date(ask("/b"), '"same"') == clock.now
    assert find_date(ask("/a"), '"same"') is None
    note_date(ask("/a"), '"same"')
    clock.now += 1
    again = find_date(ask("/a"), '"same"')
    assert first is not None
    assert again is not None
    assert again > first


def test_memory_is_bounded_whatever_is_asked_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dating, "SLOTS", 8)
    slots = {dating._place(ask(f"/api/v1/claims/?cursor={number}"), '"a"', ())[0] for number in range(200)}
    assert slots == {str(number) for number in range(8)}
    options: Any = caches[dating.CACHE]
    assert options._max_entries > 16_384, "nothing that is remembered is thrown out before"


def test_of_two_that_are_first_at_once_one_is(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them read before a change and one after it: they must not be told the same date."""
    both = threading.Barrier(2)
    kind = type(caches[dating.CACHE])
    real = kind.get

    def get(cache: Any, *args: Any, **kwargs: Any) -> Any:
        found = real(cache, *args, **kwargs)
        if found is None:
            both.wait(timeout=10)  # neither goes on before the other has found nothing, too
        return found

    monkeypatch.setattr(kind, "get", get)
    told: list[int | None] = []
    threads = [threading.Thread(target=lambda etag=etag: told.append(note_date(ask(), etag))) for etag in ('"before"', '"after"')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told, key=str) == [clock.now, None]


def test_answers_go_on_without_dates_where_the_cache_is_away(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("the cache is away")

    monkeypatch.setattr(type(caches[dating.CACHE]), "get", fail)
    with caplog.at_level(logging.ERROR):
        assert note_date(ask(), '"a"') is find_date(ask(), '"a"') is None
    assert "the cache is away" in caplog.text
