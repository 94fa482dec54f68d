"""The page of a table's record, and what tables say on a paper's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from claims.listings.base import TableCell
from claims.models import Claim, Paper, Result
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.pages import count_queries, decide, text_of
from tests.tables import score, take_in

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue()


def test_record_page_shows_the_record_and_what_was_read(client: Client) -> None:
    listing = take_in("a.csv", [score(top1="81.52"), score(2, "OtherNet")])
    page = text_of(client.get(f"/listings/{listing.public_id}/records/1/"))
    assert "Record 1 of a.csv" in page
    assert "names no paper" in page
    assert "top1 81.52" in page
    assert "Top-1 accuracy on ImageNet-1K" in page
    assert "column “ top1 ”" in page.replace("“top1”", "“ top1 ”")
    assert "OtherNet" not in page
    assert client.get(f"/listings/{listing.public_id}/records/3/").status_code == 404
    assert client.get(f"/listings/{listing.public_id}/records/99999999999999999999/").status_code == 404


def test_record_page_escapes_what_a_file_says(client: Client) -> None:
    listing = take_in("a.csv", [score(model="<script>alert(1)</script>")])
    assert b"<script>alert" not in client.get(f"/listings/{listing.public_id}/records/1/").content


def test_curator_decides_on_a_number_of_a_record(client: Client) -> None:
    listing = take_in("a.csv", [score()])
    client.force_login(make.make_user("kim", "change_claim", "change_cost"))
    address = f"/listings/{listing.public_id}/records/1/"
    assert "Accept" in text_of(client.get(address))
    assert decide(client, Claim.objects.get(), next=address).status_code == 302
    assert Claim.objects.get().state == "accepted"
    assert "Undo" in text_of(client.get(address))


def test_paper_page_shows_what_tables_say_of_it(client: Client) -> None:
    listing = take_in("a.csv", [score(arxiv_id="2303.00001", paper_title="On Order")])
    paper = Paper.objects.get()
    page = text_of(client.get(paper.get_absolute_url()))
    assert "From tables" in page
    assert "from a.csv, record 1" in page
    assert f"/listings/{listing.public_id}/records/1/" in client.get(paper.get_absolute_url()).content.decode()
    assert "No listing gives a text of this paper." in page


def test_queries_of_both_pages_do_not_grow(client: Client) -> None:
    named: dict[str, Any] = {"arxiv_id": "2303.00001", "paper_title": "On Order"}
    listing = take_in("a.csv", [score(**named)])
    few = [
        count_queries(client, address) for address in (Paper.objects.get().get_absolute_url(), f"/listings/{listing.public_id}/records/1/")
    ]
    take_in("b.csv", [score(number, f"Net{number}", **named) for number in range(1, 30)])
    many = [
        count_queries(client, address) for address in (Paper.objects.get().get_absolute_url(), f"/listings/{listing.public_id}/records/1/")
    ]
    assert many == few


def test_row_shows_what_contradicts_its_number_also_where_the_metric_is_another(client: Client) -> None:
    named: dict[str, Any] = {"arxiv_id": "2303.00001", "paper_title": "On Order"}
    take_in("a.csv", [score(top1="81.52", **named)])
    take_in("b.csv", [score(cells=(TableCell("acc", "84.1", metric="Accuracy", unit="%"),), **named)])
    result = Result.objects.get()
    address = f"{result.benchmark.get_absolute_url()}?open={result.public_id}"
    page = text_of(client.get(address))
    assert "Also stated" in page
    assert "≠ 2" in page
    others = page.partition("Also stated")[2]
    assert "Accuracy 84.1 %" in others
    assert "b.csv, record 1" in others
    assert "≠" in others.partition("b.csv")[0], "the other number has its own mark"
