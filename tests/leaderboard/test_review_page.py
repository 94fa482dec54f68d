"""The review queue's page: one number at a time, decided on by forms; who may, and what is said where nothing is left or saved."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import Benchmark, ChangeSet, Claim, Cost, Flag, ReviewLease, Run
from claims.services import contenders, curation
from claims.terms import CurationState, FlagKind, RejectReason
from tests import factories as make
from tests.pages import count_queries, post_form, text_of

pytestmark = pytest.mark.django_db

ABSTRACT = "We look at nets. SampleNet reaches 86.2% top-1 accuracy with 21M parameters. OldNet has 80.1% of it."


def make_claim(number: str = "86.2%", **fields: Any) -> Claim:
    """Return a claim of a paper that states another one and a cost besides."""
    paper = fields.pop("paper", None) or make.make_paper("On nets", abstract=ABSTRACT)
    benchmark = fields.pop("benchmark", None) or Benchmark.objects.first()
    return make.make_claim(number, paper=paper, benchmark=benchmark, **fields)


def act(client: Client, statement: Claim | Cost, act: str, *, query: str = "", fragment: str = "", **fields: Any) -> Any:
    kind = "cost" if isinstance(statement, Cost) else "claim"
    headers = {"X-Fragment": fragment} if fragment else {}
    body = {"act": act, "version": statement.version, **fields}
    address = f"/review/{kind}/{statement.public_id}/{query}"
    return client.post(address, urlencode(body), content_type="application/x-www-form-urlencoded", headers=headers)


def state_of(claim: Claim) -> tuple[str, str]:
    claim.refresh_from_db()
    return claim.state, claim.reject_reason


# ---- who may ----


@pytest.mark.once
def test_anonymous_is_led_to_the_login_and_back(client: Client) -> None:
    assert client.get("/review/?flag=gone").headers["Location"] == "/login/?next=/review/%3Fflag%3Dgone"
    claim = make_claim()
    assert act(client, claim, "accept", query="?flag=gone").headers["Location"] == "/login/?next=/review/%3Fflag%3Dgone"
    assert post_form(client, "/review/undo/none/").headers["Location"] == "/login/?next=/review/"
    assert post_form(client, "/review/skipped/").headers["Location"] == "/login/?next=/review/"
    assert state_of(claim)[0] == "unreviewed"
    assert "/review/" not in client.get("/").content.decode()


@pytest.mark.once
@pytest.mark.parametrize("permissions", [[], ["upload_listing"], ["change_claim"]])
def test_who_may_not_decide_is_told_so(client: Client, permissions: list[str]) -> None:
    client.force_login(make.make_user("somebody", *permissions))
    claim = make_claim()
    for response in (
        client.get("/review/"),
        act(client, claim, "accept"),
        act(client, claim, "skip"),
        post_form(client, "/review/undo/none/"),
        post_form(client, "/review/skipped/"),
    ):
        assert response.status_code == 403
        assert "Your account may not decide on numbers" in text_of(response)
    assert state_of(claim)[0] == "unreviewed"
    assert not ReviewLease.objects.exists()
    assert "/review/" not in client.get("/").content.decode()


@pytest.mark.once
def test_curators_and_administrators_have_the_queue_in_their_header(curator: Client) -> None:
    claim = make_claim()
    assert 'href="/review/"' in curator.get("/").content.decode()
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    assert 'href="/review/"' in boss.get("/").content.decode()
    assert boss.get("/review/").status_code == 200
    act(boss, claim, "accept")
    assert state_of(claim)[0] == "accepted"


@pytest.mark.once
def test_board_that_is_kept_by_a_browser_is_told_apart_by_who_may_review(curator: Client) -> None:
    board = make.make_board(1).get_absolute_url()
    etag = curator.get(board).headers["ETag"]
    User.objects.get(username="curator").user_permissions.clear()
    assert curator.get(board, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize("address", ["/review/claim/none/", "/review/cost/none/", "/review/undo/none/"])
def test_what_is_not_there_is_missing(curator: Client, address: str) -> None:
    assert post_form(curator, address, act="accept", version=1).status_code == 404


@pytest.mark.once
def test_forms_alone_decide(curator: Client) -> None:
    claim = make_claim()
    for address in (f"/review/claim/{claim.public_id}/", "/review/undo/none/", "/review/skipped/"):
        assert curator.get(address).status_code == 405
    assert curator.post("/review/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="curator"))
    assert act(strict, claim, "accept").status_code == 403
    assert state_of(claim)[0] == "unreviewed"


# ---- the page ----


def test_page_shows_the_sentence_the_fields_and_why(curator: Client) -> None:
    board = make.make_benchmark(dataset="ImageNet-1K")
    make.make_claim("90%", benchmark=board)
    claim = make_claim(benchmark=board, confidence=0.41, inferred=["dataset"], rules=["score"])
    assert claim.paper_text is not None
    cost = make.make_cost("21M", paper=claim.paper_text.paper, confidence=0.9)
    contenders.settle([board])
    Flag.objects.create(kind=FlagKind.DIFFERENCE, object_kind="claim", object_id=claim.pk, note="86.2% (On nets): a reading has <i>it</i>.")
    response = curator.get("/review/")
    page = response.content.decode()
    assert '<span class="focus">SampleNet reaches <mark class="mark mark--now">86.2%</mark> top-1 accuracy with ' in page
    assert '<mark class="mark mark--cost mark--other">21M</mark>' in page
    words = text_of(response)
    assert "Would be 2nd of 2 on Image Classification on ImageNet-1K : it changes the first three." in words
    assert "Value 86.2 % Stated exactly Metric Top-1 accuracy Dataset ImageNet-1K Model SampleNet Variant – Setting –" in words
    assert "Kind absolute Whose this paper’s own Sure 0.41 Not said" in words
    assert "Not said but inferred: dataset." in words
    assert "a reading has &lt;i&gt;it&lt;/i&gt;." in page
    assert "3 left 0 decided by you within the last hour" in words
    assert "2 of its numbers wait" in words
    assert response.headers["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert "Stands on no board" not in words
    act(curator, claim, "accept")
    words = text_of(curator.get(f"/review/?near=claim-{claim.public_id}"))
    assert "Measure Parameters Measured on not said" in words, words
    assert state_of(claim)[0] == "accepted"
    assert cost.state == "unreviewed"


def test_number_of_which_little_is_known_is_shown(curator: Client) -> None:
    claim = make_claim(on_board=False, model="")
    Claim.objects.filter(pk=claim.pk).update(metric=None, metric_name="", dataset=None, dataset_name="", kind="delta")
    words = text_of(curator.get("/review/"))
    assert "unknown metric Stands on no board." in words
    assert "Metric not known Dataset not known Model the paper’s own method" in words
    assert "Task not known Kind a difference" in words


def test_place_on_a_small_board_is_said_beyond_the_first_three(curator: Client) -> None:
    board = make.make_benchmark(dataset="Small")
    for number in range(4):
        make.make_claim(f"{90 + number}%", benchmark=board, state=CurationState.ACCEPTED)
    make_claim(benchmark=board)
    contenders.settle([board])
    assert "Would be 5th of 5 on Image Classification on Small ." in text_of(curator.get("/review/"))


def test_record_of_a_table_is_shown_as_it_stands_there(curator: Client) -> None:
    make.make_imported_row(make.make_benchmark(), "ImportedNet", "81.5")
    words = text_of(curator.get("/review/"))
    assert "column “ value ”" in words.replace("“value”", "“ value ”")
    assert "model ImportedNet" in words
    assert "A record of a table states it." in words


def test_decisions_lead_to_the_next_number_of_the_paper_and_say_what_was_done(curator: Client) -> None:
    claim = make_claim(confidence=0.1)
    assert claim.paper_text is not None
    other = make_claim("80.1%", paper=claim.paper_text.paper, result=claim.result, on_board=False, confidence=0.99)
    make_claim(paper=make.make_paper("Another", abstract=ABSTRACT), benchmark=make.make_benchmark(dataset="Else"), confidence=0.2)
    response = act(curator, claim, "not_a_result", query="?max_confidence=1", note="<b>a size</b>")
    assert response.headers["Location"] == f"/review/?max_confidence=1&near=claim-{claim.public_id}"
    response = curator.get(response.headers["Location"])
    assert f"/review/claim/{other.public_id}/?max_confidence=1" in response.content.decode()
    assert "86.2 % rejected as not a result: “ &lt;b&gt;a size&lt;/b&gt; ” (SampleNet) Undo U" in text_of(response).replace(
        "“&lt;", "“ &lt;"
    ).replace("&gt;”", "&gt; ”")
    assert "1 decided by you within the last hour" in text_of(response)
    claim.refresh_from_db()
    assert (claim.reject_reason, claim.reject_note) == ("not_a_result", "<b>a size</b>")


def test_wrongly_read_leads_to_the_correction_and_back(curator: Client) -> None:
    claim = make_claim()
    address = f"/claims/{claim.public_id}/correct/?next=%2Freview%2F%3Fversion%3D1"
    Claim.objects.update(run=Run.objects.create(extractor_version="1", vocabulary_hash="0" * 64))
    assert curator.get("/review/?version=1").content.decode().count(f'href="{address}"') == 1
    assert act(curator, claim, "wrongly_read", query="?version=1").headers["Location"] == address
    assert state_of(claim) == ("rejected", "wrongly_read")
    assert 'value="/review/?version=1"' in curator.get(address).content.decode()


def test_skipped_numbers_and_papers_come_again_when_they_are_asked_for(curator: Client) -> None:
    claim = make_claim(confidence=0.1)
    assert claim.paper_text is not None
    cost = make.make_cost("21M", paper=claim.paper_text.paper, confidence=0.9)
    act(curator, claim, "skip")
    assert f"/review/cost/{cost.public_id}/" in curator.get("/review/").content.decode()
    response = act(curator, cost, "next_paper")
    assert response.headers["Location"] == "/review/"
    assert "You have skipped what is left" in text_of(curator.get("/review/"))
    assert not ReviewLease.objects.filter(claim=claim).exists()
    assert post_form(curator, "/review/skipped/").headers["Location"] == "/review/"
    assert f"/review/claim/{claim.public_id}/" in curator.get("/review/").content.decode()
    assert not ChangeSet.objects.exists()


def test_undo_takes_back_and_shows_the_number_again(curator: Client) -> None:
    claim = make_claim()
    act(curator, claim, "accept")
    own = ChangeSet.objects.get()
    assert f"/review/undo/{own.public_id}/?flag=gone" in curator.get("/review/?flag=gone").content.decode()
    response = post_form(curator, f"/review/undo/{own.public_id}/")
    assert response.headers["Location"] == f"/review/?at=claim-{claim.public_id}"
    assert f"/review/claim/{claim.public_id}/" in curator.get(response.headers["Location"]).content.decode()
    assert state_of(claim)[0] == "unreviewed"
    response = post_form(curator, f"/review/undo/{own.public_id}/")
    assert response.status_code == 409
    assert "This change was undone already." in text_of(response)


def test_nobody_undoes_what_another_decided_here(curator: Client) -> None:
    claim = make_claim()
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=1)
    assert post_form(curator, f"/review/undo/{ChangeSet.objects.get().public_id}/").status_code == 404
    assert state_of(claim)[0] == "accepted"


# ---- what is refused ----


def test_double_click_decides_once(curator: Client) -> None:
    claim = make_claim()
    responses = [act(curator, claim, "accept") for _ in "12"]
    assert [response.status_code for response in responses] == [302, 302]
    assert ChangeSet.objects.count() == 1


def test_stale_form_is_refused_with_what_the_other_did(curator: Client) -> None:
    claim = make_claim()
    curation.decide(
        claim, CurationState.REJECTED, actor="lee", version=1, reason=RejectReason.NOT_A_RESULT, note="<script>alert(1)</script>"
    )
    claim.version = 1
    for fragment in ("", "said"):
        response = act(curator, claim, "accept", fragment=fragment)
        assert response.status_code == 409
        words = text_of(response)
        assert "Nothing was saved. “86.2%” was changed since you opened it." in words
        assert "lee ," in words
        assert "UTC : rejected as not a result" in words
        assert "It is Rejected now. Go on with the next" in words
        assert "&lt;script&gt;" in response.content.decode()
        assert "<script>alert" not in response.content.decode()
        assert ("<html" in response.content.decode()) == (not fragment)
    assert state_of(claim)[0] == "rejected"


def test_form_of_a_number_that_is_read_otherwise_now_is_refused(curator: Client) -> None:
    claim = make_claim()
    run = Run.objects.create(extractor_version="9.0.0", vocabulary_hash="0" * 64)
    Claim.objects.filter(pk=claim.pk).update(retired_by=run, result=None)
    response = act(curator, claim, "accept")
    assert response.status_code == 409
    assert "extractor 9.0.0, vocabulary 00000000 reads the text and no longer finds it there." in text_of(response)


def test_undo_after_anothers_change_is_refused_with_it(curator: Client) -> None:
    claim = make_claim()
    act(curator, claim, "accept")
    own = ChangeSet.objects.get()
    curation.decide(claim, CurationState.UNREVIEWED, actor="lee", version=2)
    response = post_form(curator, f"/review/undo/{own.public_id}/")
    assert response.status_code == 409
    assert "set back to unreviewed" in text_of(response)
    assert f"/review/?at=claim-{claim.public_id}" in response.content.decode()


@pytest.mark.once
@pytest.mark.parametrize("fields", [{"act": "love"}, {"version": "x"}, {"note": "x" * 501}, {"act": ""}])
def test_incomplete_decision_is_refused(curator: Client, fields: dict[str, str]) -> None:
    claim = make_claim()
    response = post_form(curator, f"/review/claim/{claim.public_id}/", **{"act": "not_a_result", "version": 1, **fields})
    assert response.status_code == 400
    assert "The decision is incomplete." in text_of(response)
    assert state_of(claim)[0] == "unreviewed"


@pytest.mark.once
@pytest.mark.parametrize("query", ["sort=x", "min_confidence=2", "flag=odd"])
def test_unknown_filter_is_refused(curator: Client, query: str) -> None:
    response = curator.get(f"/review/?{query}")
    assert response.status_code == 400
    assert "Drop the filters" in text_of(response)


def test_number_that_somebody_else_looks_at_is_not_shown(curator: Client) -> None:
    claim = make_claim()
    other = Client()
    other.force_login(make.make_user("other", "change_claim", "change_cost"))
    other.get("/review/")
    words = text_of(curator.get(f"/review/?at=claim-{claim.public_id}"))
    assert "“86.2%” can’t be shown" in words
    assert "Others are looking at what is left 1 number is before somebody else now, and comes back within minutes" in words


# ---- nothing left ----


def test_empty_queue_says_why(curator: Client) -> None:
    assert "Nothing waits yet Each number that is read out of a listing comes here" in text_of(curator.get("/review/"))
    make.make_listing()
    assert "Everything is reviewed" in text_of(curator.get("/review/"))
    make_claim()
    words = text_of(curator.get("/review/?version=77"))
    assert "Nothing is left under these filters 1 number waits without the filters." in words
    assert "Drop the filters" in words


# ---- what a script asks for ----


def test_script_gets_the_desk_alone_and_a_word_for_each_decision(curator: Client) -> None:
    first, second = make_claim(confidence=0.1), make_claim(paper=make.make_paper("B", abstract=ABSTRACT), confidence=0.2)
    curator.get("/review/")
    name = f"claim-{first.public_id}"
    ahead = curator.get(f"/review/?near={name}&without={name}", headers={"X-Fragment": "desk"})
    assert "<html" not in ahead.content.decode()
    assert f'data-name="claim-{second.public_id}"' in ahead.content.decode()
    assert "X-Fragment" in ahead.headers["Vary"]
    said = act(curator, first, "accept", fragment="said")
    assert text_of(said) == "86.2 % accepted (SampleNet) Undo U"
    back = curator.post(f"/review/undo/{ChangeSet.objects.get().public_id}/", headers={"X-Fragment": "desk"})
    assert f'data-name="{name}"' in back.content.decode()
    assert "<html" not in back.content.decode()
    assert state_of(first)[0] == "unreviewed"


@pytest.mark.parametrize("papers", [2, 12])
def test_query_count_is_constant(curator: Client, papers: int) -> None:
    board = make.make_benchmark()
    for number in range(papers):
        claim = make_claim(paper=make.make_paper(f"On nets {number}", abstract=ABSTRACT), benchmark=board, settled=False)
        assert claim.paper_text is not None
        make.make_cost("21M", paper=claim.paper_text.paper, result=claim.result)
    contenders.settle([board])
    assert count_queries(curator, "/review/") == 23
    first = Claim.objects.order_by("pk").first()
    assert first is not None
    with CaptureQueriesContext(connection) as queries:
        assert act(curator, first, "accept", fragment="said").status_code == 200
    assert len(queries) == 80
