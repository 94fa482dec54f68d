"""The catalogue's pages for curators: what is not reviewed, what may be one, merging with a preview, and undo by the message."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from claims.boards import duplicates
from claims.models import Alias, Benchmark, ChangeSet, Claim, Dataset, Metric, Task
from tests import factories as make
from tests.pages import count_queries, post_form, text_of, unbalanced

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LONG = "H" * 120
HOSTILE = "<script>alert('heron')</script>"


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make.make_user("kim", "change_claim", "change_cost"))
    return client


@pytest.fixture
def source() -> Dataset:
    """A dataset that a text brought, with a claim on a board of its own, beside one that is known."""
    known = make.make_benchmark(dataset="HeronSet")
    make.make_claim("81.2%", benchmark=known, model="Egret")
    board = make.make_benchmark(dataset="Heron-Set v")
    make.make_claim("80.1%", benchmark=board, model="Bittern")
    paper = make.make_paper(HOSTILE)
    Dataset.objects.filter(pk=board.dataset_id).update(reviewed=False, introduced_by=paper, introduced_in=f"It is {HOSTILE} of herons.")
    for dataset in (known.dataset, board.dataset):
        Alias.objects.create(kind="dataset", text=dataset.name, key=f"alias{dataset.pk}", dataset=dataset)
    return Dataset.objects.get(pk=board.dataset_id)


def address(entry: Any, act: str = "") -> str:
    return f"/review/catalogue/{entry._meta.model_name}/{entry.public_id}/{act}"


def test_pages_close_what_they_open(curator: Client, source: Dataset) -> None:
    paper = source.introduced_by
    assert paper is not None
    known = Dataset.objects.get(name="HeronSet")
    metric = Metric.objects.get()
    for path in (
        "/review/",
        "/review/bulk/?act=accept",
        "/review/reports/",
        "/review/catalogue/",
        "/review/catalogue/?show=alike",
        "/review/catalogue/?kind=task",
        "/review/catalogue/?kind=paper",
        address(source),
        address(source, "merge/"),
        f"{address(source, 'merge/')}?into={known.public_id}",
        f"/review/catalogue/metric/{metric.public_id}/meaning/",
        paper.get_absolute_url(),
        f"{paper.get_absolute_url()}merge/",
        f"{paper.get_absolute_url()}text/",
        "/log/",
        "/about/quality/",
    ):
        assert unbalanced(curator.get(path)) == [], path


def test_unreviewed_names_stand_with_their_sentences_and_can_be_confirmed(curator: Client, source: Dataset) -> None:
    response = curator.get("/review/catalogue/")
    text = text_of(response)
    assert "Heron-Set v" in text
    assert "of herons." in text
    assert HOSTILE not in response.content.decode()
    assert "1 not reviewed" in text
    made = post_form(curator, address(source), act="review", version=source.version)
    assert made.status_code == 302
    source.refresh_from_db()
    assert source.reviewed
    page = curator.get(made["Location"])
    assert "All are reviewed" in text_of(page)
    undo = re.search(r'action="(/changes/[a-z0-9]+/undo/)"', page.content.decode())
    assert undo
    post_form(curator, undo[1])
    source.refresh_from_db()
    assert not source.reviewed


def test_names_that_are_alike_are_paired_and_a_merge_is_shown_before_it_is_made(curator: Client, source: Dataset) -> None:
    target = Dataset.objects.get(name="HeronSet")
    text = text_of(curator.get("/review/catalogue/?kind=dataset&show=alike"))
    assert "1 pair that may be one" in text.replace("\xa0", " ")
    page = curator.get(f"{address(source, 'merge/')}?into={target.public_id}")
    text = text_of(page)
    assert "becomes one with Image Classification on HeronSet" in text
    assert "Claims that move 1" in text
    made = post_form(curator, address(source, "merge/"), into=target.public_id, version=source.version)
    assert made.status_code == 302
    assert Claim.objects.filter(dataset=target).count() == 2
    assert curator.get(source.get_absolute_url())["Location"] == target.get_absolute_url()
    old = Benchmark.objects.get(dataset=source)
    assert curator.get(old.get_absolute_url())["Location"].startswith(f"/sota/{old.merged_into.slug}/")  # type: ignore[union-attr]
    page = curator.get(made["Location"])
    assert "Heron-Set v was merged into HeronSet." in text_of(page)
    assert "merged" in text_of(curator.get("/log/"))
    assert text_of(curator.get(f"/log/{ChangeSet.objects.latest('pk').public_id}/"))
    undo = re.search(r'action="(/changes/[a-z0-9]+/undo/)"', page.content.decode())
    assert undo
    assert post_form(curator, undo[1]).status_code == 302
    assert Claim.objects.filter(dataset=source).count() == 1
    assert curator.get(old.get_absolute_url()).status_code == 200


def test_merge_that_is_sent_twice_or_too_late_is_refused_and_says_why(curator: Client, source: Dataset) -> None:
    target = Dataset.objects.get(name="HeronSet")
    body = {"into": target.public_id, "version": source.version}
    assert post_form(curator, address(source, "merge/"), **body).status_code == 302
    again = post_form(curator, address(source, "merge/"), **body)
    assert again.status_code == 400
    assert "was merged into “HeronSet” already" in text_of(again)
    stale = post_form(curator, address(target, "merge/"), into=make.make_benchmark(dataset="Other").dataset.public_id, version=9)
    assert (stale.status_code, "changed since" in text_of(stale)) == (409, True)
    for wrong in ({"into": "nothere", "version": 1}, {"into": target.public_id}, {"version": 1}, {"into": target.public_id, "version": 1}):
        assert post_form(curator, address(target, "merge/"), **wrong).status_code == 400
    assert ChangeSet.objects.count() == 1
    assert curator.get(address(source)).status_code == 302
    assert curator.get(f"{address(source, 'merge/')}?into=nothere").status_code == 302


def test_other_kinds_and_strangers_are_refused(client: Client, source: Dataset) -> None:
    for path in ("/review/catalogue/", address(source), address(source, "merge/")):
        assert client.get(path).status_code == 302
    client.force_login(make.make_user("uploader", "upload_listing"))
    assert client.get("/review/catalogue/").status_code == 403
    answer = post_form(client, address(source, "merge/"), into=Dataset.objects.get(name="HeronSet").public_id, version=1)
    assert answer.status_code == 403
    client.force_login(make.make_user("kim", "change_claim", "change_cost"))
    task = Task.objects.get()
    assert post_form(client, address(source, "merge/"), into=task.public_id, version=1).status_code == 400
    assert client.get(f"{address(source, 'merge/')}?into={task.public_id}").status_code == 404
    assert not ChangeSet.objects.exists()


def test_metric_says_which_boards_turn_round(curator: Client, source: Dataset) -> None:
    metric = Metric.objects.get()
    path = address(metric, "meaning/")
    text = text_of(curator.get(path)).replace("\xa0", " ")
    assert "2 boards rank by it" in text
    assert "led now by Egret with 81.2" in text
    assert post_form(curator, path, direction="sideways", unit="%", version=1).status_code == 400
    assert post_form(curator, path, direction="lower", unit="%", version=7).status_code == 409
    assert post_form(curator, path, direction="lower", unit="%", version=1).status_code == 302
    metric.refresh_from_db()
    assert metric.direction == "lower"


def test_rename_that_can_not_be_says_why_and_keeps_what_was_typed(curator: Client, source: Dataset) -> None:
    answer = post_form(curator, address(source), act="rename", version=source.version, name="alias")
    assert answer.status_code == 302
    source.refresh_from_db()
    answer = post_form(curator, address(source), act="rename", version=source.version, name=LONG * 3)
    assert answer.status_code == 400
    assert "300 are the most" in text_of(answer)
    assert LONG in answer.content.decode()


def test_queries_of_the_lists_do_not_grow_with_names(curator: Client, source: Dataset) -> None:
    paths = ("/review/catalogue/", "/review/catalogue/?show=alike", address(source, "merge/") + "?q=heron")
    before = [count_queries(curator, path) for path in paths]
    for number in range(20):
        dataset = Dataset.objects.create(
            name=f"Heron set{'s' * (number % 3)} {LONG[:number]}", slug=f"h{number}", introduced_by=make.make_paper()
        )
        Alias.objects.create(kind="dataset", text=dataset.name, key=f"h{number}", dataset=dataset)
    assert [count_queries(curator, path) for path in paths] == before


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ImageNet-1K", "ImageNet 1k", True),
        ("HeronSet", "Heron Sets", True),
        ("Answer Heron", "Heron-Answer", True),
        ("CIFAR-10", "CIFAR-100", False),
        ("HeronNet v1", "HeronNet v2", False),
        ("SeiT", "SeiT++", False),
        ("AP", "mAP", False),
    ],
)
def test_names_are_alike_but_for_a_letter_a_sign_or_their_order(one: str, other: str, alike: bool) -> None:
    crowd = [(f"{word} Benchmark", 10 + place) for place, word in enumerate(("Bird", "Fish", "Stone", "Water", "Moon", "Sun"))]
    found = {(a[0], b[0]) for a, b, _ in duplicates.compare(sorted([(one, 1), (other, 2), *crowd]))}
    assert bool(found & {(one, other), (other, one)}) == alike


def test_paper_is_merged_by_an_arxiv_address_and_split_off_again(curator: Client) -> None:
    known = make.make_paper("Herons at dawn", arxiv_id="2101.00001")
    other = make.make_paper(f"Herons at dawn: {LONG}")
    path = f"/papers/{other.public_id}/merge/"
    for text in ("https://arxiv.org/abs/2101.00001v3", "arXiv:2101.00001", "Herons at"):
        assert "Herons at dawn" in text_of(curator.get(path, {"q": text}))
    assert "No other paper here has the arXiv id 2101.00009" in text_of(curator.get(path, {"q": "2101.00009"}))
    assert "Merge them" in text_of(curator.get(path, {"into": known.public_id}))
    made = post_form(curator, path, into=known.public_id, version=other.version)
    assert made["Location"] == known.get_absolute_url()
    assert curator.get(other.get_absolute_url())["Location"] == known.get_absolute_url()
    assert curator.get(f"/api/v1/papers/{other.public_id}/")["Location"].endswith(f"/api/v1/papers/{known.public_id}/")
    assert post_form(curator, path, into=known.public_id, version=other.version).status_code == 400
    known.refresh_from_db()
    texts = list(known.texts.order_by("pk").values_list("pk", flat=True))
    page = text_of(curator.get(f"/papers/{known.public_id}/merge/"))
    assert "Split off what is another paper" in page
    split = f"/papers/{known.public_id}/split/"
    assert post_form(curator, split, version=known.version, texts=texts[1], arxiv_id="nonsense").status_code == 400
    assert post_form(curator, split, version=known.version + 1, texts=texts[1]).status_code == 409
    assert post_form(curator, split, version=known.version, texts=texts[1], arxiv_id="2101.00002").status_code == 302
    assert known.texts.count() == 1


def test_api_leads_on_from_what_was_merged_and_keeps_the_address_of_what_was_renamed(curator: Client, source: Dataset) -> None:
    target = Dataset.objects.get(name="HeronSet")
    post_form(curator, address(source, "merge/"), into=target.public_id, version=source.version)
    answer = curator.get(f"/api/v1/datasets/{source.slug}/?fields=name")
    assert (answer.status_code, answer["Location"].endswith("/api/v1/datasets/heronset/?fields=name")) == (308, True)
    post_form(curator, address(target), act="rename", version=target.version, name="Heron Images")
    assert curator.get("/api/v1/datasets/heronset/").json()["name"] == "Heron Images"
    assert curator.get("/api/v1/datasets/never/").status_code == 404
    told = curator.get("/api/v1/decisions/").json()["results"]
    assert [act["action"] for act in told] == ["edit", "merge"]
    assert told[1]["objects"][0]["after"]["merged_into"] == "heronset"
