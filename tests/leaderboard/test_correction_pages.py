"""Correcting on the pages: the form and what it refuses, what was extracted beside what it is, splitting, and adding what was missed."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from claims.models import ChangeSet, Claim, Cost, Dataset, Metric, Paper
from claims.services import correction, curation, search_names
from claims.terms import CostMeasure, CurationState
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.pages import decide, post_form, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

HOSTILE = "<b>x</b> & \u202e\"'{{ 7|add:7 }}"
ABSTRACT = (
    "Before us others had much. SampleNet reaches 86.2% on ImageNet-1K, or 60.5-65.5% without. It has 21M parameters 🦢, and 93.5 more."
)


def make_paper(*, catalogue: bool = False, **fields: Any) -> tuple[Paper, Claim, Cost]:
    """Return a paper with a claim and a cost, and a number that was not taken; with a `catalogue`, names are found by their aliases."""
    if catalogue:
        load_catalogue()
    board = make.make_benchmark()
    paper = make.make_paper("SampleNet", abstract=ABSTRACT)
    claim = make.make_claim("86.2%", benchmark=board, paper=paper, **fields)
    cost = make.make_cost("21M", paper=paper)
    make.make_reading(paper, [["abstract", ABSTRACT.index("93.5"), ABSTRACT.index("93.5") + 4, "no_metric"]])
    return paper, claim, cost


def address(statement: Claim | Cost) -> str:
    return f"/{statement._meta.model_name}s/{statement.public_id}/correct/"


def fields_of(response: Any) -> dict[str, str]:
    """Return what the page's form would send as it stands."""
    page = response.content.decode().partition("correct__form")[2].partition("</form>")[0]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", page):
        named, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if named and 'type="checkbox"' not in tag:
            sent[named[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select name="([^"]*)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(r'<option value="([^"]*)"', options)
        sent[name] = unescape(chosen[1]) if chosen else ""
    return sent


def send(client: Client, statement: Claim | Cost, **changed: Any) -> Any:
    """Open the form, change some fields, and send it."""
    sent = fields_of(client.get(address(statement)))
    return post_form(client, address(statement), **(sent | changed))


# ---- correcting ----


def test_form_shows_the_number_as_it_is_in_its_sentence(curator: Client) -> None:
    _, claim, cost = make_paper()
    response = curator.get(address(claim))
    assert response.status_code == 200
    sent = fields_of(response)
    assert {name: sent[name] for name in ("number", "qualifier", "kind", "role", "model", "dataset", "metric", "task", "version")} == {
        "number": "86.2%",
        "qualifier": "=",
        "kind": "absolute",
        "role": "proposed",
        "model": "SampleNet",
        "dataset": "ImageNet-1K",
        "metric": "Top-1 accuracy",
        "task": "",
        "version": "1",
    }
    page = response.content.decode()
    assert '<mark class="mark">86.2%</mark>' in page
    assert fields_of(curator.get(address(cost)))["measure"] == "parameters"


def test_number_is_corrected_and_the_message_takes_it_back(curator: Client) -> None:
    paper, claim, _ = make_paper()
    response = send(curator, claim, number="83.2%", next=f"{paper.get_absolute_url()}#c1")
    assert (response.status_code, response.headers["Location"]) == (302, f"{paper.get_absolute_url()}#c1")
    claim.refresh_from_db()
    assert (claim.value, claim.state, claim.extracted["value"], set(claim.extracted) & {"variant", "model_name"}) == (
        83.2,
        "accepted",
        86.2,
        set(),
    )
    page = curator.get(paper.get_absolute_url())
    words = text_of(page)
    assert "83.2%: corrected." in words
    assert re.search(r"corrected by curator, \d+ \w+ \d{4} ?; extracted: number 86.2%", words)
    made = ChangeSet.objects.get(action="correct")
    message = page.content.decode().partition("corrected.")[2].partition("</div>")[0]
    assert f"/changes/{made.public_id}/undo/" in message
    post_form(curator, f"/changes/{made.public_id}/undo/", next=paper.get_absolute_url())
    claim.refresh_from_db()
    assert (claim.value, claim.state, claim.extracted) == (86.2, "unreviewed", {})


def test_every_field_is_corrected_at_once(curator: Client) -> None:
    _, claim, cost = make_paper(catalogue=True)
    start, end = ABSTRACT.index("SampleNet"), ABSTRACT.index("It has")
    send(
        curator,
        claim,
        number="12",
        qualifier="<=",
        kind="delta",
        role="baseline",
        model="Other",
        variant="large",
        dataset="CIFAR-10",
        metric="Accuracy",
        task="Image Classification",
        evidence_start=start,
        evidence_end=end,
        **{"setting-0-kind": "shots", "setting-0-value": "5-shot", "setting-1-text": "with tricks", "setting-1-kind": "other"},
        reason="as the table says",
    )
    claim.refresh_from_db()
    assert claim.dataset is not None
    assert claim.metric is not None
    assert (claim.value, claim.qualifier, claim.kind, claim.role, claim.model_name, claim.variant) == (
        *(12, "<=", "delta", "baseline", "Other", "large"),
    )
    assert (claim.dataset.name, claim.metric.name, claim.evidence) == ("CIFAR-10", "Accuracy", ABSTRACT[start:end])
    assert claim.setting == [
        {"kind": "shots", "value": "5-shot", "text": "5-shot"},
        {"kind": "other", "value": "with tricks", "text": "with tricks"},
    ]
    assert ChangeSet.objects.get().reason == "as the table says"
    assert (claim.start, claim.stated) == (ABSTRACT.index("86.2%"), "86.2%"), "the number keeps its place"
    send(curator, cost, measure="flops", number="4.5G", condition="RTX 5090", note="of one step")
    cost.refresh_from_db()
    assert (cost.measure, cost.canonical_value, cost.condition, cost.note) == ("flops", 4.5e9, "RTX 5090", "of one step")


def test_qualifier_stays_where_only_the_number_is_written_anew(curator: Client) -> None:
    _, claim, _ = make_paper(qualifier="<=")
    send(curator, claim, number="83%")
    claim.refresh_from_db()
    assert (claim.value, claim.qualifier) == (83, "<=")
    send(curator, claim, number=">84%")
    claim.refresh_from_db()
    assert (claim.value, claim.qualifier) == (84, ">")


def test_form_without_a_change_is_refused(curator: Client) -> None:
    _, claim, _ = make_paper()
    response = send(curator, claim)
    assert response.status_code == 400
    assert "Nothing is changed" in text_of(response)
    assert not ChangeSet.objects.exists()


def test_stale_form_shows_the_others_change_and_keeps_what_was_written(curator: Client) -> None:
    _, claim, _ = make_paper()
    sent = fields_of(curator.get(address(claim)))
    correction.correct(claim, {"number": "81.5%", "variant": "large"}, actor="kim", version=1, reason="I looked")
    response = post_form(curator, address(claim), **(sent | {"number": "83.2%"}))
    assert response.status_code == 409
    words = text_of(response)
    assert "Nothing was saved" in words
    assert re.search(r"kim on \d+ \w+ \d{4}, \d\d:\d\d : correct \(“ ?I looked ?”\)", words), words
    assert "number: 81.5% (before: 86.2%)" in words
    again = fields_of(response)
    assert (again["number"], again["variant"], again["version"]) == ("83.2%", "large", "2")
    claim.refresh_from_db()
    assert claim.value == 81.5
    assert post_form(curator, address(claim), **again).status_code == 302
    claim.refresh_from_db()
    assert (claim.value, claim.variant) == (83.2, "large"), "what was not written anew is as the other left it"


def test_setting_of_another_stays_where_it_was_not_written_anew(curator: Client) -> None:
    _, claim, _ = make_paper()
    sent = fields_of(curator.get(address(claim)))
    shots = [{"kind": "shots", "value": "5-shot", "text": "5 shots"}]
    correction.correct(claim, {"setting": shots}, actor="kim", version=1)
    response = post_form(curator, address(claim), **(sent | {"number": "83.2%"}))
    assert response.status_code == 409
    assert post_form(curator, address(claim), **fields_of(response)).status_code == 302
    claim.refresh_from_db()
    assert (claim.value, claim.setting) == (83.2, shots)
    mine = sent | {"setting-0-value": "1-shot", "setting-0-kind": "shots"}
    response = post_form(curator, address(claim), **mine)
    assert fields_of(response)["setting-0-value"] == "1-shot"


def test_decision_of_another_is_shown_to_a_stale_form(curator: Client) -> None:
    _, claim, _ = make_paper()
    sent = fields_of(curator.get(address(claim)))
    curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="not_a_result")
    response = post_form(curator, address(claim), **(sent | {"number": "83.2%"}))
    assert response.status_code == 409
    assert "state: rejected, not a result (before: unreviewed)" in text_of(response)


def test_unknown_names_are_asked_about_all_at_once_and_added_when_wanted(curator: Client) -> None:
    _, claim, _ = make_paper(catalogue=True)
    response = send(curator, claim, dataset="CIFAR-1O", metric="Top-l accurracy", task="Something new")
    assert response.status_code == 400
    page = response.content.decode()
    assert page.count("The catalogue knows no") == 3
    assert 'name="use-dataset" value="CIFAR-10"' in page
    assert not ChangeSet.objects.exists()
    assert not Dataset.objects.filter(name="CIFAR-1O").exists()
    sent = fields_of(response)
    assert (
        post_form(curator, address(claim), **(sent | {"task": "", "metric": "Top-1 accuracy", "use-dataset": "CIFAR-10"})).status_code
        == 302
    )
    claim.refresh_from_db()
    assert (claim.dataset or Dataset()).name == "CIFAR-10"
    assert send(curator, claim, dataset="A new dataset", may_add="on").status_code == 302
    claim.refresh_from_db()
    assert ((claim.dataset or Dataset()).name, (claim.dataset or Dataset()).reviewed) == ("A new dataset", False)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": "many"}, "number"),
        ({"number": ""}, "number"),
        ({"number": "9" * 500}, "number"),
        ({"number": "186.2%"}, "number"),
        ({"qualifier": "!!"}, "qualifier"),
        ({"kind": "loved"}, "kind"),
        ({"role": ""}, "role"),
        ({"model": "x" * 10_000}, "model"),
        ({"variant": "x" * 10_000}, "variant"),
        ({"dataset": "x" * 10_000}, "dataset"),
        ({"dataset": HOSTILE}, "dataset"),
        ({"metric": "x" * 10_000}, "metric"),
        ({"evidence_start": "-1"}, "evidence_start"),
        ({"evidence_start": "60"}, "evidence_start"),
        ({"evidence_end": "1000000"}, "evidence_start"),
        ({"evidence_end": "9" * 30}, "evidence_end"),
        ({"evidence_start": "one"}, "evidence_start"),
        ({"reason": "x" * 10_000}, "reason"),
        ({"setting-0-kind": "planets", "setting-0-value": "9"}, "setting"),
        ({"setting-0-kind": "shots", "setting-0-value": "x" * 10_000}, "setting"),
        ({"setting-0-value": "5-shot"}, "setting"),
        ({"setting-TOTAL_FORMS": "1000000"}, "setting"),
        ({"setting-TOTAL_FORMS": "x"}, "setting"),
    ],
)
def test_bad_input_is_refused_at_its_field(curator: Client, changed: dict[str, str], field: str) -> None:
    _, claim, _ = make_paper()
    Metric.objects.update(upper_bound=100)
    response = send(curator, claim, **changed)
    assert response.status_code == 400
    page = response.content.decode()
    assert f'<a href="#id_{field}">' in page or '<a href="#setting">' in page
    if field != "setting":
        assert f'id="id_{field}_error"' in page
    assert "<b>x</b>" not in page
    claim.refresh_from_db()
    assert (claim.version, claim.value) == (1, 86.2)
    assert not ChangeSet.objects.exists()


@pytest.mark.parametrize("field", ["number", "model", "dataset", "reason", "setting-0-text", "next", "kind", "version"])
def test_form_with_a_nul_is_refused(curator: Client, field: str) -> None:
    _, claim, _ = make_paper()
    assert send(curator, claim, **{"number": "83.2%", field: "a\x00b"}).status_code == 400
    claim.refresh_from_db()
    assert claim.version == 1


def test_hostile_text_is_kept_as_text(curator: Client) -> None:
    paper, claim, cost = make_paper()
    assert send(curator, claim, model=HOSTILE, variant=HOSTILE, reason=HOSTILE).status_code == 302
    assert send(curator, cost, note=HOSTILE).status_code == 302
    for page in (paper.get_absolute_url(), address(claim), address(cost)):
        response = curator.get(page)
        assert response.status_code == 200
        assert b"<b>x</b>" not in response.content
        assert "{{ 7|add:7 }}" in response.content.decode()


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "9" * 30])
def test_form_without_its_version_is_refused(curator: Client, version: str) -> None:
    _, claim, _ = make_paper()
    assert send(curator, claim, number="83.2%", version=version).status_code == 400
    claim.refresh_from_db()
    assert claim.version == 1


def test_forged_version_saves_nothing(curator: Client) -> None:
    _, claim, _ = make_paper()
    assert send(curator, claim, number="83.2%", version="7").status_code == 409
    claim.refresh_from_db()
    assert claim.version == 1


def test_forged_ids_lead_nowhere(curator: Client) -> None:
    _, claim, cost = make_paper()
    for page in (f"/costs/{claim.public_id}/correct/", f"/claims/{cost.public_id}/correct/", "/claims/none/correct/", "/papers/none/add/"):
        assert curator.get(page).status_code == 404
        assert post_form(curator, page, number="1", version=1).status_code == 404
    assert post_form(curator, f"/costs/{claim.public_id}/split/", version=1).status_code == 404


def test_number_that_a_newer_text_has_replaced_is_not_corrected(curator: Client) -> None:
    paper, claim, _ = make_paper()
    Claim.objects.filter(pk=claim.pk).update(retired_by=paper.current_text.readings.first().run, result=None)  # type: ignore[union-attr]
    assert curator.get(address(claim)).status_code == 409


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"])
def test_way_back_stays_on_this_site(curator: Client, away: str) -> None:
    paper, claim, _ = make_paper()
    page = curator.get(address(claim), {"next": away}).content.decode()
    assert "evil" not in page
    assert "javascript:" not in page
    assert send(curator, claim, number="83.2%", next=away).headers["Location"] == paper.get_absolute_url()


def test_number_of_a_table_is_corrected_without_a_sentence(curator: Client) -> None:
    row = make.make_imported_row(make.make_benchmark(), "SampleNet", "71.5")
    claim = Claim.objects.get(result=row)
    page = curator.get(address(claim))
    assert "evidence_start" not in page.content.decode()
    assert send(curator, claim, number="72.5%").status_code == 302
    claim.refresh_from_db()
    assert claim.value == 72.5


def test_opened_row_says_what_was_corrected_and_leads_curators_on(client: Client) -> None:
    _, claim, _ = make_paper()
    correction.correct(claim, {"number": "83.2%"}, actor="kim", version=1)
    claim.refresh_from_db()
    assert claim.result is not None
    row = f"{claim.result.benchmark.get_absolute_url()}?open={claim.result.public_id}"
    words = text_of(client.get(row))
    assert re.search(r"corrected by a curator, \d+ \w+ \d{4} ?; extracted: number 86.2%", words)
    assert address(claim) not in client.get(row).content.decode()
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    page = client.get(row)
    assert "corrected by kim" in text_of(page)
    assert address(claim) in page.content.decode()


def test_wrongly_read_number_leads_to_its_correction(curator: Client) -> None:
    _, claim, _ = make_paper()
    decide(curator, claim, state="rejected", reason="wrongly_read", next="/listings/")
    assert f'<a href="{address(claim)}?next=%2Flistings%2F">Correct it</a>' in curator.get("/listings/").content.decode()
    claim.refresh_from_db()
    assert send(curator, claim, number="83.2%").status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.reject_reason) == ("accepted", "")


# ---- splitting ----


def test_range_is_split_and_put_together_again(curator: Client) -> None:
    paper, _, _ = make_paper()
    span = make.make_claim(
        "60.5-65.5%", paper=paper, benchmark=Claim.objects.get().result.benchmark, model="SampleNet",  # type: ignore[union-attr]
        on_board=False, value=60.5, value_max=65.5, decimals=1, unit="%", canonical_value=60.5, canonical_max=65.5,
    )  # fmt: skip
    assert "Split the range" in text_of(curator.get(address(span)))
    response = post_form(curator, f"/claims/{span.public_id}/split/", version=1, next=paper.get_absolute_url())
    assert response.headers["Location"] == paper.get_absolute_url()
    assert sorted(Claim.objects.filter(state="accepted").values_list("value", flat=True)) == [60.5, 65.5]
    page = curator.get(paper.get_absolute_url())
    assert "60.5% and 65.5% are two numbers now" in text_of(page)
    assert post_form(curator, f"/claims/{span.public_id}/split/", version=1).status_code == 409
    assert post_form(curator, f"/claims/{span.public_id}/split/", version=2).status_code == 400
    assert post_form(curator, f"/claims/{span.public_id}/split/").status_code == 400
    assert curator.get(f"/claims/{span.public_id}/split/").status_code == 405
    post_form(curator, f"/changes/{ChangeSet.objects.get().public_id}/undo/")
    span.refresh_from_db()
    assert (span.value, span.value_max, span.state) == (60.5, 65.5, "unreviewed")


# ---- adding ----


def place(number: str = "93.5", **more: Any) -> dict[str, Any]:
    start = ABSTRACT.index(number)
    return {"field": "abstract", "start": start, "end": start + len(number), **more}


def test_untaken_number_is_chosen_and_added(curator: Client) -> None:
    paper, _, _ = make_paper(catalogue=True)
    add = f"{paper.get_absolute_url()}add/"
    assert f'href="{add}"' in curator.get(paper.get_absolute_url()).content.decode()
    choose = curator.get(add)
    link = re.search(r'href="(\?field=abstract[^"]*)"', choose.content.decode())
    assert link is not None
    form = curator.get(add + unescape(link[1]))
    sent = fields_of(form)
    assert (sent["number"], sent["evidence_start"]) == ("93.5", str(ABSTRACT.index("It has")))
    response = post_form(
        curator, add, **(sent | {"number": "93.5%", "dataset": "ImageNet-1K", "metric": "Top-1 accuracy", "variant": "new"})
    )
    assert response.status_code == 302
    claim = Claim.objects.get(stated="93.5")
    assert (claim.value, claim.state, claim.variant, claim.evidence[:6]) == (93.5, "accepted", "new", "It has")
    assert claim.result is not None
    page = curator.get(paper.get_absolute_url())
    assert "93.5%: added." in text_of(page)
    assert re.search(r"added by curator, [^;]*: extraction had left it", text_of(page))
    assert "Every number of this text was taken" in text_of(curator.get(add))
    post_form(curator, f"/changes/{ChangeSet.objects.get().public_id}/undo/")
    claim.refresh_from_db()
    assert claim.state == CurationState.REJECTED
    assert curator.get(paper.get_absolute_url()).status_code == 200


def test_missed_cost_is_added(curator: Client) -> None:
    paper, _, _ = make_paper()
    add = f"{paper.get_absolute_url()}add/"
    sent = fields_of(curator.get(add, place(**{"as": "cost"})))
    assert post_form(curator, add, **(sent | {"number": "93.5 ms", "measure": "latency"})).status_code == 302
    assert (Cost.objects.get(stated="93.5").canonical_value, Cost.objects.get(stated="93.5").measure) == (0.0935, CostMeasure.LATENCY)
    assert post_form(curator, add, **sent).status_code == 400, "it is there already"


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": 0, "end": 6},
        {"start": 5, "end": 5},
        {"start": -1},
        {"end": 10**9},
        {"end": 10**40},
        {"start": "x"},
        {"field": "references"},
        {"field": "title", "start": 0, "end": 3},
        {"start": ""},
        {"start": ABSTRACT.index("86.2"), "end": ABSTRACT.index("86.2") + 4},
    ],
)
def test_place_without_an_unread_number_is_refused(curator: Client, wrong: dict[str, Any]) -> None:
    paper, _, _ = make_paper()
    add = f"{paper.get_absolute_url()}add/"
    response = curator.get(add, place() | wrong)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    sent = fields_of(curator.get(add, place()))
    assert post_form(curator, add, **(sent | {name: str(value) for name, value in wrong.items()})).status_code == 400
    assert Claim.objects.count() == 1


def test_errors_of_what_is_added_stand_at_their_fields(curator: Client) -> None:
    paper, _, _ = make_paper()
    add = f"{paper.get_absolute_url()}add/"
    sent = fields_of(curator.get(add, place()))
    response = post_form(curator, add, **(sent | {"dataset": "Never heard of", "number": "many"}))
    assert response.status_code == 400
    assert 'id="id_dataset_error"' in response.content.decode()
    assert Claim.objects.count() == 1


# ---- names ----


def test_names_of_the_catalogue_are_suggested_with_their_aliases(curator: Client) -> None:
    load_catalogue()
    benchmark = make.make_benchmark()
    paper = make.make_paper("A bird", abstract="HeronNet reaches 71.5% here.")
    result = make.make_result(benchmark, paper, "HeronNet <b>")
    make.make_claim("71.5%", result=result, paper=paper, model="HeronNet <b>", ml_model=result.ml_model)
    search_names.keep_models([result.ml_model_id or 0])
    page = curator.get("/names/dataset/", {"dataset": "imagenet"}).content.decode()
    assert page.index('data-value="ImageNet-1K"') < page.index('data-value="ImageNet-A"')
    assert 'data-value="ImageNet-1K"' in curator.get("/names/dataset/", {"q": "ILSVRC"}).content.decode()
    assert 'data-value="AP"' in curator.get("/names/metric/", {"metric": "ap"}).content.decode().partition("</div>")[0]
    assert "HeronNet &lt;b&gt;" in curator.get("/names/model/", {"model": "heron"}).content.decode()
    for odd in ("", "x" * 10_000, "%_", "'"):
        assert curator.get("/names/metric/", {"metric": odd}).status_code == 200
    assert curator.get("/names/paper/").status_code == 404


# ---- who may ----


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("reader", 403), ("uploader", 403), ("curator", 200), ("administrator", 200)]
)
def test_only_who_may_decide_corrects_and_adds(client: Client, who: str, status: int) -> None:
    paper, claim, cost = make_paper()
    permissions = {"uploader": ["upload_listing"], "curator": ["change_claim", "change_cost"]}
    if who != "anonymous":
        client.force_login(make.make_user(who, *permissions.get(who, []), is_superuser=who == "administrator"))
    add = f"{paper.get_absolute_url()}add/"
    for page in (address(claim), address(cost), add, "/names/dataset/"):
        response = client.get(page)
        assert response.status_code == status, page
        if who == "anonymous":
            assert response.headers["Location"] == f"/login/?next={page}"
    if status != 200:
        for page in (address(claim), address(cost), add, f"/claims/{claim.public_id}/split/", f"/costs/{cost.public_id}/split/"):
            assert post_form(client, page, number="1", version=1, **place()).status_code == status
        assert not ChangeSet.objects.exists()
    shown = client.get(paper.get_absolute_url()).content.decode()
    assert (address(claim) in shown, address(cost) in shown, add in shown) == (status == 200,) * 3
