"""The page of an uploaded table: what it brought, what could not be read, and what has no counterpart in other tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from claims.models import Listing, ListingIssue
from claims.services import ingest, storage, table_receipts, uploads
from leaderboard import operation
from tests.catalogue import load_catalogue
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

RESULTS = "model,img_size,top1,top5,param_count\n"
SPEEDS = "model,infer_img_size,infer_samples_per_sec,infer_gmacs\n"
RESULTS_NAME, SPEEDS_NAME = "results-imagenet.csv", "benchmark-infer-amp-nchw-pt291-cu130-5090.csv"


@pytest.fixture(autouse=True)
def _catalogue(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()


def read(text: str, name: str = RESULTS_NAME) -> Listing:
    listing, _ = storage.store_upload(io.BytesIO(text.encode()), name=name, actor="lee")
    return ingest.ingest_in_foreground(listing)


def results(number: int) -> str:
    return RESULTS + "".join(f"net{n}.a,224,{70 + n % 10}.5,9{n % 10}.25,{n + 3}.5\n" for n in range(number))


def speeds(*models: str) -> str:
    return SPEEDS + "".join(f"{model},224,1000.5,4.1\n" for model in models)


def download(client: Client, url: str) -> list[list[str]]:
    response: Any = client.get(url)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_receipt_of_a_table_speaks_of_records_rows_and_costs(client: Client) -> None:
    listing = read(results(3))
    page = text_of(client.get(listing.get_absolute_url()))
    assert "Read: 3 records" in page
    assert "3 rows on boards" in page
    assert "Papers named" in page
    assert "net1" in page
    assert f"/listings/{listing.public_id}/records/2/" in client.get(listing.get_absolute_url()).content.decode()
    for word in ("Dated here", "not taken", "Year", "Joins"):
        assert word not in page


def test_rows_without_costs_and_costs_without_rows_are_named(client: Client) -> None:
    scored = read(results(25))
    priced = read(speeds("net0", "net1", "other"), SPEEDS_NAME)
    (join,) = table_receipts.find_joins_of(scored)
    assert (join.joined, join.total, join.table, len(join.missing), len(join.first_missing)) == (2, 25, priced, 23, 20)
    page = text_of(client.get(scored.get_absolute_url()))
    assert f"2 of 25 rows have costs of {SPEEDS_NAME}" in page
    assert "23 others: no record of its model and image size (the first 20 here)" in page
    found = download(client, f"/listings/{scored.public_id}/unjoined.csv")
    assert (len(found), found[0]) == (24, ["file", "other file", "record", "model", "variant", "reason"])
    assert found[1] == [RESULTS_NAME, SPEEDS_NAME, "3", "net2", "a", "no record of its model and image size"]
    of_scores, of_any = table_receipts.find_joins_of(priced)
    assert (of_scores.joined, of_scores.total, of_scores.table) == (2, 3, scored)
    assert [(missing.record, missing.model) for missing in of_any.missing] == [(3, "other")]
    assert "2 of 3 records are costs of at least one row." in text_of(client.get(priced.get_absolute_url()))
    uploads.withdraw(scored, actor="lee", version=scored.version)
    scored.refresh_from_db()
    assert table_receipts.find_joins_of(scored) == []


def test_table_of_pretraining_is_compared_with_the_tags(client: Client) -> None:
    read(RESULTS + "net0.x_in1k,224,80.5,95.5,3\nnet0.x_in21k_ft_in1k,224,81.5,95.5,3\nnet1.x_in1k,224,70,90,3\n")
    told = read("model,pretrain\nnet0,in1k\nnet1,in1k\nnet2,in21k-in1k\n", "model_metadata-in1k.csv")
    named, agreeing = table_receipts.find_joins_of(told)
    assert (named.joined, named.total, [missing.model for missing in named.missing]) == (2, 3, ["net2"])
    assert (agreeing.joined, agreeing.total) == (2, 3)
    assert [(missing.model, missing.variant, missing.reason) for missing in agreeing.missing] == [
        ("net0", "x_in21k_ft_in1k", "the table says no extra data, the tag ImageNet-21K")
    ]
    page = text_of(client.get(told.get_absolute_url()))
    assert "the tag ImageNet-21K" in page
    # What states no number is called by what it begins with.
    assert "1 net0 2 net1 3 net2" in page


def test_table_is_spoken_of_in_records(client: Client) -> None:
    table = read(results(3))
    assert "New results stand on their boards as Imported Unreviewed" in text_of(client.get(table.get_absolute_url()))
    assert operation._describe_listing(table) == f"{RESULTS_NAME}: done, 3 records"
    uploads.withdraw(table, actor="kim", version=table.version)
    shown = text_of(client.get(table.get_absolute_url()))
    assert "This table was withdrawn" in shown
    assert "Its numbers are off the boards" in shown
    assert "Papers that no other listing shows" not in shown


def test_metrics_without_a_direction_are_listed(client: Client) -> None:
    table = '[{"task": "Odd Counting", "datasets": [{"dataset": "OddSet", "sota": {"rows": [{"model_name": "A", "metrics": {"Oddness": "3"}}]}}]}]'
    page = text_of(client.get(read(table, "odd.json").get_absolute_url()))
    assert "Metrics without a direction" in page
    assert "Oddness" in page


def test_what_could_not_be_read_is_shown_with_its_place_and_downloaded(client: Client) -> None:
    listing = read(RESULTS + 'net0.a,224,"=1+2",95.5,x\nnet1.a,224,71.5,91.5,3\n')
    page = text_of(client.get(listing.get_absolute_url()))
    assert "record 1, top1" in page
    assert "=1+2" in page
    rows = download(client, f"/listings/{listing.public_id}/unread.csv")
    assert rows[0] == ["file", "line", "record", "column", "value", "reason"]
    assert [row[:5] for row in rows[1:]] == [
        [RESULTS_NAME, "", "1", "param_count", "x"],
        [RESULTS_NAME, "", "1", "top1", "'=1+2"],
    ] or [row[:5] for row in rows[1:]] == [
        [RESULTS_NAME, "", "1", "top1", "'=1+2"],
        [RESULTS_NAME, "", "1", "param_count", "x"],
    ]
    assert client.get("/listings/nosuchlisting/unread.csv").status_code == 404


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_download_is_a_formula(client: Client, start: str) -> None:
    listing = read(results(1))
    ListingIssue.objects.create(listing=listing, record=7, column=f"{start}x", stated=f"{start}cmd|' /C calc'!A0", reason="It is odd.")
    (_, row) = download(client, f"/listings/{listing.public_id}/unread.csv")
    assert row[2:] == ["7", f"'{start}x", f"'{start}cmd|' /C calc'!A0", "It is odd."]


def test_queries_of_a_tables_page_and_downloads_are_constant(client: Client) -> None:
    counts = []
    for number in (2, 30):
        scored = read(results(number))
        read(speeds("net0", *(f"other{n}" for n in range(number))), SPEEDS_NAME)
        ListingIssue.objects.bulk_create(ListingIssue(listing=scored, record=n, reason="odd") for n in range(number * 10))
        pages = ("", "unread.csv", "unjoined.csv")
        counts.append([count_queries(client, f"{scored.get_absolute_url()}{page}") for page in pages])
    assert counts[0] == counts[1]


def test_bar_of_more_than_a_thousand_records_is_full(client: Client) -> None:
    page = client.get(read(results(1200)).get_absolute_url()).content.decode()
    assert '<progress class="bar" max="1200" value="1200"' in page
