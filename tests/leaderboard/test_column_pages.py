"""The page on which somebody says what the columns of a table mean."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from claims import tasks
from claims.models import ChangeSet, ColumnMapping, Listing
from claims.services import ingest
from claims.services.storage import stored_path
from claims.terms import ListingState
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.pages import count_queries, post_form, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

TABLE = "Model,Acc (%),Params (M),Notes\n" + "".join(f"Net-{n},{70 + n / 10},{n + 1},<b>note {n}\n" for n in range(60))


@pytest.fixture(autouse=True)
def _catalogue(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()


@pytest.fixture
def lee(client: Client) -> Client:
    """The one who uploads."""
    client.force_login(make.make_user("lee", "upload_listing"))
    return client


def upload(client: Client, text: str = TABLE, name: str = "table.csv") -> Any:
    file = io.BytesIO(text.encode())
    file.name = name
    return client.post("/listings/upload/", {"file": file})


def address(listing: Listing) -> str:
    return f"{listing.get_absolute_url()}columns/"


def fields_of(response: Any) -> dict[str, str]:
    """Return what a browser would send of the page's form."""
    page = response.content.decode()
    page = page[page.index('<form class="columns"') : page.index("</form>", page.index('<form class="columns"'))]
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page):
        chosen = re.search(r'value="([^"]+)" selected', options)
        fields[name] = chosen[1] if chosen else "ignore"
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def test_upload_leads_to_the_columns_which_are_guessed(lee: Client) -> None:
    response = upload(lee)
    listing = Listing.objects.get()
    assert (response.headers["Location"], listing.state) == (address(listing), ListingState.UNMAPPED)
    response = lee.get(address(listing))
    words = text_of(response)
    assert "What is chosen below was guessed" in words
    assert "The first 50 rows" in words
    assert "Net-49" in words
    assert "Net-50" not in words
    assert "<b>note" not in response.content.decode()
    fields = fields_of(response)
    assert [fields[f"what-{number}"] for number in range(1, 5)] == ["model", "metric", "cost:parameters", "ignore"]
    assert (fields["metric-2"], fields["unit-2"], fields["unit-3"]) == ("Accuracy", "%", "M")


def test_form_that_is_sent_as_it_is_has_the_table_read(lee: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks, "announce", lambda listing: sent.append(listing.pk))
    upload(lee)
    listing = Listing.objects.get()
    fields = fields_of(lee.get(address(listing))) | {"task": "Image Classification", "dataset": "ImageNet"}
    response = post_form(lee, address(listing), **fields)
    assert (response.status_code, response.headers["Location"], sent) == (302, listing.get_absolute_url(), [listing.pk])
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE
    assert "said what its columns mean" in text_of(lee.get(listing.get_absolute_url()))
    assert lee.get(address(listing)).headers["Location"] == listing.get_absolute_url()
    again = post_form(lee, address(listing), **fields)
    assert again.status_code == 409
    response = upload(lee, TABLE + "Net-X,1,2,\n", "next.csv")
    offered = Listing.objects.get(name="next.csv")
    assert response.headers["Location"] == address(offered), "it may be of another dataset"
    assert fields_of(lee.get(address(offered)))["dataset"] == "ImageNet"


def test_errors_stand_beside_their_fields_and_what_was_sent_is_kept(lee: Client) -> None:
    upload(lee)
    listing = Listing.objects.get()
    fields = fields_of(lee.get(address(listing))) | {"unit-3": "parsecs", "metric-2": "", "task": "<i>Sorting"}
    response = post_form(lee, address(listing), **fields)
    page, words = response.content.decode(), text_of(response)
    assert response.status_code == 400
    assert 'id="e-2"' in page
    assert 'id="e-3"' in page
    assert 'id="e-dataset"' in page
    assert words.count("“parsecs” is no unit of parameters") == 1
    assert words.count("Nothing says on which dataset") == 1
    assert "Nothing was read yet. 3 fields need another look: Dataset , " in words
    assert 'href="#what-3"' in page
    assert "was guessed" not in words
    assert fields_of(response)["unit-3"] == "parsecs"
    assert "<i>Sorting" not in page
    assert (Listing.objects.get().state, ColumnMapping.objects.count()) == (ListingState.UNMAPPED, 0)


@pytest.mark.parametrize("change", [{"what-2": "cost:weight"}, {"what-2": None}, {"what-2": "script"}])
def test_choice_that_the_form_does_not_offer_is_refused(lee: Client, change: dict[str, Any]) -> None:
    upload(lee)
    listing = Listing.objects.get()
    fields = {name: value for name, value in (fields_of(lee.get(address(listing))) | change).items() if value is not None}
    response = post_form(lee, address(listing), **fields)
    assert response.status_code == 400
    assert "Choose what it means." in text_of(response)


@pytest.mark.parametrize("version", ["7", "", "x"])
def test_form_of_another_version_is_refused(lee: Client, version: str) -> None:
    upload(lee)
    listing = Listing.objects.get()
    fields = fields_of(lee.get(address(listing))) | {"version": version, "dataset": "ImageNet"}
    assert post_form(lee, address(listing), **fields).status_code == 409
    assert (Listing.objects.get().state, ChangeSet.objects.count()) == (ListingState.UNMAPPED, 0)


def test_only_who_may_manage_the_listing_names_its_columns(lee: Client) -> None:
    upload(lee)
    listing = Listing.objects.get()
    other = Client()
    assert other.get(address(listing)).headers["Location"].startswith("/login/?next=")
    assert "Columns not named yet" in text_of(other.get(listing.get_absolute_url()))
    assert address(listing) not in other.get(listing.get_absolute_url()).content.decode()
    other.force_login(make.make_user("kim", "upload_listing"))
    assert other.get(address(listing)).status_code == 403
    assert post_form(other, address(listing), version=1).status_code == 403
    assert upload(other).headers["Location"] == listing.get_absolute_url()
    other.force_login(make.make_user("max", "manage_listing"))
    assert other.get(address(listing)).status_code == 200


def test_listing_says_that_its_columns_are_not_named_yet(lee: Client) -> None:
    upload(lee)
    listing = Listing.objects.get()
    page = lee.get(listing.get_absolute_url())
    assert f'<a class="btn btn--main" href="{address(listing)}">Say what its columns mean</a>' in page.content.decode()
    assert "Stop reading" not in text_of(page)
    make.make_listing("read.txt", state=ListingState.DONE)
    assert "Columns not named yet 1" in text_of(lee.get("/listings/"))
    assert "table.csv" in text_of(lee.get("/listings/?state=unmapped"))


def test_file_that_is_gone_is_said(lee: Client) -> None:
    upload(lee)
    listing = Listing.objects.get()
    stored_path(listing.sha256).unlink()
    response = lee.get(address(listing))
    assert response.status_code == 409
    assert "Its stored file is gone." in text_of(response)


def test_query_count_does_not_grow_with_rows_and_columns(lee: Client) -> None:
    upload(lee, "Model,F1\nA,1\n", "small.csv")
    header = "Model," + ",".join(f"F{n}" for n in range(200))
    upload(lee, header + "\n" + ("A," + ",".join("1" for _ in range(200)) + "\n") * 60, "large.csv")
    small, large = Listing.objects.order_by("pk")
    assert count_queries(lee, address(small)) == count_queries(lee, address(large))
    fields = fields_of(lee.get(address(large))) | {"dataset": "ImageNet"}
    assert post_form(lee, address(large), **fields).status_code == 302
