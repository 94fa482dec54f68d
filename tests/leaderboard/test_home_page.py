"""The home page: its boards, in how many queries, and what it leaves out."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from claims.models import Result
from claims.terms import CurationState
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = pytest.mark.django_db


def test_home_lists_boards_by_area_with_their_leader(client: Client) -> None:
    board = make.make_board(3)
    make.make_board(2, benchmark=make.make_benchmark("Machine Translation", "WMT", area="Language"))
    response = client.get("/")
    text = text_of(response)
    leader = Result.objects.get(benchmark=board, model_name="SampleNet-2")
    assert "Vision 1 board" in text.replace("\u00a0", " ")
    assert "Language 1 board" in text.replace("\u00a0", " ")
    assert "SampleNet-2 61.0 Top-1 accuracy, % ↑ 3 3 Jan 2020" in text
    assert f'href="/sota/{board.slug}/?open={leader.public_id}#row-{leader.public_id}"' in response.content.decode()


def test_home_without_boards_tells_how_to_begin(client: Client) -> None:
    text = text_of(client.get("/"))
    assert "No board yet" in text
    assert "Upload a listing" in text
    assert "manage.py ingest" in text


def test_home_counts_the_boards_that_it_leaves_out(client: Client) -> None:
    make.make_board(2)
    lonely = make.make_benchmark("Detection", "COCO", reviewed=False)
    make.make_board(1, benchmark=lonely)
    response = client.get("/")
    assert lonely.slug not in response.content.decode()
    assert "1 board that nobody has reviewed, with one result, is not listed" in text_of(response).replace("\u00a0", " ")
    assert lonely.slug in client.get("/?boards=all").content.decode()


def test_home_shows_the_accepted_leader_where_unreviewed_is_hidden(client: Client, settings: Any) -> None:
    benchmark = make.make_board(2)
    make.make_claim("50.5%", benchmark=benchmark, model="Vouched", state=CurationState.ACCEPTED)
    settings.SHOW_UNREVIEWED = False
    assert "Vouched 50.5" in text_of(client.get("/"))


def test_home_query_count_is_constant(client: Client) -> None:
    make.make_board(2)
    few = count_queries(client, "/")
    for number in range(12):
        make.make_board(2, benchmark=make.make_benchmark("Task", f"Set {number}", area=f"Area {number % 3}"))
    assert count_queries(client, "/") == few
