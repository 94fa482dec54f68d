"""What people say of a table's columns: checked, kept, and used again for the next table with the same headers."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from claims.errors import InvalidDecisionError, MappingError, StaleObjectError, TooManyUploadsError
from claims.listings.base import Column, TableMapping
from claims.listings.columns import read_column
from claims.models import ChangeSet, Claim, ColumnMapping, Cost, Listing, Result, SourceRecord
from claims.services import changes, ingest, mappings, storage, uploads
from claims.terms import ColumnMeaning, ListingState
from tests import factories as make
from tests.catalogue import load_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]

TABLE = "Model,Top-1,Params (M)\nNet-A,81.2,25.6\nNet-B,82.0,30\nNet-A,80.9,25.6\n"
HEADERS = ("Model", "Top-1", "Params (M)")


def upload(text: str = TABLE, name: str = "table.csv", **fields: object) -> Listing:
    load_catalogue()
    return storage.store_upload(io.BytesIO(text.encode()), name=name, actor="kim", **fields)[0]  # type: ignore[arg-type]  # a test's


def say(task: str = "Image Classification", dataset: str = "ImageNet", **columns: str) -> TableMapping:
    written = {"Model": "model", "Top-1": "metric:Top-1 accuracy:%", "Params (M)": "cost:parameters:M"} | columns
    return TableMapping({header: read_column(text) for header, text in written.items() if text}, task, dataset)


def test_table_waits_for_its_columns_and_is_read_by_them() -> None:
    listing = upload()
    assert (listing.state, listing.format) == (ListingState.UNMAPPED, "table")
    assert ingest.find_work(force=True) == []
    assert ingest.ingest_in_foreground(listing).state == ListingState.UNMAPPED
    done = mappings.set_mapping(listing, say(), headers=HEADERS, actor="kim", version=listing.version)
    listing.refresh_from_db()
    assert (listing.state, listing.version) == (ListingState.WAITING, 2)
    decision = done.decisions.get()
    assert (done.action, decision.before, decision.after) == ("name columns", {"state": "unmapped"}, {"state": "waiting"})
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE
    assert (SourceRecord.objects.count(), Claim.objects.count(), Cost.objects.count()) == (3, 3, 3)
    assert sorted(Cost.objects.values_list("value", flat=True)) == [25.6e6, 25.6e6, 30e6]
    assert Result.objects.count() == 3, "the second row of Net-A is a row of its own"


def test_mapping_is_used_again_for_the_same_headers_and_no_others() -> None:
    table = TABLE.replace("Model", "Dataset,Model", 1).replace("Net", "ImageNet,Net")
    headers, columns = ("Dataset", *HEADERS), say(dataset="", Dataset="dataset")
    mappings.set_mapping(upload(table), columns, headers=headers, actor="kim", version=1)
    again = upload(table.replace("Net-", "Map-"), "again.csv")
    assert again.state == ListingState.WAITING
    assert ingest.ingest_in_foreground(again).state == ListingState.DONE
    assert again.mapping["columns"]["Top-1"]["name"] == "Top-1 accuracy"
    assert upload(TABLE.replace("Model", "Name"), "other.csv").state == ListingState.UNMAPPED


def test_dataset_that_was_named_for_a_whole_table_is_asked_for_again() -> None:
    mappings.set_mapping(upload(), say(), headers=HEADERS, actor="kim", version=1)
    again = upload(TABLE.replace("Net", "Map"), "again.csv")
    assert again.state == ListingState.UNMAPPED, "nothing in the file says that it is of the same dataset"
    assert mappings.recall(HEADERS)["dataset"] == "ImageNet", "but it is offered"
    mappings.set_mapping(again, say(dataset="COCO"), headers=HEADERS, actor="lee", version=1)
    known = ColumnMapping.objects.get()
    assert (known.actor, known.mapping["dataset"], known.headers) == ("lee", "COCO", list(HEADERS))


def test_same_file_again_changes_nothing() -> None:
    listing = upload()
    mappings.set_mapping(listing, say(), headers=HEADERS, actor="kim", version=1)
    ingest.ingest_in_foreground(listing)
    before = (Claim.objects.count(), Cost.objects.count(), Result.objects.count(), ChangeSet.objects.count())
    assert upload().pk == listing.pk
    ingest.ingest_in_foreground(listing)
    assert before == (Claim.objects.count(), Cost.objects.count(), Result.objects.count(), ChangeSet.objects.count())


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (say(Model=""), "No column names the model or the paper."),
        (say(**{"Top-1": "", "Params (M)": ""}), "No column states a result or a cost."),
        (say(dataset=""), "Nothing says on which dataset"),
        (say(dataset="x" * 301), "The dataset’s name has more than 300 characters."),
        (say(**{"Top-1": "metric"}), "“Top-1”: It has no metric’s name."),
        (say(**{"Top-1": "model"}), "“Top-1”: It is the second column named so, after “Model”."),
        (say(**{"Params (M)": "metric:top-1 Accuracy"}), "“Params (M)”: It is the second column for the same numbers, after “Top-1”."),
        (say(**{"Params (M)": "cost:parameters:ms"}), "“Params (M)”: “ms” is no unit of parameters."),
        (say(Nowhere="model"), "“Nowhere”: The table has no such column. It has “Model”"),
        (replace(say(), columns={"Model": Column(ColumnMeaning.COST, "weight")}), "“weight” is no measure of a cost."),
        (replace(say(), columns={"Model": Column(ColumnMeaning.CONDITION, "mood")}), "“mood” is no kind of condition."),
    ],
)
def test_mapping_that_is_no_way_to_read_the_table_is_refused_whole(mapping: TableMapping, message: str) -> None:
    listing = upload()
    with pytest.raises(MappingError) as raised:
        mappings.set_mapping(listing, mapping, headers=HEADERS, actor="kim", version=1)
    assert message in raised.value.message
    listing.refresh_from_db()
    assert (listing.state, listing.mapping, ColumnMapping.objects.count(), ChangeSet.objects.count()) == (ListingState.UNMAPPED, {}, 0, 0)


def test_costs_alone_need_no_dataset_and_two_machines_are_two_costs() -> None:
    columns = {"Top-1": "cost:latency:ms:RTX 5090", "Params (M)": "cost:latency:ms:CPU"}
    mappings.check_mapping(say(task="", dataset="", **columns), HEADERS)


def test_what_was_read_keeps_its_mapping() -> None:
    listing = upload()
    mappings.set_mapping(listing, say(), headers=HEADERS, actor="kim", version=1)
    ingest.ingest_in_foreground(listing)
    with pytest.raises(InvalidDecisionError, match=r"was settled when reading it began.*upload the table again under another header"):
        mappings.set_mapping(listing, say(dataset="COCO"), headers=HEADERS, actor="kim", version=None)
    assert ColumnMapping.objects.get().mapping["dataset"] == "ImageNet"


def test_somebody_who_saw_an_older_version_is_refused() -> None:
    with pytest.raises(StaleObjectError):
        mappings.set_mapping(upload(), say(), headers=HEADERS, actor="kim", version=7)


def test_table_takes_its_uploaders_place_when_it_is_opened(settings: object) -> None:
    user = make.make_user("lee", "upload_listing")
    listing = upload(uploaded_by=user)
    settings.MAX_OPEN_UPLOADS = 1  # type: ignore[attr-defined]  # pytest-django's
    make.make_listing("open.txt", state=ListingState.WAITING, uploaded_by=user)
    with pytest.raises(TooManyUploadsError, match=r"table\.csv was not read"):
        mappings.set_mapping(listing, say(), headers=HEADERS, actor="lee", version=1)


def test_unmapped_table_is_withdrawn_and_put_back_but_not_stopped() -> None:
    listing = upload()
    with pytest.raises(InvalidDecisionError, match="nothing to stop"):
        uploads.stop(listing, actor="kim", version=1)
    done = uploads.withdraw(listing, actor="kim", version=1)
    with pytest.raises(InvalidDecisionError):
        mappings.set_mapping(listing, say(), headers=HEADERS, actor="kim", version=None)
    changes.undo(done.change_set, actor="kim")
    listing.refresh_from_db()
    assert listing.state == ListingState.UNMAPPED
